"""Weights of depthwise convolutions in the order the kernels in Depthwise.h read them.

A sum becomes an output with two numbers per channel, a multiplier and a factor, in one of three
ways (`rounding`):

twice   y = sum + round(sum * multiplier / 2^32), minus 1 if negative, and then
        output = zero point + round(-y * factor / 2^32): TensorFlow Lite's two roundings, as in
        packing.py. The second one must divide by 2 at least.
once    output = (factor + floor(sum * multiplier / 2^32)) >> 10, half as many instructions.
        TensorFlow Lite computes floor(floor(sum * m / 2^31 + 1/2) / 2^right + 1/2) + zero point if
        the sum is not negative. Both brackets have steps at whole numbers only, so that this is
        floor(sum * m / 2^(31 + right) + 2^-(right + 1) + 1/2 + zero point). If negative sums are
        cut off, it holds for all. The kernel computes it from sums that are 2^(11 - right) times as
        large, because then 10 is what is left to shift whatever the channel: bias and weights are
        raised by that power of two. They have 16 bits, so there is room if 3 <= right <= 9. For
        smaller scales the multiplier loses bits; whether that changes an output is tried out.
        Where right is below 1 there is no second rounding, and negative sums do no harm.
any     multiplier and shift as TensorFlow Lite has them.
"""

from dataclasses import dataclass

import numpy as np

from tinykit.compiler.arithmetic import multiply
from tinykit.compiler.graph import Depthwise
from tinykit.compiler.packing import as_words, is_rectified

ONCE_SHIFT = 10  # kOnceShift in Scale.h


@dataclass(frozen=True)
class Packed:
    """The words of a depthwise convolution, uint32, and how its sums are rounded."""

    words: np.ndarray
    rounding: str


@dataclass(frozen=True, eq=False)
class _Filters:
    """Weights (channels, taps) before they are raised, and what else a channel has."""

    weights: np.ndarray
    raised: np.ndarray  # by that many bits
    bias: np.ndarray  # raised
    scales: np.ndarray  # (channels, 2): multiplier, factor
    rounding: str


def pack_taps(op: Depthwise) -> Packed:
    """The streams of the tap kernel, which takes four channels of a pixel with one load.

    It widens them to pairs of 16 bits, channels (0, 2) and (1, 3). Each weight is multiplied once
    per output only, so that widening it would cost as much as using it: the weights are 16 bits
    wide in flash. A stream is a sequence of groups of four channels:

        four biases
        per tap         the words (channel 0, channel 2), (channel 1, channel 3)
        four multipliers, four factors

    With a depth multiplier of M, there are M such streams, of the output channels 0, M, 2 M ... and
    1, M + 1 ... and so on: each of them is a depthwise convolution with one filter per channel.
    """
    filters = _filters(op, op.weights.reshape(-1, op.channels).T, op.depth_multiplier == 1)
    weights = filters.weights << filters.raised[:, None]
    columns = np.column_stack([filters.bias, weights, filters.scales])
    streams = [_tap_stream(columns[i :: op.depth_multiplier]) for i in range(op.depth_multiplier)]
    return Packed(as_words(np.concatenate(streams)), filters.rounding)


