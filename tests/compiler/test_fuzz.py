"""Damaged and unsound .tflite files: one clear error each, or C++ that is right. Never a crash."""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

import numpy as np
import pytest
import tflm_batch
from compiled_build import SANITIZERS, Builder, Sides, has_sanitizers
from float_ends import dense_with_ends
from mutations import Mutator, SloppyWriter
from odd_models import running_sum, strange_axis, two_of_each
from random_models import RandomModel, random_model

import tinykit as tk
import tinykit.quantization.tflite as tflite_file
from tinykit.common.errors import TinykitError
from tinykit.quantization.tflite.axes import with_sound_axes
from tinykit.verification.inputs import random_inputs

MOST_SECONDS = 1.0  # of processor time, for one file
MOST_BYTES = 1 << 30  # more than this for one small file is a memory leak, or a bomb
N_FILES, N_MUTANTS, N_SLOPPY, N_REAL = 40, 40, 600, 60  # 2,200 files, and 60 of each real model
N_UNUSUAL = 300
UNUSUAL = {
    "several graphs": running_sum(),
    "float ends": dense_with_ends("float32", "float32"),
    "uint8 ends": dense_with_ends("uint8", "uint8"),
    "several inputs": two_of_each(),
    "an axis that is not there": strange_axis(),
}
MLPERF = ("ad01_int8", "kws_ref_model", "pretrainedResnet_quant", "vww_96_int8")


@cache
def damaged_files() -> list[tuple[str, bytes]]:
    """Name and bytes of every file of the test."""
    files = []
    for seed in range(N_FILES):
        mutator = Mutator(random_model(seed).tflite)
        for i in range(N_MUTANTS):
            done, data = mutator.mutant(i)
            files.append((f"mutant {i} ({done}) of random_model({seed})", data))
    for seed in range(N_SLOPPY):
        model = random_model(seed, SloppyWriter(seed))
        files.append((f"random_model({seed}, SloppyWriter({seed}))", model.tflite))
    return files


@contextmanager
def little_memory() -> Iterator[None]:
    """What needs more than MOST_BYTES in here ends in a MemoryError, where the system can do it."""
    try:
        import resource
    except ImportError:  # Windows
        yield
        return
    import psutil

    before = resource.getrlimit(resource.RLIMIT_AS)
    limit = psutil.Process().memory_info().vms + MOST_BYTES
    with suppress(ValueError, OSError):  # macOS may refuse
        resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def outcome(data: bytes) -> tuple[str, "tk.compiler.CompiledModel | None"]:
    """What is wrong with how `tk.compile` takes this file ("" if nothing), and what it made."""
    started, compiled = time.process_time(), None
    try:
        with little_memory(), warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled = tk.compile(data)
            compiled.sources()
    except TinykitError as error:
        if len(str(error)) >= 300 or "\n" in str(error):
            return f"an error of {len(str(error))} characters: {str(error)[:400]!r}", None
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}", None
    seconds = time.process_time() - started
    return f"{seconds:.1f} s" if seconds > MOST_SECONDS else "", compiled


@pytest.mark.slow
def test_damaged_files_end_in_one_clear_error_each():
    """At least 2,000 files; each is compiled, or refused with one sentence, at once."""
    files = damaged_files()
    assert len({data for _, data in files}) >= 2_000
    wrong = [(name, problem) for name, data in files if (problem := outcome(data)[0])]
    assert not wrong, _report(wrong, len(files))


@pytest.mark.slow
@pytest.mark.parametrize("name", MLPERF)
def test_damaged_real_models_end_in_one_clear_error_each(name, real_models):
    """The same on files from TensorFlow's converter, which hold what tests do not think of."""
    mutator = Mutator((real_models / f"{name}.tflite").read_bytes())
    mutants = [mutator.mutant(i) for i in range(N_REAL)]
    outcomes = [
        (f"mutant {i} ({done})", outcome(data)[0]) for i, (done, data) in enumerate(mutants)
    ]
    wrong = [(name, problem) for name, problem in outcomes if problem]
    assert not wrong, _report(wrong, len(mutants))


@pytest.mark.slow
@pytest.mark.parametrize("name", UNUSUAL)
def test_damaged_files_of_several_graphs_or_with_ends_end_in_one_clear_error_each(name):
    """Those that are read and not compiled, too: what is asked of a file works or is refused."""
    mutator, wrong = Mutator(UNUSUAL[name]), []
    for i in range(N_UNUSUAL):
        done, data = mutator.mutant(i)
        if problem := outcome(data)[0] or reading(data):
            wrong.append((f"mutant {i} ({done})", problem))
    assert not wrong, _report(wrong, N_UNUSUAL)


def reading(data: bytes) -> str:
    """What is wrong with how a file is read that may be no int8 network; "" if nothing."""
    try:
        with little_memory(), warnings.catch_warnings():
            warnings.simplefilter("error")
            file = tflite_file.read(data)
            tflite_file.read(tflite_file.with_int8_ends(data))
            assert len(file.layers) == len(file.operators) and file.macs >= 0
            (
                tflite_file.ends(file),
                file.is_stateful,
                list(tflite_file.problems(file)),
                tflite_file.every_end(file),
            )
            with_sound_axes(data)
            if len(file.inputs) == 1 and file.input.size < 1_000_000:
                random_inputs(file, 1, 0)
    except TinykitError as error:
        return f"a long error: {error}" if len(str(error)) >= 300 or "\n" in str(error) else ""
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return ""


def test_a_real_model_cut_short_anywhere_is_refused(real_models):
    """Downloads end anywhere; the 60 places are spread over the file, its last bytes included."""
    data = (real_models / "kws_ref_model.tflite").read_bytes()
    for end in [*np.linspace(0, len(data) - 1, 50, dtype=int), *range(len(data) - 10, len(data))]:
        problem, compiled = outcome(data[:end])
        assert not problem and compiled is None, (
            f"cut at {end} of {len(data)}: {problem or 'taken'}"
        )


def _report(wrong: list[tuple[str, str]], n: int) -> str:
    lines = [f"{name}: {problem}" for name, problem in wrong[:10]]
    return f"{len(wrong)} of {n} files are not taken well:\n" + "\n".join(lines)


@pytest.mark.slow
@pytest.mark.tflm
def test_what_is_accepted_is_sound(tmp_path):
    """Files that are still networks: their C++ compiles, stays inside its arrays, does no undefined
    arithmetic, and gives TFLM's bytes where TFLM takes the file, too."""
    if not has_sanitizers():
        pytest.skip("needs g++ or clang++ with -fsanitize=address,undefined")
    accepted, seen = [], {random_model(seed).tflite for seed in range(N_SLOPPY)}
    for name, data in damaged_files():
        if data not in seen and (compiled := outcome(data)[1]):
            seen.add(data)
            accepted.append((name, data, compiled))
    accepted = accepted[:: max(1, len(accepted) // 80)]
    assert len(accepted) >= 40, "too few damaged files are still networks to say anything"
    built = Builder(tmp_path, SANITIZERS).programs([compiled for *_, compiled in accepted])
    inputs = [
        RandomModel(0, data, (1, *Sides(compiled).input_shape), ()).inputs(6)
        for _, data, compiled in accepted
    ]
    expected = tflm_batch.run([data for _, data, _ in accepted], inputs, seconds=120)
    for (name, *_), model, x, y in zip(accepted, built, inputs, expected, strict=True):
        got = model.run(x)  # fails when the sanitizers see something
        if y is not None:
            differ = np.count_nonzero(got.reshape(-1) != y.reshape(-1))
            assert not differ, f"{name}: {differ} of {y.size} bytes differ from TFLM's"
