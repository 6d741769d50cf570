"""Weights in the order the kernels read them: two rows of a matrix in one stream of words.

The Cortex-M4's SMLAD multiplies two pairs of 16-bit numbers and adds both products to a sum.
Weights are 8 bits wide, so four of them come with one load but have to be widened first, which
costs as much as multiplying them. The trick here saves half of that. A 16-bit number holds the
weights of *two* rows at once,

    both = 256 * high + low        (high, low: the same column of two rows, int8)

so one SMLAD with `both` adds up 256 * (sum of the high row) + (sum of the low row), and a second
one with `low` alone, widened by one SXTB16, adds up the low row. The difference of the two sums is
256 times the sum of the high row, exactly, whatever has overflowed on the way, as long as that sum
itself is less than 2**23. That is known when the model is compiled; a layer whose weights are too
large for it is left to the general kernels.

A stream is a sequence of blocks, each of them one or more row pairs:

    per row pair    start of the sum `low`, start of the sum `both` (the biases)
    per four columns and row pair    the words (column 0, column 2), (column 1, column 3)
    per row         requantization: multiplier, factor

Columns are in the order in which SXTB16 widens the four bytes of a word.
"""

from dataclasses import dataclass

import numpy as np

from tinykit.compiler.arithmetic import multiply
from tinykit.compiler.graph import Matrix

SUM_LIMIT = 2**23  # what is left of 32 bits for the sum of a high row


@dataclass(frozen=True)
class PackedRows:
    """A matrix as the kernels read it.

    Attributes:
        words: uint32.
        rectified: the outputs are cut off at their zero point, -128 (ReLU), where the kernels may
            leave out a step of the rounding.
    """

    words: np.ndarray
    rectified: bool


def pack_rows(op: Matrix, rows_per_block: int) -> PackedRows | None:
    """The stream of a convolution or a fully connected layer, one row per output channel.

    None when its numbers need the general kernels.

    Args:
        op: its weights are (rows, ...); what follows the rows is flattened into columns.
        rows_per_block: 2 (for a tile of pixels) or 4 (for a vector).
    """
    weights = _in_whole_words(op.weights)
    scales = _scales(weights, op)
    if scales is None:
        return None
    bias, multipliers, factors = scales
    rows = -(-len(weights) // rows_per_block) * rows_per_block
    padded = np.pad(weights.astype(np.int64), [(0, rows - len(weights)), (0, 0)])
    bias, multipliers, factors = (_padded(x, rows) for x in (bias, multipliers, factors))
    low, high = padded[0::2], padded[1::2]
    both = 256 * high + low
    reach = _largest_sum(high, bias[1::2])
    if (reach >= SUM_LIMIT).any() or (both < -(2**15)).any():
        return None
    starts = np.stack([bias[0::2], bias[0::2] + 256 * bias[1::2]], axis=1)
    # (pairs, columns / 4, word, half): columns 0 2 | 1 3
    halves = both.reshape(len(both), -1, 2, 2).transpose(0, 1, 3, 2) & 0xFFFF
    words = halves[..., 0] | halves[..., 1] << 16
    pairs = rows_per_block // 2
    blocks = rows // rows_per_block
    stream = np.concatenate(
        [
            starts.reshape(blocks, -1),
            # pairs of a block take turns at every four columns
            words.reshape(blocks, pairs, -1, 2).transpose(0, 2, 1, 3).reshape(blocks, -1),
            np.stack([multipliers, factors], axis=1).reshape(blocks, -1),
        ],
        axis=1,
    )
    return PackedRows(_as_words(stream), _rectified(op))


def _in_whole_words(weights: np.ndarray) -> np.ndarray:
    """Weights as a matrix whose columns, for each row of a convolution's kernel, are padded to 4.

    The kernels copy a row of a patch of the input at a time, and whole words.
    """
    runs = weights.reshape(len(weights), weights.shape[1] if weights.ndim == 4 else 1, -1)
    runs = np.pad(runs, [(0, 0), (0, 0), (0, -runs.shape[2] % 4)])
    return runs.reshape(len(weights), -1)


def _scales(weights: np.ndarray, op: Matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Biases, multipliers and scales of the rows of `weights`, as the kernels want them.

    The input's zero point is folded into the bias: a sum is bias + weights @ x for int8 inputs x.

    TFLM turns a sum into an output in two steps: y = round(sum * multiplier / 2**31), then
    round(y / 2**right) + zero point. Each is one instruction, SMMLAR or SMMLSR, which compute
    a + round(b * c / 2**32) and a + round(-b * c / 2**32), here with

        y      = sum + round(sum * (2 * multiplier - 2**32) / 2**32)
        output = zero point + round(-y * -2**(32 - right) / 2**32)

    The factor is negative because -2**31 has 32 bits and 2**31 has not. So 1 <= right will do; the
    general kernels do the rest.
    """
    weights = weights.astype(np.int64)
    bias = op.bias - op.input_zero_point * weights.sum(axis=1)
    multiplier = op.multipliers.astype(np.int64)
    right = -op.shifts.astype(np.int64)
    # All weights zero: the output is a constant. Any scale that gives it will do.
    constant = ~weights.any(axis=1)
    if constant.any():
        scaled = [multiply(*row) for row in zip(op.bias, op.multipliers, op.shifts, strict=True)]
        value = np.clip(np.array(scaled, np.int64), -256, 255)
        multiplier = np.where(constant, 2**30, multiplier)
        right = np.where(constant, 2, right)
        bias = np.where(constant, 8 * value, bias)
    if (right < 1).any() or (right > 31).any() or (multiplier < 2**30).any():
        return None
    if (_largest_sum(weights, bias) >= 2**31).any():
        return None
    return bias, 2 * multiplier - 2**32, -(2 ** (32 - right))


def _largest_sum(weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Largest magnitude of bias + weights @ x over all int8 x, by row."""
    lowest = bias + np.minimum(-128 * weights, 127 * weights).sum(axis=1)
    highest = bias + np.maximum(-128 * weights, 127 * weights).sum(axis=1)
    return np.maximum(abs(lowest), abs(highest))


def _rectified(op: Matrix) -> bool:
    return op.output_zero_point == op.act_min == -128


def _padded(values: np.ndarray, size: int) -> np.ndarray:
    return np.concatenate([values, np.zeros(size - len(values), np.int64)])


def _as_words(stream: np.ndarray) -> np.ndarray:
    return (stream.ravel() & 0xFFFFFFFF).astype(np.uint32)