def _tap_stream(columns: np.ndarray) -> np.ndarray:
    """Words of the channels whose (bias, weights, multiplier, factor) are the rows of `columns`."""
    groups = -(-len(columns) // 4)
    padded = np.zeros((4 * groups, columns.shape[1]), np.int64)
    padded[: len(columns)] = columns
    rows = padded.reshape(groups, 4, -1).transpose(0, 2, 1)  # group, number, channel
    bias, taps, scales = rows[:, :1], rows[:, 1:-2] & 0xFFFF, rows[:, -2:]
    pairs = taps[:, :, :2] | taps[:, :, 2:] << 16
    return np.concatenate([part.reshape(groups, -1) for part in (bias, pairs, scales)], 1).ravel()


def pack_3x3(op: Depthwise, transposed: bool) -> Packed | None:
    """Six words per channel: bias, multiplier, factor and the rows of the filter, each of them
    three weights and by how many bits they are raised. None for scales of another kind.

    Args:
        op: with a kernel of (3, 3).
        transposed: swap rows and columns of the filters (the kernel then does so to the picture).
    """
    filters = _filters(op, _flat(op, transposed), once=True)
    raised = np.repeat(filters.raised, 3).reshape(-1, 3, 1)
    rows = np.concatenate([filters.weights.reshape(-1, 3, 3), raised], axis=2)
    return _packed_bytes(filters, rows.reshape(-1, 12))


def pack_planes(op: Depthwise, transposed: bool) -> Packed | None:
    """Filters of any size: bias, multiplier, factor; by how many bits the weights are raised, and
    the weights, each row of them an even number, bytes that fill whole words. None for scales of
    another kind."""
    filters = _filters(op, _flat(op, transposed), once=True)
    rows = filters.weights.reshape(op.channels, op.kernel[1 if transposed else 0], -1)
    rows = np.pad(rows, [(0, 0), (0, 0), (0, rows.shape[2] % 2)]).reshape(op.channels, -1)
    return _packed_bytes(filters, np.column_stack([filters.raised, rows]))


def pack_lines(op: Depthwise) -> Packed | None:
    """Weights 0 and 1, weights 2 and 3, bias, multiplier and factor of each channel; a single
    weight is weight 1. None if sums are not rounded once.
    """
    filters = _filters(op, _flat(op), once=True)
    if filters.rounding != "once":
        return None
    weights = filters.weights << filters.raised[:, None]
    before = int(weights.shape[1] == 1)
    weights = np.pad(weights, [(0, 0), (before, 4 - before - weights.shape[1])]) & 0xFFFF
    pairs = weights[:, 0::2] | weights[:, 1::2] << 16
    return Packed(as_words(np.column_stack([pairs, filters.bias, filters.scales])), "once")


def _flat(op: Depthwise, transposed: bool = False) -> np.ndarray:
    """Filters as (channels, taps)."""
    order = (2, 1, 0) if transposed else (2, 0, 1)
    return op.weights.transpose(order).reshape(op.channels, -1)


def _packed_bytes(filters: _Filters, rows: np.ndarray) -> Packed | None:
    if filters.rounding == "any":
        return None
    padded = np.pad(rows, [(0, 0), (0, -rows.shape[1] % 4)]) & 0xFF
    words = padded.reshape(len(rows), -1, 4) @ (1 << np.arange(0, 32, 8))
    words = np.column_stack([filters.bias, filters.scales, words])
    return Packed(as_words(words), filters.rounding)


def _filters(op: Depthwise, weights: np.ndarray, once: bool) -> _Filters:
    """Filters (channels, taps) with the quickest rounding that gives TensorFlow Lite's bytes.

    The input's zero point is folded into the bias: a sum is bias + weights @ x for int8 inputs x.

    Args:
        op: whose filters they are.
        weights: int8.
        once: whether the kernel can round once.
    """
    weights = weights.astype(np.int64)
    bias = op.bias - op.input_zero_point * weights.sum(axis=1)
    dead = ~weights.any(axis=1) | (op.multipliers == 0)  # the output is a constant
    value = [multiply(*row) for row in zip(op.bias, op.multipliers, op.shifts, strict=True)]
    value = np.clip(np.array(value, np.int64), -256, 255)
    largest = np.abs(bias) + 128 * np.abs(weights).sum(axis=1)
    alive = np.where(dead[:, None], 0, weights)
    right = -op.shifts.astype(np.int64)
    nothing = np.zeros_like(right)
    if once and (is_rectified(op) or (dead | (right < 1)).all()):
        channels = zip(op.multipliers, right, bias, alive, strict=True)
        plain = ([number.tolist() for number in row] for row in channels)
        found = [_rounded_once(op.output_zero_point, *row) for row in plain]
        if all(is_dead or numbers for is_dead, numbers in zip(dead, found, strict=True)):
            constant = np.zeros((len(dead), 4), np.int64)  # raised, bias, multiplier, factor
            constant[:, 3] = value + op.output_zero_point << ONCE_SHIFT
            numbers = np.where(dead[:, None], constant, [row or (0, 0, 0, 0) for row in found])
            raised, bias, *scales = numbers.T
            return _Filters(alive, raised, bias, np.column_stack(scales), "once")
    if (dead | ((right >= 1) & (largest < 2**31))).all():
        # A dead channel's sum is 8 times its output: the two steps take half and a quarter of it.
        first = np.where(dead, -(2**31), 2 * op.multipliers.astype(np.int64) - 2**32)
        second = np.where(dead, -(2**30), -(2 ** (32 - np.maximum(right, 1))))
        scales = np.column_stack([first, second])
        return _Filters(alive, nothing, np.where(dead, 8 * value, bias), scales, "twice")
    scales = np.column_stack([op.multipliers, op.shifts]).astype(np.int64)
    return _Filters(weights, nothing, bias, scales, "any")


def _rounded_once(
    zero_point: int, m: int, right: int, bias: int, weights: list[int]
) -> tuple[int, int, int, int] | None:
    """By how many bits the weights of a channel are raised, its raised bias, multiplier and factor.

    None if there are none that give TensorFlow Lite's outputs for all sums there can be.
    """
    around = 128 * sum(map(abs, weights))
    largest = abs(bias) + around
    half = (2 * zero_point + 1) << ONCE_SHIFT - 1  # zero point and 1/2
    raised = ONCE_SHIFT + 1 - right
    if raised >= 2:
        fits = min(weights) << raised >= -(2**15) and max(weights) << raised < 2**15
        if not fits or largest << raised >= 2**31:
            return None
        second = 1 << raised - 2 if right >= 1 else 0  # 2^-(right + 1): the second rounding, if any
        return raised, bias << raised, m, half + second
    for raised in range(8, max(-1, ONCE_SHIFT + 1 - right), -1):
        lost = right - ONCE_SHIFT - 1 + raised  # bits of the multiplier
        multiplier = m + (1 << lost - 1) >> lost
        if multiplier == 0 or largest << raised >= 2**31:
            continue
        # 2^-(right + 1), and what the multiplier has lost in the middle of the sums
        exact = (bias * m << ONCE_SHIFT + 1) + (1 << ONCE_SHIFT + 31) >> right
        numbers = (raised, exact // multiplier, multiplier, half)
        if _gives(zero_point, m, right, (bias - around, bias + around), numbers, bias):
            return numbers
    return None


def _gives(
    zero_point: int,
    m: int,
    right: int,
    sums: tuple[int, int],
    numbers: tuple[int, int, int, int],
    bias: int,
) -> bool:
    """Whether (raised, raised bias, multiplier, factor) give TensorFlow Lite's outputs of `sums`.

    For each output the smallest sum that gives it is compared, as it should be and as it is.
    """
    raised, start, multiplier, factor = numbers
    more = start - (bias << raised)
    for q in range(-127, 128):
        wanted = -(((2 * zero_point + 1 - 2 * q << 30 + right) + 2**30) // m)
        reached = (factor - (q << ONCE_SHIFT)) * 2**32 + more * multiplier
        given = -(reached // (multiplier << raised))
        if wanted != given and any(sums[0] < sum_ <= sums[1] for sum_ in (wanted, given)):
            return False
    return True
