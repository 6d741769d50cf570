"""One engine, one model, one batch of inputs, in a process of its own.

    python -m tinykit.quantization.worker FOLDER ENGINE

reads `model.tflite` and `inputs.npy` (int8) from FOLDER and writes `outputs.npy` and `result.json`
beside them. What goes wrong is printed on stderr; an interpreter written in C++ may also end the
process there and then, which is why it does not run in the student's notebook.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from tinykit.quantization import engines

_ARENA_STEP = 16  # TFLM aligns what it places in the arena to 16 bytes


def main(folder: str, engine: str) -> None:
    """Run the job in `folder` under `engine` ("tflm" or "litert")."""
    job = Path(folder)
    tflite = (job / "model.tflite").read_bytes()
    inputs = np.load(job / "inputs.npy", allow_pickle=False)
    made = engines.TflmEngine(tflite) if engine == "tflm" else engines.ReferenceEngine(tflite)
    started = time.perf_counter()
    outputs = made.run(inputs)
    result = {"version": made.version, "seconds": round(time.perf_counter() - started, 3)}
    np.save(job / "outputs.npy", outputs, allow_pickle=False)
    if engine == "tflm":
        result["arena"] = made.allocations()
        lower = result["arena"].get("total")
        result["arena_bytes"] = lower and smallest_arena(tflite, inputs[:1], outputs[:1], lower)
    (job / "result.json").write_text(json.dumps(result), encoding="utf-8")


def smallest_arena(tflite: bytes, x: np.ndarray, expected: np.ndarray, lower: int) -> int:
    """Bytes of the smallest arena in which TFLM computes `expected` from `x`.

    `lower` is what TFLM has in the arena at the end. It may need more for a moment, while it plans
    the memory of a network of many small tensors. Smaller sizes are not tried: TFLM's way out of
    a much too small arena is, for some sizes, to crash.
    """

    def works(size: int) -> bool:
        try:
            return np.array_equal(engines.TflmEngine(tflite, size).run(x), expected)
        except RuntimeError:
            return False

    low = high = -(-lower // _ARENA_STEP) * _ARENA_STEP
    while not works(high):
        low, high = high, high + max(_ARENA_STEP, high // 2 // _ARENA_STEP * _ARENA_STEP)
    while high - low > _ARENA_STEP:  # low fails, high works
        middle = (low + high) // 2 // _ARENA_STEP * _ARENA_STEP
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


if __name__ == "__main__":
    main(*sys.argv[1:])
