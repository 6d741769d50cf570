"""What each kind of layer needs of the rows that were there before, and how many rows it makes.

Activations are (1, rows, columns, channels): one row a frame. In the streaming form a layer is
given the `new` rows of its input in every step. Rows stay aligned at their newer end, because no
layer pads along time: the last row of each layer has seen the last frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tinykit.quantization.tflite.file import Operator, TfliteFile


class RefusedError(Exception):
    """Why a layer cannot stream, and what to do; whoever catches it adds the layer's name."""


@dataclass(frozen=True)
class Need:
    """What a layer needs in every step.

    Attributes:
        kept: rows of earlier steps that it needs before the new ones.
        made: rows that it makes; 0 when it looks at all of time, and its output has none.
    """

    kept: int
    made: int


#: New rows of the layer's input -> what it needs.
_Rule = Callable[[TfliteFile, Operator, int], Need]


def need(file: TfliteFile, operator: Operator, new: Mapping[int, int]) -> Need:
    """What a layer needs, of which at least one input has rows.

    Args:
        file: the network as it is, with whole windows.
        operator: the layer.
        new: the rows a step of each activation that has time, by tensor.

    Raises RefusedError when it cannot stream.
    """
    rule = _RULES.get(operator.op)
    if rule is None:
        raise RefusedError(
            "it is not known what it does with time. Build the network from convolutions, pooling, "
            "ReLU and dense layers"
        )
    activations = [i for i in operator.inputs if i >= 0 and file.tensors[i].data is None]
    rows = {new.get(i, 0) for i in activations}
    if len(rows) > 1:
        raise RefusedError(
            "it joins what is known of all frames with single frames. Build the network without it"
        )
    return rule(file, operator, rows.pop())


def _convolution(file: TfliteFile, operator: Operator, new: int) -> Need:
    height = file.tensors[operator.inputs[1]].shape[1]
    return _window(file, operator, new, (height - 1) * operator.options["dilation_height"] + 1)


def _pooling(file: TfliteFile, operator: Operator, new: int) -> Need:
    return _window(file, operator, new, operator.options["filter_height"])


def _window(file: TfliteFile, operator: Operator, new: int, reach: int) -> Need:
    """A window of `reach` rows that moves on by the stride."""
    rows, stride = file.tensors[operator.inputs[0]].shape[1], operator.options["stride_height"]
    made = file.tensors[operator.outputs[0]].shape[1]
    if made != (rows - reach) // stride + 1:
        raise RefusedError('it pads along time. Use padding="valid" there')
    if made == 1 and reach == rows:
        return Need(rows - new, 0)  # it looks at all of them
    if (rows - reach) % stride:
        raise RefusedError(
            f"its steps of {stride} rows leave out the last row. Choose another kernel or stride"
        )
    if new % stride:
        raise RefusedError(
            f"it moves on by {stride} rows, and {new} new ones come at a time. Give it "
            "stride 1 along time, or the network more frames at a time"
        )
    if reach < stride:
        raise RefusedError(f"its steps of {stride} rows leave rows out. Use a stride of {reach}")
    return Need(reach - stride, new // stride)


def _each_row(file: TfliteFile, operator: Operator, new: int) -> Need:
    """Each row for itself; constants must be the same for every row."""
    y = file.tensors[operator.outputs[0]].shape
    for index in operator.inputs:
        shape = file.tensors[index].shape
        is_constant = file.tensors[index].data is not None
        if is_constant and len(shape) >= len(y) - 1 and shape[len(shape) - len(y) + 1] > 1:
            raise RefusedError("it treats each frame of a window differently. Leave it out")
    return Need(0, new)


def _softmax(file: TfliteFile, operator: Operator, new: int) -> Need:
    if len(file.tensors[operator.inputs[0]].shape) < 3:  # (1, rows): one softmax over time
        return _all_rows(file, operator, new)
    return Need(0, new)


def _all_rows(file: TfliteFile, operator: Operator, new: int) -> Need:
    return Need(file.tensors[operator.inputs[0]].shape[1] - new, 0)


def _dense(file: TfliteFile, operator: Operator, new: int) -> Need:
    """Each row by itself, or one answer to all of them."""
    x, y = (file.tensors[i].shape for i in (operator.inputs[0], operator.outputs[0]))
    return Need(0, new) if x[:-1] == y[:-1] else _all_rows(file, operator, new)


def _mean(file: TfliteFile, operator: Operator, new: int) -> Need:
    x = file.tensors[operator.inputs[0]].shape
    axes = file.tensors[operator.inputs[1]]
    if axes.data is None:
        raise RefusedError("what it averages over is computed. Make it constant")
    over = {int(axis) % len(x) for axis in axes.array().ravel()}
    return _all_rows(file, operator, new) if 1 in over else Need(0, new)


def _reshape(file: TfliteFile, operator: Operator, new: int) -> Need:
    """Rows stay rows, or all of them are put into one."""
    x, y = (file.tensors[i].shape for i in (operator.inputs[0], operator.outputs[0]))
    if x[:2] == y[:2] and math.prod(x[2:]) == math.prod(y[2:]):
        return Need(0, new)
    return _all_rows(file, operator, new)


def _concatenation(file: TfliteFile, operator: Operator, new: int) -> Need:
    axis = operator.options["axis"] % len(file.tensors[operator.outputs[0]].shape)
    if axis == 1:
        raise RefusedError("it joins rows along time. Join channels instead")
    return _each_row(file, operator, new)


_RULES: dict[str, _Rule] = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), _convolution),
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D"), _pooling),
    **dict.fromkeys(("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"), _each_row),
    **dict.fromkeys(("RELU", "RELU6", "LEAKY_RELU", "HARD_SWISH", "LOGISTIC", "TANH"), _each_row),
    "QUANTIZE": _each_row,
    "CONCATENATION": _concatenation,
    "SOFTMAX": _softmax,
    "FULLY_CONNECTED": _dense,
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX"), _mean),
    **dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), _reshape),
}
