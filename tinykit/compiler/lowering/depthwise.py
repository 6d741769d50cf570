"""Lowering of DEPTHWISE_CONV_2D to the kernels in arduino/TinyKit/src/nn/Depthwise.h.

There are several, and any of them may be the fastest for a layer: each is asked what it would cost,
and the cheapest one is taken. They compute the same bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from math import prod

import numpy as np

from tinykit.compiler.graph import Conv, Depthwise, Graph, macs
from tinykit.compiler.lowering.text import Comments, listed, packed_constant, round_up
from tinykit.compiler.packing_depthwise import (
    Packed,
    pack_3x3,
    pack_lines,
    pack_planes,
    pack_taps,
)
from tinykit.compiler.steps import LoweredStep

_FILES = {
    "includes": ("Depthwise.h",),
    "sources": ("DepthwiseInner.h", "DepthwisePortable.cpp", "DepthwiseCortexM4.cpp"),
}
_MOST_SCRATCH = 6_144  # bytes of working memory that speed is worth
_BAND_BYTES = 1_024  # of a plane, where it need not be complete

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
class Way:
    """One way to compute a layer.

    Attributes:
        kernel: its C++ functions.
        does: what it can do and how, one line.
        cost: about how many instructions a Cortex-M4 executes; None if it cannot do the layer.
        lower: the layer as a call.
    """

    kernel: str
    does: str
    cost: Callable[[Layer], float | None]
    lower: Callable[[Layer], LoweredStep]


def lower_depthwise(graph: Graph, op: Depthwise) -> LoweredStep | None:
    """DEPTHWISE_CONV_2D with the cheapest kernel; None for a constant input, which nobody has."""
    if op.inputs[0] in graph.constants:
        return None
    source, target = graph.input_of(op).shape, graph.output_of(op).shape
    layer = _lying(_cropped(Layer(op, source[1:], target[1:])))
    costs = [(cost, i) for i, way in enumerate(WAYS) if (cost := way.cost(layer))]
    return replace(WAYS[min(costs)[1]].lower(layer), macs=macs(graph, op), **_FILES)


def lower_one_channel(graph: Graph, op: Conv) -> LoweredStep | None:
    """A convolution of one input channel as a depthwise one with many filters, if that is faster.

    Both are the same sums. A plane that is widened once serves all filters.
    """
    source, target = graph.input_of(op).shape, graph.output_of(op).shape
    if source[3] != 1 or op.add is not None or op.inputs[0] in graph.constants:
        return None
    fields = {field.name: getattr(op, field.name) for field in dataclass_fields(op)}
    fields |= {"weights": np.moveaxis(op.weights[..., 0], 0, 2), "depth_multiplier": op.channels}
    layer = _lying(_cropped(Layer(Depthwise(**fields), source[1:], target[1:])))
    cost = _plane_cost(layer)
    if cost is None or (op.dilation == (1, 1) and _product_cost(layer) <= cost):
        return None
    return replace(_lower_planes(layer), macs=macs(graph, op), **_FILES)


def _product_cost(layer: Layer) -> float:
    """About the instructions of a convolution of one channel as a matrix product (Matrix.h).

    Three pixels at a time; at the border, row by row of the window.
    """
    height, width = layer.op.kernel
    words = -(-width // 4) * 2 * height
    products = -(-layer.target[2] // 2) * (8.5 * words + 53)
    pixels = prod(layer.target[:2])
    at_border = pixels - _inside(layer, 0) * _inside(layer, 1)
    return -(-pixels // 3) * (286 + 8 * words + products) + at_border * 111 * height


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


@dataclass(frozen=True)
class _Planes:
    """How a plane kernel runs through a layer: along its rows or, transposed, its columns.

    Every pair is (rows, columns) as the kernel sees them.
    """

    layer: Layer
    transposed: bool

    def pair(self, pair: tuple[int, ...]) -> tuple[int, int]:
        """(height, width) as (rows, columns)."""
        return (pair[1], pair[0]) if self.transposed else (pair[0], pair[1])

    @property
    def source(self) -> tuple[int, int]:
        return self.pair(self.layer.source)

    @property
    def target(self) -> tuple[int, int]:
        return self.pair(self.layer.target)

    @property
    def kernel(self) -> tuple[int, int]:
        return self.pair(self.layer.op.kernel)

    @property
    def strides(self) -> tuple[int, int]:
        return self.pair(self.layer.op.strides)

    @property
    def dilation(self) -> tuple[int, int]:
        return self.pair(self.layer.op.dilation)

    @property
    def is_3x3(self) -> bool:
        """Whether the quicker one of the two kernels will do."""
        return self.kernel == (3, 3) and self.strides[1] == 1

    @property
    def pairs(self) -> int:
        """Words of a row of the filter; with stride 1 each is also read one column further."""
        return (self.kernel[1] + (2 if self.strides[1] == 1 else 1)) // 2

    @property
    def row_length(self) -> int:
        """int16 of a row with its padding."""
        if self.is_3x3:
            return round_up(self.target[1], 2) + 2
        last = (round_up(self.target[1], 4) - 4) * self.strides[1]
        return last + 2 * self.pairs + (2 if self.strides[1] == 1 else 6)

    @property
    def filter_bytes(self) -> int:
        """Of a filter, widened."""
        if self.is_3x3:
            return 0
        return 4 * (6 + self.kernel[0] * self.pairs * (2 if self.strides[1] == 1 else 1))

    def rows(self, outputs: int) -> int:
        """Rows of the plane that some rows of the output need."""
        return (outputs - 1) * self.strides[0] + (self.kernel[0] - 1) * self.dilation[0] + 1

    @property
    def band(self) -> int:
        """Rows of the output at a time: all where the output may be the input, else a few."""
        if self.layer.op.depth_multiplier == 1:
            return self.target[0]
        fit = (_BAND_BYTES // (2 * self.row_length) - self.rows(1)) // self.strides[0] + 1
        return min(max(fit, 1), self.target[0])

    @property
    def scratch_bytes(self) -> int:
        return 2 * self.rows(self.band) * self.row_length + self.filter_bytes

    @property
    def is_possible(self) -> bool:
        if self.strides[1] > 2 or self.dilation[1] > 1 or self.pairs > 8:
            return False
        return self.scratch_bytes <= (_MOST_SCRATCH if not self.is_3x3 else 2**15)

    def cost(self, rounding: str) -> float:
        """Instructions."""
        rows, columns = self.target
        if self.is_3x3:
            each = 27 + 6 * (rounding == "twice")
            output = 95 + rows * (27 + (each + 1.5) * (columns // 2) + each * (columns % 2))
        else:
            row = 4 + (6 if self.strides[1] == 1 else 7) * self.pairs
            each = self.kernel[0] * row + 29 + 8 * (rounding == "twice")
            output = 105 + rows * (-(-columns // 4) * each + 15)
            output += self.kernel[0] * (9 + 13 * self.pairs)
        bands = -(-rows // self.band)
        read = self.source[0] + (bands - 1) * max(0, self.rows(1) - self.strides[0])
        copied = read * (20 + 2.5 * self.source[1])
        filled = 1.5 * self.rows(self.band) * self.row_length + 80
        op, channels = self.layer.op, self.layer.source[2]
        again = (bands - 1) * op.depth_multiplier * channels * 105
        return 100 + filled * bands + channels * (copied + op.depth_multiplier * output) + again


def _best_planes(layer: Layer) -> _Planes | None:
    both = [_Planes(layer, transposed) for transposed in (False, True)]
    possible = [planes for planes in both if planes.is_possible]
    return min(possible, key=lambda planes: planes.cost("once")) if possible else None


def _packed_planes(planes: _Planes) -> Packed | None:
    pack = pack_3x3 if planes.is_3x3 else pack_planes
    return pack(planes.layer.op, planes.transposed)


def _plane_cost(layer: Layer) -> float | None:
    planes = _best_planes(layer)
    packed = planes and _packed_planes(planes)
    return packed and planes.cost(packed.rounding)


def _lower_planes(layer: Layer) -> LoweredStep:
    op, planes = layer.op, _best_planes(layer)
    packed = _packed_planes(planes)
    sizes = [layer.source[2], op.depth_multiplier, *planes.source, *planes.target, planes.band]
    for _, width, channels in (layer.source, layer.target):
        sizes += planes.pair((width * channels, channels))
    sizes += [*planes.kernel, *planes.strides, *planes.pair(op.padding), planes.dilation[0]]
    name = "depthwise3x3" if planes.is_3x3 else "depthwisePlanes"
    return LoweredStep(
        call=_struct("DepthwisePlanes", op, packed, sizes, _PLANE_COMMENTS)
        + f"  nn::{name}(layer, {{weights}}, {{in0}}, {{out}}, {{scratch}});\n",
        constants=(packed_constant(packed.words),),
        scratch_bytes=planes.scratch_bytes,
        overlap=(_plane_overlap(planes),),
        in_place_only=op.depth_multiplier == 1,
        comment="one channel at a time, copied and widened" + ", transposed" * planes.transposed,
    )


def _plane_overlap(planes: _Planes) -> int | None:
    """How far before the input the output must begin.

    With one filter per channel, in place: an output lands on a byte of its own channel, which has
    been copied. A single input channel is copied band by band of the output's rows.
    """
    layer = planes.layer
    if layer.op.depth_multiplier == 1:
        return 0
    if layer.source[2] > 1 or (planes.transposed and planes.band < planes.target[0]):
        return None
    (rows, columns), pad = planes.target, planes.pair(layer.op.padding)[0]
    done = np.arange(planes.band, rows, planes.band)  # rows after each band but the last
    written = done * columns * layer.target[2]
    needed = np.maximum(done * planes.strides[0] - pad, 0) * planes.source[1]
    return int((written - needed).max(initial=-prod(layer.source) - prod(layer.target)))


# -- line by line


def _line_cost(layer: Layer) -> float | None:
    op, axis = layer.op, _line_axis(layer)
    taps, other = op.kernel[axis], 1 - axis
    if op.kernel[other] != 1 or taps > 4 or op.depth_multiplier != 1:
        return None
    if op.strides != (1, 1) or op.dilation[axis] != 1 or op.padding[other] != 0:
        return None
    before, after = op.padding[axis], layer.target[axis] + taps - 1 - layer.source[axis]
    if not 0 <= before < taps or layer.source[axis] < taps - 1 or not before <= after:
        return None
    if pack_lines(op) is None:
        return None
    line = 44 + 9 * taps + layer.target[axis] * (5 + max(taps, 2))
    return 100 + layer.source[2] * (20 + layer.source[other] * line)


def _line_axis(layer: Layer) -> int:
    return 0 if layer.op.kernel[1] == 1 < layer.op.kernel[0] else 1


def _lower_lines(layer: Layer) -> LoweredStep:
    op, axis, (_, width, channels) = layer.op, _line_axis(layer), layer.source
    packed = pack_lines(op)
    taps, outputs, before = op.kernel[axis], layer.target[axis], op.padding[axis]
    count = min(outputs, layer.source[axis] - (taps - 1 - before))
    steps = (channels, channels, width * channels)
    if axis == 1:
        steps = (width * channels, layer.target[1] * channels, channels)
    before += taps == 1  # there is no kernel for one weight: it is the second one of two
    sizes = [channels, layer.source[1 - axis], *steps, before, count, outputs - count]
    return LoweredStep(
        call=_struct("DepthwiseLines", op, packed, sizes, _LINE_COMMENTS)
        + f"  nn::depthwiseLines{max(taps, 2)}(layer, {{weights}}, {{in0}}, {{out}});\n",
        constants=(packed_constant(packed.words),),
        overlap=(0,),  # an output lands on a byte of its own channel, which has been read
        in_place_only=True,
        comment="line by line, a load for each pixel",
    )


# -- tap by tap


def _tap_cost(layer: Layer) -> float:
    op, groups = layer.op, -(-layer.source[2] // 4)
    rounding = pack_taps(op).rounding
    end = {"twice": 33, "once": 23, "any": 13 + 4 * 30}[rounding]
    group = 11 * (layer.taps % 2) + 16 * (layer.taps // 2) + 4 * ((layer.taps - 1) // 16) + end
    inside = 0 if rounding == "any" else _inside(layer, 0) * _inside(layer, 1)
    runs = prod(layer.target[:2]) - inside + min(_inside(layer, 0), inside)
    pixels = prod(layer.target[:2]) * op.depth_multiplier * (13 + groups * group)
    return 120 + pixels + runs * (op.depth_multiplier * 90 + 70 + 9 * layer.taps)


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
    pixel = round_up(channels, 4)
    tile = 4 * pixel if packed.rounding == "any" else pixel * (channels % 4 > 0)
    return LoweredStep(
        call=_struct("DepthwiseTaps", op, packed, sizes, _TAP_COMMENTS)
        + "  nn::depthwiseTaps(layer, {weights}, {in0}, {out}, {scratch});\n",
        constants=(packed_constant(packed.words),),
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
    (2, "channels, output channels per input channel"),
    (2, "input: rows, columns"),
    (2, "output"),
    (1, "rows of it at a time"),
    (2, "input: bytes from row to row, from column to column"),
    (2, "output"),
    (2, "filter: rows, columns"),
    (2, "strides"),
    (2, "padding"),
    (1, "rows from one row of the filter to the next"),
)
_LINE_COMMENTS = (
    (1, "channels"),
    (3, "lines; bytes from line to line in the input and in the output"),
    (1, "bytes from pixel to pixel in a line"),
    (3, "pixels of padding before; outputs until the line ends, and behind"),
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


def _struct(name: str, op: Depthwise, packed: Packed, sizes: list[int], comments: Comments) -> str:
    """The declaration of a kernel's parameters."""
    rounding = f"nn::Rounding::k{packed.rounding.capitalize()}"
    output = f"{{{op.output_zero_point}, {op.act_min}, {op.act_max}, {rounding}}}"
    padding = (op.input_zero_point, "what padding holds")
    return listed(name, sizes, comments, padding, (output, "output: zero point, limits, rounding"))


WAYS = (
    Way(
        "depthwisePlanes, depthwise3x3",
        "up to 15 columns, 1 or 2 apart: a channel at a time, copied and widened; often in place",
        _plane_cost,
        _lower_planes,
    ),
    Way(
        "depthwiseLines2, 3, 4",
        "up to 4 weights in a row or a column, rounded once: a load for each pixel; in place",
        _line_cost,
        _lower_lines,
    ),
    Way(
        "depthwiseTaps",
        "any window and scale: four channels at a time, little working memory",
        _tap_cost,
        _lower_taps,
    ),
)
