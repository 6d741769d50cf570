"""Each operator as a call of a kernel.

Layers with weights take the first kernel of a table that can do them (`tinykit.compiler.kernels`).
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
)
from tinykit.compiler.lowering import moves, pointwise, pooling, weighted
from tinykit.compiler.lowering.weighted import has_fast_kernel
from tinykit.compiler.steps import LoweredStep

__all__ = ["has_fast_kernel", "lower"]


def lower(graph: Graph, op: Op) -> LoweredStep:
    """The statements and constants of one operator (any but a Reshape, which needs none)."""
    return _LOWERINGS[type(op)](graph, op)


_LOWERINGS: dict[type[Op], Callable[..., LoweredStep]] = {
    Add: pointwise.add,
    Concatenation: moves.concatenation,
    Conv: weighted.lower,
    Copy: moves.copy,
    Depthwise: weighted.lower,
    FullyConnected: weighted.lower,
    Lookup: pointwise.lookup,
    Mean: pooling.mean,
    Mul: pointwise.mul,
    Pad: moves.pad,
    Pool: pooling.pool,
    Softmax: pointwise.softmax,
}
