"""The compiled model on a virtual board, compared with what an interpreter computed."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from tinykit.board.virtual.model_run import TooBigError
from tinykit.common.errors import TinykitError
from tinykit.quantization.tflite import ends, read
from tinykit.quantization.tiny_model import TinyModel
from tinykit.verification.report import FULLY_CONNECTED_NOTE, BoardCheck, Report

_SAMPLES = 100  # of the inputs, evenly spaced


def board_check(
    model: TinyModel | Path,
    inputs: list[np.ndarray],
    expected: np.ndarray,
    board: str,
    samples: int = _SAMPLES,
) -> tuple[BoardCheck | None, str]:
    """Run the compiled model on a virtual board, on `samples` of the inputs.

    Args:
        model: the model, or a .tflite file. A file may begin with QUANTIZE and end with DEQUANTIZE:
            the inputs are then quantized, and the board's outputs dequantized, as TFLM does.
        inputs: of one input, (n, *input shape), of the model's own type.
        expected: an interpreter's outputs, (n, *output shape); every byte is compared.
        board: its name.
        samples: at most this many inputs go to the board.

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
    sides = ends(read(model)) if isinstance(model, Path) else None
    chosen = np.linspace(0, len(expected) - 1, min(samples, len(expected))).round().astype(int)
    q = inputs[0][chosen]
    try:
        run = virtual.run_model(compiled, q if sides is None else sides[0].inside(q))
    except TooBigError as refused:
        return None, str(refused)
    outputs = run.outputs if sides is None else sides[1].outside(run.outputs)
    made, wanted = (
        np.frombuffer(x.tobytes(), np.uint8).reshape(len(chosen), -1)
        for x in (outputs, expected[chosen])
    )
    check = BoardCheck(
        name=board,
        samples=len(chosen),
        different=int(np.count_nonzero((made != wanted).any(axis=1))),
        instructions=run.instructions,
        ram_bytes=run.ram_bytes,
        stack_bytes=run.stack_bytes,
        flash_bytes=run.flash_bytes,
    )
    return check, ""


def with_board(report: Report, check: BoardCheck | None, why_missing: str, no_tflm: bool) -> Report:
    """The report with what the virtual board found, or why it did not run."""
    if no_tflm and check is not None and check.different and "FULLY_CONNECTED" in report.ops:
        report.notes.append(FULLY_CONNECTED_NOTE)
    return replace(report, board=check, board_missing=why_missing)
