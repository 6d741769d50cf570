"""The bundled gestures keep what their data sheet promises, as they are loaded."""

import numpy as np
import pytest
from scipy.signal import butter, filtfilt

import tinykit as tk
from tinykit.datasets.motion import BUNDLED

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def data() -> tk.datasets.MotionDataset:
    return tk.datasets.gesture_recognition()


def test_the_folder_is_at_most_10_megabytes():
    assert sum(path.stat().st_size for path in BUNDLED.parent.iterdir()) <= 10_000_000


def test_they_are_read_without_a_note(data):
    assert data.notes == [] and data.axes == 6 and data.sample_rate == 119
    assert data.labels[:6] == ["circle", "horizontal", "vertical", "punch", "flex", "wing"]
    assert data.labels[-1] == "none"


def test_there_are_many_people_and_none_of_them_is_in_two_splits(data):
    people = [set(getattr(data, split).speakers) for split in SPLITS]
    assert sum(map(len, people)) == len(set.union(*people)) >= 40
    for split in SPLITS:
        y = getattr(data, split).y
        assert np.bincount(y, minlength=len(data.labels)).min() >= 40, "too few to judge by"


def test_motion_is_what_the_sensor_can_give(data):
    """The libraries set the sensor to 4 g and 2,000 degrees per second."""
    for split in SPLITS:
        for motion in [*getattr(data, split).x, *data.everyday[split]]:
            assert motion.dtype == np.float32 and np.isfinite(motion).all()
            assert np.abs(motion[:, :3]).max() <= 4.001
            assert np.abs(motion[:, 3:]).max() <= 2_000.1
        # Most of the time nobody pushes harder than gravity.
        everything = np.concatenate([*getattr(data, split).x, *data.everyday[split]])
        assert 0.9 < np.median(np.linalg.norm(everything[:, :3], axis=1)) < 1.1


def test_gravity_turns_as_the_gyroscope_says(data):
    """What rests in the world turns by +rotation in the sensor's left-handed frame.

    Below 1 Hz, a hand's own acceleration is small beside gravity: the slope of d(gravity)/dt over
    rotation x gravity is near +1. With y or the gyroscope's sign confused it would be near -1 or 0.
    """
    low_pass = butter(2, 1.0, fs=data.sample_rate)
    both = square = 0.0
    for motion in data.everyday["test"]:
        slow = filtfilt(*low_pass, motion, axis=0)
        change = np.gradient(slow[:, :3], 1 / data.sample_rate, axis=0)
        turned = np.cross(np.deg2rad(slow[:, 3:]), slow[:, :3])
        both += (change * turned).sum()
        square += (turned * turned).sum()
    assert 0.7 < both / square < 1.3
