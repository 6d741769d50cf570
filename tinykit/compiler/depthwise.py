"""Lowering of DEPTHWISE_CONV_2D."""

from dataclasses import fields as dataclass_fields

import numpy as np

from tinykit.compiler import matrix
from tinykit.compiler.graph import Conv, Depthwise, Graph, macs
from tinykit.compiler.packing import PackedRows, pack_depthwise
from tinykit.compiler.steps import Constant, LoweredStep

_FILES = {
    "includes": ("Conv.h",),
    "sources": ("ConvInner.h", "ConvPortable.cpp", "ConvCortexM4.cpp", "Output.h", "Scale.h"),
}


def lower_depthwise(graph: Graph, op: Depthwise) -> LoweredStep | None:
    """DEPTHWISE_CONV_2D with a 3x3 filter: channel by channel, in place."""
    source, target = graph.input_of(op).shape, graph.output_of(op).shape
    if op.kernel != (3, 3) or op.dilation != (1, 1) or op.depth_multiplier != 1:
        return None
    transposed = _is_better_transposed(target, op.strides)
    if op.strides[0 if transposed else 1] > 2:
        return None
    packed = pack_depthwise(op, transposed)
    if packed is None:
        return None
    channels, order = source[3], slice(None, None, -1 if transposed else 1)
    in_steps, out_steps = ((shape[2] * channels, channels) for shape in (source, target))
    rows_and_columns = [source[1:3], target[1:3], in_steps, out_steps, op.strides, op.padding]
    sizes = [channels, *(n for pair in rows_and_columns for n in pair[order])]
    return LoweredStep(
        call=_struct(op, packed, sizes)
        + "  nn::depthwise3x3(layer, {weights}, {in0}, {out}, {scratch});\n",
        constants=(_weights(packed),),
        scratch_bytes=_plane_bytes(target[1:3][order], op.strides[order]),
        overlap=(0,),  # an output lands on a byte of its own channel, which has been copied
        in_place_only=True,
        comment="one channel at a time, copied and widened" + ", transposed" * transposed,
        macs=macs(graph, op),
        **_FILES,
    )


def lower_general(graph: Graph, op: Depthwise) -> LoweredStep:
    """DEPTHWISE_CONV_2D of any shape and scale, slowly."""
    x, y = graph.input_of(op).shape, graph.output_of(op).shape
    pairs = (x[1:3], y[1:3], op.kernel, op.strides, op.padding, op.dilation)
    window = ", ".join(str(n) for pair in pairs for n in pair)
    limits = (op.input_zero_point, op.output_zero_point, op.act_min, op.act_max)
    return LoweredStep(
        call=f"  static const nn::Window window = {{{window}}};\n"
        "  static const nn::Requantization output = {\n"
        f"      {{bias}}, {{multipliers}}, {{shifts}}, {', '.join(map(str, limits))}}};\n"
        f"  nn::depthwiseGeneral(window, output, {op.channels}, {op.depth_multiplier}, "
        "{weights}, {in0}, {out});\n",
        includes=("General.h",),
        constants=(
            Constant("weights", "int8_t", op.weights),
            Constant("bias", "int32_t", op.bias),
            Constant("multipliers", "int32_t", op.multipliers),
            Constant("shifts", "int8_t", op.shifts.astype(np.int8)),
        ),
        overlap=(None,),
        comment="the general one, for shapes and scales that the fast ones leave out",
        macs=macs(graph, op),
    )


def lower_one_input(graph: Graph, op: Depthwise) -> LoweredStep | None:
    """DEPTHWISE_CONV_2D of one channel: all filters see the same, as in a convolution."""
    if graph.input_of(op).channels > 1:
        return None
    fields = {field.name: getattr(op, field.name) for field in dataclass_fields(op)}
    del fields["depth_multiplier"]
    conv = Conv(**fields | {"weights": np.moveaxis(op.weights, 2, 0)[..., None]})
    return matrix.lower_conv(graph, conv)


_COMMENTS = (
    (1, "channels"),
    (2, "input: rows, columns"),
    (2, "output"),
    (2, "input: bytes from row to row, from column to column"),
    (2, "output"),
    (2, "strides"),
    (2, "padding"),
)


def _struct(op: Depthwise, packed: PackedRows, sizes: list[int]) -> str:
    """The declaration of the kernel's parameters, a line for each group of numbers."""
    lines, at = [], 0
    for count, comment in _COMMENTS:
        lines.append(f"      {', '.join(map(str, sizes[at : at + count]))},  // {comment}")
        at += count
    lines.append(f"      {op.input_zero_point},  // what padding holds")
    rectified = str(packed.rectified).lower()
    output = f"{{{op.output_zero_point}, {op.act_min}, {op.act_max}, {rectified}}}"
    lines.append(f"      {output},  // output: zero point, limits, ReLU?")
    return "\n".join(["  static const nn::Depthwise layer = {", *lines, "  };\n"])


def _weights(packed: PackedRows) -> Constant:
    return Constant("weights", "uint32_t", packed.words, comment="packed, with biases and scales")


def _is_better_transposed(target: tuple[int, ...], strides: tuple[int, int]) -> bool:
    """Whether the kernel should run along the columns of the picture instead of its rows."""
    costs = []
    for (rows, columns), stride in ((target[1:3], strides[1]), (target[2:0:-1], strides[0])):
        # Instructions: about 15 per row, 34 per two outputs; strides above 2 are not possible.
        costs.append(rows * (15 + 34 * -(-columns // 2)) if stride <= 2 else np.inf)
    return costs[1] < costs[0]


def _plane_bytes(outputs: tuple[int, int], strides: tuple[int, int]) -> int:
    """One channel with its padding as int16; see depthwise3x3 in Conv.cpp."""
    row = _round_up((_round_up(outputs[1], 2) - 1) * strides[1] + 4, 2)
    return ((outputs[0] - 1) * strides[0] + 3) * row * 2


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
