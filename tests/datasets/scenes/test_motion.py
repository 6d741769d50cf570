"""A scene plays test people's gestures among everyday motion, as one hand would."""

import numpy as np
import pytest

from tinykit.common.errors import TinykitError
from tinykit.datasets import MotionDataset, Split, motion_scene

RATE = 119.0
LABELS = ["circle", "punch", "none"]


def held(direction: tuple[float, float, float], mark: float, rows: int) -> np.ndarray:
    """A hand that holds the board still, float32 (rows, 6); `mark` is in no other motion."""
    motion = np.zeros((rows, 6), np.float32)
    motion[:, :3] = np.array(direction) / np.linalg.norm(direction)
    motion[rows // 2, 3] = mark
    return motion


def dataset(axes: int = 6) -> MotionDataset:
    """Three takes of two gestures and two everyday recordings, each held in its own way."""

    def split(takes: list[np.ndarray], y: list[int]) -> Split:
        x = np.empty(len(takes), dtype=object)
        x[:] = [take[:, :axes] for take in takes]
        return Split(x, np.array(y), np.full(len(y), "anna"), np.full(len(y), "x"))

    takes = [held((0, 0, 1), 301, 150), held((1, 0, 0), 302, 200), held((0, -1, 1), 303, 120)]
    everyday = [held((0, 0, -1), 11, 2_400), held((-1, 1, 0.2), 12, 3_000)]
    other = split([held((0, 0, 1), 999, 150)], [0])
    days = {"train": [], "validation": [], "test": [day[:, :axes] for day in everyday]}
    test = split(takes, [0, 1, 1])
    return MotionDataset(LABELS, other, other, test, sample_rate=RATE, axes=axes, everyday=days)


def test_events_say_where_each_take_is():
    data = dataset()
    motion, events = motion_scene(data, 60, seed=3)
    assert motion.dtype == np.float32 and motion.shape == (60 * 119, 6)
    assert len(events) >= 4
    played = []
    for seconds, label in events:
        row = round(seconds * RATE)
        there = [
            index
            for index, take in enumerate(data.test.x)
            if np.array_equal(motion[row : row + len(take)], take)
        ]
        assert len(there) == 1 and label == LABELS[data.test.y[there[0]]]
        played += there
    marks = motion[:, 3][(motion[:, 3] > 300) & (motion[:, 3] < 304)]
    assert len(marks) == len(events), "a gesture without an event"
    assert {label for _, label in events} == {"circle", "punch"}
    assert not (motion[:, 3] == 999).any(), "a take of training"


def test_the_hand_turns_as_the_gyroscope_says():
    """Gravity in the frame of the board turns by the rotation that the gyroscope shows.

    x points forward, y right, z up: a left-handed frame, in which what rests in the world turns
    by +rotation. Integrated over a turn (1/119 s steps, at most 225 degrees/s), Euler's error is
    below a degree and a half.
    """
    motion, _ = motion_scene(dataset(), 40, seed=1)
    motion[np.abs(motion[:, 3:]).max(axis=1) > 300] *= [1, 1, 1, 0, 0, 0]  # marks, not motion
    motion[np.isin(motion[:, 3], [11, 12])] *= [1, 1, 1, 0, 0, 0]
    gravity = motion[0, :3].astype(float)
    for row in range(1, len(motion)):
        rotation = np.deg2rad(motion[row - 1 : row + 1, 3:].mean(axis=0)) / RATE
        gravity += np.cross(rotation, gravity)
        gravity /= np.linalg.norm(gravity)
        angle = np.rad2deg(np.arccos(np.clip(gravity @ motion[row, :3], -1, 1)))
        assert angle < 1.5 + 0.05 * row / RATE, f"{angle:.1f} degrees off after {row / RATE:.1f} s"


def test_parts_are_joined_smoothly():
    """Nothing jumps: a turn of 180 degrees is no faster than a wrist."""
    motion, _ = motion_scene(dataset(), 60, seed=2)
    assert np.abs(np.linalg.norm(motion[:, :3], axis=1) - 1).max() < 1e-3, "only gravity"
    # Minimum jerk peaks at 1.875 times the mean speed, 120 degrees/s.
    turning = np.linalg.norm(motion[:, 3:], axis=1)
    assert turning[turning < 300].max() <= 1.875 * 120 + 1
    step = np.linalg.norm(np.diff(motion[:, :3], axis=0), axis=1)
    assert step.max() <= np.deg2rad(1.875 * 120) / RATE * 1.01


@pytest.mark.parametrize("gestures", [0, 1, 3])
def test_as_many_gestures_as_asked_for(gestures):
    motion, events = motion_scene(dataset(), 90, gestures=gestures)
    assert len(motion) == 90 * 119 and len(events) == gestures
    assert (motion[:, 3] > 300).sum() == gestures


def test_the_last_gesture_is_whole():
    for seed in range(20):
        motion, events = motion_scene(dataset(), 20, seed=seed)
        for seconds, _ in events:
            assert seconds * RATE + 120 + 0.7 * RATE <= len(motion), "no rest after it"
        assert (motion[:, 3] > 300).sum() == len(events)


def test_the_same_seed_gives_the_same_scene():
    one, other, third = (motion_scene(dataset(), 30, seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(one, other) and not np.array_equal(one, third)


def test_three_axes_make_a_scene_of_three():
    motion, events = motion_scene(dataset(axes=3), 10.5)
    assert motion.shape == (round(10.5 * RATE), 3) and events


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_length_that_cannot_be_is_refused(seconds):
    with pytest.raises(TinykitError, match="Give a number above 0"):
        motion_scene(dataset(), seconds)


def test_without_everyday_motion_there_is_no_scene():
    data = dataset()
    data.everyday["test"].clear()
    with pytest.raises(TinykitError, match="no everyday motion to test with"):
        motion_scene(data)
