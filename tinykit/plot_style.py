"""What all figures share: colours, style, and how they are shown."""

import warnings

import matplotlib.pyplot as plt

# Okabe and Ito's colours: told apart by colour-blind readers too.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#B0A000", "#000000"]
STYLE = {
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "axes.prop_cycle": plt.cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "font.size": 10,
    "legend.frameon": False,
}


def show() -> None:
    """Show the figure below the cell or in a window; where there is neither, leave it open."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "FigureCanvas.* is non-interactive")
        plt.show()
