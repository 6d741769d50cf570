"""The answer of each kind of sensing: bytes, and how often the model is asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """How often a board asks the model, and how busy that keeps it. Estimates.

    Attributes:
        stride_frames: new frames of sound from one inference to the next.
        seconds: from one inference to the next; more than those frames last when the board is slow.
        busy: share of the processor's time for front end and model, 0 ... 1.
    """

    stride_frames: int
    seconds: float
    busy: float


@dataclass(frozen=True)
class Sensing:
    """What sensor and front end take.

    Attributes:
        ram: bytes by part.
        flash: bytes by part.
        how_often: how often the model is asked, the end of a sentence.
        pace: the same in numbers; None for all but sound.
    """

    ram: dict[str, int]
    flash: dict[str, int]
    how_often: str
    pace: Pace | None = None
