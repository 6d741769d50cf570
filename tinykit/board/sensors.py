"""The sensors on the boards: how a sketch reads each one, and what its driver takes.

One table for the whole kit: profiles, fit check, exported sketches and virtual board read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinykit.board.profiles import Board


@dataclass(frozen=True)
class MotionSensor:
    """A motion sensor.

    Attributes:
        rate: samples per second as its Arduino library sets it, Hz.
        header: the part of arduino/TinyKit that reads it; "" while there is none.
        libraries: Arduino libraries below that, with versions.
        code_bytes: flash of its driver and of I2C (no measurement).
    """

    rate: float
    header: str = ""
    libraries: tuple[str, ...] = ()
    code_bytes: int = 8_192


@dataclass(frozen=True)
class Camera:
    """A camera.

    Attributes:
        header: the part of arduino/TinyKit that reads it.
        libraries: Arduino libraries below that, with versions.
        width, height: of a frame, pixels.
        gives_grey: a byte a pixel for a network without colour; else always two.
        frames: per second.
        code_bytes: flash of its driver (no measurement).
        wiring: for the sketch's README.
    """

    header: str
    libraries: tuple[str, ...]
    width: int
    height: int
    gives_grey: bool
    frames: float
    code_bytes: int
    wiring: str


#: By the name in `Board.imu`.
MOTION_SENSORS = {
    "LSM9DS1": MotionSensor(119.0, "MotionSensorLsm9ds1.h", ("Arduino_LSM9DS1 (1.1.1)",)),
    "BMI270_BMM150": MotionSensor(
        99.84,
        "MotionSensorBmi270.h",
        ("Arduino_BMI270_BMM150 (1.2.4)",),
        code_bytes=24_576,  # with 8 kB of firmware for the sensor
    ),
    "LSM6DSOX": MotionSensor(104.0),
}

#: By the name in `Board.camera`.
CAMERAS = {
    "OV7675": Camera(
        header="CameraOv7675.h",
        libraries=("Arduino_OV767X (0.0.2)",),
        width=160,
        height=120,
        gives_grey=True,
        frames=5,
        code_bytes=8_192,
        wiring="Put board and camera on Arduino's Tiny Machine Learning shield. Without it, wire "
        "the camera as the\nexamples of Arduino_OV767X say. The LED is on the board.",
    ),
    "GC2145": Camera(
        header="CameraGc2145.h",
        libraries=(),  # the driver comes with the core
        width=320,
        height=240,
        gives_grey=False,
        frames=30,  # asked for, not measured
        code_bytes=16_384,
        wiring="None. The camera and the LED are on the board.",
    ),
}


def motion_driver(board: Board) -> str:
    """The part of arduino/TinyKit that reads the board's motion sensor; "" when there is none."""
    return MOTION_SENSORS[board.imu].header if board.imu in MOTION_SENSORS else ""


def camera_driver(board: Board) -> str:
    """The part of arduino/TinyKit that reads the board's camera; "" when there is none."""
    return CAMERAS[board.camera].header if board.camera in CAMERAS else ""
