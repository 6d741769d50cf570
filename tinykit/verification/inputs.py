"""Inputs for a check of any .tflite file: random ones, or those of a .npy file."""

from pathlib import Path

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.quantization.tflite import TfliteFile, ends
from tinykit.quantization.tflite.file import inner_shape
from tinykit.quantization.tiny_model import TinyModel

_WIDER = 1.05  # random floats go a little beyond what the network can hold: it must saturate
_LOOKS_UP = ("GATHER", "EMBEDDING_LOOKUP")
_MOST_NUMBERS = 100  # random int32 and int64 are below; no table is that short by mistake


def random_inputs(file: TfliteFile, n: int, seed: int) -> list[np.ndarray]:
    """n random inputs, one array (n, ...) for each input of the network, of its own type.

    Integers of 8 and 16 bits cover their range, floats what the QUANTIZE behind them can hold and a
    little more. Every other input is noise over all of it; the others are noise of all sizes about
    any value, because many networks answer loud noise with one and the same.

    Raises TinykitError for a type that no interpreter takes from Python.
    """
    random = np.random.default_rng(seed)
    return [_random(file, index, n, random) for index in file.inputs]


def _random(file: TfliteFile, index: int, n: int, random: np.random.Generator) -> np.ndarray:
    tensor = file.tensors[index]
    shape = (n, *inner_shape(tensor))
    if tensor.dtype in ("int8", "uint8", "int16", "uint16"):
        limits = np.iinfo(tensor.dtype)
        steps = np.floor(_noise(shape, random) * (limits.max - limits.min + 1)) + limits.min
        return steps.clip(limits.min, limits.max).astype(tensor.dtype)
    if tensor.dtype in ("int32", "int64", "uint32", "uint64"):
        return random.integers(0, _end(file, index), shape).astype(tensor.dtype)
    if tensor.dtype == "bool":
        return random.random(shape) < 0.5
    if tensor.dtype in ("float32", "float64"):
        low, high = _range(file, index)
        return (low + _noise(shape, random) * (high - low)).astype(tensor.dtype)
    raise TinykitError(
        f"An input of type {tensor.dtype} cannot be given to TensorFlow Lite Micro from Python. "
        "Convert the model again with int8 inputs."
    )


def _noise(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Numbers from 0 to 1: (n, ...)."""
    column = (shape[0], *[1] * (len(shape) - 1))
    spread = random.choice([0.02, 0.1, 0.3], column)
    some = np.clip(random.random(column) + spread * random.normal(size=shape), 0, 1)
    is_loud = np.arange(shape[0]).reshape(column) % 2 == 0
    return np.where(is_loud, random.random(shape), some)


def _end(file: TfliteFile, index: int) -> int:
    """Whole numbers of an input are below: where they look up rows of a table, its rows."""
    for operator in file.operators:
        if operator.op in _LOOKS_UP and index in operator.inputs:
            tables = [i for i in operator.inputs if i >= 0 and i != index]
            sizes = [size for i in tables for size in file.tensors[i].shape[:1]]
            return max(1, min([_MOST_NUMBERS, *sizes]))
    return _MOST_NUMBERS


def _range(file: TfliteFile, index: int) -> tuple[float, float]:
    """Least and greatest value of a float input."""
    for operator in file.operators:
        made = file.tensors[operator.outputs[0]] if operator.outputs else None
        if operator.op == "QUANTIZE" and index in operator.inputs and made.quantization:
            limits, zero = np.iinfo(made.dtype), made.quantization.zero_point[0]
            scale = made.quantization.scale[0]
            return tuple(_WIDER * scale * (q - zero) for q in (limits.min, limits.max))
    return 0.0, 1.0


def given_inputs(path: Path, file: TfliteFile, tflite: bytes) -> list[np.ndarray]:
    """The inputs in a .npy file, as `random_inputs` gives them, for a network with one input.

    They may be of the network's own type; for an int8 network, with or without conversions at its
    ends, also int8 or float features. `file` is what `tflite` says. Raises TinykitError when the
    .npy file cannot be read or does not fit.
    """
    if len(file.inputs) != 1:
        raise TinykitError(
            f"{path} holds one input, but the model takes {len(file.inputs)}. "
            "Leave --inputs out; random inputs are taken then."
        )
    sides = ends(file)
    x = array_from(path, inner_shape(file.input))
    if x.dtype == np.dtype(file.input.dtype):
        return [x]
    if sides is None:
        raise TinykitError(f"{path} holds {x.dtype}. Give {file.input.dtype} inputs.")
    if x.dtype == np.int8:
        return [sides[0].outside(x)]
    if not np.issubdtype(x.dtype, np.floating):
        raise TinykitError(f"{path} holds {x.dtype}. Give int8 inputs or float features.")
    if sides[0].dtype == "float32":
        return [x.astype(np.float32)]
    return [sides[0].outside(TinyModel(tflite, labels=[]).quantize(x))]


def array_from(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The array (n, *shape) in a .npy file; a last dimension of 1 may have been left out.

    Raises TinykitError when the file cannot be read or does not fit.
    """
    try:
        # Mapped, not read: a damaged header cannot ask for more memory than the file is long.
        x = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise TinykitError(f"{path} cannot be read ({error.strerror}). Check the path.") from error
    except (ValueError, EOFError, SyntaxError, TypeError, OverflowError):
        x = None
    if not isinstance(x, np.ndarray):
        raise TinykitError(f"{path} is not a .npy file. Write one with numpy.save(file, inputs).")
    if not np.issubdtype(x.dtype, np.number) and x.dtype != bool:
        raise TinykitError(f"{path} holds {x.dtype}. Give int8 inputs or float features.")
    fitting = (shape, shape[:-1] if shape[-1:] == (1,) else shape)
    if x.ndim < 1 or len(x) == 0 or x.shape[1:] not in fitting:
        raise TinykitError(
            f"{path} holds an array of shape {x.shape}, but the model takes (n, "
            f"{', '.join(map(str, shape))}). Save inputs of that shape."
        )
    if not np.isfinite(x).all():
        raise TinykitError(f"{path} holds NaN or infinity. Save inputs that are numbers.")
    return np.array(x).reshape(-1, *shape)
