"""Lowering of DEPTHWISE_CONV_2D to the kernels in arduino/TinyKit/src/nn/Depthwise.h.

There are several, and any of them may be the fastest for a layer: each is asked what it would cost,
and the cheapest one is taken. They compute the same bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from tinykit.compiler.graph import Depthwise, Graph, macs
from tinykit.compiler.packing import PackedRows, pack_depthwise
from tinykit.compiler.packing_depthwise import pack_planes, pack_taps
from tinykit.compiler.steps import Constant, LoweredStep

_FILES = {
    "includes": ("Depthwise.h",),
    "sources": ("DepthwiseInner.h", "DepthwisePortable.cpp", "DepthwiseCortexM4.cpp"),
}
_MOST_SCRATCH = 6_144  # bytes of working memory that speed is worth

Shape = tuple[int, int, int]  # height, width, channels


@dataclass(frozen=True, eq=False)
class Layer:
    """What a kernel is to compute: an operator and the shapes of its input and output."""

    op: Depthwise
    source: Shape
    target: Shape

    @property
    def taps(self) -> int:
        """Pixels of the window."""
        return prod(self.op.kernel)


@dataclass(frozen=True)
class Kernel:
    """One way to compute a layer.

    Attributes:
        cost: about how many instructions a Cortex-M4 executes; None if it cannot do the layer.
        lower: the layer as a call.
    """

    cost: Callable[[Layer], float | None]
    lower: Callable[[Layer], LoweredStep]


def lower_depthwise(graph: Graph, op: Depthwise) -> LoweredStep | None:
    """DEPTHWISE_CONV_2D with the cheapest kernel; None for a constant input, which nobody has."""
    if op.inputs[0] in graph.constants:
        return None
    source, target = graph.input_of(op).shape, graph.output_of(op).shape
    layer = _lying(_cropped(Layer(op, source[1:], target[1:])))
    costs = [(cost, i) for i, kernel in enumerate(KERNELS) if (cost := kernel.cost(layer))]
    return replace(KERNELS[min(costs)[1]].lower(layer), macs=macs(graph, op), **_FILES)


def _cropped(layer: Layer) -> Layer:
    """Without the rows and columns of the window that never see a pixel of the input."""
    op, weights, padding = layer.op, layer.op.weights, list(layer.op.padding)
    for axis in range(2):
        first = np.arange(layer.target[axis]) * op.strides[axis] - op.padding[axis]
        seen = first[:, None] + np.arange(op.kernel[axis]) * op.dilation[axis]
        used = np.flatnonzero(((seen >= 0) & (seen < layer.source[axis])).any(axis=0))
        used = used if len(used) else np.zeros(1, int)
        weights = weights.take(np.arange(used[0], used[-1] + 1), axis)
        padding[axis] -= int(used[0]) * op.dilation[axis]
    return replace(layer, op=replace(op, weights=weights, padding=tuple(padding)))


def _lying(layer: Layer) -> Layer:
    """A column of pixels as a row, which is the same bytes: the kernels run along rows."""
    op = layer.op
    if layer.source[1] != 1 or layer.target[1] != 1 or op.kernel[1] != 1 or op.padding[1] != 0:
        return layer
    turned = {name: getattr(op, name)[::-1] for name in ("strides", "padding", "dilation")}
    op = replace(op, weights=op.weights.swapaxes(0, 1), **turned)
    return Layer(op, *((1, shape[0], shape[2]) for shape in (layer.source, layer.target)))


# -- plane by plane


def _plane_cost(layer: Layer) -> float | None:
    op = layer.op
    if op.kernel != (3, 3) or op.dilation != (1, 1) or op.depth_multiplier != 1:
        return None
    along = _rows_and_columns(layer, _is_transposed(layer))
    if along[2][1] > 2 or pack_depthwise(op, transposed=False) is None:
        return None
    (in_rows, in_columns), (rows, columns), _ = along
    copied = in_rows * (17 + 2.5 * in_columns)
    return layer.source[2] * (60 + copied + _plane_rows(rows, columns))


def _plane_rows(rows: int, columns: int) -> float:
    """Instructions for an output of that size, of one channel."""
    return rows * (16 + 33 * (columns // 2) + 25 * (columns % 2))


def _rows_and_columns(layer: Layer, transposed: bool) -> list[tuple[int, int]]:
    """Input, output and strides as (rows, columns) of the kernel, which runs along columns."""
    order = slice(None, None, -1 if transposed else 1)
    return [pair[order] for pair in (layer.source[:2], layer.target[:2], layer.op.strides)]


def _is_transposed(layer: Layer) -> bool:
    """Whether the kernel should run along the columns of the picture instead of its rows."""
    costs = []
    for transposed in (False, True):
        _, output, strides = _rows_and_columns(layer, transposed)
        costs.append(_plane_rows(*output) if strides[1] <= 2 else np.inf)
    return costs[1] < costs[0]


def _lower_planes(layer: Layer) -> LoweredStep:
    op, transposed = layer.op, _is_transposed(layer)
    packed = pack_depthwise(op, transposed)
    channels, order = layer.source[2], slice(None, None, -1 if transposed else 1)
    source, target, strides = _rows_and_columns(layer, transposed)
    steps = ((shape[1] * channels, channels)[order] for shape in (layer.source, layer.target))
    sizes = [channels, *source, *target, *(n for pair in steps for n in pair), *strides]
    sizes += op.padding[order]
    return LoweredStep(
        call=_struct("Depthwise", op, packed, sizes, _PLANE_COMMENTS)
        + "  nn::depthwise3x3(layer, {weights}, {in0}, {out}, {scratch});\n",
        constants=(_weights(packed),),
        scratch_bytes=_plane_bytes(target, strides),
        overlap=(0,),  # an output lands on a byte of its own channel, which has been copied
        in_place_only=True,
        comment="one channel at a time, copied and widened" + ", transposed" * transposed,
    )


def _plane_bytes(outputs: tuple[int, int], strides: tuple[int, int]) -> int:
    """One channel with its padding as int16; see depthwise3x3 in Depthwise.cpp."""
    row = _round_up((_round_up(outputs[1], 2) - 1) * strides[1] + 4, 2)
    return ((outputs[0] - 1) * strides[0] + 3) * row * 2


# -- plane by plane, with filters of any size


def _strip_cost(layer: Layer) -> float | None:
    costs = [cost for transposed in (False, True) if (cost := _strip_costs(layer, transposed))]
    if not costs or pack_planes(layer.op, transposed=False) is None:
        return None
    return min(costs)


def _strip_costs(layer: Layer, transposed: bool) -> float | None:
    """Instructions when the kernel runs along rows or, transposed, along columns."""
    op, order = layer.op, slice(None, None, -1 if transposed else 1)
    source, target, strides = _rows_and_columns(layer, transposed)
    rows, pairs = op.kernel[order][0], _strip_pairs(op.kernel[order][1], strides[1])
    if pairs > 8 or strides[1] > 2 or op.dilation[order][1] > 1:
        return None
    if _strip_bytes(layer, transposed) > _MOST_SCRATCH:
        return None
    each = (rows * (4 + (6 if strides[1] == 1 else 7) * pairs)) + 36 + 4 * (not _rectified(op))
    filters = target[0] * (-(-target[1] // 4) * each + 8) + 110 + rows * (9 + 13 * pairs)
    copied = 10 + source[0] * (20 + 2.5 * source[1])
    plane = _strip_bytes(layer, transposed)
    return 100 + plane + layer.source[2] * (copied + op.depth_multiplier * filters)


def _strip_pairs(columns: int, stride: int) -> int:
    """Words for a row of a filter; with stride 1 each of them is also read one column further."""
    return (columns + (2 if stride == 1 else 1)) // 2


def _strip_bytes(layer: Layer, transposed: bool) -> int:
    """One channel with its padding as int16, and a filter; see depthwisePlanes in Depthwise.cpp."""
    op, order = layer.op, slice(None, None, -1 if transposed else 1)
    _, target, strides = _rows_and_columns(layer, transposed)
    (rows, columns), dense = op.kernel[order], strides[1] == 1
    pairs = _strip_pairs(columns, strides[1])
    length = (_round_up(target[1], 4) - 4) * strides[1] + 2 * pairs + (2 if dense else 6)
    height = (target[0] - 1) * strides[0] + (rows - 1) * op.dilation[order][0] + 1
    return 2 * height * length + 4 * (4 + rows * pairs * (2 if dense else 1) + 2)


def _lower_strips(layer: Layer) -> LoweredStep:
    op, channels = layer.op, layer.source[2]
    costs = [_strip_costs(layer, transposed) or np.inf for transposed in (False, True)]
    transposed = costs[1] < costs[0]
    order = slice(None, None, -1 if transposed else 1)
    packed = pack_planes(op, transposed)
    source, target, strides = _rows_and_columns(layer, transposed)
    sizes = [channels, op.depth_multiplier, *source, *target]
    for _, width, depth in (layer.source, layer.target):
        sizes += (width * depth, depth)[order]
    sizes += [*op.kernel[order], *strides, *op.padding[order], op.dilation[order][0]]
    return LoweredStep(
        call=_struct("DepthwisePlanes", op, packed, sizes, _STRIP_COMMENTS)
        + "  nn::depthwisePlanes(layer, {weights}, {in0}, {out}, {scratch});\n",
        constants=(_weights(packed),),
        scratch_bytes=_strip_bytes(layer, transposed),
        overlap=(0 if op.depth_multiplier == 1 else None,),
        in_place_only=True,
        comment="one channel at a time, copied and widened" + ", transposed" * transposed,
    )


# -- tap by tap


def _tap_cost(layer: Layer) -> float:
    op, groups = layer.op, -(-layer.source[2] // 4)
    packed = pack_taps(op)
    end = 13 + 4 * 30 if packed.general else 27 if packed.rectified else 31
    end += 2 * (op.depth_multiplier > 1)
    group = 11 * (layer.taps % 2) + 16 * (layer.taps // 2) + 4 * ((layer.taps - 1) // 16) + end
    inside = 1 if packed.general else _inside(layer, 0) * _inside(layer, 1)
    runs = prod(layer.target[:2]) - inside + _inside(layer, 0)
    each = op.depth_multiplier * 75
    pixels = prod(layer.target[:2]) * op.depth_multiplier * (13 + groups * group)
    return pixels + runs * (each + 40 + 9 * layer.taps)


def _inside(layer: Layer, axis: int) -> int:
    """Outputs along an axis whose window lies inside the input."""
    op = layer.op
    first = np.arange(layer.target[axis]) * op.strides[axis] - op.padding[axis]
    last = first + (op.kernel[axis] - 1) * op.dilation[axis]
    return int(((first >= 0) & (last < layer.source[axis])).sum())


def _lower_taps(layer: Layer) -> LoweredStep:
    op, channels = layer.op, layer.source[2]
    packed = pack_taps(op)
    sizes = [*layer.source, *layer.target[:2], op.depth_multiplier]
    sizes += [*op.kernel, *op.strides, *op.padding, *op.dilation]
    pixel = _round_up(channels, 4)
    struct = _struct("DepthwiseTaps", op, packed, sizes, _TAP_COMMENTS)
    general = f"      {str(packed.general).lower()},  // scales of any size?\n  }};\n"
    tile = 4 * pixel if packed.general else pixel * (channels % 4 > 0)
    return LoweredStep(
        call=struct.removesuffix("  };\n")
        + general
        + "  nn::depthwiseTaps(layer, {weights}, {in0}, {out}, {scratch});\n",
        constants=(_weights(packed),),
        scratch_bytes=4 * layer.taps + pixel + tile,
        overlap=(_tap_overlap(layer),),
        comment="four channels at a time, tap by tap",
    )


def _tap_overlap(layer: Layer) -> int | None:
    """How far before the input the output must begin, so that nothing is overwritten too early.

    Pixel by pixel, and four channels by four: where a group of channels is written, later groups
    of the same pixel and all that later pixels read must lie behind it.
    """
    op, (height, width, channels) = layer.op, layer.source
    if op.depth_multiplier > 1:
        return None
    rows, columns = np.divmod(np.arange(prod(layer.target[:2])), layer.target[1])
    top, left = (
        np.clip(at * stride - padding, 0, size - 1)
        for at, stride, padding, size in zip(
            (rows, columns), op.strides, op.padding, (height, width), strict=True
        )
    )
    first = (top * width + left) * channels
    later = np.minimum.accumulate(first[::-1])[::-1]
    written = np.arange(len(later)) * channels + -channels % 4
    return int((written - later).max())


_PLANE_COMMENTS = (
    (1, "channels"),
    (2, "input: rows, columns"),
    (2, "output"),
    (2, "input: bytes from row to row, from column to column"),
    (2, "output"),
    (2, "strides"),
    (2, "padding"),
)
_STRIP_COMMENTS = (
    (1, "channels"),
    (1, "output channels per input channel"),
    (2, "input: rows, columns"),
    (2, "output"),
    (2, "input: bytes from row to row, from column to column"),
    (2, "output"),
    (2, "kernel"),
    (2, "strides"),
    (2, "padding"),
    (1, "dilation of rows"),
)
_TAP_COMMENTS = (
    (3, "input: height, width, channels"),
    (2, "output"),
    (1, "output channels per input channel"),
    (2, "kernel"),
    (2, "strides"),
    (2, "padding: top, left"),
    (2, "dilation"),
)


def _struct(
    name: str,
    op: Depthwise,
    packed: PackedRows,
    sizes: list[int],
    comments: tuple[tuple[int, str], ...],
) -> str:
    """The declaration of a kernel's parameters, a line for each group of numbers."""
    lines, at = [], 0
    for count, comment in comments:
        numbers = ", ".join(str(n) for n in sizes[at : at + count])
        lines.append(f"      {numbers},  // {comment}")
        at += count
    lines.append(f"      {op.input_zero_point},  // what padding holds")
    rectified = str(packed.rectified).lower()
    output = f"{{{op.output_zero_point}, {op.act_min}, {op.act_max}, {rectified}}}"
    lines.append(f"      {output},  // output: zero point, limits, ReLU?")
    return "\n".join([f"  static const nn::{name} layer = {{", *lines, "  };\n"])


def _weights(packed: PackedRows) -> Constant:
    return Constant("weights", "uint32_t", packed.words, comment="packed, with biases and scales")


def _rectified(op: Depthwise) -> bool:
    return op.output_zero_point == op.act_min == -128


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


KERNELS = (
    Kernel(_plane_cost, _lower_planes),
    Kernel(_strip_cost, _lower_strips),
    Kernel(_tap_cost, _lower_taps),
)
