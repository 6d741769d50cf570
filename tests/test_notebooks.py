"""Every notebook runs, gives what it shows, and is written as a lesson should be."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tinykit.cli.lessons import LESSONS, ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 22  # lines: a screen
LARGEST_FILE = 600_000  # bytes; larger ones open slowly, and every change of one is kept for ever
# What a fresh kernel leaves out, too: neither its version nor the time at which a cell was run.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

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
    size = path.stat().st_size
    assert size <= LARGEST_FILE, (
        f"{path.name} has {size:,} bytes. Sound belongs into tk.plots.listen, photos into "
        "tk.plots.pictures; show fewer of them, or smaller ones"
    )


@each_notebook
def test_a_change_can_be_read(path):
    """What differs from run to run would hide the one line that was changed."""
    nb = nbformat.read(path, as_version=4)
    assert nb.metadata == METADATA, "store outputs with tests/benchmarks/notebooks.py --store"
    for i, cell in enumerate(nb.cells):
        assert set(cell.metadata) <= {"tags"}, f"cell {i} stores {set(cell.metadata)}"
        names = [output.get("name") for output in cell.get("outputs", ())]
        assert names.count("stdout") <= 1, f"what cell {i} printed is stored in pieces"


@each_notebook
def test_every_cell_may_be_run_twice(path):
    """A parameter that a later cell takes as the name of something else is lost with the first run:
    `data = load(data)` fails the second time, with a message about something else."""
    tagged = [c for _, c in code_cells(path) if "parameters" in c.metadata.get("tags", [])]
    parameters = {name for cell in tagged for name in assigned(cell.source)}
    for i, cell in code_cells(path):
        if cell not in tagged:
            taken = parameters & assigned(cell.source)
            assert not taken, f"cell {i} assigns to {taken}, which are parameters"


def assigned(source: str) -> set[str]:
    """Names that a cell binds to something."""
    nodes = ast.walk(ast.parse(source))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def test_the_map_of_the_course_names_every_notebook():
    """JupyterLab opens on it: what it does not link to is not found."""
    linked = re.findall(r"\]\(([^)]+)\)", (ROOT / "notebooks" / "START.md").read_text("utf-8"))
    assert linked == [path.name for path in NOTEBOOKS]


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
