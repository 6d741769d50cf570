"""How fast the virtual board is: instructions a second, and ten seconds of audio through the
keyword sketch, with an empty build cache and a full one.

    python tests/benchmarks/virtual_board.py
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

import tinykit as tk
from tinykit.board import BoardRun

SKETCH = Path(__file__).resolve().parents[2] / "arduino" / "keyword_spotting"
MILLION_PER_SECOND_BAR = 6
SECONDS_BAR = 60
AUDIO_SECONDS = 10

BUSY = """
volatile unsigned long sum;
void setup() {}
void loop() {
  for (unsigned long i = 0; i < 1000000; ++i) sum = sum * 31 + i;
}
"""


def timed_run(sketch, **inputs) -> tuple[BoardRun, float]:
    """A run and how many seconds it took here."""
    start = time.perf_counter()
    run = tk.VirtualBoard().run(sketch, **inputs)
    seconds = time.perf_counter() - start
    assert run.fault is None, run.fault
    return run, seconds


def main() -> int:
    """Measure, print, and return 1 when a bar is missed."""
    audio = np.random.default_rng(0).normal(0, 2000, AUDIO_SECONDS * 16_000).astype(np.int16)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TINYKIT_CACHE"] = cache
        _, first = timed_run(SKETCH, audio=audio)
        run, again = timed_run(SKETCH, audio=audio)
        timed_run(BUSY, seconds=0.1)
        busy, seconds = timed_run(BUSY, seconds=5)
    speed = busy.instructions / seconds / 1e6
    print(
        f"keyword sketch, {AUDIO_SECONDS} s of audio: {run.instructions / 1e6:.0f} M instructions,"
    )
    print(f"  {first:.1f} s from nothing (compiler's run-time library and the core included),")
    print(f"  {again:.1f} s when it has been built before; bar {SECONDS_BAR} s")
    print(f"a loop that computes: {speed:.0f} M instructions/s; bar {MILLION_PER_SECOND_BAR}")
    print(f"memory of this process: {psutil.Process().memory_info().rss / 1e6:.0f} MB")
    return int(first > SECONDS_BAR or speed < MILLION_PER_SECOND_BAR)


if __name__ == "__main__":
    sys.exit(main())
