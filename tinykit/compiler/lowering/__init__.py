"""Each operator as a call of a kernel.

Layers with weights take the first kernel of a table that can do them (`kernels.py`).
"""

from collections.abc import Callable

from tinykit.compiler.graph import (
    Add,
    Concatenation,
    Conv,
    Copy,
    Depthwise,
    Extremes,
    FullyConnected,
    Graph,
    GroupedConv,
    LogSoftmax,
    Lookup,
    Lstm,
    Matrix,
    Maximum,
    Mean,
    Move,
    Mul,
    Normalize,
    Op,
    Pad,
    Pick,
    Pool,
    Prelu,
    ResizeBilinear,
    Softmax,
    SquaredDifference,
    Svdf,
    TransposeConv,
    View,
)
from tinykit.compiler.lowering import (
    gathered,
    kernels,
    moves,
    pointwise,
    pooling,
    sequences,
)
from tinykit.compiler.steps import LoweredStep

__all__ = ["lower"]


def lower(graph: Graph, op: Op) -> LoweredStep | None:
    """The statements and constants of one operator; None for one that needs none."""
    if isinstance(op, Matrix) and op.bits == 4:
        return gathered.int4(graph, op)
    return None if isinstance(op, View) else _LOWERINGS[type(op)](graph, op)


_LOWERINGS: dict[type[Op], Callable[..., LoweredStep | None]] = {
    Add: pointwise.add,
    Concatenation: moves.concatenation,
    Conv: kernels.lower,
    Copy: moves.copy,
    Depthwise: kernels.lower,
    Extremes: pooling.extremes,
    FullyConnected: kernels.lower,
    GroupedConv: gathered.grouped,
    LogSoftmax: pointwise.log_softmax,
    Lookup: pointwise.lookup,
    Lstm: sequences.lstm,
    Maximum: pointwise.maximum,
    Mean: pooling.mean,
    Move: moves.move,
    Mul: pointwise.mul,
    Normalize: pointwise.normalize,
    Pad: moves.pad,
    Pick: moves.pick,
    Pool: pooling.pool,
    Prelu: pointwise.prelu,
    ResizeBilinear: pooling.resize_bilinear,
    Softmax: pointwise.softmax,
    SquaredDifference: pointwise.squared_difference,
    Svdf: sequences.svdf,
    TransposeConv: gathered.transpose_conv,
}
