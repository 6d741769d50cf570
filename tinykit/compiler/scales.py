"""From the sums of a layer with weights to its outputs, in the numbers that the kernels take.

TFLM turns a sum into an output in two steps: y = round(sum * multiplier / 2**31), then
round(y / 2**right) + zero point. Each is one instruction, SMMLAR or SMMLSR, which compute
a + round(b * c / 2**32) and a + round(-b * c / 2**32), here with

    y      = sum + round(sum * (2 * multiplier - 2**32) / 2**32)
    output = zero point + round(-y * -2**(32 - right) / 2**32)

The factor is negative because -2**31 has 32 bits and 2**31 has not, so this will do for 1 <= right.
Where a layer has rows with scales of 1/2 and more, each of its rows takes two more numbers: by how
much the sum is shifted to the left before, and a mask. It has all bits set when nothing is shifted
to the right: then the factor is 0, and `y & mask` is added to the output.
"""

from dataclasses import dataclass

import numpy as np

from tinykit.compiler.arithmetic import multiply_each
from tinykit.compiler.graph import Matrix


@dataclass(frozen=True)
class Scaled:
    """The rows of a matrix, with what makes outputs of their sums.

    Attributes:
        weights: int64 (rows, columns); zero for rows whose output is the same for every input.
        bias: int64 (rows,), with the input's zero point folded in: a sum is bias + weights @ x for
            int8 inputs x. Sums count modulo 2**32, as TFLM's do when they overflow.
        words: int64 (rows, 2), multiplier and factor; (rows, 4) for `any_scale`, with the shift and
            the mask.
    """

    weights: np.ndarray
    bias: np.ndarray
    words: np.ndarray

    @property
    def any_scale(self) -> bool:
        """Whether some row has a scale of 1/2 or more."""
        return self.words.shape[1] == 4

    def padded(self, rows: int) -> "Scaled":
        """With rows of zeros up to that many."""
        more = [(0, max(0, rows - len(self.bias)))]
        return Scaled(*(np.pad(a, more + [(0, 0)] * (a.ndim - 1)) for a in self._arrays))

    def part(self, rows: slice | np.ndarray) -> "Scaled":
        """Some of the rows."""
        return Scaled(*(array[rows] for array in self._arrays))

    @property
    def _arrays(self) -> tuple[np.ndarray, ...]:
        return self.weights, self.bias, self.words


def scaled_rows(weights: np.ndarray, op: Matrix) -> Scaled:
    """The numbers of a layer's rows; `weights` are its weights as a matrix (rows, columns)."""
    weights = weights.astype(np.int64)
    bias = op.bias - op.input_zero_point * weights.sum(axis=1)
    multiplier, shift = op.multipliers.astype(np.int64), op.shifts.astype(np.int64)
    # All weights zero, or a scale of zero: a constant. Any scale that gives it will do.
    constant = ~weights.any(axis=1) | (multiplier == 0)
    value = np.clip(multiply_each(op.bias, op.multipliers, op.shifts), -256, 255)
    weights = np.where(constant[:, None], 0, weights)
    bias = np.where(constant, 8 * value, bias)
    multiplier, shift = np.where(constant, 2**30, multiplier), np.where(constant, -2, shift)
    whole = shift >= 0
    factor = np.where(whole, 0, -(1 << (32 + np.minimum(shift, -1))))
    words = [2 * multiplier - 2**32, factor]
    if whole.any():
        words += [np.maximum(shift, 0), -whole.astype(np.int64)]
    return Scaled(weights, bias, np.stack(words, axis=1))
