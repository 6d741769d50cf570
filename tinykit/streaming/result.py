"""What a sketch would have done with a recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinykit.common.kinds import AUDIO, IMAGE, MOTION

_NOTHING = {AUDIO: "no keyword heard", MOTION: "no gesture felt", IMAGE: "no change seen"}


@dataclass(frozen=True)
class Stream:
    """What a sketch would have done with a recording.

    Attributes:
        labels: class names in the order of `scores`' columns.
        times: seconds at which each inference's window of sound ends, at which a movement is known
            to be over, or at which a picture has been taken, float64 (n,).
        scores: the network's outputs, uint8 (n, classes), 0 ... 255.
        averages: what decisions rest on, float64 (n, classes), 0 ... 1: of keywords the moving
            averages of the scores, of gestures and pictures the scores themselves.
        events: (seconds, label, score 0 ... 1) of each reported keyword or gesture, and of each
            change of what is seen in pictures.
        kind: of data, `tinykit.common.kinds.AUDIO`, `MOTION` or `IMAGE`.
    """

    labels: list[str]
    times: np.ndarray
    scores: np.ndarray
    averages: np.ndarray
    events: list[tuple[float, str, float]]
    kind: str = AUDIO

    def __repr__(self) -> str:
        lines = [f"{time:8.3f} s  {label}  {score:.2f}" for time, label, score in self.events]
        return "\n".join(lines) or _NOTHING[self.kind]
