"""Lowering of the layers with weights to the fast kernels in arduino/TinyKit/src/nn/Conv.h.

Each function returns None when the layer needs the general kernels: unusual strides, filters or
scales. The kernels compute the same bytes, so the choice is one of speed only.
"""

from dataclasses import replace
from math import prod

import numpy as np

from tinykit.compiler.graph import Conv, FullyConnected, Graph, Matrix, macs
from tinykit.compiler.packing import PackedRows, pack_rows
from tinykit.compiler.steps import Constant, LoweredStep

TILE_PIXELS = 4  # kTilePixels in Conv.cpp

_FILES = {
    "includes": ("Conv.h",),
    "sources": ("ConvInner.h", "ConvPortable.cpp", "ConvCortexM4.cpp"),
}


def lower_conv(graph: Graph, op: Conv) -> LoweredStep | None:
    """CONV_2D, with or without a fused ADD, as a matrix product of four pixels at a time."""
    source, target = graph.input_of(op).shape, graph.output_of(op).shape
    if op.dilation != (1, 1) or op.weights.shape[3] != source[3]:
        return None
    one_patch = op.weights.shape[1:] == source[1:] and op.padding == (0, 0)
    if target[1:3] == (1, 1) and one_patch and op.add is None:
        return lower_fully_connected(graph, op)
    packed = pack_rows(op, rows_per_block=2)
    if packed is None:
        return None
    sizes = [*source[1:], *target[1:], *op.kernel, *op.strides, *op.padding]
    step = LoweredStep(
        call=_struct("Conv", op, packed, sizes, _CONV_COMMENTS)
        + "  nn::conv(layer, {weights}, {in0}, {out}, {scratch});\n",
        constants=(_weights(packed),),
        scratch_bytes=_conv_scratch(op),
        overlap=(_conv_overlap(op, source, target),),
        comment="matrix product, four pixels by two channels at a time",
        macs=macs(graph, op),
        **_FILES,
    )
    return step if op.add is None else _with_add(step, op)


def _with_add(step: LoweredStep, op: Conv) -> LoweredStep:
    m0, m1, bias = op.add.linear
    sum_ = f"{{{m0}, {m1}, {bias}, {op.add.act_min}, {op.add.act_max}}}"
    layer = step.call[: step.call.index("  nn::conv(")]
    return replace(
        step,
        call=f"{layer}  static const nn::Add sum = {sum_};\n"
        "  nn::convAdd(layer, {weights}, {in0}, sum, {in1}, {out}, {scratch});\n",
        overlap=(*step.overlap, 0),
        comment=f"{step.comment}, added to in1 at once",
    )


def lower_fully_connected(graph: Graph, op: FullyConnected | Conv) -> LoweredStep | None:
    """FULLY_CONNECTED of one vector, or a convolution with a single output pixel."""
    flat = replace(op, weights=op.weights.reshape(op.channels, -1))
    columns = flat.weights.shape[1]
    if graph.input_of(op).size != columns:
        return None
    packed = pack_rows(flat, rows_per_block=4)
    if packed is None:
        return None
    return LoweredStep(
        call=_struct("FullyConnected", op, packed, [columns, op.channels], _VECTOR_COMMENTS)
        + "  nn::fullyConnected(layer, {weights}, {in0}, {out}, {scratch});\n",
        constants=(_weights(packed),),
        scratch_bytes=2 * _round_up(columns, 4),
        overlap=(-columns - op.channels,),  # the input is copied to the scratch memory first
        comment="matrix times vector, four rows at a time",
        macs=macs(graph, op),
        **_FILES,
    )


_CONV_COMMENTS = (
    (3, "input: height, width, channels"),
    (3, "output"),
    (2, "kernel"),
    (2, "strides"),
    (2, "padding: top, left"),
)
_VECTOR_COMMENTS = ((1, "inputs"), (1, "outputs"))


def _struct(
    name: str, op: Matrix, packed: PackedRows, sizes: list[int], comments: tuple[tuple[int, str]]
) -> str:
    """The declaration of a kernel's parameters, a line for each group of numbers."""
    lines, at = [], 0
    for count, comment in comments:
        numbers = ", ".join(str(n) for n in sizes[at : at + count])
        lines.append(f"      {numbers},  // {comment}")
        at += count
    if name != "FullyConnected":
        lines.append(f"      {op.input_zero_point},  // what padding holds")
    rectified = str(packed.rectified).lower()
    output = f"{{{op.output_zero_point}, {op.act_min}, {op.act_max}, {rectified}}}"
    lines.append(f"      {output},  // output: zero point, limits, ReLU?")
    return "\n".join([f"  static const nn::{name} layer = {{", *lines, "  };\n"])


def _weights(packed: PackedRows) -> Constant:
    return Constant("weights", "uint32_t", packed.words, comment="packed, with biases and scales")


def _conv_scratch(op: Conv) -> int:
    """Widened patches of a tile, the tile of outputs, and rows of patches at the border."""
    height, width, channels = op.weights.shape[1:]
    row = _round_up(width * channels, 4)
    return TILE_PIXELS * (2 * height * row + _round_up(op.channels, 2) + row) + row


def _conv_overlap(op: Conv, source: tuple[int, ...], target: tuple[int, ...]) -> int:
    """How far before the input the output must begin, so that nothing is overwritten too early.

    Tile by tile: four pixels are read, then written. What is written by then must end before the
    first byte that a later tile reads.
    """
    rows, columns = np.divmod(np.arange(prod(target[1:3])), target[2])
    top = np.clip(rows * op.strides[0] - op.padding[0], 0, source[1] - 1)
    left = np.clip(columns * op.strides[1] - op.padding[1], 0, source[2] - 1)
    first = (top * source[2] + left) * source[3]
    later = np.minimum.accumulate(first[::-1])[::-1][TILE_PIXELS::TILE_PIXELS]
    written = TILE_PIXELS * np.arange(1, len(later) + 1) * target[3]
    return int((written - later).max(initial=-prod(source)))


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
