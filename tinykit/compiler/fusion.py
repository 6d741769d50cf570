"""ADD fused into the convolution before it.

The sum is made while the convolution's results are at hand, three pixels at a time: they are never
stored as a tensor of their own, and the sum can take the place of the other input.
"""

from dataclasses import replace

from tinykit.compiler.graph import Add, Conv, Graph, Op


def fuse_additions(graph: Graph) -> Graph:
    """The same network with each ADD in a convolution's step, where the kernels can do that."""
    for op in graph.ops:
        if isinstance(op, Add) and op.linear and _has_one_shape(graph, op):
            graph = _fused(graph, op)
    return graph


def _has_one_shape(graph: Graph, add: Add) -> bool:
    return len({graph.values[value].size for value in (*add.inputs, add.output)}) == 1


def _fused(graph: Graph, add: Add) -> Graph:
    writers = {value: graph.writer(value) for value in add.inputs}
    convs = [op for value, op in writers.items() if _can_add(op) and _read_once(graph, value)]
    if not convs:
        return graph
    # The later one, since by then the other input is there.
    conv = max(convs, key=graph.ops.index)
    fused = _joined(conv, add)
    return graph.with_ops([fused if op is add else op for op in graph.ops if op is not conv])


def _can_add(op: Op | None) -> bool:
    """Whether its kernel can add as a last step: not those for weights of four bits."""
    return isinstance(op, Conv) and op.bits == 8 and op.add is None


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
