"""What a layer costs."""

from math import prod

from tinykit.compiler.graph.core import Graph, Op
from tinykit.compiler.graph.weighted import Conv, Depthwise, FullyConnected


def macs(graph: Graph, op: Op) -> int:
    """Multiply-accumulates: each output value costs one for each weight that it meets."""
    size = graph.output_of(op).size
    if isinstance(op, Conv):
        return size * prod(op.weights.shape[1:])
    if isinstance(op, Depthwise):
        return size * prod(op.weights.shape[:2])
    if isinstance(op, FullyConnected):
        return size * op.weights.shape[1]
    return 0
