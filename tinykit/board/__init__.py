"""Boards and what fits on them: profiles, the arena a model needs there, the fit check."""

from tinykit.board.fit import Fit, check_fit, measured_arena_bytes, target_arena_bytes
from tinykit.board.profiles import Board, boards, find_board

__all__ = [
    "Board",
    "Fit",
    "boards",
    "check_fit",
    "find_board",
    "measured_arena_bytes",
    "target_arena_bytes",
]
