"""Grouped and transposed convolutions, and layers with weights of four bits (nn/Gathered.h).

The kernel copies what the window sees, with the input's zero point where that is outside. So the
zero point can be left out of the sums and counted in the biases: sum((x - zero) * w) is
sum(x * w) - zero * sum(w).
"""

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from tinykit.compiler.graph import (
    Conv,
    Depthwise,
    FullyConnected,
    Graph,
    GroupedConv,
    Matrix,
    TransposeConv,
    macs,
)
from tinykit.compiler.lowering import kernels
from tinykit.compiler.lowering.text import pair, window
from tinykit.compiler.steps import Constant, LoweredStep

_MOST_ZEROS = 8192  # bytes of flash for weights of zero, where those save time


def grouped(graph: Graph, op: GroupedConv) -> LoweredStep:
    """Small groups as one convolution, whose weights are zero between the groups."""
    dense = op.weights.size * op.groups
    if dense - op.weights.size <= _MOST_ZEROS and 1.2 * op.groups < _instructions(op):
        fast = kernels.lower(graph, _joined(op))
        return replace(fast, comment=f"{fast.comment}; zeros between the groups")
    return _gathered(graph, op, window(graph, op), op.groups)


def _instructions(op: GroupedConv) -> float:
    """For each multiplication in `convGathered`, as counted: what each output and each window cost
    besides is shared by the more the larger the groups are. One convolution takes about 1.2."""
    inputs, outputs = op.weights[0].size, op.channels // op.groups
    return 2.2 + 40 / inputs + 150 / (inputs * outputs)


def _joined(op: GroupedConv) -> Conv:
    """The same layer without groups."""
    each = op.channels // op.groups
    weights = np.zeros((*op.weights.shape[:3], op.weights.shape[3] * op.groups), np.int8)
    for group, start in enumerate(range(0, weights.shape[3], op.weights.shape[3])):
        rows = slice(group * each, (group + 1) * each)
        weights[rows, :, :, start : start + op.weights.shape[3]] = op.weights[rows]
    values = {field.name: getattr(op, field.name) for field in fields(op)}
    del values["groups"]
    return Conv(**values | {"weights": weights})


def int4(graph: Graph, op: Matrix) -> LoweredStep:
    """Any layer whose weights have four bits."""
    if isinstance(op, Depthwise):
        return _depthwise_int4(graph, op)
    if isinstance(op, FullyConnected):  # a convolution of 1x1 on a row of pixels
        rows = graph.output_of(op).size // op.channels
        return _gathered(graph, op, _window((1, rows), (1, rows), (1, 1), (0, 0)))
    return _gathered(graph, op, window(graph, op), getattr(op, "groups", 1))


def _gathered(graph: Graph, op: Matrix, window_text: str, groups: int = 1) -> LoweredStep:
    rows = op.weights.reshape(op.channels, -1)
    y = graph.output_of(op).shape
    width = y[2] if isinstance(op, Conv | GroupedConv) else 1
    sizes = _sizes(groups * op.weights.shape[-1], op.channels, groups, width)
    packed = _packed(rows, op.bits, groups)
    kernel = "convGathered" if op.bits == 8 else "convInt4"
    arguments = "window, output, channels, steps, {weights}, {in0}, {out}, {scratch}"
    return _step(
        graph,
        op,
        call=f"{window_text}{_output(op)}{sizes}  nn::{kernel}({arguments});\n",
        constants=(_weights(packed, op.bits), *_constants(op, _bias(op, rows)[None])),
        scratch_bytes=_window_bytes(rows.shape[1], op.bits),
        comment="copies what the window sees" if op.bits == 8 else "two weights in a byte",
    )


