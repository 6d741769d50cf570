"""Layers that make one value of many: MEAN, SUM, REDUCE_MAX, REDUCE_MIN over any axes."""

import math

import numpy as np

from tinykit.compiler.graph import Extremes, Mean, Op, Value
from tinykit.compiler.reading.moves import moved
from tinykit.compiler.reading.reader import CONVERT, DAMAGED, Reader, RefusalError, factor_of
from tinykit.quantization.tflite.file import Operator


def mean(reader: Reader, operator: Operator, named: dict) -> tuple[Op, ...]:
    """MEAN and SUM."""
    x, y = reader.one_to_one(operator)
    before, source, rows, count = _reduced(reader, operator, named, x, y)
    multiplier, shift = factor_of(x.scale / y.scale)
    if operator.op == "MEAN":
        # As TensorFlow Lite does: the division by the count becomes part of the multiplier.
        digits = min(count.bit_length() - 1, 32, 31 + shift)
        multiplier, shift = (multiplier << digits) // count, shift - digits
    op = Mean(
        **named,
        inputs=(source,),
        output=operator.outputs[0],
        multiplier=multiplier,
        shift=shift,
        input_zero_point=x.zero_point,
        output_zero_point=y.zero_point,
        rows=rows,
        count=count,
    )
    return (*before, op)


def extremes(reader: Reader, operator: Operator, named: dict) -> tuple[Op, ...]:
    """REDUCE_MAX and REDUCE_MIN."""
    x, y = reader.one_to_one(operator)
    if (x.scale, x.zero_point) != (y.scale, y.zero_point):
        raise RefusalError("an input and an output of different scales or zero points", CONVERT)
    before, source, rows, count = _reduced(reader, operator, named, x, y)
    made = {**named, "inputs": (source,), "output": operator.outputs[0]}
    return (*before, Extremes(**made, rows=rows, count=count))


def _reduced(
    reader: Reader, operator: Operator, named: dict, x: Value, y: Value
) -> tuple[list[Op], int, int, int]:
    """Operators that bring the axes together, the value to reduce, and (rows, count) of it.

    What is reduced is the middle of (rows, count, channels).
    """
    rank = len(x.shape)
    axes = reader.whole_numbers(operator, 1, "axes").reshape(-1).tolist()
    if not all(-rank <= axis < rank for axis in axes):
        raise RefusalError(f"axes {axes} of a tensor of shape {x.shape}", DAMAGED)
    axes = {axis % rank for axis in axes if x.shape[axis] > 1}
    count = math.prod(x.shape[axis] for axis in axes)
    if y.size != x.size // count:
        raise RefusalError(f"shapes {x.shape} -> {y.shape} do not fit its axes", DAMAGED)
    first, last = (min(axes), max(axes) + 1) if axes else (0, 0)
    if len(axes) == last - first - sum(size == 1 for size in x.shape[first:last]):
        return [], operator.inputs[0], math.prod(x.shape[:first]), count
    # They are no neighbours: they become the first ones.
    order = [*sorted(axes), *(axis for axis in range(rank) if axis not in axes)]
    numbers = np.arange(x.size, dtype=np.int32).reshape(x.shape).transpose(order)
    gathered = reader.inner(Value(numbers.shape, x.scale, x.zero_point))
    order_named = {"name": f"{named['name']}_order", "kind": "TRANSPOSE"}
    move = moved(order_named, operator.inputs[0], gathered, numbers, x.size)
    return [move], gathered, 1, count
