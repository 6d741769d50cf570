"""What a sketch that watches motion has of its own; sketch.py has what all sketches share."""

from typing import Any

from tinykit.board import Board, Fit, boards
from tinykit.board.sensing import frontend_on
from tinykit.errors import TinykitError
from tinykit.features.motion import FAINT
from tinykit.motion_streaming import DEFAULT_DECISION, MotionDecider

#: Generated files, by path in the sketch, and their templates.
GENERATED: dict[str, str] = {}

#: By motion sensor: the part of arduino/TinyKit that reads it, and the Arduino library below that.
SENSORS = {
    "LSM9DS1": ("MotionSensorLsm9ds1.h", "Arduino_LSM9DS1 (1.1.1)"),
    "BMI270_BMM150": ("MotionSensorBmi270.h", "Arduino_BMI270_BMM150 (1.2.4)"),
}


def check(tiny, board: Board) -> None:
    """Raise TinykitError when the sketch could not feel motion on `board`, or not this way."""
    if board.imu not in SENSORS:
        known = ", ".join(name for name, other in boards.items() if other.imu in SENSORS)
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
    return ["MotionDecider.h", "MotionFeatures.h", "MotionSegmenter.h", driver(board)]


def further_files(board: Board) -> list[str]:
    """The parts that those need."""
    return []


def driver(board: Board) -> str:
    """The part of arduino/TinyKit that reads the board's motion sensor; "" when there is none."""
    return SENSORS.get(board.imu, ("", ""))[0]


def libraries(board: Board) -> list[str]:
    """Arduino libraries to pin, with versions."""
    return [SENSORS[board.imu][1]]
