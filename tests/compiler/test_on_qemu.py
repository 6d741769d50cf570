"""The virtual board and the compiled models under another compiler and another emulator.

Skipped where arm-none-eabi-g++ or qemu-system-arm is missing (Debian: gcc-arm-none-eabi,
libnewlib-arm-none-eabi, qemu-system-arm).
"""

import numpy as np
import pytest
import qemu
import tflm_batch
from random_models import random_model

import tinykit as tk
from tinykit.board.virtual import model_run
from tinykit.training.checkpoints import CHECKPOINTS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(qemu.missing()), reason=f"needs {qemu.missing()}"),
]
CHECKPOINT = CHECKPOINTS / "keyword_spotting" / "model.tflite"


def test_qemu_counts_the_same_instructions_as_the_virtual_board():
    """One program, two emulators with a counter each: the same outputs, instructions and stack."""
    compiled, board = tk.compile(CHECKPOINT), tk.VirtualBoard()
    x = np.random.default_rng(1).integers(-128, 128, (1, *compiled.input_shape)).astype(np.int8)
    here = board.run_model(compiled, x)
    program = model_run._built(board.board, compiled)
    there = qemu.run_program(program, compiled.sources()["model.h"], x)
    assert np.array_equal(here.outputs.ravel(), there.outputs.ravel())
    assert here.instructions == there.instructions
    computing = here.cycles - here.waits  # QEMU's counter knows of no flash
    assert abs(computing / there.cycles - 1) < 0.002, "both follow the same cycle model"
    assert abs(here.stack_bytes - there.stack_bytes) <= 16, "the callers' own frames differ"


@pytest.mark.tflm
@pytest.mark.parametrize("seed", range(0, 60, 5))
def test_gcc_for_arm_compiles_models_to_the_bytes_of_tflm(seed):
    """Without a warning, as in the Arduino core (-std=gnu++14), and -Os computes the same."""
    model = random_model(seed)
    sources, x = tk.compile(model.tflite).sources(), model.inputs(6)
    [expected] = tflm_batch.run([model.tflite], [x])
    for level in ("-O2", "-Os"):
        outputs = qemu.run(sources, x, (level,)).outputs
        assert np.array_equal(outputs, expected.reshape(outputs.shape)), f"{model} with {level}"
