"""From a stream of pictures to a state. C++ twin: TinyKit/src/FrameDecider.h.

Taught in notebook 02.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.common.kinds import IMAGE
from tinykit.streaming.result import Stream

if TYPE_CHECKING:
    from tinykit.quantization.tiny_model import TinyModel

#: How a sketch decides, unless TinyModel.decision says otherwise: the arguments of FrameDecider.
DEFAULT_DECISION = {"agree": 3, "threshold": 160}

#: From one picture to the next on a Nano 33 BLE Sense: its camera gives five frames a second, and
#: while one is dealt with the next goes by.
SECONDS_PER_FRAME = 0.4


class FrameDecider:
    """Keeps a state - what the camera sees - that changes when several pictures agree.

    The state is a label, at first the first one. It changes to another label when that had the
    highest score (the first of them, when there are several) and at least `threshold` in `agree`
    pictures in a row. Integers only, so that the C++ twin agrees exactly.

    Args:
        agree: pictures in a row that must say the same, at least 1.
        threshold: score that each of them needs, 0 ... 255 (a probability times 256).

    Attributes:
        state: index of the label that it is in.
    """

    def __init__(self, agree: int = 3, threshold: int = 160) -> None:
        self.agree = agree
        self.threshold = threshold
        self.state = 0
        self._candidate = 0  # what the last picture showed, if another state than this one,
        self._agreed = 0  # and how many pictures in a row

    def update(self, scores: Sequence[int] | np.ndarray) -> int:
        """Take the next picture; return the index of the label the state changes to, or -1.

        Args:
            scores: one integer per label, 0 ... 255: the int8 output of the network plus 128.
        """
        best = int(np.argmax(scores))
        if best == self.state or scores[best] < self.threshold:
            self._agreed = 0
            return -1
        self._agreed = self._agreed + 1 if best == self._candidate else 1
        self._candidate = best
        if self._agreed < self.agree:
            return -1
        self._agreed = 0
        self.state = best
        return best

    @staticmethod
    def percent(score: int) -> int:
        """A score of 0 ... 255 in hundredths, 0 ... 100, as the sketch prints it."""
        return (int(score) * 100 + 128) // 256


def stream_pictures(
    tiny: TinyModel,
    frames: np.ndarray | Sequence[np.ndarray],
    decision: Mapping[str, int] | None = None,
    seconds_per_frame: float | None = None,
) -> Stream:
    """Look at one picture after the other as the sketch does: score each, decide.

    For arguments, result and errors see `tinykit.streaming.stream`.
    """
    if isinstance(frames, np.ndarray) and (frames.ndim in (0, 2) or frames.shape[2:] == (3,)):
        raise TinykitError(
            f"Frames of shape {frames.shape} cannot be streamed. Give uint8 (n, height, width) or "
            "(n, height, width, 3)."
        )
    decider = FrameDecider(**DEFAULT_DECISION | tiny.decision | dict(decision or {}))
    scores = np.zeros((0, len(tiny.labels)), np.uint8)
    if len(frames):
        outputs = tiny.predict(tiny.frontend(frames))
        scores = np.rint(outputs / tiny.output_scale).clip(0, 255).astype(np.uint8)
    times = np.arange(1, len(scores) + 1) * (seconds_per_frame or SECONDS_PER_FRAME)
    averages, events = scores / 256, []
    for time, score, average in zip(times.tolist(), scores, averages, strict=True):
        label = decider.update(score)
        if label >= 0:
            events.append((time, tiny.labels[label], float(average[label])))
    return Stream(tiny.labels, times, scores, averages, events, IMAGE)
