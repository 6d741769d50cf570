"""From a stream of motion to decisions. C++ twin: TinyKit/src/MotionDecider.h.

Taught in notebook 03.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tinykit.common.kinds import MOTION
from tinykit.streaming.result import Stream

if TYPE_CHECKING:
    from tinykit.quantization.tiny_model import TinyModel

#: How a sketch decides, unless TinyModel.decision says otherwise: the arguments of MotionDecider.
DEFAULT_DECISION = {"threshold": 190}


class MotionDecider:
    """Reports a gesture when the network is sure of it.

    There is one inference for each movement. The label with the highest score (the first of them,
    when there are several) is reported when it is a gesture, not one of `ignored`, and its score is
    at least `threshold`. Integers only, so that the C++ twin agrees exactly.

    Args:
        labels: the class names in output order.
        threshold: score a gesture needs, 0 ... 255 (a probability times 256).
        ignored: labels that are never reported.
    """

    def __init__(
        self, labels: Sequence[str], threshold: int = 190, ignored: Sequence[str] = ("none",)
    ) -> None:
        self.is_gesture = [label not in ignored for label in labels]
        self.threshold = threshold

    def decide(self, scores: Sequence[int] | np.ndarray) -> int:
        """The index of the label to report, or -1.

        Args:
            scores: one integer per label, 0 ... 255: the int8 output of the network plus 128.
        """
        best = int(np.argmax(scores))
        return best if self.is_gesture[best] and scores[best] >= self.threshold else -1

    @staticmethod
    def percent(score: int) -> int:
        """A score of 0 ... 255 in hundredths, 0 ... 100, as the sketch prints it."""
        return (int(score) * 100 + 128) // 256


def stream_motion(
    tiny: TinyModel,
    motion: np.ndarray,
    decision: Mapping[str, int] | None = None,
    sample_rate: float | None = None,
) -> Stream:
    """Watch a recording as the sketch does: find movements, score each, decide.

    A movement that has not ended when the recording does is not there yet. For arguments, result
    and errors see `tinykit.streaming.stream`.
    """
    frontend = tiny.frontend
    if sample_rate is not None:
        frontend = replace(frontend, sample_rate=sample_rate)
    motion = np.asarray(motion)
    if motion.ndim == 2 and motion.shape[1] == 6:
        motion = motion[:, : frontend.axes]
    [(samples, energy)] = frontend.located([motion], rested=False)
    ends, features = [], []
    for first, end in frontend.cut(energy):
        decided = _decided(frontend.constants, first, end)
        if decided <= len(samples):
            ends.append(decided)
            features.append(frontend.features(samples[first:end]))
    scores = np.zeros((0, len(tiny.labels)), np.uint8)
    if features:
        outputs = tiny.predict(np.stack(features))
        scores = np.rint(outputs / tiny.output_scale).clip(0, 255).astype(np.uint8)

    decider = MotionDecider(tiny.labels, **DEFAULT_DECISION | tiny.decision | dict(decision or {}))
    times, averages = np.array(ends, float) / frontend.sample_rate, scores / 256
    events = []
    for time, score, average in zip(times.tolist(), scores, averages, strict=True):
        label = decider.decide(score)
        if label >= 0:
            events.append((time, tiny.labels[label], float(average[label])))
    return Stream(tiny.labels, times, scores, averages, events, MOTION)


def _decided(constants: dict[str, int], first: int, end: int) -> int:
    """How many samples of the stream must have been seen until a segment is known to be over."""
    return min(end - 1 + constants["quiet"], first + constants["longest"])
