"""Layers that look at one value, or at two in the same place: ADD, MUL, ReLU, softmax, ..."""

from collections.abc import Callable

import numpy as np

from tinykit.compiler import arithmetic
from tinykit.compiler.add import best_linear_form
from tinykit.compiler.graph import Add, Lookup, Mul, Op, Softmax, Value
from tinykit.compiler.reading.reader import (
    CONVERT,
    DAMAGED,
    Reader,
    RefusalError,
    activation_bounds,
    factor_of,
    one_input,
    quantized,
)
from tinykit.quantization.tflite.file import Operator

_MAX_CLASSES = 4096  # of a softmax: as many exponentials of 1 fit in the sum


def binary(reader: Reader, operator: Operator, named: dict) -> Op:
    """ADD, SUB, MUL of two values of one shape; one may also be a number per channel, or one."""
    if len(operator.inputs) != 2 or min(operator.inputs) < 0:
        raise RefusalError(f"{len(operator.inputs)} inputs", DAMAGED)
    ids = tuple(reader.operand(index) for index in operator.inputs)
    values = [reader.values[index] for index in ids]
    y = reader.value(operator.outputs[0])
    bounds = activation_bounds(operator, y)
    table, fields = (_product if operator.op == "MUL" else _sum)(operator, values, y)
    table = np.clip(table, bounds["act_min"], bounds["act_max"]).astype(np.int8)
    number = next((i for i in ids if i in reader.constants and reader.values[i].size == 1), None)
    if number is not None and max(value.size for value in values) == y.size:
        q = int(reader.constants[number].reshape(-1)[0])
        return _with_number(named, ids, number, y_id=operator.outputs[0], table=table, q=q)
    whole = [value.shape == y.shape for value in values]
    per_channel = [value.size == value.channels == y.channels for value in values]
    fits = all(a or b for a, b in zip(whole, per_channel, strict=True))
    if not any(whole) or not fits:
        what = f"inputs of shapes {values[0].shape} and {values[1].shape}"
        raise RefusalError(what, "Give it two inputs of one shape, or one number per channel")
    if all(index in reader.constants for index in ids):
        raise RefusalError("both inputs are constants", "Build the network without that layer")
    made = {**named, "inputs": ids, "output": operator.outputs[0], **bounds}
    if operator.op == "MUL":
        return Mul(**made, **fields)
    limits = (bounds["act_min"], bounds["act_max"])
    linear = best_linear_form(table, values, y, fields["sign"], limits)
    return Add(**made, table=table, linear=linear, exact=fields)


def _with_number(
    named: dict, ids: tuple[int, ...], number: int, y_id: int, table: np.ndarray, q: int
) -> Op:
    """One input is a single constant number: what is left is a function of the other."""
    position = ids.index(number)
    other = ids[1 - position]
    if other == number:
        raise RefusalError("both inputs are constants", "Build the network without that layer")
    return Lookup(**named, inputs=(other,), output=y_id, table=table.take(q + 128, axis=position))


def _sum(operator: Operator, values: list[Value], y: Value) -> tuple[np.ndarray, dict]:
    """The sum of each pair of int8 before the activation, and the parameters of AddExact.h."""
    sign = -1 if operator.op == "SUB" else 1
    scales = (values[0].scale, values[1].scale, y.scale)
    zero_points = (values[0].zero_point, values[1].zero_point, y.zero_point)
    try:
        table, exact = arithmetic.sum_table(scales, zero_points, sign)
    except ValueError as error:
        raise RefusalError(f"its scales do not fit each other ({error})", CONVERT) from None
    zeros = dict(zip(("zeroA", "zeroB", "zeroOut"), zero_points, strict=True))
    return table, {**exact, **zeros, "sign": sign}


def _product(operator: Operator, values: list[Value], y: Value) -> tuple[np.ndarray, dict]:
    """The product of each pair of int8 before the activation, and the fields of Mul."""
    multiplier, shift = factor_of(values[0].scale * values[1].scale / y.scale)
    zero_points = (values[0].zero_point, values[1].zero_point, y.zero_point)
    a, b = (arithmetic.INT8 - zero_point for zero_point in zero_points[:2])
    table = arithmetic.multiply(a[:, None] * b[None, :], multiplier, shift) + y.zero_point
    return table, {"multiplier": multiplier, "shift": shift, "zero_points": zero_points}


def unary(make_table: Callable[[Operator, Value, Value], np.ndarray]):
    """A reader of an operator that maps each int8 to another, by its table."""

    def read(reader: Reader, operator: Operator, named: dict) -> Op:
        x, y = reader.one_to_one(operator)
        if x.size != y.size:
            raise RefusalError(f"shapes {x.shape} -> {y.shape}", DAMAGED)
        try:
            table = make_table(operator, x, y)
        except ValueError as error:
            raise RefusalError(f"its scales do not fit each other ({error})", CONVERT) from None
        return Lookup(**named, **one_input(operator), table=table)

    return read


def logistic(operator: Operator, x: Value, y: Value) -> np.ndarray:
    if y.zero_point != -128:
        raise RefusalError(f"an output zero point of {y.zero_point}, expected -128", CONVERT)
    return arithmetic.logistic_table(x.scale, x.zero_point)


def relu(operator: Operator, x: Value, y: Value) -> np.ndarray:
    low = max(-128, y.zero_point)
    return arithmetic.requantized_table(x.scale / y.scale, (x.zero_point, y.zero_point), low)


def relu6(operator: Operator, x: Value, y: Value) -> np.ndarray:
    # As in TensorFlow Lite Micro: input and output are taken to have the same scale.
    return np.clip(arithmetic.INT8, x.zero_point, min(127, quantized(6, x))).astype(np.int8)


def quantize(operator: Operator, x: Value, y: Value) -> np.ndarray:
    return arithmetic.requantized_table(x.scale / y.scale, (x.zero_point, y.zero_point))


def tanh(operator: Operator, x: Value, y: Value) -> np.ndarray:
    return arithmetic.tanh_table(x.scale, x.zero_point)


def hard_swish(operator: Operator, x: Value, y: Value) -> np.ndarray:
    return arithmetic.hard_swish_table(x.scale, y.scale, (x.zero_point, y.zero_point))


def leaky_relu(operator: Operator, x: Value, y: Value) -> np.ndarray:
    alpha = operator.options["alpha"]
    return arithmetic.leaky_relu_table(x.scale, y.scale, alpha, (x.zero_point, y.zero_point))


def softmax(reader: Reader, operator: Operator, named: dict) -> Op:
    x, y = reader.one_to_one(operator)
    if x.shape != y.shape or not x.shape or len(x.shape) > 4:
        raise RefusalError(f"shapes {x.shape} -> {y.shape}", DAMAGED)
    if x.channels > _MAX_CLASSES:
        raise RefusalError(f"{x.channels:,} classes", f"Use at most {_MAX_CLASSES:,}")
    if (y.scale, y.zero_point) != (1 / 256, -128):
        raise RefusalError(f"an output scale of {y.scale:g}, expected 1/256", CONVERT)
    try:
        table = arithmetic.softmax_exponentials(x.scale, operator.options["beta"])
    except ValueError as error:
        raise RefusalError(f"its scales do not fit ({error})", CONVERT) from None
    return Softmax(**named, **one_input(operator), exponentials=table)
