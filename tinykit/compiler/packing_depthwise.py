"""Weights of depthwise convolutions in the order the tap kernel reads them.

A tap is one pixel of the window. The kernel takes four channels of it with one load and widens
them to pairs of 16 bits, channels (0, 2) and (1, 3). Each weight is multiplied once per output
only, so that widening it would cost as much as using it: the weights are 16 bits wide in flash.

A stream is a sequence of groups of four channels:

    four biases
    per tap         the words (channel 0, channel 2), (channel 1, channel 3)
    four multipliers, four factors

With a depth multiplier of M, there are M such streams, of the output channels 0, M, 2 M ... and
1, M + 1 ... and so on: each of them is a depthwise convolution with one filter per channel.
"""

from dataclasses import dataclass

import numpy as np

from tinykit.compiler.arithmetic import multiply
from tinykit.compiler.graph import Depthwise
from tinykit.compiler.packing import PackedRows


@dataclass(frozen=True)
class PackedTaps(PackedRows):
    """Depthwise filters as the tap kernel reads them.

    Attributes:
        general: the scales are multipliers and shifts as TensorFlow Lite has them, because some
            channel's needs both of its roundings.
    """

    general: bool


def pack_taps(op: Depthwise) -> PackedTaps:
    """The streams of a depthwise convolution with any window and any scales."""
    weights = op.weights.reshape(-1, op.channels).T.astype(np.int64)
    bias = op.bias - op.input_zero_point * weights.sum(axis=1)
    scaled = _scaled(op, weights, bias)
    general = scaled is None
    rectified = op.output_zero_point == op.act_min == -128
    if general:
        scales = op.multipliers.astype(np.int64), op.shifts.astype(np.int64)
    else:
        weights, bias, *scales, exact = scaled
        rectified = rectified or exact
    columns = np.column_stack([bias, weights, *scales])
    words = [_stream(columns[i :: op.depth_multiplier]) for i in range(op.depth_multiplier)]
    stream = np.concatenate(words)
    return PackedTaps((stream & 0xFFFFFFFF).astype(np.uint32), rectified, general)


def pack_planes(op: Depthwise, transposed: bool) -> PackedRows | None:
    """The stream for the plane kernel, per channel: bias, multiplier, factor and the filter's bytes
    in whole words; None when the scales are unusual.

    Args:
        op: its operator.
        transposed: swap rows and columns of the filters (the kernel then does so to the picture).
    """
    filters = op.weights.transpose((2, 1, 0) if transposed else (2, 0, 1)).astype(np.int64)
    weights = filters.reshape(op.channels, -1)
    scaled = _scaled(op, weights, op.bias - op.input_zero_point * weights.sum(axis=1))
    if scaled is None or (scaled[0] != np.where(scaled[0].any(axis=1)[:, None], weights, 0)).any():
        return None
    weights, *scales, exact = scaled
    padded = np.pad(weights, [(0, 0), (0, -weights.shape[1] % 4)]).astype(np.int8)
    filters = np.ascontiguousarray(padded).view(np.uint32)
    stream = np.column_stack([np.column_stack(scales) & 0xFFFFFFFF, filters])
    rectified = op.output_zero_point == op.act_min == -128
    return PackedRows(stream.ravel().astype(np.uint32), rectified or exact)


def _stream(columns: np.ndarray) -> np.ndarray:
    """Words of the channels whose (bias, weights, multiplier, factor) are the rows of `columns`."""
    groups = -(-len(columns) // 4)
    padded = np.zeros((4 * groups, columns.shape[1]), np.int64)
    padded[: len(columns)] = columns
    rows = padded.reshape(groups, 4, -1).transpose(0, 2, 1)  # group, number, channel
    bias, taps, scales = rows[:, :1], rows[:, 1:-2] & 0xFFFF, rows[:, -2:]
    pairs = taps[:, :, :2] | taps[:, :, 2:] << 16
    return np.concatenate([part.reshape(groups, -1) for part in (bias, pairs, scales)], 1).ravel()


def _scaled(op: Depthwise, weights: np.ndarray, bias: np.ndarray):
    """(weights, bias, multipliers, factors, exact?) for the kernel's two steps; None if there are
    none.

    The steps are those of packing.py's scales: y = sum + round(sum * multiplier / 2^32), minus 1
    if negative, and output = zero point + round(-y * factor / 2^32). They are TensorFlow Lite's two
    roundings where its second one divides by 2 at least. Where it divides by nothing, the second
    step alone will do: weights and bias times a power of two, so that the first one divides by two
    and nothing is lost. A negative y must then stay as it is, as it may in a layer whose negative
    results are cut off, or whose channels are all of that kind (`exact`).
    """
    right = -op.shifts.astype(np.int64)
    multiplier = op.multipliers.astype(np.int64)
    constant = ~weights.any(axis=1) | (multiplier == 0)
    exact = (right < 1) & ~constant
    rectified = op.output_zero_point == op.act_min == -128
    if exact.any() and not (rectified or (exact | constant).all()):
        return None
    raised = np.where(exact, 2 ** np.clip(2 - right, 0, 40), 1)
    weights, bias = weights * np.where(constant, 0, raised)[:, None], bias * raised
    value = [multiply(*row) for row in zip(op.bias, op.multipliers, op.shifts, strict=True)]
    bias = np.where(constant, 8 * np.clip(np.array(value, np.int64), -256, 255), bias)
    if (np.abs(weights) > 2**15 - 1).any() or (_largest_sum(weights, bias) >= 2**31).any():
        return None
    halved = exact | constant
    first = np.where(halved, -(2**31), 2 * multiplier - 2**32)
    second = np.where(exact, -multiplier, np.where(constant, -(2**30), -(2 ** (32 - right))))
    return weights, bias, first, second, bool(halved.all())


def _largest_sum(weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Largest magnitude of bias + weights @ x over all int8 x, by row."""
    return np.abs(bias) + 128 * np.abs(weights).sum(axis=1)
