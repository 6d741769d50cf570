"""What needs no memory of its own: views, branches of a CONCATENATION, states."""

import numpy as np
import pytest
import tflm_batch
from compiled_build import Builder, run_on_board
from tflite_writer import ACTIVATION, PADDING, TfliteWriter

import tinykit as tk

NONE = ACTIVATION["NONE"]


class Streamed:
    """One convolution of a streaming network: state and news joined, convolved, the state kept."""

    def __init__(self, rows: int = 2, start: int = 0) -> None:
        w = self.writer = TfliteWriter()
        self.x = self.tensor(1)
        name = {"container": "", "shared_name": "rows"}
        handle, before, joined, y = w.tensor((), dtype="resource"), *map(self.tensor, (2, 3, 1))
        w.operator("CALL_ONCE", [], [], graph=1)
        w.operator("VAR_HANDLE", [], [handle], **name)
        w.operator("READ_VARIABLE", [handle], [before])
        w.operator("CONCATENATION", [before, self.x], [joined], axis=1, activation=NONE)
        filters = np.random.default_rng(0).integers(-127, 128, (4, 3, 1, 4)).astype(np.int8)
        weights = w.constant(filters, 0.01)
        options = {"padding": PADDING["VALID"], "stride_h": 1, "stride_w": 1, "activation": NONE}
        w.operator("CONV_2D", [joined, weights], [y], **options)
        w.operator("ASSIGN_VARIABLE", [handle, self.last_rows(joined)], [])
        w.end_graph([self.x], [y])
        handle, first = w.tensor((), dtype="resource"), np.full((1, 2, 1, 4), start, np.int8)
        w.operator("VAR_HANDLE", [], [handle], **name)
        w.operator("ASSIGN_VARIABLE", [handle, w.tensor((1, 2, 1, 4), 0.1, 3, data=first)], [])
        self.tflite = w.to_bytes([], [])

    def tensor(self, rows: int) -> int:
        return self.writer.tensor((1, rows, 1, 4), 0.1, 3)

    def last_rows(self, joined: int) -> int:
        """The upper row is dropped by a pooling that looks at two rows and finds the lower one."""
        kept = self.tensor(2)
        window = {"filter_h": 2, "filter_w": 1, "stride_h": 1, "stride_w": 1}
        options = window | {"padding": PADDING["VALID"], "activation": NONE}
        self.writer.operator("MAX_POOL_2D", [joined], [kept], **options)
        return kept


def test_a_state_is_read_and_computed_where_it_is():
    """Neither READ_VARIABLE nor ASSIGN_VARIABLE costs a step; the state is never overwritten."""
    compiled = tk.compile(Streamed().tflite)
    assert [step.op for step in compiled.steps] == ["CONCATENATION", "CONV_2D", "MAX_POOL_2D"]
    [state] = [box for box in compiled.plan.boxes if box.kind == "state"]
    assert (state.size, state.first_step) == (8, -1) and state.last_step == len(compiled.steps)
    for box in compiled.plan.boxes:
        apart = box.offset >= state.offset + state.size or state.offset >= box.offset + box.size
        assert box is state or apart, f"{box.name} lies on the state"


def test_sequences_give_the_bytes_of_tflm_at_each_of_64_steps(tmp_path):
    x = np.random.default_rng(1).integers(-128, 128, (64, 1, 1, 4)).astype(np.int8)
    model = Streamed(start=-7)
    compiled, [expected] = tk.compile(model.tflite), tflm_batch.run([model.tflite], [x])
    [host] = Builder(tmp_path).libraries([compiled])
    np.testing.assert_array_equal(host.run(x), expected)
    np.testing.assert_array_equal(run_on_board([compiled], [x])[0], expected)
    np.testing.assert_array_equal(
        tk.VirtualBoard().run_model(compiled, x).outputs.reshape(expected.shape), expected
    )


def test_reset_makes_a_model_forget(tmp_path):
    """Each run on the host calls init(), which resets: the second answers as the first."""
    x = np.random.default_rng(2).integers(-128, 128, (9, 1, 1, 4)).astype(np.int8)
    compiled = tk.compile(Streamed().tflite)
    [host] = Builder(tmp_path).libraries([compiled])
    first = host.run(x)
    np.testing.assert_array_equal(host.run(x), first)
    assert not np.array_equal(host.run(x[1:]), first[1:]), "the first input made no difference"
    assert "void reset();" in compiled.sources()["model.h"]


def test_a_model_without_a_state_has_nothing_to_reset():
    writer = TfliteWriter()
    x, y = writer.tensor((1, 4), 0.1, 3), writer.tensor((1, 4), 0.1, 3)
    writer.operator("RELU", [x], [y])
    sources = tk.compile(writer.to_bytes([x], [y])).sources()
    assert "reset" not in sources["model.h"] + sources["model.cpp"]


