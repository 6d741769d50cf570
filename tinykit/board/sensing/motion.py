"""What feeling motion takes of a board."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from tinykit.board.profiles import Board
from tinykit.board.sensing.result import Sensing
from tinykit.board.sensors import MOTION_SENSORS

if TYPE_CHECKING:
    from tinykit.features import Motion


def cost(tiny, board: Board, inference: float) -> Sensing:
    frontend = frontend_on(tiny, board)
    # The first one stands in where there is none on the board: one has to be connected.
    sensor = MOTION_SENSORS.get(board.imu, MOTION_SENSORS["LSM9DS1"])
    return Sensing(
        ram={
            "front end": 4 * math.prod(frontend.shape),  # float32 frames
            "sample ring": 2 * frontend.axes * frontend.constants["longest"],
            "sensor driver": sensor.ram_bytes,
        },
        flash={"sensor driver": sensor.code_bytes},
        how_often=", once for each movement",
    )


def frontend_on(tiny, board: Board) -> Motion:
    """A motion model's front end at the rate of the board's sensor; its features are the same."""
    return replace(tiny.frontend, sample_rate=board.imu_rate or tiny.frontend.sample_rate)
