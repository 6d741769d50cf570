"""The compiled model on a virtual board, compared with what an interpreter computed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tinykit.board.virtual.model_run import TooBigError
from tinykit.common.errors import TinykitError
from tinykit.quantization.tflite import every_end, read
from tinykit.quantization.tiny_model import TinyModel
from tinykit.verification.report import FULLY_CONNECTED_NOTE, BoardCheck, Report

_SAMPLES = 100  # of the inputs, evenly spaced


def board_check(
    model: TinyModel | Path,
    inputs: list[np.ndarray],
    expected: Sequence[np.ndarray],
    board: str,
    samples: int = _SAMPLES,
) -> tuple[BoardCheck | None, str]:
    """Run the compiled model on a virtual board, on `samples` of the inputs.

    Args:
        model: the model, or a .tflite file. A file may begin with QUANTIZE and end with DEQUANTIZE:
            the inputs are then quantized, and the board's outputs dequantized, as TFLM does.
        inputs: one array for each input, (n, *input shape), of the model's own type.
        expected: an interpreter's outputs, one array (n, *output shape) for each; every byte is
            compared.
        board: its name.
        samples: at most this many inputs go to the board; of a sequence, the first ones.

    Returns the check; or None and the reason when the compiler refuses the model, or the board has
    no room for it. Raises TinykitError when the compiled model goes wrong.
    """
    from tinykit.board import VirtualBoard
    from tinykit.compiler import compile

    virtual = VirtualBoard(board)
    try:
        compiled = compile(model)
    except TinykitError as refused:
        return None, str(refused)
    sides = every_end(read(model)) if isinstance(model, Path) else None
    chosen = _chosen(len(expected[0]), samples, compiled.file.is_stateful)
    q = [x[chosen] for x in inputs]
    if sides is not None:
        q = [end.inside(x) for end, x in zip(sides[0], q, strict=True)]
    try:
        run = virtual.run_model(compiled, q)
    except TooBigError as refused:
        return None, str(refused)
    outputs = run.every_output
    if sides is not None:
        outputs = [end.outside(y) for end, y in zip(sides[1], outputs, strict=True)]
    pairs = zip(outputs, expected, strict=True)
    differs = np.any([rows_differ(made, wanted[chosen]) for made, wanted in pairs], axis=0)
    check = BoardCheck(
        name=board,
        samples=len(chosen),
        different=int(np.count_nonzero(differs)),
        instructions=run.instructions,
        ram_bytes=run.ram_bytes,
        stack_bytes=run.stack_bytes,
        flash_bytes=run.flash_bytes,
    )
    return check, ""


def _chosen(n: int, samples: int, in_sequence: bool) -> np.ndarray:
    """Which of n inputs go to the board: evenly spaced; of a sequence the first ones."""
    last = min(samples, n) if in_sequence else n
    return np.linspace(0, last - 1, min(samples, n)).round().astype(int)


def rows_differ(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """For each of n inputs, whether any byte of an output differs, bool (n,)."""
    n = len(a)
    first, second = (
        np.frombuffer(x.tobytes(), np.uint8).reshape(n, -1) if x.size else np.empty((n, 0))
        for x in (a, b)
    )
    return np.ones(n, bool) if first.shape != second.shape else (first != second).any(axis=1)


def with_board(report: Report, check: BoardCheck | None, why_missing: str, no_tflm: bool) -> Report:
    """The report with what the virtual board found, or why it did not run."""
    if no_tflm and check is not None and check.different and "FULLY_CONNECTED" in report.ops:
        report.notes.append(FULLY_CONNECTED_NOTE)
    return replace(report, board=check, board_missing=why_missing)
