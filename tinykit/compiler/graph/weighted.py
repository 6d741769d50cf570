"""Layers with weights: CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, TRANSPOSE_CONV."""

from dataclasses import dataclass

import numpy as np

from tinykit.compiler.graph.core import Activation
from tinykit.compiler.graph.pointwise import Add


@dataclass(frozen=True, eq=False, kw_only=True)
class Matrix(Activation):
    """What layers with weights have in common.

    For each output channel c: acc = bias[c] + sum((x - input_zero_point) * weights[c]);
    q = multiplyByQuantizedMultiplier(acc, multipliers[c], shifts[c]) + output_zero_point, clamped.

    Attributes:
        weights: int8; their layout is the subclass's.
        bits: of a weight in flash, 8 or 4.
        bias: int32 (channels,); zeros when the file has none.
        multipliers: int32 (channels,): 0, or 2^30 ... 2^31 - 1.
        shifts: int32 (channels,): TensorFlow Lite's convention, positive = to the left; -31 ... 31.
        add: an ADD that is applied to the result before it is stored (already clamped to act_min
            ... act_max): `inputs` is then (x, skip), add.table[result + 128, skip + 128].
            `add.linear` is never None here.
    """

    weights: np.ndarray
    bias: np.ndarray
    multipliers: np.ndarray
    shifts: np.ndarray
    input_zero_point: int
    output_zero_point: int
    add: Add | None = None
    bits: int = 8

    @property
    def channels(self) -> int:
        """Number of output channels."""
        return len(self.bias)


@dataclass(frozen=True, eq=False, kw_only=True)
class Conv(Matrix):
    """CONV_2D. Weights (out, kernel height, kernel width, in).

    Output pixel (y, x) reads input rows y * strides[0] - padding[0] + i * dilation[0], likewise
    columns; pixels outside the input count as input_zero_point. Bottom and right padding follow
    from the shapes.
    """

    strides: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width."""
        return self.weights.shape[1:3]


@dataclass(frozen=True, eq=False, kw_only=True)
class Depthwise(Matrix):
    """DEPTHWISE_CONV_2D. Weights (kernel height, kernel width, out); the rest as Conv.

    Output channel c reads input channel c // depth_multiplier.
    """

    strides: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    depth_multiplier: int

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width."""
        return self.weights.shape[:2]


@dataclass(frozen=True, eq=False, kw_only=True)
class FullyConnected(Matrix):
    """FULLY_CONNECTED. Weights (out, in), applied to each row of `in` input values."""


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupedConv(Matrix):
    """CONV_2D in groups. Weights (out, kernel height, kernel width, in of a group).

    The channels of input and output are divided into as many groups; each group is a Conv of its
    own. The rest as Conv.
    """

    strides: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width."""
        return self.weights.shape[1:3]


@dataclass(frozen=True, eq=False, kw_only=True)
class TransposeConv(Matrix):
    """TRANSPOSE_CONV. Weights (out, kernel height, kernel width, in).

    Input pixel (y, x), times the weights at (i, j), is added to output pixel
    (y * strides[0] - padding[0] + i, x * strides[1] - padding[1] + j), where there is one.
    """

    strides: tuple[int, int]
    padding: tuple[int, int]

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width."""
        return self.weights.shape[1:3]
