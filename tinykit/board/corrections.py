"""What real boards have measured, kept on this computer: it corrects the virtual board's estimates.

One factor for each board: cycles measured / cycles estimated, from `tk.measure(...).save()`.
"""

import json
import math
from pathlib import Path

from tinykit.board.profiles import Board
from tinykit.common.errors import TinykitError
from tinykit.common.files import write_atomically
from tinykit.common.home import settings_folder

SMALLEST, LARGEST = 0.2, 5.0  # a factor beyond is no correction but a mistake
_FILE = "measured.json"


def corrections_file() -> Path:
    """Where they are kept."""
    return settings_folder() / _FILE


def saved() -> dict[str, dict]:
    """By the board's name: "factor", "model" and "date" of each measurement that was saved.

    Raises TinykitError when the file cannot be read.
    """
    path = corrections_file()
    if not path.is_file():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        for entry in entries.values():
            if not SMALLEST <= float(entry["factor"]) <= LARGEST:
                raise ValueError(f"factor {entry['factor']}")
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise TinykitError(
            f"{path}, which holds what your boards have measured, cannot be read ({error}). "
            "Delete it and measure again."
        ) from error
    return entries


def saved_correction(board: Board) -> float:
    """What the estimated cycles of a board are multiplied by; 1 when nothing has been measured."""
    return float(saved().get(board.name, {}).get("factor", 1.0))


def save(board: Board, factor: float, model: str, date: str) -> Path:
    """Keep a board's factor, in place of an earlier one; returns the file.

    Raises TinykitError when it is far from 1, or cannot be written.
    """
    if not math.isfinite(factor) or not SMALLEST <= factor <= LARGEST:
        raise TinykitError(
            f"The {board.title} took {factor:.2f} times the estimated cycles, which cannot be. "
            "Check that this board and this model were measured, then measure again."
        )
    entries = saved() | {board.name: {"factor": factor, "model": model, "date": date}}
    return _write(entries)


def forget(board: Board) -> bool:
    """Go back to the estimate as it is; says whether there was a correction."""
    entries = saved()
    found = entries.pop(board.name, None) is not None
    if found:
        _write(entries)
    return found


def corrected_by(factor: float) -> str:
    """How a corrected estimate says so."""
    return f"corrected by your board's measurement (x {factor:.2f})"


def _write(entries: dict[str, dict]) -> Path:
    return write_atomically(corrections_file(), json.dumps(entries, indent=2) + "\n")
