"""Layers with weights: the fast kernels where those can represent them, else the general ones."""

from dataclasses import fields as dataclass_fields

import numpy as np

from tinykit.compiler import matrix
from tinykit.compiler.depthwise import lower_depthwise, lower_one_channel
from tinykit.compiler.graph import Conv, Depthwise, FullyConnected, Graph, Matrix, macs
from tinykit.compiler.lowering.text import window
from tinykit.compiler.steps import Constant, LoweredStep


def has_fast_kernel(graph: Graph, op: Conv) -> bool:
    """Whether a convolution, with its fused ADD, can be lowered."""
    return matrix.lower_conv(graph, op) is not None


def conv(graph: Graph, op: Conv) -> LoweredStep:
    sizes = (op.weights.shape[3], op.channels)
    return (
        lower_one_channel(graph, op)
        or matrix.lower_conv(graph, op)
        or _general(graph, op, "convGeneral", sizes)
    )


def depthwise(graph: Graph, op: Depthwise) -> LoweredStep:
    if graph.input_of(op).channels == 1:  # all filters see the same channel: a convolution
        return conv(graph, _as_conv(op))
    sizes = (op.channels, op.depth_multiplier)
    return lower_depthwise(graph, op) or _general(graph, op, "depthwiseGeneral", sizes)


def _as_conv(op: Depthwise) -> Conv:
    fields = {field.name: getattr(op, field.name) for field in dataclass_fields(op)}
    del fields["depth_multiplier"]
    return Conv(**fields | {"weights": np.moveaxis(op.weights, 2, 0)[..., None]})


def fully_connected(graph: Graph, op: FullyConnected) -> LoweredStep:
    sizes = (graph.input_of(op).size // op.weights.shape[1], op.weights.shape[1], op.channels)
    return matrix.lower_fully_connected(graph, op) or _general(
        graph, op, "fullyConnectedGeneral", sizes
    )


def _general(graph: Graph, op: Matrix, kernel: str, sizes: tuple[int, ...]) -> LoweredStep:
    """A kernel of General.h."""
    structs = (
        "  static const nn::Requantization output = {\n"
        "      {bias}, {multipliers}, {shifts},\n"
        f"      /*inputZero=*/{op.input_zero_point}, /*outputZero=*/{op.output_zero_point}, "
        f"/*min=*/{op.act_min}, /*max=*/{op.act_max},\n"
        "  };\n"
    )
    arguments = ["output", *map(str, sizes), "{weights}", "{in0}", "{out}"]
    if isinstance(op, Conv | Depthwise):
        structs = window(graph, op) + structs
        arguments.insert(0, "window")
    return LoweredStep(
        call=f"{structs}  nn::{kernel}({', '.join(arguments)});\n",
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
