"""Layers that remember: they look at one time step after the other."""

from dataclasses import dataclass

import numpy as np

from tinykit.compiler.graph.core import Op

GATES = ("forget", "input", "cell", "output")


@dataclass(frozen=True, eq=False, kw_only=True)
class Lstm(Op):
    """UNIDIRECTIONAL_SEQUENCE_LSTM with U units on a sequence of rows x.

    `states` are (hidden state int8 (U,), cell state int16 (U,)). For each row, h and c being what
    the states were before:

        a = clamped to int16(rescaled(x . weights + bias)) + the same of h . recurrent_weights
        forget, input, output = sigmoid(a of this gate);  new = tanh(a of "cell")
        c = clamped to int16(rescaled(forget * c) + rescaled(input * new)), then to +-clip
        h = rescaled(tanh(c) * output) + output zero point = the row's output

    A factor is a pair (multiplier, shift) as of Matrix. Gates are in the order of GATES.

    Attributes:
        weights: int8 (4, U, inputs).
        recurrent_weights: int8 (4, U, U).
        bias: int32 (4, U), without the input's zero point.
        recurrent_bias: int32 (4, U), without the output's zero point.
        factors: for each gate, of the sums of x and of h, to 2^-12.
        forget_factor, input_factor, hidden_factor: of the three products.
        cell_clip: largest cell state; 32768: none.
        cell_shift: c * 2^cell_shift is the cell state in steps of 2^-12.
    """

    weights: np.ndarray
    recurrent_weights: np.ndarray
    bias: np.ndarray
    recurrent_bias: np.ndarray
    factors: tuple[tuple[tuple[int, int], tuple[int, int]], ...]
    forget_factor: tuple[int, int]
    input_factor: tuple[int, int]
    hidden_factor: tuple[int, int]
    cell_clip: int
    cell_shift: int
    output_zero_point: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Svdf(Op):
    """SVDF: each filter is a dot product with the input, then one with its own last results.

    `states` is (the last M results of each of the F filters, int8 or int16 (F, M)), oldest first:

        results[f] = the newest M - 1, and
                     clamped(rescaled(x . weights[f] + bias[f])) + state_zero_point, wrapped
        sum of a unit = unit_bias + sum over its filters of results . time_weights, in 32 bits
        output = rescaled(sum) + output_zero_point

    Attributes:
        weights: int8 (F, inputs).
        bias: int32 (F,): minus the input's zero point times the weights.
        time_weights: int8 or int16 (F, M), of the state's type.
        unit_bias: int32 (units,), minus the state's zero point times the time weights; unit u has
            the filters u * rank ... (u + 1) * rank - 1.
        rank: filters of a unit.
        filter_factor, unit_factor: (multiplier, shift) as of Matrix.
    """

    weights: np.ndarray
    bias: np.ndarray
    time_weights: np.ndarray
    unit_bias: np.ndarray
    rank: int
    filter_factor: tuple[int, int]
    unit_factor: tuple[int, int]
    state_zero_point: int
    output_zero_point: int