def _depthwise_int4(graph: Graph, op: Depthwise) -> LoweredStep:
    rows = op.weights.reshape(-1, op.channels)
    pixels = -(-len(rows) // 2) * 2
    padded = np.pad(rows, ((0, pixels - len(rows)), (0, -op.channels % 4)))
    pairs = padded.reshape(pixels // 2, 2, -1, 4)
    packed = ((pairs[:, 0] & 15) | (pairs[:, 1] << 4)).swapaxes(0, 1).astype(np.int8)
    arguments = (
        f"window, output, {op.channels}, {op.depth_multiplier}, {{weights}}, {{in0}}, {{out}}"
    )
    return _step(
        graph,
        op,
        call=(
            f"{window(graph, op)}{_output(op)}"
            f"  nn::depthwiseInt4({arguments},\n                    {{scratch}});\n"
        ),
        constants=(_weights(packed, 4), *_constants(op, _bias(op, rows.T)[None])),
        scratch_bytes=pixels * op.channels + 4,
        comment="two weights in a byte",
    )


@dataclass(frozen=True)
class _Phase:
    """Along one axis: the outputs `first`, `first` + stride, ... and what they see.

    Output i of the phase sees the inputs i - `before` ... i - `before` + len(`taps`) - 1, times the
    weights at `taps`.
    """

    first: int
    count: int
    taps: range
    before: int


def _phases(outputs: int, kernel: int, stride: int, padding: int) -> list[_Phase]:
    """An input i meets output i * stride - padding + tap: so a tap that fits an output has the
    remainder of output + padding, and the taps of a phase are `stride` apart, the last one first.
    """
    phases = []
    for first in range(min(stride, outputs)):
        taps = range((first + padding) % stride, kernel, stride)[::-1]
        count = -(-(outputs - first) // stride)
        nearest = (first + padding) // stride  # the input that meets the smallest tap
        phases.append(_Phase(first, count, taps, len(taps) - 1 - nearest))
    return phases


def transpose_conv(graph: Graph, op: TransposeConv) -> LoweredStep:
    x, y = graph.input_of(op).shape, graph.output_of(op).shape
    axes = [_phases(y[i + 1], op.kernel[i], op.strides[i], op.padding[i]) for i in (0, 1)]
    most = math.prod(max(len(phase.taps) for phase in axis) for axis in axes)
    lines, weights, biases = [], [], []
    for rows in axes[0]:
        for columns in axes[1]:
            part = op.weights[:, list(rows.taps)][:, :, list(columns.taps)]
            part = part.reshape(op.channels, -1)
            offset = sum(len(each) for each in weights)
            out = (rows.first * y[2] + columns.first) * op.channels
            values = _window_values(
                x[1:3],
                (rows.count, columns.count),
                (len(rows.taps), len(columns.taps)),
                (rows.before, columns.before),
            )
            lines.append(f"      {{{{{values}}}, {offset}, {len(biases) * op.channels}, {out}}},\n")
            weights.append(_packed(part, 8))
            biases.append(_bias(op, part))
    phases = (
        "  // window: in, out, size, stride, pad, dilation; where weights, biases, output begin\n"
        f"  static const nn::Phase phases[{len(lines)}] = {{\n{''.join(lines)}  }};\n"
    )
    sizes = _sizes(x[3], op.channels, 1, y[2], op.strides)
    arguments = f"phases, {len(lines)}, output, channels, steps, {{weights}}, {{in0}}, {{out}}"
    return _step(
        graph,
        op,
        call=f"{phases}{_output(op)}{sizes}  nn::transposeConv({arguments}, {{scratch}});\n",
        constants=(_weights(np.concatenate(weights), 8), *_constants(op, np.array(biases))),
        scratch_bytes=max(4, _window_bytes(most * x[3], 8)),
        comment=f"{len(lines)} convolutions, one for each place in the stride",
    )


def _step(graph: Graph, op: Matrix, **parts: object) -> LoweredStep:
    return LoweredStep(**parts, includes=("Gathered.h",), overlap=(None,), macs=macs(graph, op))


def _packed(rows: np.ndarray, bits: int, groups: int = 1) -> np.ndarray:
    """Rows of weights in whole words, int8 (bytes,): in each group, four rows lie together, word
    by word; those that are left, one behind the other."""
    in_word = 32 // bits
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % in_word)))
    words = padded.reshape(groups, len(rows) // groups, padded.shape[1] // in_word, in_word)
    if bits == 4:
        words = (words[..., :4] & 15) | (words[..., 4:] << 4)
    together = words.shape[1] // 4 * 4
    blocks = words[:, :together].reshape(groups, together // 4, 4, *words.shape[2:])
    parts = zip(blocks.swapaxes(2, 3), words[:, together:], strict=True)
    flat = [half.reshape(-1) for part in parts for half in part]
    return np.concatenate(flat).astype(np.int8)


def _window_bytes(row: int, bits: int) -> int:
    """Scratch memory for a window of `row` inputs, in whole words of weights."""
    in_word = 32 // bits
    return -(-row // in_word) * in_word


def _bias(op: Matrix, rows: np.ndarray) -> np.ndarray:
    """The biases with the input's zero point, int32 (channels,); rows: (channels, weights)."""
    return (op.bias - op.input_zero_point * rows.astype(np.int64).sum(axis=1)).astype(np.int32)


def _weights(packed: np.ndarray, bits: int) -> Constant:
    comment = "" if bits == 8 else "two in a byte"
    return Constant("weights", "int8_t", packed, comment=comment)


def _constants(op: Matrix, bias: np.ndarray) -> tuple[Constant, ...]:
    return (
        Constant("bias", "int32_t", bias),
        Constant("multipliers", "int32_t", op.multipliers),
        Constant("shifts", "int8_t", op.shifts.astype(np.int8)),
    )


def _output(op: Matrix) -> str:
    return (
        "  static const nn::Requantization output = {\n"
        "      {bias}, {multipliers}, {shifts},\n"
        f"      /*inputZero=*/{op.input_zero_point}, /*outputZero=*/{op.output_zero_point}, "
        f"/*min=*/{op.act_min}, /*max=*/{op.act_max},\n"
        "  };\n"
    )


def _sizes(
    inputs: int, outputs: int, groups: int, width: int, strides: tuple[int, int] = (1, 1)
) -> str:
    """Channels, and the bytes between output pixels; `width`: of the output, in pixels."""
    steps = f"{strides[0] * width * outputs}, {strides[1] * outputs}"
    return (
        f"  static const nn::Channels channels = {{{inputs}, {outputs}, /*groups=*/{groups}}};\n"
        f"  static const nn::Steps steps = {{{steps}}};\n"
    )


def _window(*geometry: tuple[int, int]) -> str:
    return f"  static const nn::Window window = {{{_window_values(*geometry)}}};\n"


def _window_values(
    inputs: tuple[int, int], outputs: tuple[int, int], size: tuple[int, int], pad: tuple[int, int]
) -> str:
    """A window of stride 1."""
    return ", ".join(pair(each) for each in (inputs, outputs, size, (1, 1), pad, (1, 1)))
