"""Seconds and memory of each notebook, from a clean kernel to its last cell.

    python tests/benchmarks/notebooks.py [notebooks/NAME.ipynb ...]

Memory is the largest sum, sampled twice a second, of what the kernel and the processes it starts
hold (resident set size).
"""

import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tinykit.cli.lessons import ROOT
from tinykit.cli.notebook import execute


class PeakMemory:
    """Watches all child processes of this one."""

    def __enter__(self) -> "PeakMemory":
        self.bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self.bytes = max(self.bytes, sum(map(resident, psutil.Process().children(True))))


def resident(process: psutil.Process) -> int:
    """Resident bytes; 0 for a process that has just ended."""
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def main() -> None:
    """Print one line for each notebook."""
    paths = [Path(argument) for argument in sys.argv[1:]] or sorted(ROOT.glob("notebooks/*.ipynb"))
    for path in paths:
        with TemporaryDirectory() as out, PeakMemory() as memory:
            start = time.perf_counter()
            execute(path, {"out": out})
            seconds = time.perf_counter() - start
        print(f"{path.name}: {seconds:.0f} s, {memory.bytes / 1e9:.2f} GB", flush=True)


if __name__ == "__main__":
    main()
