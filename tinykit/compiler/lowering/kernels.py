"""The kernels of the layers with weights, in the order in which they are tried.

For each operator, the first kernel that can do it is taken. All that can do it compute the same
bytes, so the order is one of speed and memory only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields

import numpy as np

from tinykit.compiler.graph import Conv, Depthwise, FullyConnected, Graph, Matrix
from tinykit.compiler.lowering import depthwise, matrix
from tinykit.compiler.steps import LoweredStep


@dataclass(frozen=True)
class Kernel:
    """One way to compute an operator.

    Attributes:
        name: of the C++ function in arduino/TinyKit/src/nn/.
        does: what it can do and how, one line.
        lower: the operator as a call of it; None when it cannot do this one.
    """

    name: str
    does: str
    lower: Callable[..., LoweredStep | None]


def _one_input(graph: Graph, op: Depthwise) -> LoweredStep | None:
    """All filters see the same channel: a convolution."""
    if graph.input_of(op).channels != 1:
        return None
    fields = {field.name: getattr(op, field.name) for field in dataclass_fields(op)}
    del fields["depth_multiplier"]
    return lower(graph, Conv(**fields | {"weights": np.moveaxis(op.weights, 2, 0)[..., None]}))


KERNELS: dict[type[Matrix], tuple[Kernel, ...]] = {
    Conv: (
        Kernel(
            "tinykitFourRows",
            "a kernel as large as its input: as FULLY_CONNECTED, also tinykitBytes",
            matrix.lower_one_pixel,
        ),
        Kernel(
            "depthwise",
            "one input channel, where that is faster: many filters of one plane, widened once",
            depthwise.lower_one_channel,
        ),
        Kernel(
            "conv",
            "any shape, with or without an ADD: three pixels by two channels at a time",
            matrix.lower_conv,
        ),
    ),
    Depthwise: (
        Kernel("conv", "one input channel: a convolution", _one_input),
        Kernel(
            "depthwise",
            "any other: the cheapest of the ways below",
            depthwise.lower_depthwise,
        ),
    ),
    FullyConnected: (
        Kernel(
            "tinykitBytes",
            "one vector, up to seven outputs: two rows at a time, no working memory",
            matrix.lower_few_rows,
        ),
        Kernel(
            "tinykitFourRows",
            "up to three vectors: each is widened, then four rows at a time",
            matrix.lower_vector,
        ),
        Kernel("conv", "more vectors: each is a pixel of a 1x1 convolution", matrix.lower_rows),
    ),
}


def lower(graph: Graph, op: Matrix) -> LoweredStep:
    """A layer with weights as a call of the first kernel in the table that can do it."""
    tried = (kernel.lower(graph, op) for kernel in KERNELS[type(op)])
    return next(step for step in tried if step)
