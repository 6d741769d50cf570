"""Whole numbers that a network computes of shapes, computed here: the batch is 1, shapes are fixed.

A Keras Flatten with a free batch asks SHAPE, takes the batch with STRIDED_SLICE, PACKs it with the
number of features and gives that to RESHAPE. On a board there is nothing to ask: what depends on
constants and on shapes alone is a constant. The layers that computed it are left out.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tinykit.quantization.tflite.file import Operator, Tensor, TfliteFile

_WHOLE = ("int32", "int64")
_MOST_NUMBERS = 4096  # in one constant: shapes and axes are a handful


class _NotFoldedError(Exception):
    """The layer stays; whoever reads its output says what is wrong with that."""


def fold_constants(file: TfliteFile) -> TfliteFile:
    """The same network without the layers that compute whole numbers of shapes and constants."""
    tensors, kept = list(file.tensors), []
    for operator in file.operators:
        try:
            with np.errstate(all="ignore"):
                index, values = _folded(tensors, operator)
        except (_NotFoldedError, ValueError, IndexError):
            kept.append(operator)
        else:
            tensors[index] = replace(tensors[index], data=values.tobytes())
    kept = _needed(tensors, kept, file.outputs)
    if len(kept) == len(file.operators):
        return file
    return replace(file, tensors=tuple(tensors), operators=tuple(kept))


def _needed(
    tensors: list[Tensor], operators: list[Operator], outputs: tuple[int, ...]
) -> list[Operator]:
    """Without the layers that compute whole numbers for nobody but a RESHAPE.

    TensorFlow Lite Micro, too, takes the shape of RESHAPE's output from the file.
    """
    read, kept = set(outputs), []
    for operator in reversed(operators):
        made = [i for i in operator.outputs if i >= 0]
        is_whole = bool(made) and all(tensors[i].dtype in _WHOLE for i in made)
        if is_whole and not read.intersection(made):
            continue
        read.update(operator.inputs[:1] if operator.op == "RESHAPE" else operator.inputs)
        kept.append(operator)
    return kept[::-1]


def _folded(tensors: list[Tensor], operator: Operator) -> tuple[int, np.ndarray]:
    """The output's index and its values; raises when the layer is none of these."""
    fold = _FOLDS.get(operator.op)
    if fold is None or len(operator.outputs) != 1 or operator.outputs[0] < 0:
        raise _NotFoldedError
    index = operator.outputs[0]
    output = tensors[index]
    if output.dtype not in _WHOLE or output.size > _MOST_NUMBERS or output.data is not None:
        raise _NotFoldedError
    given = [tensors[i] for i in operator.inputs if i >= 0]
    if operator.op == "SHAPE":
        if -1 in given[0].shape_signature[1:]:
            raise _NotFoldedError
        values = np.array(given[0].shape)
    else:
        if any(t.data is None or t.dtype not in _WHOLE for t in given):
            raise _NotFoldedError
        values = fold([t.array().astype(np.int64) for t in given], operator.options)
    if values.size != output.size:
        raise _NotFoldedError
    return index, np.ascontiguousarray(values.reshape(output.shape), np.dtype(output.dtype))


def _strided_slice(inputs: list[np.ndarray], options: dict) -> np.ndarray:
    """As NumPy slices; an axis whose shrink bit is set is taken at its begin and goes."""
    x, begin, end, stride = inputs
    if options["ellipsis_mask"] or options["new_axis_mask"] or options["offset"]:
        raise _NotFoldedError
    if 0 in stride:
        raise _NotFoldedError
    places = []
    for i, (first, last, step) in enumerate(
        zip(*(a.reshape(-1).tolist() for a in (begin, end, stride)), strict=True)
    ):
        bit = 1 << i
        if options["shrink_axis_mask"] & bit:
            places.append(first)
        else:
            low = None if options["begin_mask"] & bit else first
            high = None if options["end_mask"] & bit else last
            places.append(slice(low, high, step))
    return np.asarray(x[tuple(places)])


def _pack(inputs: list[np.ndarray], options: dict) -> np.ndarray:
    return np.stack(inputs, axis=options["axis"])


def _concatenation(inputs: list[np.ndarray], options: dict) -> np.ndarray:
    return np.concatenate(inputs, axis=options["axis"])


def _gather(inputs: list[np.ndarray], options: dict) -> np.ndarray:
    if options["batch_dims"]:
        raise _NotFoldedError
    return np.take(inputs[0], inputs[1], axis=options["axis"])


def _slice(inputs: list[np.ndarray], options: dict) -> np.ndarray:
    x, begin, size = inputs
    ends = [b + s if s >= 0 else None for b, s in zip(begin.tolist(), size.tolist(), strict=True)]
    return x[tuple(slice(b, e) for b, e in zip(begin.tolist(), ends, strict=True))]


def _product(inputs: list[np.ndarray], options: dict) -> np.ndarray:
    x, axes = inputs
    return np.asarray(np.prod(x, axis=tuple(axes.reshape(-1).tolist())))


def _two(function: Callable) -> Callable:
    def fold(inputs: list[np.ndarray], options: dict) -> np.ndarray:
        if options.get("activation", "NONE") != "NONE":
            raise _NotFoldedError
        a, b = inputs
        return np.asarray(function(a, b))

    return fold


def _same(inputs: list[np.ndarray], options: dict) -> np.ndarray:
    """CAST, RESHAPE, SQUEEZE, EXPAND_DIMS of whole numbers: the output's own type and shape."""
    return inputs[0]


_FOLDS: dict[str, Callable[[list[np.ndarray], dict], np.ndarray]] = {
    "ADD": _two(np.add),
    "CAST": _same,
    "CONCATENATION": _concatenation,
    "EXPAND_DIMS": _same,
    "GATHER": _gather,
    "MAXIMUM": _two(np.maximum),
    "MINIMUM": _two(np.minimum),
    "MUL": _two(np.multiply),
    "PACK": _pack,
    "REDUCE_PROD": _product,
    "RESHAPE": _same,
    "SHAPE": _same,
    "SLICE": _slice,
    "SQUEEZE": _same,
    "STRIDED_SLICE": _strided_slice,
    "SUB": _two(np.subtract),
}
