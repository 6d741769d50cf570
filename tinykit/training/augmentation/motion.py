"""Make every gesture look as if done again: begun late, cut short, turned, hurried in the middle.

Taught in notebook 03.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

if TYPE_CHECKING:
    from tinykit.datasets.motion import MotionDataset
    from tinykit.features import Motion

_NONE = "none"


@dataclass(frozen=True)
class MotionAugmentation:
    """Random changes to takes of gestures. The front end has removed most of speed and size.

    Attributes:
        late: chance that the recording begins too late, as recorders do that wait for a strong
            acceleration: when |aX| + |aY| + |aZ| reaches some value in `trigger`, g.
        trigger: range of that value; Arduino's own capture sketch waits for 2.5.
        kept: range of what such a recorder keeps, in seconds.
        ends: how much earlier or later a gesture begins and ends, as share of its length (standard
            deviation).
        turn: how differently the board is held, degrees about each axis (standard deviation).
        rotation: how much more or less the hand turns along, as a natural logarithm (standard
            deviation).
        hurry: how far the middle of the movement is moved in time, as share of its length (standard
            deviation).
        gain: how much stronger or weaker an axis is, as a natural logarithm (standard deviation).
        noise: added to the features (standard deviation).
        everyday: chance that an example of "none" is cut from the long recordings of everyday
            motion, where a sketch would cut it, instead of being one of the takes.
    """

    late: float = 0.6
    trigger: tuple[float, float] = (1.8, 2.6)
    kept: tuple[float, float] = (0.9, 1.6)
    ends: float = 0.08
    turn: float = 6.0
    rotation: float = 0.15
    hurry: float = 0.05
    gain: float = 0.25
    noise: float = 0.03
    everyday: float = 0.7

    @classmethod
    def gentle(cls) -> MotionAugmentation:
        """For a student's own recordings, which are as they are: nothing begins later still."""
        return cls(late=0.0)

    def __call__(
        self, takes: Sequence[np.ndarray], frontend: Motion, *, seed: int = 0
    ) -> np.ndarray:
        """Features of a changed copy of each take.

        Args:
            takes: float (rows, axes) each, in g and degrees per second.
            frontend: finds the gesture in a take and computes its features.
            seed: the same seed gives the same copies.

        Returns:
            float32 (takes, frames, axes).
        """
        random = np.random.default_rng(seed)
        takes = [self.recorded_late(take, frontend.sample_rate, random) for take in takes]
        found = frontend.located(takes, rested=True)
        return self._all(frontend, [(s, frontend.strongest(e)) for s, e in found], random)

    def features(
        self,
        data: MotionDataset,
        chosen: np.ndarray,
        frontend: Motion,
        random: np.random.Generator,
    ) -> np.ndarray:
        """Features of changed copies of training examples, float32 (n, frames, axes).

        Args:
            data: its train split and its everyday motion are taken.
            chosen: indices into the train split, int (n,).
            frontend: computes the features.
            random: where chance comes from.
        """
        none = data.labels.index(_NONE) if _NONE in data.labels else -1
        recordings = data.everyday.get("train", [])
        takes, streams = [], []
        for take, label in zip(data.train.x[chosen], data.train.y[chosen], strict=True):
            stream = bool(label == none and recordings and random.random() < self.everyday)
            if stream:
                take = _window(recordings, frontend.sample_rate, random)
            elif label != none:
                take = self.recorded_late(take, frontend.sample_rate, random)
            takes.append(take)
            streams.append(stream)
        places = []
        for (samples, energy), stream in zip(
            frontend.located(takes, rested=True), streams, strict=True
        ):
            # What had begun before the window did is not as a sketch would have cut it.
            found = [place for place in frontend.cut(energy) if place[0] > 0] if stream else []
            place = found[random.integers(len(found))] if found else frontend.strongest(energy)
            places.append((samples, place))
        return self._all(frontend, places, random)

    def recorded_late(
        self, take: np.ndarray, sample_rate: float, random: np.random.Generator
    ) -> np.ndarray:
        """Sometimes only what a recorder keeps that waits for a strong acceleration."""
        if random.random() >= self.late:
            return take
        strong = np.abs(take[:, :3]).sum(axis=1) >= random.uniform(*self.trigger)
        first = int(np.argmax(strong))
        kept = take[first : first + round(random.uniform(*self.kept) * sample_rate)]
        enough = strong.any() and len(kept) >= sample_rate / 3
        return kept if enough else take

    def _all(
        self,
        frontend: Motion,
        places: list[tuple[np.ndarray, tuple[int, int]]],
        random: np.random.Generator,
    ) -> np.ndarray:
        """Features of a changed copy of each (samples, (first, end))."""
        features = np.empty((len(places), *frontend.shape), np.float32)
        turns = random.normal(0, np.radians(self.turn), (len(places), 3))
        turns = Rotation.from_rotvec(turns).as_matrix().astype(np.float32)
        for row, (samples, (first, end)), turn in zip(features, places, turns, strict=True):
            segment = samples[self._other_ends(first, end, len(samples), random)]
            segment = segment.astype(np.float32)
            segment[:, :3] = segment[:, :3] @ turn
            if segment.shape[1] == 6:
                segment[:, 3:] = segment[:, 3:] @ turn * np.exp(random.normal(0, self.rotation))
            row[:] = frontend.features(self._hurried(segment, random))
        features *= np.exp(random.normal(0, self.gain, (len(features), 1, features.shape[2])))
        return features + random.normal(0, self.noise, features.shape).astype(np.float32)

    def _other_ends(self, first: int, end: int, length: int, random: np.random.Generator) -> slice:
        earlier, later = random.normal(0, self.ends, 2) * (end - first)
        first, last = max(0, round(first + earlier)), min(length, round(end + later))
        return slice(first, max(last, first + 8))

    def _hurried(self, segment: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """The same way from start to end, but with another tempo on the way."""
        t = np.linspace(0, 1, len(segment))
        t = t + random.normal(0, self.hurry) * np.sin(np.pi * t)
        t = np.clip(t + random.normal(0, self.hurry) * np.sin(2 * np.pi * t), 0, 1)
        position = t * (len(segment) - 1)
        below = np.minimum(position.astype(int), max(len(segment) - 2, 0))
        part = (position - below)[:, None]
        after = np.minimum(below + 1, len(segment) - 1)
        return segment[below] * (1 - part) + segment[after] * part


def _window(
    recordings: list[np.ndarray], sample_rate: float, random: np.random.Generator
) -> np.ndarray:
    """A few seconds of a random recording."""
    recording = recordings[random.integers(len(recordings))]
    length = min(len(recording), round(random.uniform(2, 5) * sample_rate))
    start = random.integers(len(recording) - length + 1)
    return recording[start : start + length]
