"""What holds for every figure that lessons draw, for the tests of each module of figures."""

import re
import warnings
from collections.abc import Callable, Collection
from types import ModuleType

import matplotlib
import matplotlib.pyplot as plt
import nbformat
from nbclient import NotebookClient

from tinykit import plots


def figure():
    """The one figure that is open, drawn to its last label."""
    assert len(plt.get_fignums()) == 1
    plt.gcf().canvas.draw()
    return plt.gcf()


def public_functions(*modules: ModuleType) -> set[str]:
    """What lessons call, as tk.plots.NAME, of those that these modules define."""
    homes = {module.__name__ for module in modules}
    return {
        name
        for name, f in vars(plots).items()
        if getattr(f, "__module__", "") in homes and not name.startswith("_")
    }


def check_one_figure_each(drawings: dict[str, Callable], *modules: ModuleType) -> None:
    """Each draws one and returns nothing: a value would be shown below the figure as text."""
    assert set(drawings) == public_functions(*modules)
    for name, draw in drawings.items():
        plt.close("all")
        assert draw() is None, name
        figure()


def check_each_appears_once(
    text: str, *modules: ModuleType, photos: Collection[str] = ()
) -> nbformat.NotebookNode:
    """Below its cell, one picture: no second copy at the cell's end, no text, no warning.

    `text`: cells with `---` between them; the first prepares, each other one draws a figure of
    `modules`, all of which must be there. Figures of `photos` are JPEG, which keeps the notebook's
    file small. Returns the notebook as executed.
    """
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in text.split("---\n")]
    nb = nbformat.v4.new_notebook(cells=cells)
    drawn = [re.search(r"plots\.(\w+)\(", cell.source)[1] for cell in cells[1:]]
    assert set(drawn) == public_functions(*modules), "every function belongs into this test"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbclient and its event loop
        NotebookClient(nb, timeout=120, kernel_name="python3").execute()
    assert nb.cells[0].outputs == []
    for name, cell in zip(drawn, nb.cells[1:], strict=True):
        printed = "".join(output.get("text", "") for output in cell.outputs)
        assert not printed, f"{cell.source}\nprinted {printed}"
        kinds = [(output.output_type, sorted(output.get("data", ()))) for output in cell.outputs]
        kind = "image/jpeg" if name in photos else "image/png"
        assert kinds == [("display_data", [kind, "text/plain"])], cell.source
    return nb


def check_others_are_left_alone(drawings: dict[str, Callable]) -> None:
    """Figures that a student has open, and the style of figures to come."""
    before = dict(matplotlib.rcParams)
    own = plt.figure()
    for draw in drawings.values():
        draw()
    assert plt.fignum_exists(own.number), "a figure of the student's was closed"
    assert not own.axes, "a figure of the student's was drawn into"
    assert len(plt.get_fignums()) == 1 + len(drawings)
    assert dict(matplotlib.rcParams) == before
