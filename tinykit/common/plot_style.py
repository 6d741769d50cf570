"""What all figures share: colours, style, and how they are shown."""

import base64
import io
import warnings

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

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


# A notebook keeps its figures as text, so their bytes are what it weighs. Curves and letters need
# few colours; a figure that suffers from few gets as many as a palette has.
_FEW_COLOURS, _MOST_COLOURS = 96, 256
_LARGEST_ERROR = 20  # of 255, that nobody sees


def show() -> None:
    """Show the figure below the cell or in a window; where there is neither, leave it open."""
    if _is_in_notebook():
        for number in plt.get_fignums():
            figure = plt.figure(number)
            _display(figure, "image/png", small_png(_drawn(figure)))
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "FigureCanvas.* is non-interactive")
        plt.show()


def show_photos(figure: Figure) -> None:
    """The same for a figure full of photos: in a notebook as JPEG, which suits them."""
    if not _is_in_notebook():
        show()
        return
    content = io.BytesIO()
    options = {"quality": 70, "optimize": True, "progressive": True}
    figure.savefig(content, format="jpeg", bbox_inches="tight", pil_kwargs=options)
    _display(figure, "image/jpeg", content.getvalue())


def small_png(picture: Image.Image) -> bytes:
    """The PNG of an RGB picture with a palette: a third of the bytes, and looks the same."""
    for colours in (_FEW_COLOURS, _MOST_COLOURS):
        reduced = picture.quantize(
            colours, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE
        )
        change = np.asarray(reduced.convert("RGB"), int) - np.asarray(picture, int)
        if np.abs(change).max() <= _LARGEST_ERROR:
            break
    content = io.BytesIO()
    reduced.save(content, "png", optimize=True)
    return content.getvalue()


def _is_in_notebook() -> bool:
    return "inline" in plt.get_backend()


def _drawn(figure: Figure) -> Image.Image:
    """The figure as an RGB picture, without empty margins."""
    content = io.BytesIO()
    figure.savefig(content, format="png", bbox_inches="tight")
    return Image.open(content).convert("RGB")


def _display(figure: Figure, mime_type: str, content: bytes) -> None:
    """Put a picture of the figure below the cell, and close the figure."""
    from IPython.display import display

    text = base64.b64encode(content).decode()
    display({mime_type: text, "text/plain": repr(figure)}, raw=True)
    plt.close(figure)
