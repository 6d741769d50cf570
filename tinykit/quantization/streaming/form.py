"""Rewriting an int8 .tflite file: the rows that a layer needs again become its state."""

from __future__ import annotations

from dataclasses import replace

from tinykit.common.errors import TinykitError
from tinykit.quantization.streaming.rows import RefusedError, need
from tinykit.quantization.streaming.surgery import Surgery
from tinykit.quantization.tflite.file import Operator, TfliteFile
from tinykit.quantization.tiny_model import TinyModel


def streaming_form(tiny: TinyModel, frames: int = 1) -> TinyModel:
    """The same network, given each frame of a recording once.

    Weights and scales are those of `tiny`. As soon as a window has been heard, each step's scores
    are byte for byte what `tiny` computes of that window. Labels, front end and the decision's
    threshold stay; how many inferences it averages does not: they are more in the same time.

    Args:
        tiny: an int8 network on (frames, bands, 1) without padding along time, such as
            `tk.models.stream_cnn`, quantized.
        frames: how many come at a time; the window's must be a multiple of them.

    Raises TinykitError when the network has a layer that cannot stream; the message names it.
    """
    file, source = tiny.file, f"The model {tiny.name}"
    if tiny.is_streaming:
        raise TinykitError(f"{source} streams already. Give the form that sees whole windows.")
    shape = file.input.shape
    if len(shape) < 3:
        raise TinykitError(
            f"{source} takes {shape}, where (1, frames, bands, 1) is needed. "
            "Take a network on frames, such as tk.models.stream_cnn."
        )
    window = shape[1]
    if not 1 <= frames < window or window % frames:
        fitting = [str(n) for n in range(1, window) if window % n == 0]
        raise TinykitError(
            f"{window} frames cannot come {frames} at a time. Choose one of: {', '.join(fitting)}."
        )
    tflite = _rewritten(tiny.tflite, file, frames, source)
    counted = ("window", "stride_frames")  # in inferences, and in frames between them
    decision = {name: value for name, value in tiny.decision.items() if name not in counted}
    return replace(tiny, tflite=tflite, decision=decision, steps_to_fill=window // frames)


def _rewritten(tflite: bytes, file: TfliteFile, frames: int, source: str) -> bytes:
    surgery = Surgery(tflite)
    new = {file.inputs[0]: frames}  # rows a step, of each activation that has time
    surgery.set_rows(file.inputs[0], frames)
    where = "the input"
    try:
        for operator in file.operators:
            where = f"{operator.name} ({operator.op})"
            _stream(surgery, file, operator, new)
        where = "the output"
        if timed := [index for index in file.outputs if index in new]:
            rows = file.tensors[timed[0]].shape[1]
            raise RefusedError(
                f"it has {rows} rows, one after the other in time. Average them first"
            )
    except RefusedError as refused:
        raise TinykitError(f"{source} cannot stream, {where}: {refused}.") from None
    return surgery.finished()


def _stream(surgery: Surgery, file: TfliteFile, operator: Operator, new: dict[int, int]) -> None:
    """Copy one layer, with what it needs of earlier steps."""
    timed = [index for index in operator.inputs if index in new]
    if not timed:
        surgery.copy(operator)
        return
    needed = need(file, operator, new)
    if needed.kept < 0:
        raise RefusedError(
            f"it sees {file.tensors[timed[0]].shape[1]} rows, and {new[timed[0]]} new ones come at "
            "a time. Give the network fewer frames at a time"
        )
    inputs = [surgery.with_kept(i, needed.kept) if i in new else i for i in operator.inputs]
    for index in operator.outputs:
        if needed.made:
            new[index] = needed.made
            surgery.set_rows(index, needed.made)
    surgery.copy(operator, inputs)
