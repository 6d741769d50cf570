"""A long recording of gestures among daily motion, to try a sketch on. Taught in notebook 03."""

from collections.abc import Iterator

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.motion import MotionDataset
from tinykit.features.motion_path import smallest_turn

_EVERYDAY_SECONDS = (2.0, 6.0)  # of everyday motion between two gestures
_REST_SECONDS = 0.7  # the hand is still before and after a gesture
_FADE_SECONDS = 0.1
_POSE_SECONDS = 0.3  # over which gravity tells how the hand is held
_TURN_SPEED = 120.0  # degrees per second, on average, at which the hand turns to another pose
_SHORTEST_TURN = 0.4  # seconds


def motion_scene(
    data: MotionDataset, seconds: float = 60, *, gestures: int | None = None, seed: int = 0
) -> tuple[np.ndarray, list[tuple[float, str]]]:
    """Gestures of test people among everyday motion of test people.

    Between two of them the hand rests for a moment, turns to the pose in which the next one begins,
    and rests again. The turns have the rotation that belongs to them.

    Args:
        data: what its `test` split holds is played: takes of gestures and everyday motion.
        seconds: length of the recording.
        gestures: how many at most; None for as many as there is time for (one in about 9 s), 0
            for everyday motion only.
        seed: the same seed gives the same recording.

    Returns:
        The recording, float32 (seconds * sample_rate, axes), and what is in it: (seconds at the
        start of the take, label).

    Raises TinykitError when there is no everyday motion to test with, or `seconds` is not above 0.
    """
    if not 0 < seconds < float("inf"):
        raise TinykitError(f"seconds is {seconds!r}. Give a number above 0, for example 60.")
    if not data.everyday.get("test"):
        raise TinykitError("The data have no everyday motion to test with. Record some as 'none'.")
    random = np.random.default_rng(seed)
    length = round(seconds * data.sample_rate)
    takes = _takes(data, random)
    recording, events = _everyday(data, random, brief=gestures != 0), []
    while len(recording) < length:
        left = gestures is None or len(events) < gestures
        if left:
            take, label = next(takes)
            longer, start = joined(recording, take, data.sample_rate)
            # Cut off it would be no gesture, and its end shows in the rest after it.
            left = len(longer) + _REST_SECONDS * data.sample_rate <= length
        if left:
            recording = longer
            events.append((start / data.sample_rate, label))
        everyday = _everyday(data, random, brief=left)
        recording, _ = joined(recording, everyday, data.sample_rate)
    return recording[:length].astype(np.float32), events


def _takes(data: MotionDataset, random: np.random.Generator) -> Iterator[tuple[np.ndarray, str]]:
    """Random takes of the test split, each gesture once before any comes again."""
    while True:
        for label in random.permutation(len(data.labels) - 1):
            chosen = np.flatnonzero(data.test.y == label)
            yield data.test.x[random.choice(chosen)], data.labels[label]


def _everyday(data: MotionDataset, random: np.random.Generator, *, brief: bool) -> np.ndarray:
    """A random everyday recording, whole or a few seconds of it."""
    whole = data.everyday["test"][random.integers(len(data.everyday["test"]))]
    if not brief:
        return whole
    n = min(len(whole), round(random.uniform(*_EVERYDAY_SECONDS) * data.sample_rate))
    start = random.integers(len(whole) - n + 1)
    return whole[start : start + n]


def joined(before: np.ndarray, after: np.ndarray, rate: float) -> tuple[np.ndarray, int]:
    """One motion after the other, with a rest, a turn and a rest between them.

    Args:
        before, after: float (rows, axes): acceleration in g, then rotation in degrees per second.
        rate: Hz.

    Returns:
        Both in one, float (rows, axes), and the row in which the second begins.
    """
    n = round(_POSE_SECONDS * rate)
    start, end = _pose(before[-n:, :3]), _pose(after[:n, :3])
    turn = smallest_turn(start, end)
    angle = np.linalg.norm(turn)
    axis = turn / max(angle, 1e-9)
    seconds = max(_SHORTEST_TURN, np.rad2deg(angle) / _TURN_SPEED)
    times = np.arange(round((seconds + 2 * _REST_SECONDS) * rate)) / rate
    part = np.clip((times - _REST_SECONDS) / seconds, 0, 1)
    turned = angle * part**3 * (10 - 15 * part + 6 * part**2)  # minimum jerk
    speed = angle * 30 * part**2 * (1 - part) ** 2 / seconds
    gravity = np.outer(np.cos(turned), start) + np.outer(np.sin(turned), np.cross(axis, start))
    # The sensor's axes form a left-handed frame (y points right). What rests in the world turns
    # in such a frame by +rotation, in a right-handed one by -rotation.
    rotation = np.outer(np.rad2deg(speed), axis)
    bridge = np.concatenate([gravity, rotation], axis=1)[:, : before.shape[1]]
    fade = np.clip(times / _FADE_SECONDS, 0, 1)[:, None]
    bridge = fade * bridge + (1 - fade) * before[-1]
    bridge = fade[::-1] * bridge + (1 - fade[::-1]) * after[0]
    return np.concatenate([before, bridge, after]), len(before) + len(bridge)


def _pose(acceleration: np.ndarray) -> np.ndarray:
    """Which way is up in the sensor's axes, of a hand at rest: a vector of length 1."""
    mean = acceleration.mean(axis=0)
    length = np.linalg.norm(mean)
    return mean / length if length > 1e-6 else np.array([0.0, 0.0, 1.0])
