"""The board's mathematics and its sound front end, against NumPy."""

import functools
import re

import numpy as np
import pytest

from tinykit.board.virtual.build import Memory, build
from tinykit.board.virtual.machine import Machine
from tinykit.board.virtual.program import Program
from tinykit.compiler import cpp
from tinykit.export import audio, sketch
from tinykit.features.audio import LogMel

N = 500
MEMORY = Memory(flash=900_000, ram=245_000, stack=8192)

# name: (lowest and highest argument, units in the last place that it may be wrong in float32)
ONE = {
    "sin": (-100, 100, 1.5),
    "cos": (-100, 100, 1.5),
    "tan": (-10, 10, 3),
    "exp": (-80, 80, 1),
    "exp2": (-100, 100, 1),
    "log": (1e-3, 1e6, 1),
    "log2": (1e-3, 1e6, 1),
    "log10": (1e-3, 1e6, 1),
    "sqrt": (0, 1e6, 0.5),
    "floor": (-50, 50, 0),
    "ceil": (-50, 50, 0),
    "trunc": (-50, 50, 0),
    "rint": (-50, 50, 0),
    "atan": (-50, 50, 2),
    "asin": (-1, 1, 2.5),
    "acos": (-1, 1, 2.5),
    "sinh": (-10, 10, 1),
    "cosh": (-10, 10, 1),
    "tanh": (-10, 10, 1),
    "cbrt": (-50, 50, 1),
}
TWO = {"pow": (0.1, 10, 1), "atan2": (-10, 10, 2), "fmod": (-50, 50, 0), "hypot": (-9, 9, 1)}
NUMPY = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "pow": "power"}


@functools.cache
def machine() -> Machine:
    """A program that applies every function to arrays."""
    lines = [
        "#include <math.h>",
        f"float x[{N}], y[{N}], out[{N}]; double xd[{N}], yd[{N}], outd[{N}]; long whole[{N}];",
        'extern "C" {',
    ]
    for name in (*ONE, *TWO):
        more, mored = (", y[i]", ", yd[i]") if name in TWO else ("", "")
        lines.append(
            f"void f_{name}() {{ for (int i = 0; i < {N}; ++i) out[i] = {name}f(x[i]{more}); }}"
        )
        lines.append(
            f"void d_{name}() {{ for (int i = 0; i < {N}; ++i) outd[i] = {name}(xd[i]{mored}); }}"
        )
    lines.append(f"void f_lrint() {{ for (int i = 0; i < {N}; ++i) whole[i] = lrintf(x[i]); }}")
    text = "\n".join([*lines, "}"])
    roots = re.findall(r"void (\w+)\(", text)
    return Machine(build({"mathematics.cpp": text}, MEMORY, roots=roots), MEMORY.stack)


def array(name: str, dtype: str) -> np.ndarray:
    """An array of the program."""
    size = N * np.dtype(dtype).itemsize
    return machine().memory(machine().program.symbols[name], size).view(dtype)


def assert_close(name: str, got: np.ndarray, expected: np.ndarray, ulps: float) -> None:
    wrong = np.abs(got.astype(float) - expected) / np.spacing(np.abs(expected).astype(got.dtype))
    worst = int(wrong.argmax())
    # Half a unit more: the expected number itself is rounded.
    assert wrong[worst] <= ulps + 0.5, (
        f"{name}: {got[worst]!r} instead of {expected[worst]!r}, {wrong[worst]:.2f} units in the "
        "last place. First suspect: tinykit/board/virtual/core/math.cpp."
    )


@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_functions_are_as_accurate_as_a_c_library(name):
    low, high, ulps = (ONE | TWO)[name]
    random = np.random.default_rng(0)
    x, y = random.uniform(low, high, N), random.uniform(-5, 5, N)
    if name.startswith("log"):
        x = np.geomspace(low, high, N)
    function = getattr(np, NUMPY.get(name, name))
    rest = (lambda *two: two) if name in TWO else (lambda *two: two[:1])

    array("x", "<f4")[:], array("y", "<f4")[:] = x, y
    machine().call(f"f_{name}")
    exact = function(*(a.astype("<f4").astype(float) for a in rest(x, y)))
    assert_close(f"{name}f", array("out", "<f4"), exact, ulps)

    array("xd", "<f8")[:], array("yd", "<f8")[:] = x, y
    machine().call(f"d_{name}")
    # The own ones are made of exp and log, each good to a unit, times up to some tens.
    assert_close(name, array("outd", "<f8"), function(*rest(x, y)), 100)


