"""A recording of motion as what a board's sensor feels."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tinykit.datasets.files.motion import Recording

_REST_SECONDS = 0.5
_POSE_ROWS = 10  # over which gravity tells how the board is held


def played(recording: Recording, rate: float) -> np.ndarray:
    """A recording of motion for a sensor of `rate` samples per second, Hz: float32 (n, 6).

    Between takes, and after the last one, the board rests for a moment: without, two gestures would
    be one, and the last would not end. Where there was no gyroscope, rotation is 0.
    """
    from tinykit.datasets.motion import resampled  # here, because it imports a good deal
    from tinykit.datasets.scenes.motion import joined

    takes = [np.pad(take, ((0, 0), (0, 6 - take.shape[1]))) for take in recording.takes]
    takes.append(_rest(takes[-1], recording.sample_rate))
    motion = reduce(lambda before, take: joined(before, take, recording.sample_rate)[0], takes)
    return resampled(motion, recording.sample_rate, rate).astype(np.float32)


def _rest(take: np.ndarray, rate: float) -> np.ndarray:
    """A while of holding still as at the end of a take."""
    pose = take[-_POSE_ROWS:].mean(axis=0) * [1, 1, 1, 0, 0, 0]
    return np.tile(pose, (round(_REST_SECONDS * rate), 1))
