"""Each operator as a call of a kernel.

Convolutions and fully connected layers take the fast kernels where those can represent them
(`tinykit.compiler.matrix`), else the general ones.
"""

from collections.abc import Callable

from tinykit.compiler.graph import (
    Add,
    Concatenation,
    Conv,
    Copy,
    Depthwise,
    FullyConnected,
    Graph,
    Lookup,
    Mean,
    Mul,
    Op,
    Pad,
    Pool,
    Softmax,
    View,
)
from tinykit.compiler.lowering import moves, pointwise, pooling, weighted
from tinykit.compiler.lowering.weighted import has_fast_kernel
from tinykit.compiler.steps import LoweredStep

__all__ = ["has_fast_kernel", "lower"]


def lower(graph: Graph, op: Op) -> LoweredStep | None:
    """The statements and constants of one operator; None for one that needs none."""
    return None if isinstance(op, View) else _LOWERINGS[type(op)](graph, op)


_LOWERINGS: dict[type[Op], Callable[..., LoweredStep | None]] = {
    Add: pointwise.add,
    Concatenation: moves.concatenation,
    Conv: weighted.conv,
    Copy: moves.copy,
    Depthwise: weighted.depthwise,
    FullyConnected: weighted.fully_connected,
    Lookup: pointwise.lookup,
    Mean: pooling.mean,
    Mul: pointwise.mul,
    Pad: moves.pad,
    Pool: pooling.pool,
    Softmax: pointwise.softmax,
}
