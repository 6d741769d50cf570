"""Runs the compiler's graphs in NumPy: slow, short, and independent of kernels and code generation.

So each pass of the compiler can be checked alone: the same values before and after.
"""

import numpy as np
import sequence_interpreter

from tinykit.compiler import arithmetic
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


def run(graph: Graph, x: np.ndarray) -> dict[int, np.ndarray]:
    """All values of a graph, int64 by id, for one input int8 (1, ...); states as they are then.

    Of several inputs `x` is (1, bytes of all of them).

    The network's operators up to its first SOFTMAX are run: it is the last one in practice, and
    none of the passes looks behind it.
    """
    known = graph.constants | graph.states
    values = {value: data.astype(np.int64) for value, data in known.items()} | _inputs(graph, x)
    for op in graph.ops:
        if isinstance(op, Softmax | LogSoftmax):
            break
        if isinstance(op, Lstm | Svdf):
            states = [values[state] for state in op.states]
            step = sequence_interpreter.lstm if isinstance(op, Lstm) else sequence_interpreter.svdf
            y, *states = step(op, values[op.inputs[0]], *states)
            values |= zip(op.states, states, strict=True)
            values[op.output] = y.reshape(graph.values[op.output].shape)
            continue
        y = _result(graph, op, [values[value] for value in op.inputs])
        values[op.output] = y.astype(np.int64).reshape(graph.values[op.output].shape)
    return values


def _inputs(graph: Graph, x: np.ndarray) -> dict[int, np.ndarray]:
    flat, inputs = x.astype(np.int64).reshape(-1), {}
    for value in graph.inputs:
        size = graph.values[value].size
        inputs[value], flat = flat[:size].reshape(graph.values[value].shape), flat[size:]
    return inputs


