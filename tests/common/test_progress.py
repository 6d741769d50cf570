"""Progress: one line in a notebook, a bar in a terminal, nothing in a pipe."""

import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

STEPS = """
from tinykit.common.progress import Progress
with Progress("epoch", 3) as progress:
    for number in range(3):
        progress.step(f"accuracy {number}0 %")
print("done")
"""


def test_a_pipe_holds_nothing_but_what_the_program_prints():
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_an_error_inside_comes_out_as_it_is():
    from tinykit.common.progress import Progress

    with pytest.raises(ZeroDivisionError), Progress("epoch", 3) as progress:
        progress.step()
        1 / 0  # noqa: B018 (the point of it)


class LostScreen:
    """A terminal that was closed, a pipe whose reader has gone."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def test_a_screen_that_is_lost_never_stops_the_work(monkeypatch):
    from tinykit.common.progress import Progress

    monkeypatch.setattr(sys, "stderr", LostScreen())
    with Progress("epoch", 3) as progress:
        for number in range(3):
            progress.step(f"accuracy {number}0 %")
    assert progress.done == 3


def test_a_notebook_that_is_lost_never_stops_the_work(monkeypatch):
    """The kernel's message to a browser that has gone."""
    import tinykit.common.progress

    class LostLine:
        def update(self, *_, **__):
            raise OSError

    monkeypatch.setattr(tinykit.common.progress, "_notebook_line", LostLine)
    with tinykit.common.progress.Progress("epoch", 3) as progress:
        progress.step()
    assert progress.done == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals in Python")
def test_a_terminal_shows_count_and_news_on_stderr_and_is_clean_at_the_end():
    import fcntl
    import pty
    import struct
    import termios

    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", STEPS], stdout=subprocess.PIPE, stderr=terminal, text=True
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # Linux: the other end is closed
            break
        if not piece:  # macOS
            break
        shown += piece
    os.close(master)
    assert process.communicate()[0] == "done\n" and process.returncode == 0
    text = shown.decode()
    assert "3/3" in text and "accuracy 20 %" in text
    last_line = re.split(r"[\r\n]", text.rstrip("\r\n"))[-1]
    assert last_line.strip() == "", "the bar is wiped when the task is done"


@pytest.fixture(scope="module")
def notebook():
    """Two tasks in one cell, then one that fails half-way, executed in a real kernel."""
    task = STEPS.replace('print("done")\n', "")
    broken = task.replace("progress.step", "1 / (1 - number) and progress.step")
    cells = [nbformat.v4.new_code_cell(source) for source in (task * 2, broken)]
    nb = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(nb, timeout=60, kernel_name="python3", allow_errors=True).execute()
    return nb


def test_a_notebook_keeps_one_line_a_task_the_last(notebook):
    """Were every step a new output, a stored notebook would be hundreds of lines long."""
    outputs = notebook.cells[0].outputs
    assert [output.output_type for output in outputs] == ["display_data"] * 2
    for output in outputs:
        assert list(output.data) == ["text/plain"]
        assert re.fullmatch(r"epoch 3/3: accuracy 20 % \(\d+ s\)", output.data["text/plain"])


def test_a_task_that_fails_leaves_the_line_where_it_stood(notebook):
    line, error = notebook.cells[1].outputs
    expected = r"epoch 1/3: accuracy 00 % \(\d+ s, about \d+ s left\)"
    assert re.fullmatch(expected, line.data["text/plain"])
    assert error.ename == "ZeroDivisionError"
