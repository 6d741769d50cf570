"""Layers that remember."""

import numpy as np

from tinykit.compiler.graph import Graph, Lstm, Svdf, macs
from tinykit.compiler.lowering.text import struct
from tinykit.compiler.steps import Constant, LoweredStep


def lstm(graph: Graph, op: Lstm) -> LoweredStep:
    x = graph.input_of(op)
    p = struct(
        "Lstm",
        rows=x.size // x.channels,
        inputs=x.channels,
        units=op.bias.shape[1],
        ofInput=_list(_factor(each) for each, _ in op.factors),
        ofHidden=_list(_factor(each) for _, each in op.factors),
        forget=_factor(op.forget_factor),
        input=_factor(op.input_factor),
        hidden=_factor(op.hidden_factor),
        cellClip=op.cell_clip,
        cellShift=op.cell_shift,
        outputZero=op.output_zero_point,
    )
    constants = "{weights}, {recurrent_weights}, {bias}, {recurrent_bias}"
    states = "{state0}, reinterpret_cast<int16_t*>({state1})"
    order = "[unit][four inputs][gate][input]"
    return LoweredStep(
        call=f"{p}  nn::lstm(p, {constants}, {{in0}}, {{out}},\n           {states});\n",
        includes=("Lstm.h",),
        constants=(
            Constant("weights", "int8_t", _by_unit(op.weights), comment=order),
            Constant("recurrent_weights", "int8_t", _by_unit(op.recurrent_weights), comment=order),
            Constant("bias", "int32_t", op.bias.T, comment="[unit][gate]"),
            Constant("recurrent_bias", "int32_t", op.recurrent_bias.T, comment="[unit][gate]"),
        ),
        overlap=(None,),
        comment="four gates at a time; each row's output is the hidden state of the next",
        macs=macs(graph, op),
    )


def _by_unit(weights: np.ndarray) -> np.ndarray:
    """(gates, units, inputs) as (units, words, gates, 4), padded with zeros."""
    padded = _in_words(weights)
    words = padded.reshape(*padded.shape[:2], -1, 4)
    return np.ascontiguousarray(words.transpose(1, 2, 0, 3))


def svdf(graph: Graph, op: Svdf) -> LoweredStep:
    p = struct(
        "Svdf",
        inputs=op.weights.shape[1],
        units=len(op.unit_bias),
        rank=op.rank,
        memory=op.time_weights.shape[1],
        ofFilter=_factor(op.filter_factor),
        ofUnit=_factor(op.unit_factor),
        stateZero=op.state_zero_point,
        outputZero=op.output_zero_point,
    )
    is_wide = op.time_weights.dtype == np.int16
    kernel, ctype = ("svdf16", "int16_t") if is_wide else ("svdf8", "int8_t")
    state = "reinterpret_cast<int16_t*>({state0})" if is_wide else "{state0}"
    constants = "{weights}, {bias}, {time_weights}, {unit_bias}"
    return LoweredStep(
        call=f"{p}  nn::{kernel}(p, {constants}, {{in0}}, {{out}},\n            {state});\n",
        includes=("Svdf.h",),
        constants=(
            Constant("weights", "int8_t", _in_words(op.weights)),
            Constant("bias", "int32_t", op.bias),
            Constant("time_weights", ctype, op.time_weights),
            Constant("unit_bias", "int32_t", op.unit_bias),
        ),
        overlap=(None,),
        macs=macs(graph, op),
    )


def _in_words(weights: np.ndarray) -> np.ndarray:
    """The last dimension rounded up to a multiple of 4 with zeros."""
    padding = [(0, 0)] * (weights.ndim - 1) + [(0, -weights.shape[-1] % 4)]
    return np.pad(weights, padding)


def _factor(factor: tuple[int, int]) -> str:
    multiplier, shift = factor
    left, right = max(shift, 0), max(-shift, 0)
    half = 1 << right >> 1
    return f"{{{multiplier}, {half}, {left}, {right}, {-min(right, 1)}}}"


def _list(items: object) -> str:
    return f"{{{', '.join(items)}}}"
