"""SPACE_TO_BATCH_ND, convolution, BATCH_TO_SPACE_ND: one convolution with a dilation.

That is how TensorFlow writes dilated convolutions: every second row and column of the image becomes
an image of its own, the convolution runs over all of them, and the results are put together again.
Where TensorFlow's converter leaves it so, it is made one layer here, with the padding in front.
"""

from dataclasses import replace

import numpy as np

from tinykit.quantization.tflite.file import Operator, Tensor, TfliteFile

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_SHAPES = ("RESHAPE", "EXPAND_DIMS", "SQUEEZE")
_MOST_PADDING = 1 << 12


class _OtherPatternError(Exception):
    """The layers stay as they are."""


def fold_dilations(file: TfliteFile) -> TfliteFile:
    """The same network with dilated convolutions as one layer each."""
    for operator in file.operators:
        if operator.op == "SPACE_TO_BATCH_ND":
            try:
                file = _folded(file, operator)
            except (_OtherPatternError, ValueError, IndexError):
                continue
    return file


def _folded(file: TfliteFile, first: Operator) -> TfliteFile:
    chain = [first]
    while chain[-1].op != "BATCH_TO_SPACE_ND":
        chain.append(_only_reader(file, chain[-1]))
    conv = _middle(chain)
    tensors, last = file.tensors, chain[-1]
    x, y = tensors[first.inputs[0]], tensors[last.outputs[0]]
    inner, result = tensors[conv.inputs[0]], tensors[conv.outputs[0]]
    blocks, before, _ = _geometry(file, first, inner)
    again, cut, _ = _geometry(file, last, result)
    if blocks != again or x.shape[:1] != (1,) or y.shape[:1] != (1,):
        raise _OtherPatternError
    kernel = tensors[conv.inputs[1]].shape[1:3]
    out = y.shape[1:3] if len(y.shape) == 4 else _spread(y.shape[1], result, 1)
    size = x.shape[1:3] if len(x.shape) == 4 else _spread(x.shape[1], inner, 1)
    padding = []
    for i in (0, 1):
        front = before[i] - cut[i]
        behind = out[i] + (kernel[i] - 1) * blocks[i] - size[i] - front
        if not 0 <= front <= _MOST_PADDING or not 0 <= behind <= _MOST_PADDING:
            raise _OtherPatternError
        padding.append((front, behind))
    made = _Made(file)
    source = made.reshaped(first, first.inputs[0], (1, *size, inner.shape[3]))
    source = made.padded(first, source, padding)
    target = last.outputs[0]
    if len(y.shape) != 4:
        target = made.tensor(y, (1, *out, result.shape[3]))
    options = {**conv.options, "dilation_height": blocks[0], "dilation_width": blocks[1]}
    inputs = (source, *conv.inputs[1:])
    made.operators.append(replace(conv, inputs=inputs, outputs=(target,), options=options))
    made.reshaped(last, target, y.shape, last.outputs[0])
    operators: list[Operator] = []
    for each in file.operators:
        operators += made.operators if each is last else [each] * (each not in chain)
    return replace(file, tensors=tuple(made.tensors), operators=tuple(operators))


def _only_reader(file: TfliteFile, operator: Operator) -> Operator:
    [made] = operator.outputs
    [reader] = [each for each in file.operators if made in each.inputs]
    if made in file.outputs or reader.inputs[0] != made:
        raise _OtherPatternError
    if reader.op not in (*_CONVOLUTIONS, *_SHAPES, "BATCH_TO_SPACE_ND"):
        raise _OtherPatternError
    return reader


def _middle(chain: list[Operator]) -> Operator:
    """The chain's convolution, over every place of each image."""
    [conv] = [each for each in chain if each.op in _CONVOLUTIONS]
    names = ("stride_height", "stride_width", "dilation_height", "dilation_width")
    if conv.options["padding"] != "VALID" or {conv.options[name] for name in names} != {1}:
        raise _OtherPatternError
    return conv


def _geometry(
    file: TfliteFile, operator: Operator, image: Tensor
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """(rows, columns) of the blocks, and of the padding or crops before and after.

    Of three dimensions, the middle one is the rows or the columns of `image`.
    """
    blocks, sides = (file.tensors[i].array().astype(int) for i in operator.inputs[1:])
    blocks, sides = blocks.reshape(-1).tolist(), sides.reshape(-1, 2).tolist()
    if len(image.shape) != 4 or len(blocks) != len(sides) or min(blocks) < 1:
        raise _OtherPatternError
    if len(blocks) == 1:
        pairs = [_spread(blocks[0], image, 1)]
        pairs += [_spread(side, image, 0) for side in sides[0]]
        return tuple(pairs)
    return (tuple(blocks), *(tuple(side) for side in zip(*sides, strict=True)))


def _spread(number: int, image: Tensor, other: int) -> tuple[int, int]:
    """A number along the one side of an image that is longer than 1; `other`: of the other side."""
    if image.shape[1] == 1:
        return other, number
    if image.shape[2] == 1:
        return number, other
    raise _OtherPatternError


class _Made:
    """New tensors and operators."""

    def __init__(self, file: TfliteFile) -> None:
        self.tensors, self.operators = list(file.tensors), []

    def tensor(self, like: Tensor, shape: tuple[int, ...]) -> int:
        self.tensors.append(replace(like, shape=shape, shape_signature=(), data=None))
        return len(self.tensors) - 1

    def reshaped(
        self, operator: Operator, source: int, shape: tuple[int, ...], target: int | None = None
    ) -> int:
        """A RESHAPE, named after an operator, where the shape is another one."""
        if self.tensors[source].shape == shape:
            return source
        if target is None:
            target = self.tensor(self.tensors[source], shape)
        name = f"{operator.name}_shape"
        self.operators.append(Operator(name, "RESHAPE", (source,), (target,)))
        return target

    def padded(self, operator: Operator, source: int, padding: list[tuple[int, int]]) -> int:
        """A PAD of (rows, columns), named after an operator, where there is any."""
        if not np.any(padding):
            return source
        numbers = np.array([(0, 0), *padding, (0, 0)], np.int32)
        quantization = self.tensors[operator.outputs[0]].quantization
        before = self.tensors[source]
        shape = tuple(int(n) for n in numbers.sum(axis=1) + before.shape)
        target = self.tensor(replace(before, quantization=quantization), shape)
        self.tensors.append(
            Tensor("paddings", (4, 2), (), "int32", None, numbers.astype("<i4").tobytes())
        )
        inputs = (source, len(self.tensors) - 1)
        self.operators.append(Operator(f"{operator.name}_pad", "PAD", inputs, (target,)))
        return target
