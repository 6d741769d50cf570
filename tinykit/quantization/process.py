"""Starting workers, and telling what became of them in one sentence."""

import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import tinykit.quantization.tflite as tflite_file
from tinykit.common.errors import TinykitError

_MACS_PER_SECOND = 2e7  # a hundredth of what an ordinary laptop does: slow is not hanging
_START_SECONDS = 120.0
_NAMES = {"tflm": "TensorFlow Lite Micro", "litert": "TensorFlow Lite"}


@dataclass(frozen=True)
class Result:
    """What a worker computed.

    Attributes:
        outputs: int8, (n, *output_shape).
        version: of the engine, "package version".
        seconds: for all inferences, without start-up.
        arena_bytes: TFLM only: the smallest arena that works.
        arena: TFLM only: what it says it placed there, see `TflmEngine.allocations`.
    """

    outputs: np.ndarray
    version: str
    seconds: float
    arena_bytes: int | None = None
    arena: dict[str, int] = field(default_factory=dict)


def tflm_missing() -> str:
    """Why TensorFlow Lite Micro cannot run on this system, and what to do; "" where it can.

    Raises TinykitError where it could, but is not installed: that is to be mended, not reported.
    """
    if importlib.util.find_spec("tflite_micro") is not None:
        return ""
    system, machine = platform.system(), platform.machine()
    if (system, machine) == ("Linux", "x86_64"):
        raise TinykitError(
            "TensorFlow Lite Micro (tflite-micro) is not installed. "
            "Run python3 kit.py doctor; it says how to mend the installation."
        )
    name = {"Darwin": "macOS", "Linux": f"Linux on {machine}"}.get(system, system)
    has_wsl = (system, machine) == ("Windows", "AMD64")
    where = "in WSL or on Binder" if has_wsl else "on Binder"
    return f"tflite-micro has no package for {name}. Open the kit {where} to run it"


def run(tflite: bytes, q: np.ndarray, engine: str, timeout: float | None = None) -> Result:
    """Outputs of a model for int8 inputs (n, *input_shape) under one engine.

    Raises TinykitError; see `run_engines`.
    """
    return run_engines({engine: tflite}, q, timeout)[engine]


def run_engines(
    models: Mapping[str, bytes], q: np.ndarray, timeout: float | None = None
) -> dict[str, Result]:
    """Run several engines on the same inputs, side by side, each in a process of its own.

    Args:
        models: engine ("tflm", "litert") -> the .tflite file's bytes it runs.
        q: int8 inputs, (n, *input_shape), n at least 1.
        timeout: seconds after which a worker is ended; default what a slow machine would need.

    Raises TinykitError when an engine is not installed, lacks an operator, crashes or hangs.
    """
    if "tflm" in models and (missing := tflm_missing()):
        raise TinykitError(f"{missing}, or use engine litert.")
    with ExitStack() as stack:
        workers = [
            stack.enter_context(_Worker(engine, tflite, q, timeout))
            for engine, tflite in models.items()
        ]
        return {worker.engine: worker.result() for worker in workers}


class _Worker:
    """One worker process and its folder; both are gone after the `with` block."""

    def __init__(self, engine: str, tflite: bytes, q: np.ndarray, timeout: float | None) -> None:
        self.engine, self._tflite, self._q = engine, tflite, q
        self._timeout = timeout or _patience(tflite, len(q))
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "_Worker":
        self._temporary = tempfile.TemporaryDirectory(prefix="tinykit-", ignore_cleanup_errors=True)
        self._job = Path(self._temporary.name)
        try:
            self._start()
        except OSError as error:
            self._temporary.cleanup()
            raise TinykitError(
                f"The check could not be started ({error.strerror or error}). "
                f"Look whether {tempfile.gettempdir()} has space left."
            ) from error
        return self

    def _start(self) -> None:
        (self._job / "model.tflite").write_bytes(self._tflite)
        np.save(self._job / "inputs.npy", np.ascontiguousarray(self._q), allow_pickle=False)
        paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
        with (self._job / "stderr.txt").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tinykit.quantization.worker", str(self._job), self.engine],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            )

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:  # hanging, or the student pressed Ctrl-C
            self._process.kill()
            self._process.wait()
        self._temporary.cleanup()

    def result(self) -> Result:
        """Wait for the worker. Raises TinykitError when it failed, crashed or took too long."""
        try:
            code = self._process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            raise TinykitError(
                f"{_NAMES[self.engine]} was still busy with the model after {self._timeout:.0f} s "
                "and was stopped. Check fewer samples, or a smaller model."
            ) from None
        log = (self._job / "stderr.txt").read_text(encoding="utf-8", errors="replace")
        if code != 0:
            raise TinykitError(_explained(self.engine, code, log))
        result = json.loads((self._job / "result.json").read_text(encoding="utf-8"))
        outputs = np.load(self._job / "outputs.npy", allow_pickle=False)
        return Result(outputs=outputs, **result)


def _patience(tflite: bytes, n: int) -> float:
    return _START_SECONDS + n * tflite_file.read(tflite).macs / _MACS_PER_SECOND


def _explained(engine: str, code: int, log: str) -> str:
    """Why a worker failed, in a sentence for the student."""
    name = _NAMES[engine]
    missing = re.search(r"Didn't find op for builtin opcode '(\w+)'(?: version '(\d+)')?", log)
    if missing:
        version = f" (version {missing[2]})" if missing[2] else ""
        return (
            f"{name} has no operator {missing[1]}{version}, which the model uses. "
            "Build the network without that layer."
        )
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    last = lines[-1][:200] if lines else "no message"
    if "No space left" in last:
        return f"The disk is full ({tempfile.gettempdir()}). Free some space and try again."
    if code < 0 or code > 255:  # ended by a signal; on Windows by an exception code
        return f"{name} crashed on the model (code {code}). Convert the model again."
    return f"{name} could not run the model ({last}). Convert the model again."
