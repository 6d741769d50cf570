"""Channels that cannot change the result are removed, with the same bytes out.

Training often leaves channels dead: all their weights are zero, or ReLU cuts off whatever they
compute. Such a channel has the same value for every input (`intervals`), and what a constant adds
to the sums of the next layer can be added to its biases once and for all. A channel that nobody
reads, because all weights for it are zero, need not be computed either. Both are found and removed
until nothing changes.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from tinykit.compiler.graph import (
    Conv,
    Depthwise,
    FullyConnected,
    Graph,
    Lookup,
    Matrix,
    Mean,
    Op,
    Pad,
    Pool,
    Reshape,
    Value,
)
from tinykit.compiler.intervals import Interval, intervals, reads_padding

# Larger networks than any board has room for are left alone: the search would take too long.
_MAX_OPERATORS = 300
_MAX_CHANNELS = 1 << 20  # of all activations together


def remove_dead_channels(graph: Graph) -> Graph:
    """The same network without the layers and channels that make no difference."""
    graph = _without_unread_layers(graph)
    channels = sum(value.channels for value in graph.values.values())
    if len(graph.ops) > _MAX_OPERATORS or channels > _MAX_CHANNELS:
        return graph
    known = intervals(graph)
    changed = True
    while changed:
        changed = False
        for position in range(len(graph.ops)):
            smaller = _without_dead_channels(graph, graph.ops[position], known)
            if smaller is not None:
                graph, known, changed = smaller, intervals(smaller), True
    return graph


def _without_unread_layers(graph: Graph) -> Graph:
    """The graph without what nobody reads: what a converter leaves of a branch that was cut off."""
    read, ops = {*graph.outputs, *graph.states}, []
    for op in reversed(graph.ops):
        if op.output in read:
            ops.append(op)
            read.update(op.inputs)
    constants = {value: data for value, data in graph.constants.items() if value in read}
    return replace(graph, ops=tuple(reversed(ops)), constants=constants)


@dataclass
class _Group:
    """What a layer's output channels run through until a layer with weights sums them up."""

    values: list[int] = field(default_factory=list)
    through: list[Op] = field(default_factory=list)  # keep their channels apart
    sums: list[Conv | FullyConnected] = field(default_factory=list)


def _without_dead_channels(graph: Graph, op: Op, known: dict[int, Interval]) -> Graph | None:
    """The graph without the dead output channels of one layer; None when there are none."""
    if not isinstance(op, Conv | FullyConnected) or graph.output_of(op).channels != op.channels:
        return None
    group = _Group()
    if not _follow(graph, op.output, op.channels, group):
        return None
    dead = np.ones(op.channels, bool)
    for reader in group.sums:
        dead &= _makes_no_difference(graph, reader, known[reader.inputs[0]], op.channels)
    kept = _kept(dead)
    return None if len(kept) == op.channels else _shrunk(graph, op, group, known, kept)


def _follow(graph: Graph, value: int, channels: int, group: _Group) -> bool:
    """Collect who reads a value; False when somebody needs all of its channels."""
    readers = graph.readers(value)
    if value in graph.outputs or not readers:
        return False
    group.values.append(value)
    for reader in readers:
        width = graph.values[value].channels
        if isinstance(reader, Conv | FullyConnected) and reader.weights.shape[-1] % width == 0:
            group.sums.append(reader)
        elif _keeps_channels(graph, reader, channels):
            group.through.append(reader)
            if not _follow(graph, reader.output, channels, group):
                return False
        else:
            return False
    return True


def _keeps_channels(graph: Graph, op: Op, channels: int) -> bool:
    """Whether channel c of the output depends on channel c of the input alone."""
    x, y = graph.input_of(op), graph.output_of(op)
    if isinstance(op, Depthwise):
        return op.depth_multiplier == 1 and op.channels == channels
    if isinstance(op, Pad):
        return x.channels == y.channels
    if isinstance(op, Mean):
        return x.channels == y.channels == y.size // op.rows
    if isinstance(op, Reshape):  # also rows joined to longer ones, as Flatten does
        return y.channels % x.channels == 0
    return isinstance(op, Pool | Lookup) and x.channels == y.channels


def _makes_no_difference(
    graph: Graph, op: Conv | FullyConnected, x: Interval, channels: int
) -> np.ndarray:
    """For which channels of its input a layer needs no input, bool (channels,)."""
    used = op.weights.reshape(-1, op.weights.shape[-1]).any(axis=0)
    constant = np.resize(x.constant, len(used))
    if reads_padding(graph, op):  # at the border a constant would count less
        constant &= np.resize(x.low, len(used)) == op.input_zero_point
    # After a Flatten, one channel is many inputs.
    return (constant | ~used).reshape(-1, channels).all(axis=0)


def _kept(dead: np.ndarray) -> np.ndarray:
    """Indices of the channels to keep; some dead ones where the kernels like multiples of 4."""
    alive = int((~dead).sum())
    wanted = max(alive, 1)
    if len(dead) % 4 == 0:
        wanted = -(-wanted // 4) * 4
    spared = np.flatnonzero(dead)[: wanted - alive]
    return np.sort(np.concatenate([np.flatnonzero(~dead), spared]))


def _shrunk(
    graph: Graph, op: Op, group: _Group, known: dict[int, Interval], kept: np.ndarray
) -> Graph:
    """The graph with only the `kept` channels of a layer; constants go into the next biases."""
    new: dict[str, Op] = {op.name: _with_outputs(op, kept)}
    for each in group.through:
        if isinstance(each, Depthwise):
            new[each.name] = _with_outputs(each, kept)
    for reader in group.sums:
        new[reader.name] = _with_inputs(reader, known[reader.inputs[0]], kept, op.channels)
    values = dict(graph.values)
    for value in group.values:
        values[value] = _with_channels(values[value], len(kept), op.channels)
    ops = tuple(new.get(each.name, each) for each in graph.ops)
    return replace(graph, ops=ops, values=values)


def _with_channels(value: Value, n: int, before: int) -> Value:
    return replace(value, shape=(*value.shape[:-1], value.channels // before * n))


def _with_outputs(op: Matrix, kept: np.ndarray) -> Matrix:
    return replace(
        op,
        weights=op.weights[..., kept] if isinstance(op, Depthwise) else op.weights[kept],
        bias=op.bias[kept],
        multipliers=op.multipliers[kept],
        shifts=op.shifts[kept],
    )


def _with_inputs(op: Matrix, x: Interval, kept: np.ndarray, channels: int) -> Matrix:
    """A layer that no longer reads some channels of its input, which are constants or unused."""
    inputs = op.weights.shape[-1]
    stay = np.zeros(channels, bool)
    stay[kept] = True
    stay = np.resize(stay, inputs)
    # An unused channel may have any value: its weights are zero.
    constants = np.resize(x.low, inputs) - op.input_zero_point
    per_input = op.weights.astype(np.int64).reshape(op.channels, -1, inputs).sum(axis=1)
    bias = op.bias + per_input[:, ~stay] @ constants[~stay]
    # Sums overflow as they do in TensorFlow Lite: what is left of them is the same.
    return replace(op, weights=op.weights[..., stay], bias=bias.astype(np.int32))
