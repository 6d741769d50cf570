"""A recorded file of motion as what a board's sensor feels."""

from functools import reduce
from pathlib import Path

import numpy as np

_REST_SECONDS = 0.5
_POSE_ROWS = 10  # over which gravity tells how the board is held


def played_motion(path: Path | str, rate: float, rows: int | None = None) -> np.ndarray:
    """A file of motion for a sensor of `rate` samples per second: float32 (n, 6).

    Between takes, and after the last one, the board rests for a moment: without, two gestures would
    be one, and the last would not end. Where there was no gyroscope, rotation is 0.

    Args:
        path: as for `tk.datasets.load_motion`.
        rate: Hz.
        rows: rows of each take, for files with nothing between the takes.

    Raises TinykitError when it cannot be read.
    """
    from tinykit.datasets import load_motion  # here, because it imports a good deal
    from tinykit.datasets.gestures import resampled
    from tinykit.datasets.motion_scenes import joined

    recording = load_motion(path, rows=rows)
    takes = [np.pad(take, ((0, 0), (0, 6 - take.shape[1]))) for take in recording.takes]
    takes.append(_rest(takes[-1], recording.sample_rate))
    motion = reduce(lambda before, take: joined(before, take, recording.sample_rate)[0], takes)
    return resampled(motion, recording.sample_rate, rate).astype(np.float32)


def _rest(take: np.ndarray, rate: float) -> np.ndarray:
    """A while of holding still as at the end of a take."""
    pose = take[-_POSE_ROWS:].mean(axis=0) * [1, 1, 1, 0, 0, 0]
    return np.tile(pose, (round(_REST_SECONDS * rate), 1))
