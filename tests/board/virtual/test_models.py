"""Compiled models on the virtual board: the bytes of TFLM, and what every layer costs."""

import numpy as np
import pytest

import tinykit as tk
from tinykit.board.virtual import model_run
from tinykit.board.virtual.machine import Machine
from tinykit.quantization import process


@pytest.fixture(scope="module")
def compiled(small_tiny):
    return tk.compile(small_tiny)


def some_inputs(compiled, count: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(-128, 128, (count, *compiled.input_shape)).astype(np.int8)


@pytest.mark.tflm
def test_the_board_gives_the_bytes_of_tflm(small_tiny, compiled):
    q = some_inputs(compiled, 50)
    outputs = tk.VirtualBoard().run_model(compiled, q).outputs
    expected = process.run(small_tiny.tflite, q, "tflm").outputs
    assert np.array_equal(outputs, expected.reshape(outputs.shape))


def test_layers_add_up_to_the_inference(compiled):
    """Between the layers invoke() only calls: a few instructions each."""
    run = tk.VirtualBoard().run_model(compiled, some_inputs(compiled, 1))
    assert [layer.name for layer in run.layers] == [step.name for step in compiled.steps]
    assert [layer.macs for layer in run.layers] == [step.macs for step in compiled.steps]
    assert all(layer.instructions > 0 for layer in run.layers)
    between = run.instructions - sum(layer.instructions for layer in run.layers)
    assert 0 < between <= 3 * len(run.layers) + 10
    assert run.cycles > run.instructions
    assert run.milliseconds == run.cycles / 64_000


def test_memory_is_all_that_the_model_takes(compiled):
    run = tk.VirtualBoard().run_model(compiled, some_inputs(compiled, 1))
    assert compiled.arena_bytes <= run.static_bytes <= compiled.arena_bytes + 64
    assert 0 < run.stack_bytes < 1024
    assert run.ram_bytes == run.static_bytes + run.stack_bytes
    # Alignment of the arrays may cost some bytes.
    names = sum(map(len, compiled.labels)) + 5 * len(compiled.labels)
    assert abs(run.constant_bytes - compiled.constant_bytes) <= names
    assert 1_000 < run.code_bytes < 20_000


def test_counts_do_not_depend_on_what_ran_before(compiled):
    board, q = tk.VirtualBoard(), some_inputs(compiled, 5)
    together = board.run_model(compiled, q)
    alone = [board.run_model(compiled, x) for x in q]
    assert together.instructions == max(run.instructions for run in alone)
    assert np.array_equal(together.outputs, np.concatenate([run.outputs for run in alone]))
    assert [run.stack_bytes for run in alone].count(together.stack_bytes) > 0


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 3), np.int8),
        np.zeros((49, 40, 1), np.float32),
        np.zeros((0, 49, 40, 1), np.int8),
    ],
)
def test_wrong_inputs_are_explained(compiled, wrong):
    with pytest.raises(tk.TinykitError, match=r"wants int8 inputs of shape \(n, 49, 40, 1\)"):
        tk.VirtualBoard().run_model(compiled, wrong)


def test_a_model_too_big_for_the_board_is_refused(compiled):
    import dataclasses

    small = dataclasses.replace(tk.boards["nano33ble"], ram=34_000)
    with pytest.raises(tk.TinykitError, match="too big for the"):
        tk.VirtualBoard(small).run_model(compiled, some_inputs(compiled, 1))


def test_a_run_shows_itself(compiled):
    run = tk.VirtualBoard("nano33ble_rev2").run_model(compiled, some_inputs(compiled, 1))
    assert f"{run.instructions:,} instructions" in str(run)
    assert "an estimate" in str(run)
    assert all(layer.name in str(run) for layer in run.layers)
    assert run._repr_html_().count("<tr>") == len(run.layers) + 1


def assert_aligned(compiled) -> None:
    """One inference with every access to memory looked at."""
    board = tk.boards["nano33ble"]
    machine = Machine(model_run._built(board, compiled), board.stack)
    machine.refuse_unaligned()
    for name in ("init", "invoke"):
        machine.call(f"_ZN5model{len(name)}{name}Ev")
    assert machine.instructions > compiled.macs / 2


def test_kernels_read_only_where_the_real_processor_can(compiled):
    """The emulator allows unaligned LDRD, LDM and VLDR; a board stops with a HardFault."""
    assert_aligned(compiled)


@pytest.mark.slow
def test_kernels_of_real_models_read_only_where_the_real_processor_can(real_models):
    for path in sorted(real_models.glob("*.tflite")):
        assert_aligned(tk.compile(path))
