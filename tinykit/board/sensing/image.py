"""What seeing takes of a board."""

from __future__ import annotations

import math

from tinykit.board.profiles import Board
from tinykit.board.sensing.result import Sensing
from tinykit.board.sensors import CAMERAS

# For each pixel of the camera and channel of the network: 43 in grey and 38 in colour, counted on
# the virtual board.
_RESIZE_CYCLES = 43


def cost(tiny, board: Board, inference: float) -> Sensing:
    frontend = tiny.frontend
    camera = CAMERAS.get(board.camera, CAMERAS["OV7675"])  # one has to be connected
    pixels = camera.width * camera.height
    is_grey = frontend.channels == 1 and camera.gives_grey
    resizing = pixels * frontend.channels * _RESIZE_CYCLES * board.slowdown / board.clock
    # Frames that go by while one is dealt with, and the one that is read after them.
    frames = math.ceil((inference + resizing) * camera.frames) + 1
    return Sensing(
        ram={
            "front end": 4 * frontend.size * frontend.channels,  # uint32 sums of a row
            "camera frame": pixels * (1 if is_grey else 2),
            "sensor driver": camera.ram_bytes,
        },
        flash={"sensor driver": camera.code_bytes},
        how_often=f", {camera.frames / frames:.1f} pictures a second",
    )
