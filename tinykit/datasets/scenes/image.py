"""Pictures as a camera sees them, one after the other. Taught in notebook 02."""

import numpy as np
from PIL import Image

from tinykit.common.errors import TinykitError
from tinykit.datasets.image import ImageDataset

WIDTH, HEIGHT = 160, 120  # of a frame: a small camera's QQVGA

_SHAKE = 2  # pixels to each side, from one frame to the next
_NOISE = 2.5  # standard deviation, of 255
_FLICKER = 0.02  # standard deviation of the brightness from frame to frame


def picture_scene(
    data: ImageDataset, n: int = 48, *, frames_each: int = 8, seed: int = 0
) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """Test pictures before a camera, each for several frames; the labels take turns.

    The camera shakes a little, its picture is noisy and flickers. Squares of whole pictures are
    drawn out again to the frame; centre squares (`crop`) lie in its middle, mirrored at the sides.

    Args:
        data: its `test` split is shown.
        n: frames.
        frames_each: frames of each picture.
        seed: the same seed gives the same frames.

    Returns:
        The frames, uint8 (n, 120, 160, 3), and what is in them: (first frame, label).

    Raises TinykitError when `n` or `frames_each` is not a whole number above 0, or the test lacks a
    label.
    """
    for name, number in (("n", n), ("frames_each", frames_each)):
        if not isinstance(number, int | np.integer) or number < 1:
            raise TinykitError(f"{name} is {number!r}. Give a whole number above 0, such as 8.")
    random = np.random.default_rng(seed)
    frames, shown = np.empty((n, HEIGHT, WIDTH, 3), np.uint8), []
    for turn, first in enumerate(range(0, n, frames_each)):
        label = turn % len(data.labels)
        candidates = np.flatnonzero(data.test.y == label)
        if not candidates.size:
            raise TinykitError(f"The test has no picture of {data.labels[label]!r}. Add some.")
        view = _view(data.test.x[random.choice(candidates)], data.crop)
        for frame in frames[first : first + frames_each]:
            frame[:] = _frame(view, random)
        shown.append((first, data.labels[label]))
    return frames, shown


def _view(picture: np.ndarray, crop: bool) -> Image.Image:
    """What is before the camera, with a margin for its shaking."""
    width, height = WIDTH + 2 * _SHAKE, HEIGHT + 2 * _SHAKE
    image = Image.fromarray(picture)
    if not crop:
        return image.resize((width, height), Image.Resampling.BILINEAR)
    square = np.asarray(image.resize((height, height), Image.Resampling.BILINEAR))
    side = (width - height) // 2
    return Image.fromarray(np.pad(square, [(0, 0), (side, side), (0, 0)], mode="symmetric"))


def _frame(view: Image.Image, random: np.random.Generator) -> np.ndarray:
    left, top = random.integers(0, 2 * _SHAKE, 2, endpoint=True)
    part = np.asarray(view, float)[top : top + HEIGHT, left : left + WIDTH]
    part = part * random.normal(1, _FLICKER) + random.normal(0, _NOISE, part.shape)
    return part.round().clip(0, 255).astype(np.uint8)
