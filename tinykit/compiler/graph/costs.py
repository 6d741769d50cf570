"""What a layer costs."""

from math import prod

from tinykit.compiler.graph.core import Graph, Op
from tinykit.compiler.graph.sequences import Lstm, Svdf
from tinykit.compiler.graph.weighted import (
    Conv,
    Depthwise,
    FullyConnected,
    GroupedConv,
    TransposeConv,
)


def macs(graph: Graph, op: Op) -> int:
    """Multiply-accumulates: each output value costs one for each weight that it meets.

    In a transposed convolution it is each input value that meets all weights of its channel.
    """
    size = graph.output_of(op).size
    if isinstance(op, Conv | GroupedConv):
        return size * prod(op.weights.shape[1:])
    if isinstance(op, Depthwise):
        return size * prod(op.weights.shape[:2])
    if isinstance(op, FullyConnected):
        return size * op.weights.shape[1]
    if isinstance(op, TransposeConv):
        return graph.input_of(op).size * prod(op.weights.shape[:3])
    if isinstance(op, Lstm):
        steps = size // op.bias.shape[1]
        return steps * (op.weights.size + op.recurrent_weights.size)
    if isinstance(op, Svdf):
        return op.weights.size + op.time_weights.size
    return 0
