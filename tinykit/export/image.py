"""What a sketch that looks has of its own; sketch.py has what all sketches share."""

from typing import Any

import numpy as np

from tinykit.board.fit import Fit
from tinykit.board.profiles import Board, boards
from tinykit.board.sensors import CAMERAS, camera_driver
from tinykit.common.errors import TinykitError
from tinykit.streaming.image import DEFAULT_DECISION

#: Generated files, by path in the sketch, and their templates.
GENERATED: dict[str, str] = {}


def check(tiny, board: Board) -> None:
    """Raise TinykitError when the sketch could not take pictures on `board`."""
    if board.camera not in CAMERAS:
        known = ", ".join(name for name, other in boards.items() if other.camera in CAMERAS)
        lacks = f"a camera ({board.camera}) that the kit cannot read"
        lacks = lacks if board.has_camera else "no camera"
        raise TinykitError(f"The {board.title} has {lacks}. Choose one of: {known}.")


def decision(tiny, fit: Fit) -> dict[str, int]:
    """The arguments of FrameDecider, as in config.h."""
    return DEFAULT_DECISION | tiny.decision


def facts(tiny, fit: Fit) -> dict[str, Any]:
    """What the templates in templates/image want to know."""
    return {
        "frontend": tiny.frontend,
        "input_of_pixel": [str(q) for q in _input_of_pixel(tiny)],
        "camera": CAMERAS[fit.board.camera],
    }


def _input_of_pixel(tiny) -> list[int]:
    """The model's int8 input for each brightness of a pixel, 0 to 255."""
    pixels = np.arange(256, dtype=np.float32)
    # The smallest input has 16 x 16 values, so there is room for all in one.
    features = np.resize((pixels - 128) / 128, tiny.input_shape)
    return tiny.quantize(features[None]).ravel()[:256].tolist()


def includes(board: Board) -> list[str]:
    """The parts of arduino/TinyKit that the .ino includes."""
    return [camera_driver(board.camera), "FrameDecider.h", "PictureResizer.h"]


def further_files(board: Board) -> list[str]:
    """The parts that those need."""
    return ["PixelFormats.h"]


def libraries(board: Board) -> list[str]:
    """Arduino libraries to pin, with versions."""
    return list(CAMERAS[board.camera].libraries)
