"""Between which numbers each channel of each activation lies, whatever the input.

Weights and biases are known, inputs lie in -128 ... 127: so each sum has a smallest and a largest
value, and so has each output. A channel for which both are the same is a constant.
"""

from dataclasses import dataclass

import numpy as np

from tinykit.compiler import arithmetic
from tinykit.compiler.graph import (
    Activation,
    Add,
    Concatenation,
    Conv,
    Depthwise,
    Extremes,
    FullyConnected,
    Graph,
    Lookup,
    Matrix,
    Mean,
    Move,
    Op,
    Pad,
    Pick,
    Pool,
    Reshape,
    View,
)


@dataclass(frozen=True)
class Interval:
    """Smallest and largest value of each channel (the last dimension), int64 (channels,)."""

    low: np.ndarray
    high: np.ndarray

    @property
    def constant(self) -> np.ndarray:
        """Which channels can only have one value, bool (channels,)."""
        return self.low == self.high


def intervals(graph: Graph) -> dict[int, Interval]:
    """The interval of each value of a graph, by its id."""
    known = {value: _anything(graph, value) for value in (*graph.inputs, *graph.states)}
    for value, data in graph.constants.items():
        flat = data.reshape(-1, graph.values[value].channels).astype(np.int64)
        known[value] = Interval(flat.min(axis=0), flat.max(axis=0))
    for op in graph.ops:
        if op.output in graph.states:
            continue
        sides = _sides(_of(graph, op, [known[value] for value in op.inputs]))
        known[op.output] = Interval(*(side.astype(np.int64) for side in sides))
    return known


def _of(graph: Graph, op: Op, inputs: list[Interval]) -> Interval:
    x = inputs[0]
    channels = graph.output_of(op).channels
    if isinstance(op, Conv | Depthwise | FullyConnected):
        return _matrix(graph, op, x)
    if isinstance(op, Pool):
        return Interval(*(np.clip(side, op.act_min, op.act_max) for side in (x.low, x.high)))
    if isinstance(op, Lookup):
        return _reshaped(_looked_up(op.table, x), channels)
    if isinstance(op, Reshape):
        return _reshaped(x, channels)
    if isinstance(op, Mean) and channels == len(x.low) == graph.output_of(op).size // op.rows:
        return Interval(*(_mean(op, side) for side in (x.low, x.high)))
    if isinstance(op, Add):
        corners = [op.table[a + 128, b + 128] for a in (x.low, x.high) for b in _sides(inputs[1])]
        return Interval(np.min(corners, axis=0), np.max(corners, axis=0))
    if isinstance(op, Pad) and channels == len(x.low):
        return Interval(np.minimum(x.low, op.fill), np.maximum(x.high, op.fill))
    if isinstance(op, Concatenation) and op.axis == len(graph.output_of(op).shape) - 1:
        lows, highs = (np.concatenate(side) for side in zip(*map(_sides, inputs), strict=True))
        return Interval(lows, highs) if len(lows) == channels else _anything(graph, op.output)
    if isinstance(op, Extremes) and channels == len(x.low) == graph.output_of(op).size // op.rows:
        return x
    if isinstance(op, Move | Pick | View | Extremes):  # any of the values may be anywhere
        return Interval(np.full(channels, x.low.min()), np.full(channels, x.high.max()))
    if isinstance(op, Activation):
        return Interval(np.full(channels, op.act_min), np.full(channels, op.act_max))
    return _anything(graph, op.output)


def _anything(graph: Graph, value: int) -> Interval:
    info, channels = np.iinfo(graph.values[value].dtype), graph.values[value].channels
    return Interval(*(np.full(channels, q, np.int64) for q in (info.min, info.max)))


def _sides(interval: Interval) -> tuple[np.ndarray, np.ndarray]:
    return interval.low, interval.high


def _reshaped(x: Interval, channels: int) -> Interval:
    """Rows of the last dimension become parts of longer rows, or nothing is known."""
    if channels % len(x.low) == 0:
        return Interval(*(np.tile(side, channels // len(x.low)) for side in _sides(x)))
    return Interval(np.full(channels, x.low.min()), np.full(channels, x.high.max()))


def _looked_up(table: np.ndarray, x: Interval) -> Interval:
    """Smallest and largest entry of a table between two places, for each channel."""
    bounds, where = np.unique(np.stack(_sides(x)), axis=1, return_inverse=True)
    parts = [table[low + 128 : high + 129] for low, high in bounds.T]
    where = where.reshape(-1)
    return Interval(*(np.array([side(part) for part in parts])[where] for side in (np.min, np.max)))


def _mean(op: Mean, x: np.ndarray) -> np.ndarray:
    total = (x - op.input_zero_point) * op.count
    q = arithmetic.multiply(total, op.multiplier, op.shift) + op.output_zero_point
    return np.clip(q, -128, 127)


def _matrix(graph: Graph, op: Matrix, x: Interval) -> Interval:
    low, high = (side - op.input_zero_point for side in _sides(x))
    if reads_padding(graph, op):  # a pixel outside counts as the zero point
        low, high = np.minimum(low, 0), np.maximum(high, 0)
    weights = op.weights.astype(np.int64)
    if isinstance(op, Conv):
        above, below = (side(weights, 0).sum(axis=(1, 2)) for side in (np.maximum, np.minimum))
        sums = _products(above, below, low, high)
    elif isinstance(op, FullyConnected):
        if weights.shape[1] % len(low):
            low, high = low.min(keepdims=True), high.max(keepdims=True)
        low, high = (np.resize(side, weights.shape[1]) for side in (low, high))
        sums = _products(np.maximum(weights, 0), np.minimum(weights, 0), low, high)
    else:
        low, high = (np.repeat(side, op.depth_multiplier) for side in (low, high))
        above = np.maximum(weights, 0).sum(axis=(0, 1))
        below = np.minimum(weights, 0).sum(axis=(0, 1))
        sums = above * low + below * high, above * high + below * low
    return _requantized(op, *(side + op.bias for side in sums))


def _products(above: np.ndarray, below: np.ndarray, low: np.ndarray, high: np.ndarray):
    """Smallest and largest sum; above, below: the weights above and below 0, (out, in)."""
    return above @ low + below @ high, above @ high + below @ low


def _requantized(op: Matrix, low: np.ndarray, high: np.ndarray) -> Interval:
    limit = (1 << 31) >> np.maximum(op.shifts, 0).astype(np.int64)
    safe = np.maximum(np.abs(low), np.abs(high)) < limit  # int32 does not overflow
    sides = []
    for side, otherwise in ((low, op.act_min), (high, op.act_max)):
        q = arithmetic.multiply_each(side, op.multipliers, op.shifts) + op.output_zero_point
        sides.append(np.where(safe, np.clip(q, op.act_min, op.act_max), otherwise))
    return Interval(*sides)


def reads_padding(graph: Graph, op: Matrix) -> bool:
    """Whether a window of a convolution ever covers pixels outside of its input."""
    if not isinstance(op, Conv | Depthwise):
        return False
    source, target = graph.input_of(op).shape, graph.output_of(op).shape
    for axis in (0, 1):
        last = (target[axis + 1] - 1) * op.strides[axis] - op.padding[axis]
        last += (op.kernel[axis] - 1) * op.dilation[axis]
        if op.padding[axis] > 0 or last >= source[axis + 1]:
            return True
    return False
