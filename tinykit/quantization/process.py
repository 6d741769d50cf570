"""Starting workers, and telling what became of them in one sentence."""

import importlib.util
import itertools
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
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
        every_output: of each output of the model (n, *output_shape), without the batch of 1.
        version: of the engine, "package version".
        seconds: for all inferences, without start-up.
        arena_bytes: TFLM only: the smallest arena that works.
        arena: TFLM only: what it says it placed there, see `TflmEngine.allocations`.
    """

    every_output: tuple[np.ndarray, ...]
    version: str
    seconds: float
    arena_bytes: int | None = None
    arena: dict[str, int] = field(default_factory=dict)

    @property
    def outputs(self) -> np.ndarray:
        """Of the first output, which for most models is the only one."""
        return self.every_output[0]


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
    models: Mapping[str, bytes],
    q: np.ndarray | Sequence[np.ndarray],
    timeout: float | None = None,
    source: str = "the model",
) -> dict[str, Result]:
    """Run several engines on the same inputs, side by side, each in a process of its own.

    Args:
        models: engine ("tflm", "litert") -> the .tflite file's bytes it runs.
        q: inputs, (n, *input_shape), n at least 1, of the model's type; for a model of several
            inputs one array for each. A model with a state gets them in this order.
        timeout: seconds after which a worker is ended; default what a slow machine would need.
        source: what error messages call the model.

    Raises TinykitError when an engine is not installed, lacks an operator, crashes or hangs.
    """
    results = attempt_engines(models, q, timeout, source)
    for result in results.values():
        if isinstance(result, TinykitError):
            raise result
    return results


def attempt_engines(
    models: Mapping[str, bytes],
    q: np.ndarray | Sequence[np.ndarray],
    timeout: float | None = None,
    source: str = "the model",
) -> dict[str, Result | TinykitError]:
    """As `run_engines`, but what one engine has to say against the model is its result.

    When it is "tflm" that refuses, there is no result of the others.

    Raises TinykitError when an engine is not installed or no process can be started.
    """
    if "tflm" in models and (missing := tflm_missing()):
        raise TinykitError(f"{missing}, or use engine litert.")
    inputs = [q] if isinstance(q, np.ndarray) else list(q)
    results: dict[str, Result | TinykitError] = {}
    with ExitStack() as stack:
        workers = [
            stack.enter_context(_Worker(engine, tflite, inputs, timeout, source))
            for engine, tflite in models.items()
        ]
        for worker in sorted(workers, key=lambda worker: worker.engine != "tflm"):
            try:
                results[worker.engine] = worker.result()
            except TinykitError as error:
                results[worker.engine] = error
                if worker.engine == "tflm":
                    break  # the others need not go on: there is nothing to compare
    return results


class _Worker:
    """One worker process and its folder; both are gone after the `with` block."""

    def __init__(
        self,
        engine: str,
        tflite: bytes,
        inputs: list[np.ndarray],
        timeout: float | None,
        source: str,
    ) -> None:
        self.engine, self._tflite, self._inputs, self._source = engine, tflite, inputs, source
        self._timeout = timeout or _patience(tflite, len(inputs[0]))
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
        named = {str(i): np.ascontiguousarray(x) for i, x in enumerate(self._inputs)}
        np.savez(self._job / "inputs.npz", **named)
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
                f"{_NAMES[self.engine]} was still busy with {self._source} after "
                f"{self._timeout:.0f} s and was stopped. Check fewer samples, or a smaller model."
            ) from None
        log = (self._job / "stderr.txt").read_text(encoding="utf-8", errors="replace")
        if code != 0:
            operators = dict.fromkeys(tflite_file.read(self._tflite).ops)
            custom = [op.removeprefix("CUSTOM ") for op in operators if op.startswith("CUSTOM")]
            raise TinykitError(explained(self.engine, code, log, self._source, custom))
        result = json.loads((self._job / "result.json").read_text(encoding="utf-8"))
        with np.load(self._job / "outputs.npz", allow_pickle=False) as made:
            outputs = tuple(made[str(i)] for i in range(len(made)))
        return Result(outputs, **result)


def _patience(tflite: bytes, n: int) -> float:
    return _START_SECONDS + n * tflite_file.read(tflite).macs / _MACS_PER_SECOND


def explained(
    engine: str, code: int, log: str, source: str = "the model", custom: Sequence[str] = ()
) -> str:
    """Why a worker failed, in a sentence for the student: the engine's own, where it has one.

    `custom`: names of the model's custom operators, which TFLM does not say.
    """
    name = _NAMES[engine]
    for pattern in _MISSING:
        if missing := re.search(pattern, log):
            operator = missing[1] if missing[1] != "CUSTOM" else " or ".join(custom)
            version = missing.groupdict().get("version")
            operator += f" (version {version})" if version else ""
            return (
                f"{name} has no operator {operator}, which {source} uses. "
                "Build the network without that layer."
            )
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    last = lines[-1] if lines else "no message"
    if "No space left" in last:
        return f"The disk is full ({tempfile.gettempdir()}). Free some space and try again."
    if code < 0 or code > 255:  # ended by a signal; on Windows by an exception code
        return f"{name} crashed on {source} (code {code}). Convert the model again."
    # What C++ prints stands before Python's traceback.
    own = itertools.takewhile(lambda line: not line.startswith("Traceback"), lines)
    own = [line for line in own if not re.match(_CHATTER, line)]
    said = "; ".join(dict.fromkeys([*own[:2], re.sub(r"^\w+Error: ", "", last)]))
    return f"{name} cannot run {source}: {said[:220].rstrip('. ')}. Convert the model again."


#: Lines that TensorFlow prints whatever happens.
_CHATTER = r"WARNING: All log|[IWE]\d{4} |\d{4}-\d\d-\d\d |INFO:|To enable the following"

#: What the interpreters say of an operator that they lack.
_MISSING = (
    r"Didn't find op for builtin opcode '(\w+)'(?: version '(?P<version>\d+)')?",
    r"Encountered unresolved custom op: ([\w:.-]+?)\.?\s",
    r"Failed to get registration from op code (CUSTOM)",
)
