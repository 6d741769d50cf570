"""The two interpreters that the host check compares, behind one method: `run`."""

import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

import tinykit.quantization.tflite as tflite_file
from tinykit.common.errors import TinykitError
from tinykit.common.quiet import captured_output
from tinykit.quantization.tflite.axes import with_sound_axes

_LARGEST_ARENA = 1 << 28


class Engine(Protocol):
    """Anything that can run a model: `tk.VirtualBoard` is one."""

    def infer(self, tflite: bytes, q: np.ndarray) -> np.ndarray:
        """Outputs int8 (n, *output shape) of inputs int8 (n, *input shape)."""


class ReferenceEngine:
    """TensorFlow Lite with its reference kernels (`OpResolverType.BUILTIN_REF`).

    Its optimized kernels round differently and are no yardstick. Of three packages with the same
    interpreter the first that is there is taken:

    1. tflite_runtime (Linux, Python up to 3.11), which starts in 0.1 s. It rounds as TFLM does.
    2. ai_edge_litert, its successor.
    3. tensorflow.

    Since TensorFlow 2.20, the latter two compute the output scale of FULLY_CONNECTED in floating
    point, so a value may be one step away from TFLM's; all other layers agree
    (https://github.com/tensorflow/tensorflow/issues/119412).
    """

    def __init__(self, tflite: bytes) -> None:
        self._interpreter, self.version = _reference_interpreter(tflite)
        self._inputs = self._interpreter.get_input_details()
        self._outputs = self._interpreter.get_output_details()
        self._lock = threading.Lock()

    def run(self, q: np.ndarray) -> np.ndarray:
        """Outputs int8 (n, ...) of inputs int8 (n, ...), one inference at a time."""
        return self.run_all([q])[0]

    def run_all(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The same for any number of inputs and outputs, each (n, ...) and of its own type."""
        with self._lock:
            shapes = [tuple(detail["shape"]) for detail in self._outputs]
            dtypes = [detail["dtype"] for detail in self._outputs]
            return _one_by_one(self._invoke, inputs, shapes, dtypes)

    def _invoke(self, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        for detail, x in zip(self._inputs, values, strict=True):
            self._interpreter.set_tensor(detail["index"], x.reshape(detail["shape"]))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(detail["index"]) for detail in self._outputs]


class TflmEngine:
    """TensorFlow Lite Micro, the interpreter that runs on the board (package tflite-micro).

    `arena_size`: bytes; default more than any board has. Only what is used of it takes memory.
    """

    def __init__(self, tflite: bytes, arena_size: int = _LARGEST_ARENA) -> None:
        from tflite_micro import runtime

        self.version = f"tflite-micro {_version_of('tflite_micro')}"
        self._file = tflite_file.read(tflite)
        self._interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=arena_size)

    def run(self, q: np.ndarray) -> np.ndarray:
        """Outputs int8 (n, ...) of inputs int8 (n, ...), one inference at a time."""
        return self.run_all([q])[0]

    def run_all(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The same for any number of inputs and outputs, each (n, ...) and of its own type."""
        tensors = [self._file.tensors[index] for index in self._file.outputs]
        shapes = [tensor.shape for tensor in tensors]
        return _one_by_one(self._invoke, inputs, shapes, [tensor.dtype for tensor in tensors])

    def _invoke(self, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        for i, (index, x) in enumerate(zip(self._file.inputs, values, strict=True)):
            self._interpreter.set_input(x.reshape(self._file.tensors[index].shape), i)
        self._interpreter.invoke()
        return [self._interpreter.get_output(i).copy() for i in range(len(self._file.outputs))]

    def allocations(self) -> dict[str, int]:
        """Bytes that TFLM placed in the arena: "total", "head" (activations, scratch), "tail"
        (what lasts). Empty should TFLM change its wording: it only prints them, from C++."""
        with captured_output() as log:
            self._interpreter.print_allocations()
            log.seek(0)
            text = log.read()
        found = re.findall(r"Arena allocation (total|head|tail) (\d+)", text)
        return {key: int(value) for key, value in found}


def _one_by_one(
    invoke: Callable[[Sequence[np.ndarray]], list[np.ndarray]],
    inputs: Sequence[np.ndarray],
    shapes: Sequence[tuple[int, ...]],
    dtypes: Sequence[Any],
) -> list[np.ndarray]:
    """`invoke` for each of n inputs in turn; its outputs as (n, ...), without their batch of 1."""
    made = [invoke(values) for values in zip(*inputs, strict=True)]
    inner = [shape[1:] if shape[:1] == (1,) else shape for shape in shapes]
    if not made:
        return [np.empty((0, *shape), dtype) for shape, dtype in zip(inner, dtypes, strict=True)]
    columns = [np.stack(column) for column in zip(*made, strict=True)]
    return [
        column.reshape(len(made), *column.shape[2:]) if column.shape[1:2] == (1,) else column
        for column in columns
    ]


@lru_cache(maxsize=4)
def cached_reference(tflite: bytes) -> ReferenceEngine:
    """The reference engine of a model, made once; safe to use from several threads."""
    return ReferenceEngine(tflite)


def _reference_interpreter(tflite: bytes) -> tuple[Any, str]:
    """An interpreter that is ready to run, and its version.

    A model that is newer than the first package is given to the next one.
    """
    tflite = with_sound_axes(tflite)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    refused = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tf.lite.Interpreter announces its move on every use
        for interpreter, resolver, version in _reference_packages():
            try:
                made = interpreter(
                    model_content=tflite,
                    experimental_op_resolver_type=resolver.BUILTIN_REF,
                    num_threads=1,
                )
                made.allocate_tensors()
                return made, version
            except (RuntimeError, ValueError) as error:
                refused = error
    if refused is not None:
        raise refused
    raise TinykitError(
        "There is no TensorFlow Lite interpreter in this environment. "
        "Run python3 kit.py doctor; it says how to mend the installation."
    )


def _reference_packages() -> Iterator[tuple[Any, Any, str]]:
    """Interpreter class, OpResolverType and version; see `ReferenceEngine` for the order."""
    # After TensorFlow in one process, tflite_runtime fails with "vector::reserve".
    if "tensorflow" not in sys.modules:
        try:
            from tflite_runtime.interpreter import Interpreter, OpResolverType

            yield Interpreter, OpResolverType, f"tflite-runtime {_version_of('tflite_runtime')}"
        except (ImportError, AttributeError):  # AttributeError: made for NumPy 1, found NumPy 2
            pass
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        yield Interpreter, OpResolverType, f"ai-edge-litert {_version_of('ai_edge_litert')}"
    except ImportError:
        pass
    try:
        import tensorflow as tf
    except ImportError:
        return
    yield tf.lite.Interpreter, tf.lite.experimental.OpResolverType, f"tensorflow {tf.__version__}"


def _version_of(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"
