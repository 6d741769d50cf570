"""The function that a technique lesson is about stands in a cell, and the package has the same."""

import re

import nbformat
import pytest
from shown_code import difference, shown_cells

from tinykit.cli.lessons import LESSONS, ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TECHNIQUES = [lesson for lesson in LESSONS.values() if lesson.is_technique]

PACKAGE = '''
"""Made up."""
import numpy as np


def rounded(x: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """To the nearest multiple of `scale`."""
    steps: np.ndarray = np.rint(x / scale)
    return scale * steps  # ties to even


class Rule:
    """Of a decision."""

    limit = 3

    def holds(self, value: int) -> bool:
        """Whether it does."""
        return value > self.limit
'''
ROUNDED = """
def rounded(x, scale=1.0):
    # Without hints and docstring: the cell above says all that.
    steps = np.rint(x / scale)
    return scale * steps
"""


@pytest.fixture
def root(tmp_path):
    """A folder with a package of one module, made/up.py."""
    (tmp_path / "made").mkdir()
    (tmp_path / "made/up.py").write_text(PACKAGE, encoding="utf-8")
    (tmp_path / "made/__init__.py").write_text("def here():\n    return 1\n", encoding="utf-8")
    return tmp_path


def test_the_same_code_is_the_same_whatever_explains_it(root):
    assert difference(ROUNDED, "made.up.rounded", root) == ""
    assert difference(PACKAGE, "made.up.rounded", root) == ""


def test_methods_classes_and_packages_are_found(root):
    holds = "import abc\ndef holds(self, value):\n    return value > self.limit"
    assert difference(holds, "made.up.Rule.holds", root) == ""
    rule = "class Rule:\n    limit = 3\n\n    def holds(self, value):\n"
    rule += "        return value > self.limit"
    assert difference(rule, "made.up.Rule", root) == ""
    assert difference("def here():\n    return 1", "made.here", root) == ""


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("np.rint", "np.floor"),
        ("scale=1.0", "scale=2.0"),
        ("    return scale * steps", "    return steps * scale"),
        ("    steps", "    print(x)\n    steps"),
        ("def rounded", "@cache\ndef rounded"),
    ],
)
def test_a_change_is_shown_line_by_line(root, was, now):
    assert was in ROUNDED
    shown = difference(ROUNDED.replace(was, now), "made.up.rounded", root)
    assert shown.startswith("--- the notebook\n+++ made.up.rounded")
    mine = [line for line in shown.splitlines()[2:] if line.startswith("-")]
    assert any(now.strip().splitlines()[0] in line for line in mine), shown


def test_what_is_missing_is_named(root):
    assert "no made.up.truncated" in difference(ROUNDED, "made.up.truncated", root)
    assert "no made.down.rounded" in difference(ROUNDED, "made.down.rounded", root)
    assert "does not define rounded" in difference("x = 1", "made.up.rounded", root)


def test_a_notebooks_tags_say_what_it_shows(tmp_path):
    cells = [
        nbformat.v4.new_markdown_cell("# Rounding"),
        nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(ROUNDED, metadata={"tags": ["shown:made.up.rounded", "other"]}),
    ]
    path = tmp_path / "small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    assert list(shown_cells(path)) == [(2, "made.up.rounded", ROUNDED)]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_shows_is_what_the_package_does(notebook):
    for number, name, source in shown_cells(notebook):
        wrong = difference(source, name, ROOT)
        assert not wrong, (
            f"{notebook.name}, cell {number}, shows {name}, but not as it is. "
            f"Change the one or the other:\n{wrong}"
        )


def test_a_technique_lesson_shows_its_central_function():
    for lesson in TECHNIQUES:
        lines = [len(source.splitlines()) for _, _, source in shown_cells(lesson.notebook)]
        assert lines, f"{lesson.notebook.name} shows no code: tag a cell shown:tinykit."
        assert max(lines) <= 25, f"{lesson.notebook.name}: ten to twenty lines are read in class"


def test_a_technique_is_a_file_that_can_be_read_in_class():
    for path in (ROOT / "tinykit" / "techniques").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 250, f"{path.name} is longer than 250 lines"
        assert re.search("Taught in notebook", text) or path.name == "__init__.py", (
            f"{path.name} does not say in which notebook it is taught"
        )
