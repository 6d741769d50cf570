"""ADD in few instructions, where the compiler can prove that they give the same bytes.

TensorFlow Lite adds two int8 of different scales with three roundings. Seen from outside that is
nearly a linear function of two small numbers, and there are only 65,536 pairs of them: the compiler
looks for integers m0, m1, bias with

    (bias + (m0 * q0 >> 8) + (m1 * q1 >> 8)) >> ADD_SHIFT == the sum

and tries every pair. The Cortex-M4 multiplies and shifts in one instruction (SMLAW), and shifts and
saturates in another (SSAT).
"""

import numpy as np

from tinykit.compiler.arithmetic import INT8
from tinykit.compiler.graph import ADD_SHIFT, Value


def best_linear_form(
    table: np.ndarray, inputs: list[Value], output: Value, sign: int, bounds: tuple[int, int]
) -> tuple[int, int, int] | None:
    """(m0, m1, bias), or None when no such numbers give all entries of `table`.

    Args:
        table: int8 (256, 256), what ADD or SUB gives for each pair, after its activation.
        inputs, output: for their scales.
        sign: 1 for ADD, -1 for SUB.
        bounds: what the activation clamps to.
    """
    factors = [value.scale / output.scale * (1 << (ADD_SHIFT + 8)) for value in inputs]
    factors[1] *= sign
    if max(abs(factor) for factor in factors) >= (1 << 31) - 2:
        return None
    for nudge in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)):
        m0, m1 = (round(factor) + n for factor, n in zip(factors, nudge, strict=True))
        bias = _bias(table.astype(np.int64), m0, m1, bounds)
        if bias is not None:
            return m0, m1, bias
    return None


def _bias(table: np.ndarray, m0: int, m1: int, bounds: tuple[int, int]) -> int | None:
    """A bias that makes the sum of two products right for all pairs; None if there is none."""
    products = (m0 * INT8[:, None] >> 8) + (m1 * INT8[None, :] >> 8)
    # Clamped entries bound the sum on one side only.
    least = (table << ADD_SHIFT) - products
    most = least + (1 << ADD_SHIFT) - 1
    least = least[table > bounds[0]]
    most = most[table < bounds[1]]
    if not len(least) or not len(most):
        return None
    bias = int(least.max() + most.min()) // 2
    no_overflow = (abs(m0) + abs(m1)) // 2 + abs(bias) + 2 < 1 << 31
    return bias if least.max() <= bias <= most.min() and no_overflow else None
