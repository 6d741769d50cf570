"""Layers that look at neighbours or change shapes: pooling, PAD, CONCATENATION, RESHAPE."""

from tinykit.compiler.graph import Concatenation, Op, Pad, Pool, Reshape
from tinykit.compiler.reading.moves import pad_with
from tinykit.compiler.reading.reader import (
    CONVERT,
    DAMAGED,
    Reader,
    RefusalError,
    activation_bounds,
    one_input,
    window_geometry,
)
from tinykit.quantization.tflite.file import Operator


def pool(reader: Reader, operator: Operator, named: dict) -> Op:
    x, y = reader.one_to_one(operator)
    window = (operator.options["filter_height"], operator.options["filter_width"])
    geometry = window_geometry(operator, x, y, window, dilated=False)
    if x.shape[3] != y.shape[3]:
        raise RefusalError(f"shapes {x.shape} -> {y.shape}", DAMAGED)
    bounds = activation_bounds(operator, y)
    return Pool(**named, **one_input(operator), filter=window, **geometry, **bounds)


def pad(reader: Reader, operator: Operator, named: dict) -> Op:
    x, y = reader.one_to_one(operator)
    rank = len(x.shape)
    paddings = reader.whole_numbers(operator, 1, "paddings")
    if rank > 4 or paddings.size != 2 * rank or (paddings < 0).any():
        raise RefusalError(f"paddings {paddings.tolist()} of {x.shape}", DAMAGED)
    before, after = ((0,) * (4 - rank) + tuple(side) for side in paddings.reshape(-1, 2).T.tolist())
    shape = (1,) * (4 - rank) + x.shape
    padded = [n + a + b for n, a, b in zip(shape, before, after, strict=True)]
    if padded != list((1,) * (4 - rank) + y.shape):
        raise RefusalError(f"shapes {x.shape} -> {y.shape} do not fit its paddings", DAMAGED)
    fill = pad_with(reader, operator, y)
    return Pad(**named, **one_input(operator), before=before, after=after, fill=fill)


def concatenation(reader: Reader, operator: Operator, named: dict) -> Op:
    if operator.options["activation"] != "NONE" or min(operator.inputs) < 0:
        raise RefusalError("a fused activation", "Use a layer of its own")
    ids = tuple(reader.operand(index) for index in operator.inputs)
    y = reader.value(operator.outputs[0])
    quantizations = {(v.scale, v.zero_point) for v in (y, *(reader.values[i] for i in ids))}
    if len(quantizations) > 1:
        raise RefusalError("inputs of different scales or zero points", CONVERT)
    axis = operator.options["axis"]
    rank = len(y.shape)
    shapes = [reader.values[index].shape for index in ids]
    if not -rank <= axis < rank or any(len(shape) != rank for shape in shapes):
        raise RefusalError(f"axis {axis} of shapes {shapes[:4]}", DAMAGED)
    axis %= rank
    others = {shape[:axis] + shape[axis + 1 :] for shape in [*shapes, y.shape]}
    if len(others) != 1 or sum(shape[axis] for shape in shapes) != y.shape[axis]:
        raise RefusalError(f"shapes {shapes[:4]} -> {y.shape}", DAMAGED)
    return Concatenation(**named, inputs=ids, output=operator.outputs[0], axis=axis)


def reshape(reader: Reader, operator: Operator, named: dict) -> Op:
    x, y = reader.one_to_one(operator)
    if x.size != y.size:
        raise RefusalError(f"shapes {x.shape} -> {y.shape}", DAMAGED)
    return Reshape(**named, **one_input(operator))
