"""Layers with weights: CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, TRANSPOSE_CONV."""

import numpy as np

from tinykit.compiler.graph import (
    Conv,
    Depthwise,
    FullyConnected,
    GroupedConv,
    Op,
    TransposeConv,
    Value,
)
from tinykit.compiler.reading.reader import (
    CONVERT,
    DAMAGED,
    Reader,
    RefusalError,
    activation_bounds,
    factor_of,
    one_input,
    window_geometry,
)
from tinykit.quantization.tflite.file import Operator, Tensor


def _matrix(
    reader: Reader, operator: Operator, axis: int, x: Value, y: Value, bias_at: int = 2
) -> tuple[np.ndarray, dict]:
    """Weights, and what all layers with weights have in common.

    Args:
        axis: of the output channels.
        bias_at: which input of the operator holds the biases.
    """
    tensor = reader.file.tensors[operator.inputs[1]]
    if tensor.data is None:
        raise RefusalError("its weights are computed while it runs", "Make them constant")
    if tensor.dtype not in ("int8", "int4"):
        raise RefusalError(f"weights of type {tensor.dtype}", CONVERT)
    weights = tensor.array()
    bias = _bias(reader, operator, np.moveaxis(weights, axis, 0), bias_at)
    factors = [x.scale * scale / y.scale for scale in _scales(tensor, axis)]
    pairs = [factor_of(factor) for factor in factors] * (len(bias) // len(factors))
    multipliers, shifts = np.array(pairs, np.int32).T
    common = {
        "bias": bias,
        "multipliers": np.ascontiguousarray(multipliers),
        "shifts": np.ascontiguousarray(shifts),
        "input_zero_point": x.zero_point,
        "output_zero_point": y.zero_point,
        "bits": 4 if tensor.dtype == "int4" else 8,
        **activation_bounds(operator, y),
    }
    return weights, common


def _bias(reader: Reader, operator: Operator, weights: np.ndarray, at: int) -> np.ndarray:
    """The biases, int32 (channels,), zeros if there are none. `weights`: (channels, ...)."""
    bias = np.zeros(len(weights), np.int32)
    if len(operator.inputs) > at and operator.inputs[at] >= 0:
        tensor = reader.file.tensors[operator.inputs[at]]
        if tensor.data is None or tensor.dtype != "int32" or tensor.size != len(weights):
            raise RefusalError(f"a bias of type {tensor.dtype} and {tensor.size} values", CONVERT)
        bias = tensor.array().reshape(-1).astype(np.int32)
    # Each input is at most 255 steps away from its zero point.
    reach = 255 * np.abs(weights.reshape(len(weights), -1).astype(np.int64)).sum(axis=1)
    if (reach + np.abs(bias.astype(np.int64)) >= 1 << 31).any():
        raise RefusalError("sums that do not fit 32 bits", CONVERT)
    return bias


def _scales(weights: Tensor, axis: int) -> tuple[float, ...]:
    """One for all output channels, or one for each."""
    quantization = weights.quantization
    if quantization is None or any(quantization.zero_point):
        raise RefusalError("weights without a scale, or with a zero point that is not 0", CONVERT)
    scales = quantization.scale
    if len(scales) > 1 and (len(scales) != weights.shape[axis] or quantization.axis != axis):
        raise RefusalError("weights with scales along another axis than their outputs", CONVERT)
    return scales


def conv(reader: Reader, operator: Operator, named: dict) -> Op:
    x, y = reader.one_to_one(operator)
    weights, common = _matrix(reader, operator, 0, x, y)
    geometry = window_geometry(operator, x, y, weights.shape[1:3], dilated=True)
    made = named | one_input(operator) | common | geometry
    if weights.shape[3] == x.channels:
        return Conv(**made, weights=weights)
    groups = x.channels // weights.shape[3]
    if groups * weights.shape[3] != x.channels or len(weights) % groups:
        raise RefusalError(f"weights of shape {weights.shape} for {x.channels} channels", DAMAGED)
    if weights.shape[3] == 1:  # each group is one channel
        multiplier = len(weights) // groups
        weights = np.ascontiguousarray(np.moveaxis(weights[..., 0], 0, 2))
        return Depthwise(**made, weights=weights, depth_multiplier=multiplier)
    return GroupedConv(**made, weights=weights, groups=groups)


def transpose_conv(reader: Reader, operator: Operator, named: dict) -> Op:
    """Its first input is the output's shape, which the output itself has, too."""
    if len(operator.inputs) < 3 or operator.inputs[2] < 0:
        raise RefusalError(f"{len(operator.inputs)} inputs", DAMAGED)
    source = operator.inputs[2]
    if reader.file.tensors[source].data is not None:
        raise RefusalError("its input is a constant", "Build the network without that layer")
    x, y = reader.value(source), reader.value(operator.outputs[0])
    weights, common = _matrix(reader, operator, 0, x, y, bias_at=3)
    if common["bits"] != 8:
        raise RefusalError("weights of type int4", "Give this layer int8 weights")
    if weights.ndim != 4 or weights.shape[3] != x.channels or len(weights) != y.channels:
        raise RefusalError(f"weights of shape {weights.shape} for {x.shape}", DAMAGED)
    # From output to input it is an ordinary convolution, and padded like one.
    geometry = window_geometry(operator, y, x, weights.shape[1:3], dilated=False)
    ends = {"inputs": (source,), "output": operator.outputs[0]}
    return TransposeConv(**named, **ends, weights=weights, **common, **geometry)


def depthwise(reader: Reader, operator: Operator, named: dict) -> Op:
    x, y = reader.one_to_one(operator)
    weights, common = _matrix(reader, operator, 3, x, y)
    channels = x.channels * operator.options["depth_multiplier"]
    if weights.shape[0] != 1 or weights.shape[3] != channels:
        raise RefusalError(f"weights of shape {weights.shape} for {x.channels} channels", DAMAGED)
    geometry = window_geometry(operator, x, y, weights.shape[1:3], dilated=True)
    return Depthwise(
        **named,
        **one_input(operator),
        weights=weights[0],
        **common,
        **geometry,
        depth_multiplier=weights.shape[3] // x.channels,
    )


def fully_connected(reader: Reader, operator: Operator, named: dict) -> Op:
    x, y = reader.one_to_one(operator)
    if operator.options["weights_format"] != 0:
        raise RefusalError("weights in a shuffled order", CONVERT)
    weights, common = _matrix(reader, operator, 0, x, y)
    if y.size // weights.shape[0] != x.size // weights.shape[1]:
        raise RefusalError(f"shapes {x.shape} -> {y.shape} do not fit its weights", DAMAGED)
    return FullyConnected(**named, **one_input(operator), weights=weights, **common)