def test_lrintf_rounds_to_even_and_saturates():
    x = array("x", "<f4")
    x[:] = np.random.default_rng(1).uniform(-1000, 1000, N)
    x[:8] = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 3e9, -3e9]
    machine().call("f_lrint")
    whole = array("whole", "<i4")
    assert whole[6:8].tolist() == [2**31 - 1, -(2**31)]
    assert np.array_equal(np.delete(whole, [6, 7]), np.delete(np.rint(x), [6, 7]))


# ---- The sound front end

SCALE, ZERO_POINT = 7 / 255, -128
FRAMES = """
#include "src/tinykit/LogMel.h"
#include "config.h"
int16_t samples[kSamples];
int8_t features[kFrames * kMelBands];
tinykit::LogMel<kFrameLength, kHopLength, kMelBands, kFrames> logMel(kLogMelTables, kScale, kZero);
extern "C" int hear() {
  const int made = logMel.push(samples, kSamples);
  logMel.copyWindow(features);
  return made;
}
"""


def front_end_program(frontend: LogMel) -> Program:
    tables = {"tables": audio.log_mel_tables(frontend), "frontend": frontend}
    template = cpp.templates(sketch._TEMPLATES).get_template("audio/LogMelTables.h.j2")
    library = sketch._LIBRARY
    constants = {
        "int kSamples": 16_000,
        "int kFrameLength": frontend.frame_length,
        "int kHopLength": frontend.hop_length,
        "int kMelBands": frontend.n_mels,
        "int kFrames": frontend.n_frames,
        "float kScale": cpp.number(SCALE),
        "int kZero": ZERO_POINT,
    }
    config = '#include "src/tinykit/LogMelTables.h"\n'
    config += "".join(f"constexpr {name} = {value};\n" for name, value in constants.items())
    files = {
        f"src/tinykit/{name}": (library / name).read_text(encoding="utf-8")
        for name in ("LogMel.h", "RealFft.h", "RealFft.cpp")
    }
    files |= {
        "src/tinykit/LogMelTables.h": template.render(tables),
        "config.h": config,
        "frames.cpp": FRAMES,
    }
    return build(files, MEMORY, roots=["hear"])


def test_the_front_end_on_the_board_is_within_a_step_of_its_python_twin():
    """The very C++ that the sketch runs, on the Cortex-M4F, on sounds from quiet to clipping."""
    frontend = LogMel()
    program = front_end_program(frontend)
    time = np.arange(16_000) / 16_000
    sounds = {
        "noise": np.random.default_rng(0).normal(size=16_000) * np.geomspace(1, 40_000, 16_000),
        "a chirp": 20_000 * np.sin(2 * np.pi * (50 + 3900 * time) * time),
        "a quiet tone": 3 * np.sin(2 * np.pi * 1000 * time),
    }
    for name, sound in sounds.items():
        clip = sound.clip(-32_768, 32_767).astype(np.int16)
        board = Machine(program, MEMORY.stack)
        board.call("boardConstruct")
        board.memory(program.symbols["samples"], clip.nbytes)[:] = clip.view(np.uint8)
        assert board.call("hear") == frontend.n_frames
        size = frontend.n_frames * frontend.n_mels
        got = board.memory(program.symbols["features"], size).view(np.int8).astype(int)
        steps = np.rint(frontend(clip) * np.float32(1 / np.float32(SCALE))) + ZERO_POINT
        expected = steps.clip(-128, 127).astype(int)
        difference = np.abs(got.reshape(expected.shape) - expected)
        assert difference.max() <= 1, (
            f"{name}: {np.count_nonzero(difference > 1)} of {size} values differ by more than one "
            "step. First suspect: log10f or lrintf of the board's mathematics (the tests above)."
        )