def two_branches(second_to_output: bool = False) -> bytes:
    """Two convolutions side by side; the second may be an output of its own."""
    writer = TfliteWriter()
    x = writer.tensor((1, 4, 4, 4), 0.1, 3)
    branches = [writer.tensor((1, 4, 4, 4), 0.1, 3) for _ in range(2)]
    for branch in branches:
        filters = np.random.default_rng(branch).integers(-127, 128, (4, 1, 1, 4)).astype(np.int8)
        options = {"padding": PADDING["SAME"], "stride_h": 1, "stride_w": 1, "activation": NONE}
        writer.operator("CONV_2D", [x, writer.constant(filters, 0.01)], [branch], **options)
    y = writer.tensor((1, 8, 4, 4), 0.1, 3)
    writer.operator("CONCATENATION", branches, [y], axis=1, activation=NONE)
    return writer.to_bytes([x], [y, branches[1]] if second_to_output else [y])


@pytest.mark.parametrize("second_to_output", [False, True])
def test_branches_are_computed_where_they_end_up(second_to_output, tmp_path):
    """No copy; one that is an output, too, is copied: it must be found at a place of its own."""
    tflite = two_branches(second_to_output)
    compiled = tk.compile(tflite)
    ops = [step.op for step in compiled.steps]
    assert ops == ["CONV_2D", "CONV_2D"] + ["CONCATENATION"] * second_to_output
    x = np.random.default_rng(3).integers(-128, 128, (5, 4, 4, 4)).astype(np.int8)
    [expected], [host] = tflm_batch.run([tflite], [x]), Builder(tmp_path).libraries([compiled])
    np.testing.assert_array_equal(host.run(x), expected)


def test_each_output_has_its_place_and_its_scale():
    """model.h has one table of the ends; model::output(i) finds each."""
    compiled = tk.compile(two_branches(True))
    header = compiled.sources()["model.h"]
    assert "constexpr int kOutputs = 2;" in header and "const int8_t* output(int i);" in header
    assert "kInputs" not in header, "one input needs no table"
    x = np.random.default_rng(4).integers(-128, 128, (3, 4, 4, 4)).astype(np.int8)
    both, branch = tk.VirtualBoard().run_model(compiled, x).every_output
    assert both.shape == (3, 8, 4, 4) and branch.shape == (3, 4, 4, 4)
    np.testing.assert_array_equal(both[:, 4:], branch)


def test_inputs_that_are_too_few_are_refused():
    writer = TfliteWriter()
    a, b, y = (writer.tensor((1, 4), 0.1, 3) for _ in range(3))
    writer.operator("ADD", [a, b], [y], activation=NONE)
    compiled, x = tk.compile(writer.to_bytes([a, b], [y])), np.zeros((2, 4), np.int8)
    board = tk.VirtualBoard()
    assert board.run_model(compiled, [x, x]).outputs.shape == (2, 4)
    with pytest.raises(tk.TinykitError, match="has 2 inputs, and 1 were given"):
        board.run_model(compiled, x)
    with pytest.raises(tk.TinykitError, match="Give as many of each"):
        board.run_model(compiled, [x, x[:1]])


def test_a_variable_that_nothing_sets_is_refused():
    """TFLM would read whatever lies there."""
    writer = TfliteWriter()
    x, y, handle = (
        writer.tensor((1, 4), 0.1, 3),
        writer.tensor((1, 4), 0.1, 3),
        writer.tensor((), dtype="resource"),
    )
    writer.operator("VAR_HANDLE", [], [handle], container="", shared_name="lost")
    writer.operator("READ_VARIABLE", [handle], [y])
    writer.operator("ASSIGN_VARIABLE", [handle, x], [])
    with pytest.raises(tk.TinykitError, match="the variable 'lost' with nothing at the start"):
        tk.compile(writer.to_bytes([x], [y]))


@pytest.mark.tflm
def test_a_state_is_no_value_that_another_layer_made_up(tmp_path):
    """A MEAN over axes apart first turns its input, a value that the file has no tensor for; the
    state behind it is another one. (Both once had the same id, and one overwrote the other.)"""
    writer = TfliteWriter()
    name = {"container": "", "shared_name": "sum"}
    x, handle = writer.tensor((1, 3, 5, 4), 0.1, 3), writer.tensor((), dtype="resource")
    mean, before, y = (writer.tensor((1, 5), 0.1, 3) for _ in range(3))
    writer.operator("CALL_ONCE", [], [], graph=1)
    axes = writer.constant(np.int32([1, 3]))
    writer.operator("MEAN", [x, axes], [mean], keep_dims=False)
    writer.operator("VAR_HANDLE", [], [handle], **name)
    writer.operator("READ_VARIABLE", [handle], [before])
    writer.operator("ADD", [mean, before], [y], activation=NONE)
    writer.operator("ASSIGN_VARIABLE", [handle, mean], [])
    writer.end_graph([x], [y])
    handle = writer.tensor((), dtype="resource")
    start = writer.tensor((1, 5), 0.1, 3, data=np.full((1, 5), 3, np.int8))
    writer.operator("VAR_HANDLE", [], [handle], **name)
    writer.operator("ASSIGN_VARIABLE", [handle, start], [])
    tflite = writer.to_bytes([], [])
    q = np.random.default_rng(5).integers(-128, 128, (64, 3, 5, 4)).astype(np.int8)
    [expected], compiled = tflm_batch.run([tflite], [q]), tk.compile(tflite)
    [host] = Builder(tmp_path).libraries([compiled])
    np.testing.assert_array_equal(host.run(q), expected)
    np.testing.assert_array_equal(run_on_board([compiled], [q])[0], expected)
