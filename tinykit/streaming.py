"""From a stream of scores to decisions. C++ twin: TinyKit/src/KeywordDecider.h.

Taught in notebook 01. For motion and pictures, see motion_streaming.py and image_streaming.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinykit.errors import TinykitError
from tinykit.kinds import AUDIO, IMAGE, MOTION, kind_of_model

if TYPE_CHECKING:
    from tinykit.quantization import TinyModel

_UINT32 = 0xFFFFFFFF
_NOTHING = {AUDIO: "no keyword heard", MOTION: "no gesture felt", IMAGE: "no change seen"}

#: How a sketch decides, unless TinyModel.decision says otherwise: the arguments of KeywordDecider
#: and `stride_frames`, the frames from one inference to the next.
DEFAULT_DECISION = {"window": 4, "threshold": 180, "refractory_ms": 1000, "stride_frames": 4}


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
        ignored: Sequence[str] = ("unknown", "silence"),
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
        kind: of data, `tinykit.kinds.AUDIO`, `MOTION` or `IMAGE`.
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


def stream(
    tiny: TinyModel,
    recording: np.ndarray | Sequence[np.ndarray],
    decision: Mapping[str, int] | None = None,
    sample_rate: float | None = None,
    seconds_per_frame: float | None = None,
) -> Stream:
    """Listen to a recording, watch one of motion, or look at pictures, as the sketch does.

    Sound: slide, score, average, decide. Motion: find movements, score each, decide. Pictures:
    score each, decide when several agree.

    Args:
        tiny: a model with its front end.
        recording: int16 samples of sound at the front end's rate, at least one window long; or
            motion, float (n, axes): acceleration in g, rotation in degrees per second; or pictures
            in the order in which they were taken, uint8 (n, height, width) or (n, height, width,
            3), or a list of them.
        decision: constants of the decision logic in the place of `tiny.decision`. A board that
            would be too busy asks the model less often: `Sketch.decision` says how it decides.
        sample_rate: of the motion, Hz, where it is another than the front end's: a board's sensor
            may be faster or slower (`Board.imu_rate`).
        seconds_per_frame: from one picture to the next; default 0.4, as on a Nano 33 BLE Sense.

    Returns:
        The scores over time and what was reported.

    Raises TinykitError when the model has no front end, and when the recording is shorter than a
    window, or not one channel, or not of as many axes as the front end wants, or no pictures.
    """
    kind = kind_of_model(tiny)
    if kind == MOTION:
        from tinykit.motion_streaming import stream_motion

        return stream_motion(tiny, recording, decision, sample_rate)
    if kind == IMAGE:
        from tinykit.image_streaming import stream_pictures

        return stream_pictures(tiny, recording, decision, seconds_per_frame)
    return _stream_audio(tiny, recording, decision)


def _stream_audio(tiny: TinyModel, recording: np.ndarray, decision: Mapping | None) -> Stream:
    frontend = tiny.frontend
    window = _window_samples(frontend)
    if np.ndim(recording) != 1 or len(recording) < window:
        raise TinykitError(
            f"A recording of shape {np.shape(recording)} cannot be streamed. Give one channel of "
            f"at least {window:,} samples ({window / frontend.sample_rate:.2f} s)."
        )
    settings = DEFAULT_DECISION | tiny.decision | dict(decision or {})
    stride = settings.pop("stride_frames")
    decider = KeywordDecider(tiny.labels, **settings)

    features = frontend(recording)
    windows = np.lib.stride_tricks.sliding_window_view(features, frontend.n_frames, axis=0)
    windows = windows[::stride].transpose(0, 2, 1)
    outputs = tiny.predict(windows)
    scores = np.rint(outputs / tiny.output_scale).clip(0, 255).astype(np.uint8)

    ends = np.arange(len(scores)) * stride * frontend.hop_length + window
    times = ends / frontend.sample_rate
    averages, events = [], []
    for end, time, score in zip(ends.tolist(), times, scores, strict=True):
        label = decider.update(score, end * 1000 // frontend.sample_rate)
        averages.append(decider.averages())
        if label >= 0:
            events.append((float(time), tiny.labels[label], float(averages[-1][label])))
    return Stream(tiny.labels, times, scores, np.array(averages), events)


def _window_samples(frontend) -> int:
    """Samples that the frames of one window cover."""
    return (frontend.n_frames - 1) * frontend.hop_length + frontend.frame_length
