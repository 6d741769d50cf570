"""Layers that look at two values in the same place: ADD, SUB, MUL, MAXIMUM, PRELU, ...

Their inputs may be of different shapes, which are broadcast as in NumPy. Where one input is a
single number that is known, what is left is a function of the other: a table.
"""

import numpy as np

from tinykit.compiler import arithmetic
from tinykit.compiler.add import best_linear_form
from tinykit.compiler.graph import Add, Lookup, Maximum, Mul, Op, Prelu, SquaredDifference, Value
from tinykit.compiler.reading.reader import (
    CONVERT,
    DAMAGED,
    Reader,
    RefusalError,
    activation_bounds,
    factor_of,
)
from tinykit.quantization.tflite.file import Operator

_MOST_DIMENSIONS = {
    "PRELU": 4,
}
_NO_LAYER = "Build the network without that layer"


def binary(reader: Reader, operator: Operator, named: dict) -> Op:
    """An operator on two values, of which one may be a constant."""
    if len(operator.inputs) != 2 or min(operator.inputs) < 0:
        raise RefusalError(f"{len(operator.inputs)} inputs", DAMAGED)
    ids = tuple(reader.operand(index) for index in operator.inputs)
    values = [reader.values[index] for index in ids]
    y = reader.value(operator.outputs[0])
    _check_shapes(operator, values, y)
    if all(index in reader.constants for index in ids):
        raise RefusalError("both inputs are constants", _NO_LAYER)
    bounds = {}
    if "activation" in operator.options:
        bounds = activation_bounds(operator, y)
    limits = (bounds.get("act_min", -128), bounds.get("act_max", 127))
    try:
        table, kind, fields = _TABLES[operator.op](operator, values, y)
    except ValueError as error:
        raise RefusalError(f"its scales do not fit each other ({error})", CONVERT) from None
    table = np.clip(table, *limits).astype(np.int8)
    number = next((i for i in ids if i in reader.constants and reader.values[i].size == 1), None)
    if number is not None and max(value.size for value in values) == y.size:
        position = ids.index(number)
        row = table.take(int(reader.constants[number].reshape(-1)[0]) + 128, axis=position)
        made = {**named, "inputs": (ids[1 - position],), "output": operator.outputs[0]}
        return Lookup(**made, table=row)
    made = {**named, "inputs": ids, "output": operator.outputs[0], **bounds}
    if kind is Add:
        linear = best_linear_form(table, values, y, fields["sign"], limits)
        return Add(**made, table=table, linear=linear, exact=fields)
    return kind(**made, **fields)


def _check_shapes(operator: Operator, values: list[Value], y: Value) -> None:
    """As TensorFlow Lite Micro broadcasts; ones in front of a shape do not count."""
    shapes = [_without_ones(value.shape) for value in (*values, y)]
    try:
        broadcast = np.broadcast_shapes(*shapes[:2])
    except ValueError:
        broadcast = None
    if broadcast != shapes[2]:
        what = f"inputs of shapes {values[0].shape} and {values[1].shape} for {y.shape}"
        raise RefusalError(what, "Give it two inputs of one shape, or one number per channel")
    most = _MOST_DIMENSIONS.get(operator.op, 5)
    if shapes[0] != shapes[1] and len(broadcast) > most:
        what = f"inputs of different shapes and {len(broadcast)} dimensions"
        raise RefusalError(what, f"Use at most {most}")


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    first = next((i for i, size in enumerate(shape) if size != 1), len(shape))
    return shape[first:]


def _sum(operator: Operator, values: list[Value], y: Value) -> tuple[np.ndarray, type, dict]:
    """The sum of each pair of int8 before the activation, and the parameters of AddExact.h."""
    sign = -1 if operator.op == "SUB" else 1
    scales, zero_points = _quantizations(values, y)
    table, exact = arithmetic.sum_table(scales, zero_points, sign)
    zeros = dict(zip(("zeroA", "zeroB", "zeroOut"), zero_points, strict=True))
    return table, Add, {**exact, **zeros, "sign": sign}


def _product(operator: Operator, values: list[Value], y: Value) -> tuple[np.ndarray, type, dict]:
    """The product of each pair of int8 before the activation, and the fields of Mul."""
    multiplier, shift = factor_of(values[0].scale * values[1].scale / y.scale)
    _, zero_points = _quantizations(values, y)
    a, b = (arithmetic.INT8 - zero_point for zero_point in zero_points[:2])
    table = arithmetic.multiply(a[:, None] * b[None, :], multiplier, shift) + y.zero_point
    fields = {"multiplier": multiplier, "shift": shift, "zero_points": zero_points}
    return table, Mul, fields


def _larger(operator: Operator, values: list[Value], y: Value) -> tuple[np.ndarray, type, dict]:
    """MAXIMUM and MINIMUM compare the int8: all have to mean the same."""
    if len({(value.scale, value.zero_point) for value in (*values, y)}) > 1:
        raise RefusalError("inputs of different scales or zero points", CONVERT)
    choose = np.maximum if operator.op == "MAXIMUM" else np.minimum
    return choose.outer(arithmetic.INT8, arithmetic.INT8), Maximum, {}


def _squared(operator: Operator, values: list[Value], y: Value) -> tuple[np.ndarray, type, dict]:
    scales, zero_points = _quantizations(values, y)
    table, exact = arithmetic.squared_difference_table(scales, zero_points)
    zeros = dict(zip(("zeroA", "zeroB", "zeroOut"), zero_points, strict=True))
    return table, SquaredDifference, {"exact": {**exact, **zeros}}


def _prelu(operator: Operator, values: list[Value], y: Value) -> tuple[np.ndarray, type, dict]:
    x, alpha = values
    above, below = factor_of(x.scale / y.scale), factor_of(x.scale * alpha.scale / y.scale)
    a, b = (arithmetic.INT8 - value.zero_point for value in values)
    table = np.where(
        a[:, None] >= 0,
        arithmetic.multiply(a, *above)[:, None],
        arithmetic.multiply(a[:, None] * b[None, :], *below),
    )
    _, zero_points = _quantizations(values, y)
    fields = {"above": above, "below": below, "zero_points": zero_points}
    return table + y.zero_point, Prelu, fields


def _quantizations(values: list[Value], y: Value) -> tuple[tuple, tuple]:
    """(scales, zero points) of both inputs and the output."""
    a, b = values
    return (a.scale, b.scale, y.scale), (a.zero_point, b.zero_point, y.zero_point)


_TABLES = {
    "ADD": _sum,
    "MAXIMUM": _larger,
    "MINIMUM": _larger,
    "MUL": _product,
    "PRELU": _prelu,
    "SQUARED_DIFFERENCE": _squared,
    "SUB": _sum,
}