def _result(graph: Graph, op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x = inputs[0]
    if isinstance(op, Matrix):
        y = _matrix(graph, op, x)
        return y if op.add is None else op.add.table[y + 128, inputs[1] + 128]
    if isinstance(op, Pool):
        y = _pool(graph, op, x)
        return np.clip(y, op.act_min, op.act_max)
    if isinstance(op, Mean):
        total = (x.reshape(op.rows, op.count, -1) - op.input_zero_point).sum(axis=1)
        y = arithmetic.multiply(total, op.multiplier, op.shift) + op.output_zero_point
        return np.clip(y, -128, 127)
    if isinstance(op, Add):
        return op.table[x + 128, inputs[1] + 128]
    if isinstance(op, Mul):
        a, b, out = op.zero_points
        y = arithmetic.multiply((x - a) * (inputs[1] - b), op.multiplier, op.shift) + out
        return np.clip(y, op.act_min, op.act_max)
    if isinstance(op, Lookup):
        return op.table[x + 128]
    if isinstance(op, Pad):
        padded = x.reshape((1,) * (4 - x.ndim) + x.shape)
        return np.pad(padded, list(zip(op.before, op.after, strict=True)), constant_values=op.fill)
    if isinstance(op, Concatenation):
        before, _, after = np.split(graph.output_of(op).shape, [op.axis, op.axis + 1])
        return np.concatenate([each.reshape(*before, -1, *after) for each in inputs], op.axis)
    if isinstance(op, Maximum):
        return (np.maximum if op.kind == "MAXIMUM" else np.minimum)(*inputs)
    if isinstance(op, Extremes):
        middle = x.reshape(op.rows, op.count, -1)
        return middle.max(axis=1) if op.kind == "REDUCE_MAX" else middle.min(axis=1)
    if isinstance(op, Prelu):
        return _prelu(op, *inputs)
    if isinstance(op, SquaredDifference):
        return _squared_difference(op.exact, *inputs)
    if isinstance(op, Normalize):
        return _normalized(op, x)
    if isinstance(op, ResizeBilinear):
        return _resized(op, x)
    return _moved(graph, op, x.reshape(-1))


def _normalized(op: Normalize, x: np.ndarray) -> np.ndarray:
    rows = []
    for row in x.reshape(-1, x.shape[-1]) - op.input_zero_point:
        multiplier, shift = arithmetic.inverse_square_root(int((row**2).sum()))
        rows.append(arithmetic.multiply(row, multiplier, shift + 7))
    return np.clip(rows, -128, 127)


def _resized(op: ResizeBilinear, x: np.ndarray) -> np.ndarray:
    """Rows are mixed, then columns; rounded once, a half away from zero."""
    for axis, table in ((1, op.rows), (2, op.columns)):
        first, second, share = table.astype(np.int64).T
        share = np.expand_dims(share, (1, 2) if axis == 1 else 1)
        x = x.take(first, axis) * (1024 - share) + x.take(second, axis) * share
    return np.sign(x) * ((abs(x) + (1 << 19)) >> 20)


def _moved(graph: Graph, op: Op, x: np.ndarray) -> np.ndarray:
    if isinstance(op, Copy):
        return x
    if isinstance(op, Move):
        places = np.array(op.first)
        for count, step in zip(op.counts, op.steps, strict=True):
            places = np.add.outer(places, step * np.arange(count))
        return x[places]
    if isinstance(op, Pick):
        return x[np.add.outer(np.add.outer(op.rows, op.columns), np.arange(op.run))]
    assert isinstance(op, View), op
    return x[op.offset : op.offset + graph.output_of(op).size]


def _prelu(op: Prelu, x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    zero, zero_alpha, zero_out = op.zero_points
    x = x - zero
    below = arithmetic.multiply(x * (alpha - zero_alpha), *op.below)
    return np.clip(np.where(x >= 0, arithmetic.multiply(x, *op.above), below) + zero_out, -128, 127)


def _squared_difference(p: dict[str, int], a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a = arithmetic.multiply((a - p["zeroA"]) * 128, p["multiplierA"], p["shiftA"])
    b = arithmetic.multiply((b - p["zeroB"]) * 128, p["multiplierB"], p["shiftB"])
    y = arithmetic.multiply((a - b) ** 2, p["multiplier"], p["shift"]) + p["zeroOut"]
    return np.clip(y, -128, 127)


def _matrix(graph: Graph, op: Matrix, x: np.ndarray) -> np.ndarray:
    x = x - op.input_zero_point
    weights = op.weights.astype(np.int64)
    if isinstance(op, FullyConnected):
        sums = x.reshape(-1, weights.shape[1]) @ weights.T
    elif isinstance(op, Conv):
        patches = _patches(graph, op, x, fill=0, dilation=op.dilation)
        sums = np.einsum("yxijc,oijc->yxo", patches, weights)
    elif isinstance(op, GroupedConv):
        patches = _patches(graph, op, x, fill=0, dilation=op.dilation)
        split = patches.reshape(*patches.shape[:4], op.groups, -1)
        grouped = weights.reshape(op.groups, -1, *weights.shape[1:])
        sums = np.einsum("yxijgc,goijc->yxgo", split, grouped).reshape(*patches.shape[:2], -1)
    elif isinstance(op, TransposeConv):
        sums = _scattered(graph, op, x[0], weights)
    else:
        patches = _patches(graph, op, x, fill=0, dilation=op.dilation)
        sums = np.einsum("yxijc,ijc->yxc", patches.repeat(op.depth_multiplier, axis=-1), weights)
    flat = (sums + op.bias).reshape(-1, op.channels)
    y = [arithmetic.multiply_each(row, op.multipliers, op.shifts) for row in flat]
    return np.clip(np.array(y) + op.output_zero_point, op.act_min, op.act_max).reshape(
        graph.values[op.output].shape
    )


def _scattered(graph: Graph, op: TransposeConv, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Each input pixel, times the filter, added to the output at its place."""
    height, width, channels = graph.values[op.output].shape[1:]
    sums = np.zeros((height + 64, width + 64, channels), np.int64)  # a margin of 32 on each side
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            top, left = i * op.strides[0] - op.padding[0], j * op.strides[1] - op.padding[1]
            rows, columns = (
                slice(a + 32, a + 32 + k) for a, k in zip((top, left), op.kernel, strict=True)
            )
            sums[rows, columns] += np.einsum("c,oijc->ijo", x[i, j], weights)
    return sums[32:-32, 32:-32]


def _pool(graph: Graph, op: Pool, x: np.ndarray) -> np.ndarray:
    patches = _patches(graph, op, x, fill=-1000, dilation=(1, 1))
    if op.kind == "MAX_POOL_2D":
        return patches.max(axis=(2, 3))
    inside = patches > -1000
    count = inside.sum(axis=(2, 3))
    total = np.where(inside, patches, 0).sum(axis=(2, 3))
    return np.sign(total) * ((abs(total) + count // 2) // count)


def _patches(
    graph: Graph,
    op: Conv | Depthwise | GroupedConv | Pool,
    x: np.ndarray,
    fill: int,
    dilation: tuple[int, int],
) -> np.ndarray:
    """What the window sees at each output pixel, (out y, out x, y, x, channels)."""
    size = op.filter if isinstance(op, Pool) else op.kernel
    target = graph.values[op.output].shape
    at = []
    for axis in (0, 1):
        first = np.arange(target[axis + 1]) * op.strides[axis] - op.padding[axis]
        at.append(first[:, None] + np.arange(size[axis]) * dilation[axis])
    margin = max(max(n.max(), -n.min()) for n in at) + 1
    wide = np.pad(x[0], [(margin, margin)] * 2 + [(0, 0)], constant_values=fill)
    rows, columns = (n + margin for n in at)
    return wide[rows[:, None, :, None], columns[None, :, None, :]]
