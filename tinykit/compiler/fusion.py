"""ADD fused into the convolution before it.

The sum is made while the convolution's results are at hand, four pixels at a time: they are never
stored as a tensor of their own, and the sum can take the place of the other input.
"""

from collections.abc import Callable
from dataclasses import replace

from tinykit.compiler.graph import Add, Conv, Graph


def fuse_additions(graph: Graph, can_be_lowered: Callable[[Graph, Conv], bool]) -> Graph:
    """The same network with each ADD in a convolution's step, where the kernels can do that."""
    for op in graph.ops:
        if isinstance(op, Add) and op.linear and _has_one_shape(graph, op):
            graph = _fused(graph, op, can_be_lowered)
    return graph


def _has_one_shape(graph: Graph, add: Add) -> bool:
    return len({graph.values[value].size for value in (*add.inputs, add.output)}) == 1


def _fused(graph: Graph, add: Add, can_be_lowered: Callable[[Graph, Conv], bool]) -> Graph:
    writers = {value: graph.writer(value) for value in add.inputs}
    convs = [
        op
        for value, op in writers.items()
        if isinstance(op, Conv) and op.add is None and _read_once(graph, value)
    ]
    # The later one, since by then the other input is there.
    for conv in sorted(convs, key=graph.ops.index, reverse=True):
        fused = _joined(conv, add)
        if can_be_lowered(graph, fused):
            kept = [fused if op is add else op for op in graph.ops if op is not conv]
            return graph.with_ops(kept)
    return graph


def _read_once(graph: Graph, value: int) -> bool:
    uses = sum(op.inputs.count(value) for op in graph.ops)
    return uses == 1 and value not in graph.outputs


def _joined(conv: Conv, add: Add) -> Conv:
    """The convolution with the ADD as its last step; the convolution's result comes first in it."""
    if add.inputs[0] != conv.output:
        m0, m1, bias = add.linear
        inputs = (add.inputs[1], add.inputs[0])
        add = replace(add, inputs=inputs, table=add.table.T, linear=(m1, m0, bias))
    return replace(
        conv,
        name=f"{conv.name}+{add.name}",
        inputs=(conv.inputs[0], add.inputs[1]),
        output=add.output,
        add=add,
    )
