"""Weights in the order the kernels read them: two rows of a matrix in one stream of words.

The Cortex-M4's SMLAD multiplies two pairs of 16-bit numbers and adds both products to a sum.
Weights are 8 bits wide, so four of them come with one load but have to be widened first, which
costs as much as multiplying them. The trick here saves half of that. A 16-bit number holds the
weights of *two* rows at once,

    both = 256 * high + low        (high, low: the same column of two rows, int8)

so one SMLAD with `both` adds up 256 * (sum of the high row) + (sum of the low row), and a second
one with `low` alone, widened by one SXTB16, adds up the low row. The difference of the two sums is
256 times the sum of the high row, exactly, whatever has overflowed on the way, as long as that sum
itself is less than 2**23. That is known when the model is compiled. A layer whose weights are too
large for it is packed "wide", with the bytes of high and low side by side, and both are widened.

A stream is a sequence of blocks, each of them one or two row pairs:

    per row pair    start of the sum `low`, start of the sum `both` (wide: of `high`): the biases
    per four columns and row pair    the words (column 0, column 2), (column 1, column 3)
    per row         multiplier and factor, for some layers a shift and a mask, too (see scales.py)

Columns are in the order in which SXTB16 widens the four bytes of a word. A last row without a
partner, where there are few, is stored in 16 bits: bias, words (0, 2), (1, 3) ..., scale.
"""

from dataclasses import dataclass

import numpy as np

from tinykit.compiler.graph import Matrix
from tinykit.compiler.scales import Scaled, scaled_rows

SUM_LIMIT = 2**23  # what is left of 32 bits for the sum of a high row


@dataclass(frozen=True)
class PackedRows:
    """A matrix (or the filters of a depthwise convolution) as the kernels read it.

    Attributes:
        words: uint32.
        rectified: the outputs are cut off at their zero point, -128 (ReLU), where the kernels may
            leave out a step of the rounding.
        wide: sums may have more than 24 bits.
        any_scale: each row's scale takes four words.
    """

    words: np.ndarray
    rectified: bool
    wide: bool = False
    any_scale: bool = False


def pack_tile(op: Matrix) -> PackedRows:
    """Row pairs, for a tile of pixels: a row for each output channel.

    Args:
        op: its weights are (rows, ...); what follows the rows is flattened into columns. Of
            (rows, height, width, channels) each run, a row of the kernel, is padded to whole words.
    """
    rows = _rows(op)
    wide = _is_wide(rows)
    return _packed(op, rows, wide, _blocks(rows, 1, wide))


def pack_vector(op: Matrix) -> PackedRows:
    """Blocks of two row pairs, for one vector; the last block holds the last four rows."""
    rows = _rows(op)
    count = len(rows.bias)
    order = np.arange(-(-count // 4) * 4)
    order[count // 4 * 4 :] = np.arange(count - 4, count)[: len(order) - count // 4 * 4]
    rows = rows.part(order)
    wide = _is_wide(rows)
    return _packed(op, rows, wide, _blocks(rows, 2, wide))


def pack_few(op: Matrix) -> PackedRows:
    """Row pairs, for one vector, and a last row without a partner with weights of 16 bits."""
    rows = _rows(op)
    split = len(rows.bias) // 2 * 2
    pairs, rest = rows.part(slice(split)), rows.part(slice(split, None))
    wide = _is_wide(pairs)
    return _packed(op, rows, wide, _blocks(pairs, 1, wide), _singles(rest))


def _rows(op: Matrix) -> Scaled:
    return scaled_rows(_in_whole_words(op.weights), op)


def _packed(op: Matrix, rows: Scaled, wide: bool, *streams: np.ndarray) -> PackedRows:
    words = as_words(np.concatenate([stream.ravel() for stream in streams]))
    return PackedRows(words, is_rectified(op), wide, rows.any_scale)


def _is_wide(rows: Scaled) -> bool:
    """Whether rows are too large for the trick above."""
    rows = _even(rows)
    low, high = rows.weights[0::2], rows.weights[1::2]
    reach = _largest_sum(high, rows.bias[1::2])
    return bool((reach >= SUM_LIMIT).any() or (256 * high + low < -(2**15)).any())


def _even(rows: Scaled, multiple: int = 2) -> Scaled:
    return rows.padded(-(-len(rows.bias) // multiple) * multiple)


def _blocks(rows: Scaled, pairs: int, wide: bool) -> np.ndarray:
    """The stream of blocks of so many row pairs, (blocks, words)."""
    rows = _even(rows, 2 * pairs)
    blocks = len(rows.bias) // (2 * pairs)
    low, high = rows.weights[0::2], rows.weights[1::2]
    both = (low & 0xFF | (high & 0xFF) << 8) if wide else 256 * high + low
    first, second = rows.bias[0::2], rows.bias[1::2]
    starts = np.stack([first, second if wide else 256 * second + first], axis=1)
    # (blocks, columns / 4, pairs, 2): pairs of a block take turns at every four columns
    quads = both.shape[1] // 4
    body = _in_pairs(both).reshape(blocks, pairs, quads, 2).transpose(0, 2, 1, 3)
    flat = (
        part.reshape(blocks, part.size // max(blocks, 1)) for part in (starts, body, rows.words)
    )
    return np.concatenate(list(flat), axis=1)


def _singles(rows: Scaled) -> np.ndarray:
    """The stream of rows without a partner, (rows, words)."""
    return np.column_stack([rows.bias, _in_pairs(rows.weights), rows.words])


def _in_pairs(numbers: np.ndarray) -> np.ndarray:
    """16-bit numbers (rows, columns) as words (rows, columns / 2), columns 0 2 | 1 3 | 4 6 ..."""
    rows, columns = numbers.shape
    halves = numbers.reshape(rows, columns // 4, 2, 2).transpose(0, 1, 3, 2) & 0xFFFF
    return (halves[..., 0] | halves[..., 1] << 16).reshape(rows, columns // 2)


def _in_whole_words(weights: np.ndarray) -> np.ndarray:
    """Weights as a matrix whose columns, for each row of a convolution's kernel, are padded to 4.

    The kernels copy a row of a patch of the input at a time, and whole words.
    """
    runs = weights.reshape(len(weights), weights.shape[1] if weights.ndim == 4 else 1, -1)
    runs = np.pad(runs, [(0, 0), (0, 0), (0, -runs.shape[2] % 4)])
    return runs.reshape(len(weights), -1)


def _largest_sum(weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Largest magnitude of bias + weights @ x over all int8 x, by row."""
    lowest = bias + np.minimum(-128 * weights, 127 * weights).sum(axis=1)
    highest = bias + np.maximum(-128 * weights, 127 * weights).sum(axis=1)
    return np.maximum(abs(lowest), abs(highest))


def is_rectified(op: Matrix) -> bool:
    """Whether what is below 0 is cut off: then it may be rounded in any way."""
    return op.output_zero_point == op.act_min == -128


def as_words(stream: np.ndarray) -> np.ndarray:
    """Numbers of up to 32 bits, signed or not, as uint32."""
    return (stream.ravel() & 0xFFFFFFFF).astype(np.uint32)
