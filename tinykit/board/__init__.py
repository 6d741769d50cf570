"""Boards: their profiles, the check of what fits on them, and the virtual board."""

from tinykit.board.fit import Fit, check_fit, measured_arena_bytes, target_arena_bytes
from tinykit.board.measuring import Measurement, forget_measurement, measure
from tinykit.board.profiles import Board, boards, find_board
from tinykit.board.virtual.board import VirtualBoard
from tinykit.board.virtual.board_run import BoardRun, Fault
from tinykit.board.virtual.model_run import LayerRun, ModelRun

__all__ = [
    "Board",
    "BoardRun",
    "Fault",
    "Fit",
    "LayerRun",
    "Measurement",
    "ModelRun",
    "VirtualBoard",
    "boards",
    "check_fit",
    "find_board",
    "forget_measurement",
    "measure",
    "measured_arena_bytes",
    "target_arena_bytes",
]
