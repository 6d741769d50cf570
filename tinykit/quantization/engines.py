"""The two interpreters that the host check compares, behind one method: `run`."""

import os
import re
import sys
import threading
import warnings
from functools import lru_cache
from typing import Any

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.common.quiet import captured_output

_LARGEST_ARENA = 1 << 28


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
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._lock = threading.Lock()

    def run(self, q: np.ndarray) -> np.ndarray:
        """Outputs int8 (n, ...) of inputs int8 (n, ...), one inference at a time."""
        with self._lock:
            return np.concatenate([self._invoke(x[None]) for x in q]) if len(q) else self._none()

    def _invoke(self, x: np.ndarray) -> np.ndarray:
        self._interpreter.set_tensor(self._input, x)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)

    def _none(self) -> np.ndarray:
        shape = self._interpreter.get_output_details()[0]["shape"]
        return np.empty((0, *shape[1:]), np.int8)


class TflmEngine:
    """TensorFlow Lite Micro, the interpreter that runs on the board (package tflite-micro)."""

    def __init__(self, tflite: bytes, arena_size: int | None = None) -> None:
        from tflite_micro import runtime

        self.version = f"tflite-micro {_version_of('tflite_micro')}"
        self._interpreter = None
        size = arena_size or max(1 << 20, 2 * len(tflite))
        while self._interpreter is None:
            try:
                self._interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=size)
            except RuntimeError:
                if arena_size or size >= _LARGEST_ARENA:
                    raise
                size *= 16

    def run(self, q: np.ndarray) -> np.ndarray:
        """Outputs int8 (n, ...) of inputs int8 (n, ...), one inference at a time."""
        outputs = []
        for x in q:
            self._interpreter.set_input(x[None], 0)
            self._interpreter.invoke()
            outputs.append(self._interpreter.get_output(0).copy())
        return np.concatenate(outputs)

    def allocations(self) -> dict[str, int]:
        """Bytes that TFLM placed in the arena: "total", "head" (activations, scratch), "tail"
        (what lasts). Empty should TFLM change its wording: it only prints them, from C++."""
        with captured_output() as log:
            self._interpreter.print_allocations()
            log.seek(0)
            text = log.read()
        found = re.findall(r"Arena allocation (total|head|tail) (\d+)", text)
        return {key: int(value) for key, value in found}


@lru_cache(maxsize=4)
def cached_reference(tflite: bytes) -> ReferenceEngine:
    """The reference engine of a model, made once; safe to use from several threads."""
    return ReferenceEngine(tflite)


def _reference_interpreter(tflite: bytes) -> tuple[Any, str]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tf.lite.Interpreter announces its move on every use
        interpreter, resolver, version = _reference_package()
        made = interpreter(
            model_content=tflite,
            experimental_op_resolver_type=resolver.BUILTIN_REF,
            num_threads=1,
        )
    return made, version


def _reference_package() -> tuple[Any, Any, str]:
    """Interpreter class, OpResolverType and version; see `ReferenceEngine` for the order."""
    # After TensorFlow in one process, tflite_runtime fails with "vector::reserve".
    if "tensorflow" not in sys.modules:
        try:
            from tflite_runtime.interpreter import Interpreter, OpResolverType

            return Interpreter, OpResolverType, f"tflite-runtime {_version_of('tflite_runtime')}"
        except (ImportError, AttributeError):  # AttributeError: made for NumPy 1, found NumPy 2
            pass
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        return Interpreter, OpResolverType, f"ai-edge-litert {_version_of('ai_edge_litert')}"
    except ImportError:
        pass
    try:
        import tensorflow as tf
    except ImportError:
        raise TinykitError(
            "There is no TensorFlow Lite interpreter in this environment. "
            "Run python3 kit.py doctor; it says how to mend the installation."
        ) from None
    kinds = tf.lite.experimental.OpResolverType
    return tf.lite.Interpreter, kinds, f"tensorflow {tf.__version__}"


def _version_of(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"
