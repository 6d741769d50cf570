"""One engine, one model, one batch of inputs, in a process of its own.

    python -m tinykit.quantization.worker FOLDER ENGINE

reads `model.tflite` and `inputs.npz` ("0", "1", ...: n values of each input) from FOLDER and
writes `outputs.npz` (likewise) and `result.json` beside them. What goes wrong is printed on stderr;
an interpreter written in C++ may also end the process there and then, which is why it does not run
in the student's notebook.
"""

import faulthandler
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tinykit.quantization import engines

_ARENA_STEP = 16  # TFLM aligns what it places in the arena to 16 bytes
_LARGEST_SEARCHED = 16  # times what is in it at the end: an arena for that is not worth a search


def main(folder: str, engine: str) -> None:
    """Run the job in `folder` under `engine` ("tflm" or "litert")."""
    job = Path(folder)
    tflite = (job / "model.tflite").read_bytes()
    with np.load(job / "inputs.npz", allow_pickle=False) as given:
        inputs = [given[str(i)] for i in range(len(given))]
    made = engines.TflmEngine(tflite) if engine == "tflm" else engines.ReferenceEngine(tflite)
    started = time.perf_counter()
    outputs = made.run_all(inputs)
    result = {"version": made.version, "seconds": round(time.perf_counter() - started, 3)}
    np.savez(job / "outputs.npz", **{str(i): output for i, output in enumerate(outputs)})
    if engine == "tflm":
        result["arena"] = made.allocations()
        lower = result["arena"].get("total")
        first = [[values[:1] for values in side] for side in (inputs, outputs)]
        result["arena_bytes"] = lower and smallest_arena(tflite, *first, lower)
    (job / "result.json").write_text(json.dumps(result), encoding="utf-8")


def smallest_arena(
    tflite: bytes, inputs: list[np.ndarray], expected: list[np.ndarray], lower: int
) -> int | None:
    """Bytes of the smallest arena in which TFLM computes `expected` from `inputs`, one of each.

    `lower` is what TFLM has in the arena at the end. It may need more for a moment, while it plans
    the memory of a network of many small tensors. TFLM's way out of an arena that is too small is,
    for some sizes, to crash: that says nothing but "too small".

    None where a process cannot be forked.
    """
    if not hasattr(os, "fork"):
        return None

    def works(size: int) -> bool:
        return survives(lambda: same(engines.TflmEngine(tflite, size).run_all(inputs), expected))

    low = high = -(-lower // _ARENA_STEP) * _ARENA_STEP
    while not works(high):
        if high > _LARGEST_SEARCHED * lower:
            return None
        low, high = high, high + max(_ARENA_STEP, high // 2 // _ARENA_STEP * _ARENA_STEP)
    while high - low > _ARENA_STEP:  # low fails, high works
        middle = (low + high) // 2 // _ARENA_STEP * _ARENA_STEP
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


def same(outputs: list[np.ndarray], expected: list[np.ndarray]) -> bool:
    """Whether every byte is the same."""
    return all(a.tobytes() == b.tobytes() for a, b in zip(outputs, expected, strict=True))


def survives(trial: Callable[[], bool], seconds: int = 60) -> bool:
    """Whether `trial` says yes, in a copy of this process: it may crash, or hang for `seconds`."""
    child = os.fork()  # a few milliseconds: nothing is imported or loaded again
    if child == 0:
        code = 1
        try:
            faulthandler.disable()  # a crash is an answer here, no news
            signal.alarm(seconds)
            code = 0 if trial() else 1
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


if __name__ == "__main__":
    main(*sys.argv[1:])
