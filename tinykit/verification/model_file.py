"""`verify_file`: any .tflite file under TFLM and under TensorFlow Lite, every byte compared.

Whatever TFLM runs is run here: any number of inputs and outputs of any type, and networks that keep
a state, to which the inputs are given as a sequence. TFLM itself says what it does not run.
"""

import math
from pathlib import Path

import numpy as np

import tinykit.quantization.tflite as tflite_file
from tinykit.common.errors import TinykitError
from tinykit.quantization import process
from tinykit.quantization.tflite import TfliteFile, damage, float_model_problem
from tinykit.quantization.tflite.reader import load
from tinykit.verification.board_check import board_check, rows_differ, with_board
from tinykit.verification.inputs import given_inputs, random_inputs
from tinykit.verification.report import (
    ENOUGH,
    FULLY_CONNECTED_NOTE,
    STAND_IN_NOTE,
    OutputCheck,
    Report,
)

_LEAST = 64  # random inputs, however slow the network is
_VALUES = 1 << 25  # inputs and outputs of all of them together
_MACS = 10_000_000_000  # for a faster one so many that they cost this: under a minute


def verify_file(
    path: Path | str,
    inputs: Path | str | None = None,
    samples: int | None = None,
    seed: int = 0,
    board: str | None = None,
) -> Report:
    """The host check of any .tflite file that TensorFlow Lite Micro runs.

    Args:
        path: the file. Its body must be quantized; QUANTIZE and DEQUANTIZE may lead into and out
            of it.
        inputs: a .npy file of inputs, (n, *input_shape), of the file's own input type; for an int8
            network also int8 or float features. None makes random ones from `seed`.
        samples: how many random inputs; default 500, less for very slow networks.
        board: name of a virtual board that runs the compiled model, too. Where the compiler
            refuses the model, or it is too big for the board, the report says so.

    Raises TinykitError when a file cannot be read or does not fit, TFLM refuses the model, the
    model computes in floating point, or TFLM cannot run on this system and no board is named.
    """
    if board is not None:
        from tinykit.board import VirtualBoard

        VirtualBoard(board)  # refuses a board that cannot be emulated, before anything takes time
    tflite, source = load(Path(path), None)
    file = tflite_file.read(tflite, source)
    if problem := float_model_problem(file):
        raise TinykitError(f"{source} {problem}")
    missing = process.tflm_missing()
    if missing and board is None:
        raise TinykitError(f"{missing}, or name a virtual board (--board nano33ble).")
    if inputs is not None:
        x = given_inputs(Path(inputs), file, tflite)
    else:
        x = random_inputs(file, samples or _affordable(file), seed)
    engines = ["litert"] if missing else ["litert", "tflm"]
    results = process.attempt_engines(dict.fromkeys(engines, tflite), x, source=source)
    report = report_on_file(
        Path(path).stem, file, tflite, _accepted(results, file, source), missing
    )
    if inputs is None:
        report.notes.append(f"The inputs were random (seed {seed}): none were given.")
    if file.is_stateful:
        steps = f"{report.steps:,} inputs"
        report.notes.append(f"The model keeps a state: the {steps} were given as one sequence.")
    if board is None:
        return report
    expected = results["litert" if missing else "tflm"].every_output
    return with_board(report, *board_check(Path(path), x, expected, board), bool(missing))


def _affordable(file: TfliteFile) -> int:
    """How many random inputs make a thorough check that takes neither minutes nor the memory."""
    values = sum(file.tensors[index].size for index in (*file.inputs, *file.outputs))
    quick = max(_LEAST, _MACS // max(1, file.macs))
    return max(1, min(ENOUGH, quick, _VALUES // max(1, values)))


def _accepted(
    results: dict[str, process.Result | TinykitError], file: TfliteFile, source: str
) -> dict[str, process.Result | TinykitError]:
    """The results, if there is one to show; raises TinykitError with the engine's reason if not."""
    judge = results["tflm" if "tflm" in results else "litert"]
    failed = [result for result in results.values() if isinstance(result, TinykitError)]
    if failed and (problem := damage(file)):
        raise TinykitError(f"{source} {problem}") from failed[0]
    if isinstance(judge, TinykitError):
        raise judge
    return results


def report_on_file(
    name: str,
    file: TfliteFile,
    tflite: bytes,
    results: dict[str, process.Result | TinykitError],
    missing: str,
) -> Report:
    tflm, litert = results.get("tflm"), results["litert"]
    refused = str(litert) if isinstance(litert, TinykitError) else ""
    compared = not missing and not refused
    outputs = compare_outputs(file, tflm, litert) if compared else []
    different = _any_differ(tflm, litert) if compared else None
    samples = len((tflm or litert).outputs)
    notes = [STAND_IN_NOTE] if missing else []
    if samples < ENOUGH:
        notes.append(f"{samples} inputs are few: {ENOUGH} or more make a thorough check.")
    if different and "FULLY_CONNECTED" in file.ops:
        notes.append(FULLY_CONNECTED_NOTE)
    return Report(
        name=name,
        labels=[],
        samples=samples,
        different=different,
        max_lsb=max((output.max_lsb for output in outputs), default=None),
        arena_bytes=tflm.arena_bytes if tflm else None,
        arena=tflm.arena if tflm else {},
        ops=list(dict.fromkeys(file.ops)),
        macs=file.macs,
        tflite_bytes=len(tflite),
        engine_versions={
            engine: result.version
            for engine, result in results.items()
            if not isinstance(result, TinykitError)
        },
        notes=notes,
        not_checked=missing,
        not_compared=refused,
        outputs=outputs,
        steps=samples if file.is_stateful else 1,
    )


def compare_outputs(
    file: TfliteFile, tflm: process.Result, litert: process.Result
) -> list[OutputCheck]:
    """What differs in each output of the network, byte by byte."""
    checks = []
    for i, index in enumerate(file.outputs):
        a, b = tflm.every_output[i], litert.every_output[i]
        differs = rows_differ(a, b)
        step = _step(file, index)
        checks.append(
            OutputCheck(
                name=file.tensors[index].name,
                dtype=file.tensors[index].dtype,
                shape=a.shape[1:],
                different=int(np.count_nonzero(differs)),
                max_lsb=_most_steps(a, b, step) if differs.any() else 0,
            )
        )
    return checks


def _any_differ(tflm: process.Result, litert: process.Result) -> int:
    pairs = zip(tflm.every_output, litert.every_output, strict=True)
    return int(np.count_nonzero(np.any([rows_differ(a, b) for a, b in pairs], axis=0)))


def _step(file: TfliteFile, index: int) -> float:
    """What one step of an output is worth: of a float one, a step of the int8 that it was."""
    if file.tensors[index].dtype.startswith(("int", "uint", "bool")):
        return 1.0
    for operator in file.operators:
        if operator.op == "DEQUANTIZE" and index in operator.outputs:
            quantization = file.tensors[operator.inputs[0]].quantization
            return quantization.scale[0] if quantization else math.nan
    return math.nan


def _most_steps(a: np.ndarray, b: np.ndarray, step: float) -> int:
    """The largest difference in steps; at least 1, for it is asked where bytes differ."""
    if a.size != b.size or not np.issubdtype(a.dtype, np.number):
        return 1
    if math.isnan(step):  # float32 without a scale: in units of the last place
        step = float(np.spacing(np.float32(np.abs(b).max(initial=1e-30))))
    gap = np.abs(a.reshape(-1).astype(float) - b.reshape(-1).astype(float)) / step
    return max(1, round(min(float(np.nanmax(gap, initial=0.0)), 2.0**31)))
