"""Layers that look at one value, or at one row of values: ReLU, TANH, SOFTMAX, ..."""

from collections.abc import Callable

import numpy as np

from tinykit.compiler import arithmetic
from tinykit.compiler.graph import LogSoftmax, Lookup, Normalize, Op, Softmax, Value
from tinykit.compiler.reading.reader import (
    CONVERT,
    DAMAGED,
    Reader,
    RefusalError,
    one_input,
    quantized,
)
from tinykit.quantization.tflite.ends import End
from tinykit.quantization.tflite.file import Operator, Quantization
from tinykit.quantization.tflite.float_moves import IN_FLOAT

_MAX_CLASSES = 4096  # of a softmax: as many exponentials of 1 fit in the sum
_LONGEST_ROW = 1 << 15  # whose squares' sum fits 32 bits


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


def elu(operator: Operator, x: Value, y: Value) -> np.ndarray:
    return arithmetic.elu_table(x.scale, y.scale, (x.zero_point, y.zero_point))


def absolute(operator: Operator, x: Value, y: Value) -> np.ndarray:
    return arithmetic.absolute_table(x.scale, y.scale, (x.zero_point, y.zero_point))


def rsqrt(operator: Operator, x: Value, y: Value) -> np.ndarray:
    if x.zero_point != -128:  # TensorFlow Lite Micro stops at a value below 0
        raise RefusalError("an input that may be below 0", "Give it the output of a ReLU or square")
    return arithmetic.rsqrt_table(x.scale, y.scale, y.zero_point)


def quantize(operator: Operator, x: Value, y: Value) -> np.ndarray:
    if operator.options.get(IN_FLOAT):
        source, target = (
            End("float32", Quantization((v.scale,), (v.zero_point,), 0)) for v in (x, y)
        )
        return target.inside(source.outside(arithmetic.INT8))
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


def log_softmax(reader: Reader, operator: Operator, named: dict) -> Op:
    x, y = reader.one_to_one(operator)
    if x.shape != y.shape or not x.shape:
        raise RefusalError(f"shapes {x.shape} -> {y.shape}", DAMAGED)
    if x.channels >= _MAX_CLASSES:
        raise RefusalError(f"{x.channels:,} classes", f"Use fewer than {_MAX_CLASSES:,}")
    if (y.scale, y.zero_point) != (1 / 16, 127):
        raise RefusalError(f"an output scale of {y.scale:g}, expected 1/16", CONVERT)
    try:
        table = arithmetic.softmax_exponentials(x.scale, 1.0)
        scaling = arithmetic.log_softmax_scaling(x.scale)
    except ValueError as error:
        raise RefusalError(f"its scales do not fit ({error})", CONVERT) from None
    return LogSoftmax(**named, **one_input(operator), exponentials=table, scaling=scaling)


def normalize(reader: Reader, operator: Operator, named: dict) -> Op:
    """L2_NORMALIZATION."""
    x, y = reader.one_to_one(operator)
    if x.shape != y.shape or not 1 <= len(x.shape) <= 4:
        raise RefusalError(f"shapes {x.shape} -> {y.shape}", DAMAGED)
    if operator.options["activation"] != "NONE":
        raise RefusalError("a fused activation", "Use a layer of its own")
    if (y.scale, y.zero_point) != (1 / 128, 0):
        raise RefusalError(f"an output scale of {y.scale:g}, expected 1/128", CONVERT)
    if x.channels > _LONGEST_ROW:
        raise RefusalError(f"{x.channels:,} values in a row", f"Use at most {_LONGEST_ROW:,}")
    return Normalize(**named, **one_input(operator), input_zero_point=x.zero_point)
