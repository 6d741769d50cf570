"""What sensing and the front end take of a board, by kind of data: part of the fit check.

Sizes are in bytes.
"""

from __future__ import annotations

from tinykit.board.profiles import Board
from tinykit.board.sensing import audio, image, motion
from tinykit.board.sensing.result import Sensing
from tinykit.common.kinds import AUDIO, IMAGE, MOTION

BY_KIND = {AUDIO: audio, MOTION: motion, IMAGE: image}


def sensing_cost(kind: str, tiny, board: Board, inference: float) -> Sensing:
    """What the sketch of `tiny`, a model of this kind, takes besides the model.

    `inference`: seconds.
    """
    return BY_KIND[kind].cost(tiny, board, inference)
