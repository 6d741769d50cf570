"""Lowering of CONV_2D and FULLY_CONNECTED to the kernels in arduino/TinyKit/src/nn/Matrix.h.

All of them multiply a matrix of weights with columns of inputs, two rows or more at a time.
"""

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from tinykit.compiler.graph import Conv, FullyConnected, Graph, Matrix, macs
from tinykit.compiler.lowering.text import listed, packed_constant, round_up
from tinykit.compiler.packing import PackedRows, pack_few, pack_tile, pack_vector
from tinykit.compiler.steps import LoweredStep

TILE_PIXELS = 3  # kTilePixels in Matrix.cpp
_MOST_SCRATCH = 16_384  # bytes of widened pixels; more than that, and it is one pixel at a time
_FEW_ROWS = 7  # outputs for which widening the input does not pay

_FILES = {
    "includes": ("Matrix.h",),
    "sources": ("MatrixInner.h", "MatrixPortable.cpp", "MatrixCortexM4.cpp", "Output.h", "Scale.h"),
}


def lower_conv(graph: Graph, op: Conv) -> LoweredStep:
    """CONV_2D, with or without a fused ADD: a matrix product, three pixels at a time."""
    return _tiles(graph, op, op, graph.input_of(op).shape, graph.output_of(op).shape)


def lower_one_pixel(graph: Graph, op: Conv) -> LoweredStep | None:
    """CONV_2D with a kernel as large as its input: what FULLY_CONNECTED does."""
    source = graph.input_of(op).shape
    if op.weights.shape[1:] != source[1:] or op.padding != (0, 0) or op.add is not None:
        return None
    if prod(graph.output_of(op).shape[1:3]) > 1:
        return None
    return lower_few_rows(graph, op) or lower_vector(graph, op)


