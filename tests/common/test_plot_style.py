"""What a figure becomes in a notebook's file: few bytes, and nothing that an eye would miss."""

import io

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from tinykit.common.plot_style import COLOURS, small_png


def curves() -> Image.Image:
    """Lines, letters and a legend in all the course's colours."""
    figure = Figure(figsize=(8, 3))
    ax = figure.subplots()
    for index, colour in enumerate(COLOURS):
        ax.plot(np.sin(np.arange(50) / 8 + index), color=colour, label=f"curve {index}")
    ax.legend()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])


def as_png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "png", optimize=True)
    return content.getvalue()


def differences(picture: Image.Image) -> np.ndarray:
    """Of each pixel after `small_png`, of 255."""
    shown = Image.open(io.BytesIO(small_png(picture)))
    return np.abs(np.asarray(shown.convert("RGB"), int) - np.asarray(picture, int))


def test_curves_and_letters_look_the_same_in_a_third_of_the_bytes():
    picture = curves()
    assert len(small_png(picture)) < len(as_png(picture)) / 2.5
    assert differences(picture).max() <= 20, "a colour has changed so much that it can be seen"


def test_white_paper_stays_white():
    """A page that is a little grey beside a notebook's white looks dirty."""
    picture = curves()
    white = (np.asarray(picture) == 255).all(axis=-1)
    assert differences(picture)[white].max() <= 1


@pytest.mark.parametrize("colour", COLOURS)
def test_a_small_spot_keeps_its_colour(colour):
    """A marker of ten pixels is what the lesson is about; a palette by frequency would drop it."""
    picture = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (200, 1, 3)))
    ImageDraw.Draw(picture).rectangle((100, 100, 102, 102), fill=colour)
    assert differences(picture)[100:103, 100:103].max() <= 20


def test_what_needs_more_colours_gets_them():
    """Thumbnails of photos among the curves: 96 colours would paint them by numbers."""
    rainbow = Image.linear_gradient("L").resize((400, 200))
    picture = Image.merge("RGB", [rainbow, rainbow.rotate(90), rainbow.rotate(180)])
    assert len(Image.open(io.BytesIO(small_png(picture))).getcolors()) > 96
