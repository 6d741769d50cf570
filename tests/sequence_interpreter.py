"""LSTM and SVDF in NumPy, with whole numbers of any size; a part of graph_interpreter.py."""

import numpy as np

from tinykit.compiler import arithmetic
from tinykit.compiler.graph import Lstm, Svdf


def sigmoid_table() -> np.ndarray:
    """TensorFlow Lite's table: 65536 * sigmoid(i / 24), raised by a sixteenth of the curvature, so
    that lines between the entries are off by as much above as below. int64 (256,)."""
    s = 1 / (1 + np.exp(-np.arange(256) / 24))
    curvature = s * (1 - s) * (1 - 2 * s) / 24**2
    table = np.floor(65536 * (s - curvature / 16) + 0.5).astype(np.int64)
    table[255] = 65535
    return table


_TABLE = sigmoid_table()


def _interpolated(x: int, bits: int, saturated: int) -> int:
    i, rest = x >> bits, x & ((1 << bits) - 1)
    return saturated if i >= 255 else int((_TABLE[i] << bits) + rest * (_TABLE[i + 1] - _TABLE[i]))


def sigmoid(x: int) -> int:
    """Of x / 2^12, in 2^-15."""
    y = _interpolated(abs(3 * x), 9, 0x7FFF << 10)
    return (y + (1 << 9)) >> 10 if x >= 0 else ((1 << 25) - y + (1 << 9) - 1) >> 10


def tanh(steps: int) -> int:
    """Of steps / (3 * 2^12), in 2^-15."""
    y = _interpolated(abs(steps), 8, 0xFFFF << 8) - (1 << 23)
    return (y + (1 << 7)) >> 8 if steps >= 0 else (-y + (1 << 7) - 1) >> 8


def _int16(x):
    return np.clip(x, -32768, 32767)


def _times(x: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    many = [np.full(x.shape, number) for number in (multiplier, shift)]
    return arithmetic.multiply_each(x, *many)


def lstm(op: Lstm, x: np.ndarray, hidden: np.ndarray, cell: np.ndarray):
    """Outputs of all rows, and both states afterwards. x: (rows, inputs)."""
    curves = [np.vectorize(curve, otypes=[np.int64]) for curve in (sigmoid, tanh)]
    hidden, cell = hidden.reshape(-1), cell.reshape(-1)
    outputs = []
    for row in x.reshape(-1, op.weights.shape[2]):
        gates = []
        for gate, factors in enumerate(op.factors):
            sums = op.weights[gate].astype(np.int64) @ row + op.bias[gate]
            others = op.recurrent_weights[gate].astype(np.int64) @ hidden + op.recurrent_bias[gate]
            pairs = zip((sums, others), factors, strict=True)
            gates.append(_int16(sum(_int16(_times(s, *f)) for s, f in pairs)))
        forget, take, show = (curves[0](gates[i]) for i in (0, 1, 3))
        kept = _int16(_times(forget * cell, *op.forget_factor))
        new = _int16(_times(take * curves[1](3 * gates[2]), *op.input_factor))
        cell = np.clip(_int16(kept + new), -op.cell_clip, op.cell_clip)
        shift = op.cell_shift
        steps = cell * 3 << shift if shift >= 0 else (cell * 3 + (1 << -shift - 1)) >> -shift
        shown = _times(curves[1](steps) * show, *op.hidden_factor)
        hidden = np.clip(shown + op.output_zero_point, -128, 127)
        outputs.append(hidden)
    return np.array(outputs), hidden, cell


def svdf(op: Svdf, x: np.ndarray, state: np.ndarray):
    """The output, and the state afterwards."""
    sums = op.weights.astype(np.int64) @ x.reshape(-1) + op.bias
    info = np.iinfo(op.time_weights.dtype)
    newest = _times(sums, *op.filter_factor).clip(info.min, info.max)
    newest = (newest + op.state_zero_point).astype(op.time_weights.dtype)
    state = np.roll(state.reshape(op.time_weights.shape), -1, axis=1)
    state[:, -1] = newest
    products = (state * op.time_weights.astype(np.int64)).reshape(len(op.unit_bias), -1)
    total = (products.sum(axis=1) + op.unit_bias).astype(np.int32).astype(np.int64)
    y = _times(total, *op.unit_factor) + op.output_zero_point
    return np.clip(y, -128, 127), state
