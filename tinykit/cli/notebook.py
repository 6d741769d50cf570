"""Executing a notebook without a browser: parameters put in, progress on the terminal."""

import contextlib
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from tinykit.common.progress import Bar


class CellFailed(Exception):  # noqa: N818 (a finding: `projects` decides what it means)
    """A cell raised an exception.

    Attributes:
        nb: the notebook as far as it got, the failed cell's output included.
        heading: the last heading before the cell.
        name, message: the exception's class name and text.
    """

    def __init__(self, nb: nbformat.NotebookNode, heading: str, name: str, message: str) -> None:
        super().__init__(f"{heading}: {name}: {message}")
        self.nb, self.heading, self.name, self.message = nb, heading, name, message


def execute(path: Path, parameters: dict) -> nbformat.NotebookNode:
    """Run every cell of the notebook at `path` in a fresh kernel of this Python.

    `parameters` (name -> value with a faithful repr) replace those of the cell tagged
    `parameters`. The kernel's working folder is the notebook's, as in JupyterLab. Progress is
    shown. Returns the notebook with its outputs; raises CellFailed at the first failing cell.
    """
    nb = nbformat.read(path, as_version=4)
    if parameters:
        insert_parameters(nb, parameters)
    # No folders to look in: what remains is the kernel of the Python that runs this, whatever
    # "python3" means elsewhere on the computer.
    kernels = AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])
    )
    with Progress(nb) as progress, _silent_when_stopped():
        client = _Client(nb, progress, km=kernels, timeout=None)
        client.resources["metadata"] = {"path": str(path.parent)}
        # Cell by cell rather than client.execute(), which hides Ctrl-C. What cells print comes as
        # messages; the kernel's own stderr holds nothing but log lines.
        with client.setup_kernel(cleanup_kc=True, stderr=subprocess.DEVNULL):
            for index, cell in enumerate(nb.cells):
                progress.start(cell)
                try:
                    client.execute_cell(cell, index)
                except CellExecutionError as error:
                    raise CellFailed(nb, progress.heading, error.ename, error.evalue) from None
                except DeadKernelError:
                    reason = "Python ended without a word; most likely the memory was full"
                    raise CellFailed(nb, progress.heading, "DeadKernelError", reason) from None
    return nb


@contextlib.contextmanager
def _silent_when_stopped() -> Iterator[None]:
    """After Ctrl-C, nbclient's unfinished task would log a traceback when Python ends."""
    try:
        yield
    except KeyboardInterrupt:
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        raise


def insert_parameters(nb: nbformat.NotebookNode, parameters: dict) -> None:
    """Add a cell that sets `parameters` after the cell tagged `parameters` (else at the top)."""
    source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
    tagged = [i for i, c in enumerate(nb.cells) if "parameters" in c.metadata.get("tags", [])]
    nb.cells.insert(tagged[0] + 1 if tagged else 0, cell)


_EVERY = 15  # seconds between two lines of a cell's progress, in a log file or a pipe


class Progress:
    """Code cells done, the present heading and the last line printed.

    In a terminal a bar on stderr; in a log file or a pipe one line per heading on stdout, so that
    stderr holds nothing but errors, and in long cells a line of their progress now and then.
    """

    def __init__(self, nb: nbformat.NotebookNode) -> None:
        self.heading = "start"
        self._in_terminal = sys.stderr.isatty()
        self._started = self._said = time.monotonic()
        self._code_cells = sum(cell.cell_type == "code" for cell in nb.cells)
        self._bar = Bar(
            total=self._code_cells,
            unit="cell",
            disable=not self._in_terminal,
            leave=False,
            dynamic_ncols=True,
            bar_format="{n_fmt}/{total_fmt} |{bar:20}| {elapsed}  {desc}{postfix}",
        )
        self._running = False

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def start(self, cell: nbformat.NotebookNode) -> None:
        """Say that `cell` is next."""
        self._bar.set_postfix_str("", refresh=False)
        self._bar.update(self._running)
        self._running = cell.cell_type == "code"
        headings = [line for line in cell.source.splitlines() if line.startswith("#")]
        if cell.cell_type == "markdown" and headings:
            self.heading = headings[-1].lstrip("#").strip()
            self._bar.set_description_str(self.heading)
            self._log(self.heading)

    def text(self, printed: str, *, is_progress: bool = False) -> None:
        """Show the last line that the running cell has printed.

        In a log file only a line of tinykit.common.progress, every 15 seconds.
        """
        lines = [line.strip() for line in printed.replace("\r", "\n").splitlines()]
        said = [line for line in lines if line]
        if said:
            self._bar.set_postfix_str(said[-1][-60:])
            if is_progress and time.monotonic() - self._said >= _EVERY:
                self._log(f"  {said[-1]}")

    def _log(self, line: str) -> None:
        """A line with the time, where there is no terminal."""
        if not self._in_terminal:
            self._said = time.monotonic()
            with contextlib.suppress(OSError):  # nobody reads on: the work goes on
                print(f"[{self._said - self._started:4.0f} s] {line}", flush=True)


class _Client(NotebookClient):
    """A NotebookClient that passes on what the running cell prints, while it prints it."""

    def __init__(self, nb: nbformat.NotebookNode, progress: Progress, **options: object) -> None:
        super().__init__(nb, **options)
        self._progress = progress

    def process_message(self, msg, cell, cell_index):
        kind, content = msg["msg_type"], msg["content"]
        if kind == "stream":
            self._progress.text(content["text"])
        # The line of tinykit.common.progress, not the name of a figure.
        elif kind.endswith("display_data") and list(content["data"]) == ["text/plain"]:
            self._progress.text(content["data"]["text/plain"], is_progress=True)
        return super().process_message(msg, cell, cell_index)
