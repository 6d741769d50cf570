"""What a sketch that watches motion has of its own; sketch.py has what all sketches share."""

from typing import Any

from tinykit.board.fit import Fit
from tinykit.board.profiles import Board, boards
from tinykit.board.sensing.motion import frontend_on
from tinykit.board.sensors import MOTION_SENSORS, motion_driver
from tinykit.common.errors import TinykitError
from tinykit.features.motion import FAINT
from tinykit.streaming.motion import DEFAULT_DECISION, MotionDecider

#: Generated files, by path in the sketch, and their templates.
GENERATED: dict[str, str] = {}


def check(tiny, board: Board) -> None:
    """Raise TinykitError when the sketch could not feel motion on `board`, or not this way."""
    if not motion_driver(board):
        known = ", ".join(name for name, other in boards.items() if motion_driver(other))
        lacks = f"a motion sensor ({board.imu}) that the kit cannot read"
        lacks = lacks if board.imu else "no motion sensor"
        raise TinykitError(f"The {board.title} has {lacks}. Choose one of: {known}.")
    frontend_on(tiny, board)  # refuses constants that contradict each other at the sensor's rate


def decision(tiny, fit: Fit) -> dict[str, int]:
    """The arguments of MotionDecider, as in config.h."""
    return DEFAULT_DECISION | tiny.decision


def facts(tiny, fit: Fit) -> dict[str, Any]:
    """What the templates in templates/motion want to know."""
    frontend = frontend_on(tiny, fit.board)
    return {
        "frontend": frontend,
        "constants": frontend.constants,
        "faint": FAINT,
        "is_reported": MotionDecider(tiny.labels).is_gesture,
    }


def includes(board: Board) -> list[str]:
    """The parts of arduino/TinyKit that the .ino includes."""
    return ["MotionDecider.h", "MotionFeatures.h", "MotionSegmenter.h", motion_driver(board)]


def further_files(board: Board) -> list[str]:
    """The parts that those need."""
    return []


def libraries(board: Board) -> list[str]:
    """Arduino libraries to pin, with versions."""
    return list(MOTION_SENSORS[board.imu].libraries)
