"""LSTM and SVDF as the compiler reads them: states, and what is refused."""

import numpy as np
import pytest
import sequence_interpreter
from compiled_build import Builder
from tflite_writer import ACTIVATION, TfliteWriter

import tinykit as tk
import tinykit.quantization.tflite as tflite_file
from tinykit.common.errors import TinykitError
from tinykit.compiler.graph import Lstm, macs
from tinykit.compiler.reading import read_graph

UNITS, ROWS, INPUTS = 4, 6, 3


def lstm(changes: dict[int, int] | None = None, shape=(1, ROWS, INPUTS), **options) -> bytes:
    """An LSTM; `changes`: tensors in place of its inputs, "int8" = a new int8 constant."""
    rng, writer = np.random.default_rng(3), TfliteWriter()
    tensors = [-1] * 24
    tensors[0] = writer.tensor(shape, 0.05, 3)
    for first, size in ((1, INPUTS), (5, UNITS)):
        for gate in range(4):
            weights = rng.integers(-127, 128, (UNITS, size)).astype(np.int8)
            tensors[first + gate] = writer.constant(weights, 0.01)
            tensors[12 + gate] = writer.constant(np.full(UNITS, 50, np.int32), 0.0005)
    tensors[18] = writer.tensor((1, UNITS), 1 / 128, 5, is_variable=True)
    tensors[19] = writer.tensor((1, UNITS), 2.0**-11, 0, "int16", is_variable=True)
    for place, kind in (changes or {}).items():
        plain = writer.constant(np.ones((UNITS, UNITS), np.int8), 0.01)
        wide = writer.tensor((1, UNITS), 2.0**-11, 0, "int8", is_variable=True)
        tensors[place] = {"none": -1, "constant": plain, "int8 state": wide}[kind]
    y = writer.tensor((*shape[:2], UNITS), 1 / 128, 5)
    options = {"activation": ACTIVATION["TANH"], "cell_clip": 0.0, "time_major": False} | options
    writer.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", tensors, [y], **options)
    return writer.to_bytes([tensors[0]], [y])


def test_states_begin_at_their_zero_points():
    """As TFLM sets its variable tensors: the hidden state is 0 in real numbers, not in bytes."""
    graph = read_graph(tflite_file.read(lstm()))
    [op] = graph.ops
    assert isinstance(op, Lstm) and len(op.states) == 2
    hidden, cell = (graph.states[state] for state in op.states)
    assert hidden.dtype == np.int8 and (hidden == 5).all()
    assert cell.dtype == np.int16 and (cell == 0).all()
    assert graph.values[op.states[1]].n_bytes == 2 * UNITS


def test_macs_count_both_kinds_of_weights():
    file = tflite_file.read(lstm())
    graph = read_graph(file)
    expected = ROWS * 4 * UNITS * (INPUTS + UNITS)
    assert file.macs == macs(graph, graph.ops[0]) == expected


def test_a_model_that_remembers_makes_no_single_prediction():
    """`check` is for one input, one prediction; `check_int8`, for the compiler, takes states."""
    with pytest.raises(TinykitError, match="UNIDIRECTIONAL_SEQUENCE_LSTM"):
        tflite_file.check(lstm())
    assert tflite_file.check_int8(lstm()).is_stateful


def test_a_sequence_may_be_cut_in_pieces(tmp_path):
    """Six rows at once, or one row six times: the state carries over, so the bytes are the same."""
    whole, single = tk.compile(lstm()), tk.compile(lstm(shape=(1, 1, INPUTS)))
    x = np.random.default_rng(1).integers(-128, 128, (1, ROWS, INPUTS)).astype(np.int8)
    built = Builder(tmp_path).libraries([whole, single])
    at_once, in_pieces = built[0].run(x), built[1].run(x.reshape(ROWS, 1, INPUTS))
    assert np.array_equal(at_once.reshape(ROWS, -1), in_pieces.reshape(ROWS, -1))
    assert len(np.unique(in_pieces.reshape(ROWS, -1), axis=0)) > 1


def test_the_kernel_s_table_is_the_formula(tmp_path):
    """nn/Lstm.cpp writes out sigmoid(i / 24) as the interpreter computes it."""
    text = tk.compile(lstm()).sources()["src/tinykit/nn/Lstm.cpp"]
    numbers = text.split("kSigmoid[256] = {")[1].split("};")[0].replace("\n", " ").split(",")
    table = [int(number) for number in numbers if number.strip()]
    assert table == sequence_interpreter.sigmoid_table().tolist()


REFUSED = {
    "a peephole": lambda: lstm({9: "constant"}),
    "a projection": lambda: lstm({16: "constant"}),
    "layer normalization": lambda: lstm({21: "constant"}),
    "coupled gates": lambda: lstm({1: "none"}),
    "Use activation='tanh'": lambda: lstm(activation=ACTIVATION["RELU"]),
    "a state of type int8": lambda: lstm({19: "int8 state"}),
    "weights of shape (4, 4), not (4, 3)": lambda: lstm({2: "constant"}),
    "one sequence at a time": lambda: lstm(time_major=True),
}


@pytest.mark.parametrize("words", REFUSED)
def test_variants_are_refused_by_name(words):
    """TensorFlow Lite Micro has one LSTM; what others there are is said in one sentence."""
    with pytest.raises(TinykitError) as caught:
        tk.compile(REFUSED[words]())
    message = str(caught.value)
    assert words in message and "unidirectional_sequence_lstm_1" in message, message
