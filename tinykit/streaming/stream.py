"""A recording through a model as a sketch hears, feels or sees it. Taught in notebooks 01 to 03."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tinykit.common.kinds import IMAGE, MOTION, kind_of_model
from tinykit.streaming.audio import stream_audio
from tinykit.streaming.image import stream_pictures
from tinykit.streaming.motion import stream_motion
from tinykit.streaming.result import Stream

if TYPE_CHECKING:
    from tinykit.quantization.tiny_model import TinyModel


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
        return stream_motion(tiny, recording, decision, sample_rate)
    if kind == IMAGE:
        return stream_pictures(tiny, recording, decision, seconds_per_frame)
    return stream_audio(tiny, recording, decision)
