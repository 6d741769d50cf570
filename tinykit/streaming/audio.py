"""From a stream of sound to decisions. C++ twin: TinyKit/src/KeywordDecider.h.

Taught in notebook 01.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.common.kinds import AUDIO, RESTING
from tinykit.streaming.result import Stream

if TYPE_CHECKING:
    from tinykit.quantization.tiny_model import TinyModel

_UINT32 = 0xFFFFFFFF

#: How a sketch decides, unless TinyModel.decision says otherwise: the arguments of KeywordDecider
#: and `stride_frames`, the frames from one inference to the next.
DEFAULT_DECISION = {"window": 4, "threshold": 180, "refractory_ms": 1000, "stride_frames": 4}


def decision_of(tiny: TinyModel, changes: Mapping[str, int] | None = None) -> dict[str, int]:
    """The constants of the decision logic of a keyword model, complete.

    A network that streams answers whenever it is given frames, so `stride_frames` is how many it
    takes at a time, and by default its average spans the same time as that of others.

    Args:
        tiny: its `decision` takes the place of `DEFAULT_DECISION`.
        changes: take the place of both.

    Raises TinykitError when a network that streams is to be asked at another pace.
    """
    given = tiny.decision | dict(changes or {})
    if not tiny.is_streaming:
        return DEFAULT_DECISION | given
    stride = tiny.input_shape[0]
    if given.get("stride_frames", stride) != stride:
        raise TinykitError(
            f"stride_frames is {given['stride_frames']}, but the network streams: it answers once "
            f"for {stride} frames each. Leave stride_frames out."
        )
    span = DEFAULT_DECISION["window"] * DEFAULT_DECISION["stride_frames"]
    usual = {"stride_frames": stride, "window": max(1, span // stride)}
    return DEFAULT_DECISION | usual | given


class KeywordDecider:
    """Reports a keyword once, when its score has been high for a while.

    The scores of the last `window` inferences are averaged. The label with the highest average (the
    first of them, when there are several) is reported when

    - it is a keyword, not one of `ignored`,
    - its average is at least `threshold`,
    - `window` inferences have been seen, and
    - the last report is at least `refractory_ms` ago.

    Integers only, so that the C++ twin agrees exactly.

    Args:
        labels: the class names in output order.
        window: inferences to average over, at least 1.
        threshold: average score a keyword needs, 0 ... 255 (a probability times 256).
        refractory_ms: silence after a report, milliseconds.
        ignored: labels that are never reported.
    """

    def __init__(
        self,
        labels: Sequence[str],
        window: int = 4,
        threshold: int = 180,
        refractory_ms: int = 1000,
        ignored: Sequence[str] = RESTING[AUDIO],
    ) -> None:
        self.is_keyword = [label not in ignored for label in labels]
        self.window = window
        self.threshold = threshold
        self.refractory_ms = refractory_ms
        self._history: list[np.ndarray] = []
        self._last_report_ms: int | None = None  # None: not resting

    def update(self, scores: Sequence[int] | np.ndarray, time_ms: int) -> int:
        """Take one inference; return the index of the label to report, or -1.

        Args:
            scores: one integer per label, 0 ... 255: the int8 output of the network plus 128.
            time_ms: when, in milliseconds; may wrap at 2**32 as the board's millis() does.
        """
        self._history = [*self._history, np.asarray(scores, int)][-self.window :]
        if self._last_report_ms is not None:
            rested_ms = (time_ms - self._last_report_ms) & _UINT32
            if rested_ms >= self.refractory_ms:
                self._last_report_ms = None

        sums = self._sums()
        best = int(np.argmax(sums))
        sure = len(self._history) == self.window and sums[best] >= self.threshold * self.window
        if not sure or not self.is_keyword[best] or self._last_report_ms is not None:
            return -1
        self._last_report_ms = time_ms
        return best

    def percent(self, label: int) -> int:
        """A label's average score in hundredths, 0 ... 100, as the sketch prints it."""
        return int(self._sums()[label] * 100 + 128 * self.window) // (256 * self.window)

    def averages(self) -> np.ndarray:
        """Each label's average score, float64, 0 ... 1."""
        return self._sums() / (256 * len(self._history))

    def _sums(self) -> np.ndarray:
        return np.sum(self._history, axis=0)


def stream_audio(tiny: TinyModel, recording: np.ndarray, decision: Mapping | None) -> Stream:
    frontend = tiny.frontend
    window = _window_samples(frontend)
    if np.ndim(recording) != 1 or len(recording) < window:
        raise TinykitError(
            f"A recording of shape {np.shape(recording)} cannot be streamed. Give one channel of "
            f"at least {window:,} samples ({window / frontend.sample_rate:.2f} s)."
        )
    settings = decision_of(tiny, decision)
    stride = settings.pop("stride_frames")
    decider = KeywordDecider(tiny.labels, **settings, ignored=tiny.resting)

    scores = _scores(tiny, frontend(recording), stride)
    ends = np.arange(len(scores)) * stride * frontend.hop_length + window
    times = ends / frontend.sample_rate
    averages, events = [], []
    for end, time, score in zip(ends.tolist(), times, scores, strict=True):
        label = decider.update(score, end * 1000 // frontend.sample_rate)
        averages.append(decider.averages())
        if label >= 0:
            events.append((float(time), tiny.labels[label], float(averages[-1][label])))
    return Stream(tiny.labels, times, scores, np.array(averages), events, AUDIO, tiny.resting)


def _scores(tiny: TinyModel, frames: np.ndarray, stride: int) -> np.ndarray:
    """The scores of each window of frames, uint8 (windows, classes)."""
    if tiny.is_streaming:
        steps = frames[: len(frames) // stride * stride].reshape(-1, stride, frames.shape[1])
        return tiny.scores(steps)[tiny.steps_to_fill - 1 :]
    windows = np.lib.stride_tricks.sliding_window_view(frames, tiny.frontend.n_frames, axis=0)
    return tiny.scores(windows[::stride].transpose(0, 2, 1))


def _window_samples(frontend) -> int:
    """Samples that the frames of one window cover."""
    return (frontend.n_frames - 1) * frontend.hop_length + frontend.frame_length
