"""What all figures share: colours, style, and how they are shown."""

import io
import warnings

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

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


def show_photos(figure: Figure) -> None:
    """The same for a figure full of photos: in a notebook as JPEG, a quarter of the size of PNG."""
    if "inline" not in plt.get_backend():
        show()
        return
    from IPython.display import Image, display

    content = io.BytesIO()
    figure.savefig(content, format="jpeg", bbox_inches="tight", pil_kwargs={"quality": 90})
    plt.close(figure)
    display(Image(content.getvalue(), format="jpeg"))
