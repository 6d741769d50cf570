"""Every notebook runs, gives what it shows, and is written as a lesson should be."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tinykit.cli.lessons import LESSONS, ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 15  # lines
LARGEST_FILE = 2_000_000  # bytes; larger ones open slowly in a browser

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[tuple[int, nbformat.NotebookNode]]:
    cells = nbformat.read(path, as_version=4).cells
    return [(i, cell) for i, cell in enumerate(cells) if cell.cell_type == "code" and cell.source]


@each_notebook
def test_cells_are_short(path):
    long = [i for i, cell in code_cells(path) if len(cell.source.splitlines()) > LONGEST_CELL]
    assert not long, f"cells {long} have more than {LONGEST_CELL} lines: move code into tinykit"


@each_notebook
def test_every_cell_was_run_in_order(path):
    """The stored outputs are the reader's expected result, and nbval skips a cell without count."""
    counts = [cell.execution_count for _, cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1)), "run the notebook from a fresh kernel"


@each_notebook
def test_no_warnings_or_errors_are_stored(path):
    for i, cell in code_cells(path):
        for output in cell.outputs:
            assert output.get("name") != "stderr", f"cell {i} stores stderr: {output.text[:200]}"
            assert output.output_type != "error", f"cell {i} stores {output.get('ename')}"


@each_notebook
def test_no_shell_commands(path):
    """`!wget` and `%pip` work on one system and fail on the next."""
    for i, cell in code_cells(path):
        assert not re.search(r"(?m)^\s*(!|%pip|%conda|%%(bash|sh|cmd))", cell.source), f"cell {i}"


@each_notebook
def test_no_path_of_the_author_is_stored(path):
    for i, cell in code_cells(path):
        for output in cell.outputs:
            data = {"text": output.get("text", ""), **output.get("data", {})}
            texts = [text for kind, text in data.items() if kind.startswith("text")]
            # Sounds and pictures inside HTML are base64, where "/tmp" is as likely as "rXq9".
            text = re.sub(r"base64,[\w+/=]+", "", "\n".join(texts))
            found = re.search(r"(/home|/Users|/root|/tmp|/work|[A-Z]:\\Users)[/\\]\S+", text)
            assert not found, f"cell {i} shows {found.group()}: print relative paths"


@each_notebook
def test_the_file_opens_fast(path):
    assert path.stat().st_size < LARGEST_FILE


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=lambda lesson: lesson.name)
def test_lessons_take_the_parameters_that_are_listed(lesson):
    """`tinykit run` sets them in a cell after the one tagged `parameters`."""
    cells = [cell for _, cell in code_cells(lesson.notebook)]
    tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == bool(lesson.parameters), "one cell tagged `parameters`, if there are any"
    names = [name for cell in tagged for name in re.findall(r"(?m)^(\w+) *=", cell.source)]
    assert tuple(names) == lesson.parameters, "lists in notebook and lessons.py differ"


def test_every_notebook_is_a_lesson():
    assert [lesson.notebook for lesson in LESSONS.values()] == NOTEBOOKS, (
        "tinykit/cli/lessons.py lists each notebook, in the order of the course"
    )


@pytest.mark.slow
@pytest.mark.notebook
@each_notebook
def test_notebook_runs_and_gives_what_it_shows(path):
    """nbval, in a process of its own: every cell executed, deterministic outputs compared."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*command, "--nbval-cell-timeout", "600", str(path)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
