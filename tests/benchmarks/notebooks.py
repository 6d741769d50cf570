"""Seconds and memory of each notebook, from a clean kernel to its last cell.

    python tests/benchmarks/notebooks.py [--store] [notebooks/NAME.ipynb ...]

With --store the outputs are put into the notebooks, as the readers' expected results: without what
differs from run to run or from computer to computer, so that a change can be read.

Memory is the largest sum, sampled twice a second, of what the kernel and the processes it starts
hold (resident set size).
"""

import argparse
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import psutil

from tinykit.cli.lessons import ROOT
from tinykit.cli.notebook import execute
from tinykit.common.files import write_atomically


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


def tidied(nb: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The executed notebook without its traces of when and where that was."""
    nb.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        }
    )
    for cell in nb.cells:
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in ("tags",) if key in cell.metadata}
        )
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
    return nb


def joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Neighbouring pieces of what was printed as one: where they broke is a matter of chance."""
    whole: list[nbformat.NotebookNode] = []
    for output in outputs:
        before = whole[-1] if whole else None
        if before and output.output_type == "stream" and output.name == before.get("name"):
            before.text += output.text
        else:
            whole.append(output)
    return whole


def main() -> None:
    """Print one line for each notebook."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--store", action="store_true", help="put the outputs into the notebooks")
    options = parser.parse_args()
    for path in options.notebooks or sorted(ROOT.glob("notebooks/*.ipynb")):
        with TemporaryDirectory() as out, PeakMemory() as memory:
            start = time.perf_counter()
            # Stored outputs name the folder that a reader's would, so that one stays as it is.
            nb = execute(path, {} if options.store else {"out": out})
            seconds = time.perf_counter() - start
        if options.store:
            write_atomically(path, nbformat.writes(tidied(nb)) + "\n")
        print(f"{path.name}: {seconds:.0f} s, {memory.bytes / 1e9:.2f} GB", flush=True)


if __name__ == "__main__":
    main()
