"""What holds for every figure that lessons draw, for the tests of each module of figures."""

from collections.abc import Callable
from types import ModuleType

import matplotlib
import matplotlib.pyplot as plt

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