def lower_few_rows(graph: Graph, op: FullyConnected | Conv) -> LoweredStep | None:
    """FULLY_CONNECTED of one vector and a handful of outputs: nothing but inner loops."""
    flat = _flat(op)
    columns = flat.weights.shape[1]
    if graph.input_of(op).size != columns or op.channels > _FEW_ROWS:
        return None
    packed = pack_few(flat)
    quads = -(-columns // 4)
    pairs, alone = divmod(op.channels, 2)
    calls = []
    if pairs:
        task = _Task("pairs", _named("tinykitBytes", packed), "{in0}", pairs, quads)
        calls.append(_call(op, packed, task))
    if alone:
        skipped = pairs * 2 * (1 + quads + _scale_words(packed))
        task = _Task("last", "tinykitOneRow", "{in0}", 1, quads, skipped, 2 * pairs)
        calls.append(_call(op, packed, task))
    return LoweredStep(
        call="".join(calls) + _cut_off(op, op.channels),
        constants=(packed_constant(packed.words),),
        overlap=(None,),
        comment="matrix times vector, two rows at a time",
        macs=macs(graph, op),
        **_FILES,
    )


def lower_vector(graph: Graph, op: FullyConnected | Conv) -> LoweredStep | None:
    """FULLY_CONNECTED of one vector, or of too few to make use of tiles."""
    flat = _flat(op)
    columns, outputs = flat.weights.shape[1], op.channels
    vectors = graph.input_of(op).size // columns
    if vectors > TILE_PIXELS or outputs < 4:
        return None
    packed = pack_vector(flat)
    quads, kernel = -(-columns // 4), _named("tinykitFourRows", packed)
    tasks = [_Task("blocks", kernel, "{scratch}", outputs // 4, quads)]
    if outputs % 4:  # the last four rows, some of which have been in the block before
        skipped = outputs // 4 * 4 * (1 + quads + _scale_words(packed))
        tasks.append(_Task("last", kernel, "{scratch}", 1, quads, skipped, outputs - 4))
    calls = f"  nn::widenVector({{in0}}, {4 * quads}, {{scratch}});\n"
    calls += "".join(_call(op, packed, task) for task in tasks)
    calls = [
        calls.replace("{in0}", f"{{in0}} + {i * columns}").replace(
            "{out}", f"{{out}} + {i * outputs}"
        )
        for i in range(vectors)
    ]
    return LoweredStep(
        call=_in_braces(calls) + _cut_off(op, vectors * outputs),
        constants=(packed_constant(packed.words),),
        scratch_bytes=8 * quads,
        # A vector is copied to the scratch memory before its outputs are written.
        overlap=(-columns - outputs if vectors == 1 else None,),
        comment="matrix times vector, four rows at a time",
        macs=macs(graph, op),
        **_FILES,
    )


@dataclass(frozen=True)
class _Task:
    """A call of an inner loop: its name, the function, what it reads, how much of the weights."""

    name: str
    kernel: str
    x: str
    count: int
    quads: int
    skipped: int = 0  # words of the weights
    first: int = 0  # output


def _call(op: Matrix, packed: PackedRows, task: _Task) -> str:
    finish = "kAnyScale" if packed.any_scale else "kRectified" if packed.rectified else "kRounded"
    rows = _ROWS[task.kernel.removesuffix("Wide")]
    weights = f"{{weights}} + {task.skipped}" if task.skipped else "{weights}"
    out = f"{{out}} + {task.first}" if task.first else "{out}"
    return (
        f"  static const nn::Product {task.name} = {{\n"
        f"      {weights}, {task.x}, {out}, 0,  // weights, input, output\n"
        f"      {task.count}, {task.quads},  // {rows}, inputs / 4\n"
        f"      {op.output_zero_point}, nn::{finish},  // output: zero point, rounding\n"
        "  };\n"
        f"  nn::{task.kernel}(&{task.name});\n"
    )


_ROWS = {
    "tinykitBytes": "row pairs",
    "tinykitFourRows": "blocks of four rows",
    "tinykitOneRow": "row",
}


def _in_braces(calls: list[str]) -> str:
    """Statements one after the other, each with names of its own."""
    if len(calls) == 1:
        return calls[0]
    indented = ("".join(f"  {line}\n" for line in call.splitlines()) for call in calls)
    return "".join(f"  {{\n{call}  }}\n" for call in indented)


def _cut_off(op: Matrix, count: int) -> str:
    """What is left to do for activations that the inner loops do not know."""
    if (op.act_min, op.act_max) == (-128, 127):
        return ""
    return f"  nn::cutOff({op.act_min}, {op.act_max}, {{out}}, {count});\n"


def _scale_words(packed: PackedRows) -> int:
    return 4 if packed.any_scale else 2


def lower_rows(graph: Graph, op: FullyConnected) -> LoweredStep:
    """FULLY_CONNECTED of several vectors: a 1x1 convolution, in which each is a pixel."""
    columns = op.weights.shape[1]
    rows = graph.input_of(op).size // columns
    fields = {name: getattr(op, name) for name in op.__dataclass_fields__}
    fields["weights"] = op.weights[:, None, None, :]
    pixels = Conv(**fields, strides=(1, 1), padding=(0, 0), dilation=(1, 1))
    return _tiles(graph, op, pixels, (1, 1, rows, columns), (1, 1, rows, op.channels))


def _tiles(
    graph: Graph, op: Matrix, conv: Conv, source: tuple[int, ...], target: tuple[int, ...]
) -> LoweredStep:
    """A convolution, which computes `op`."""
    # The pixels of a run lie side by side: a row of the kernel, or each pixel by itself.
    runs = conv.kernel[1] if conv.dilation[1] > 1 else 1
    in_runs = conv.weights.reshape(conv.channels, conv.kernel[0] * runs, -1)
    packed = pack_tile(replace(conv, weights=in_runs[:, :, None, :]))
    columns = in_runs.shape[1] * round_up(in_runs.shape[2], 4)
    few = prod(target[1:3]) < TILE_PIXELS or TILE_PIXELS * 2 * columns > _MOST_SCRATCH
    pixels = 1 if few else TILE_PIXELS
    kernel = (conv.kernel[0], runs, conv.kernel[1] // runs)
    sizes = [*source[1:], *target[1:], *kernel, *conv.dilation, *conv.strides, *conv.padding]
    name = _named("conv" if conv.add is None else "convAdd", packed)
    added = "" if conv.add is None else "sum, {in1}, "
    layer = _struct(conv, packed, [*sizes, pixels]) + _sum(conv)
    step = LoweredStep(
        call=f"{layer}  nn::{name}(layer, {{weights}}, {{in0}}, {added}{{out}}, {{scratch}});\n",
        constants=(packed_constant(packed.words),),
        scratch_bytes=_conv_scratch(conv, columns, round_up(in_runs.shape[2], 4), pixels),
        overlap=(_conv_overlap(conv, source, target, pixels),),
        comment=f"matrix product, {_PIXELS[pixels]} by two channels at a time",
        macs=macs(graph, op),
        **_FILES,
    )
    if conv.add is None:
        return step
    comment = f"{step.comment}, added to in1 at once"
    return replace(step, overlap=(*step.overlap, 0), comment=comment)


def _sum(op: Conv) -> str:
    """The declaration of a fused ADD, if there is one."""
    if op.add is None:
        return ""
    m0, m1, bias = op.add.linear
    sum_ = f"{{{m0}, {m1}, {bias}, {op.add.act_min}, {op.add.act_max}}}"
    return f"  static const nn::Add sum = {sum_};\n"


def _flat(op: FullyConnected | Conv) -> FullyConnected | Conv:
    return replace(op, weights=op.weights.reshape(op.channels, -1))


def _named(kernel: str, packed: PackedRows) -> str:
    return kernel + "Wide" * packed.wide


_PIXELS = {1: "one pixel", TILE_PIXELS: "three pixels"}
_CONV_COMMENTS = (
    (3, "input: height, width, channels"),
    (3, "output"),
    (3, "kernel: rows, runs in a row, pixels in a run"),
    (2, "dilation: rows, runs"),
    (2, "strides"),
    (2, "padding: top, left"),
    (1, "pixels at a time"),
)


def _struct(op: Matrix, packed: PackedRows, sizes: list[int]) -> str:
    """The declaration of a convolution's parameters."""
    rectified = str(packed.rectified).lower()
    return listed(
        "Conv",
        sizes,
        _CONV_COMMENTS,
        (op.input_zero_point, "what padding holds"),
        (str(packed.any_scale).lower(), "scales of 1/2 and more?"),
        (
            f"{{{op.output_zero_point}, {op.act_min}, {op.act_max}, {rectified}}}",
            "output: zero point, limits, ReLU?",
        ),
    )


def _conv_scratch(op: Conv, columns: int, segment: int, pixels: int) -> int:
    """Widened patches of a tile, the tile of outputs, and runs of patches at the border."""
    pointwise = prod(op.kernel) * prod(op.strides) == 1
    borders = 0 if pointwise else (1 + pixels) * segment
    return pixels * (2 * columns + round_up(op.channels, 2)) + borders


def _conv_overlap(
    op: Conv, source: tuple[int, ...], target: tuple[int, ...], pixels: int = TILE_PIXELS
) -> int:
    """How far before the input the output must begin, so that nothing is overwritten too early.

    Tile by tile: some pixels are read, then written, and the last few that are no tile one by one.
    What is written by then must end before the first byte that a later tile reads.
    """
    count = prod(target[1:3])
    rows, columns = np.divmod(np.arange(count), target[2])
    top = np.clip(rows * op.strides[0] - op.padding[0], 0, source[1] - 1)
    left = np.clip(columns * op.strides[1] - op.padding[1], 0, source[2] - 1)
    first = (top * source[2] + left) * source[3]
    starts = np.r_[pixels : count - count % pixels : pixels, count - count % pixels : count]
    starts = starts[starts > 0]
    later = np.minimum.accumulate(first[::-1])[::-1][starts]
    return int((starts * target[3] - later).max(initial=-prod(source)))
