"""Layers that look at one value, or at two in the same place."""

from dataclasses import dataclass

import numpy as np

from tinykit.compiler.graph.core import Activation, Op

ADD_SHIFT = 20  # fixed, because the Cortex-M4 shifts and saturates in one instruction then


@dataclass(frozen=True, eq=False, kw_only=True)
class Add(Activation):
    """inputs[0] + inputs[1] (SUB: minus); shapes are broadcast, ones in front do not count.

    Attributes:
        table: int8 (256, 256), the result for each pair of inputs, [q0 + 128, q1 + 128]; clamped.
        linear: (m0, m1, bias), see `tinykit.compiler.add`; None when no such numbers exist.
        exact: the parameters of TensorFlow Lite's arithmetic, by their names in nn/AddExact.h.
    """

    table: np.ndarray
    linear: tuple[int, int, int] | None
    exact: dict[str, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class Mul(Activation):
    """inputs[0] * inputs[1]; shapes are broadcast.

    Attributes:
        multiplier, shift: as of Matrix.
        zero_points: of the inputs and the output.
    """

    multiplier: int
    shift: int
    zero_points: tuple[int, int, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class Maximum(Op):
    """MAXIMUM or MINIMUM (the kind says which) of two inputs; shapes are broadcast as of Add."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SquaredDifference(Op):
    """(inputs[0] - inputs[1])^2; shapes are broadcast.

    Attributes:
        exact: the parameters of TensorFlow Lite's arithmetic, by their names in nn/AddExact.h.
    """

    exact: dict[str, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class Prelu(Op):
    """inputs[0] where that is above 0, else inputs[0] * inputs[1]; shapes are broadcast.

    Attributes:
        above, below: (multiplier, shift), as of Matrix.
        zero_points: of the inputs and the output.
    """

    above: tuple[int, int]
    below: tuple[int, int]
    zero_points: tuple[int, int, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class Lookup(Op):
    """Any function of one int8 (LOGISTIC, RELU, QUANTIZE, ...): table int8 (256,) by q + 128."""

    table: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Softmax(Op):
    """SOFTMAX over the last dimension; tables as made by `arithmetic.softmax_exponentials`."""

    exponentials: np.ndarray
