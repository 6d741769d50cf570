"""Motion: where in a stream something was done, and what a network sees of it.

C++ twins: TinyKit/src/MotionSegmenter.h and MotionFeatures.h. Taught in notebook 03.

A gesture is found by its *energy*, not by its shape: an accelerometer that is held still feels
gravity only, always the same, and a gyroscope nothing. What was found is stretched to a fixed
number of frames, turned so that gravity points down, and made equally strong: whoever moves a bit
faster or farther, with a board held level or at a slant, the network sees much the same.

Only much the same. Half as fast means a quarter of the acceleration and half the rotation: of slow
movements rotation shows more, and the thresholds, which are absolute, cut more of the ends off. And
gravity is taken to be the mean acceleration, which it is unless the board turns on the way.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from tinykit.common.errors import TinykitError

ACCELERATION_STEPS = 4096  # whole numbers to the g: int16 reaches from -8 to 8 g
ROTATION_STEPS = 16  # to the degree per second: int16 reaches from -2048 to 2048 deg/s
ROTATION_UNIT = 256  # degrees per second that count as much as one g
FAINT = 0.1  # g: what is weaker stays weak

_POSITIVE = (
    "start",
    "stop",
    "quiet",
    "before",
    "shortest",
    "longest",
    "level_time",
    "energy_time",
)


@dataclass(frozen=True)
class Motion:
    """Front end of gestures: segments of a stream as pictures of `frames` x `axes`.

    Samples are acceleration in g and rotation in degrees per second, columns aX, aY, aZ and, with
    6 axes, gX, gY, gZ; they may come at any `sample_rate`. One g of acceleration counts as much
    energy as 256 degrees per second of rotation.

    Attributes:
        sample_rate: samples per second, Hz.
        axes: 6 with a gyroscope, 3 without.
        frames: rows of the picture, however long the gesture took.
        start: root of the energy, in g, at which a gesture begins.
        stop: root of the energy, in g, below which the board is called still.
        quiet: seconds of stillness that end a gesture.
        before: seconds before the beginning that belong to it.
        shortest, longest: seconds; less is no gesture, and what lasts longer is cut there.
        level_time: seconds in which the level, from which acceleration is measured, follows.
        energy_time: seconds over which energy is averaged.

    Raises TinykitError for constants with which no gesture could be found.
    """

    sample_rate: float = 119.0
    axes: int = 6
    frames: int = 48
    start: float = 0.35
    stop: float = 0.20
    quiet: float = 0.25
    before: float = 0.10
    shortest: float = 0.15
    longest: float = 2.5
    level_time: float = 0.50
    energy_time: float = 0.04

    def __post_init__(self) -> None:
        if self.axes not in (3, 6):
            raise TinykitError(f"axes={self.axes} is no motion sensor. Choose 3 or 6.")
        if not 20 <= self.sample_rate <= 2_000:
            raise TinykitError(
                f"sample_rate={self.sample_rate:g} Hz cannot follow a hand. Choose 20 to 2,000 Hz."
            )
        if self.frames < 8:
            raise TinykitError(f"frames={self.frames} cannot show a gesture. Choose 8 or more.")
        for name in _POSITIVE:
            if not 0 < getattr(self, name) < np.inf:
                raise TinykitError(f"{name}={getattr(self, name)} makes no sense. Choose above 0.")
        self._check_segmentation()

    def _check_segmentation(self) -> None:
        """Raise TinykitError when the constants contradict each other."""
        if self.stop > self.start:
            raise TinykitError(
                f"stop={self.stop:g} is above start={self.start:g}, so a gesture would end as it "
                "begins. Choose a smaller stop."
            )
        if not self.constants["stop"]:
            raise TinykitError(
                f"stop={self.stop:g} g is less than any sensor's noise, so no gesture would end. "
                "Choose 0.01 or more."
            )
        if self.constants["start"] >= _most_energy(self.axes):
            raise TinykitError(
                f"start={self.start:g} g is more than a sensor can feel, so no gesture would "
                "begin. Choose a smaller start."
            )
        for name in ("before", "shortest"):
            # Counted in samples: what is cut at `longest` must have room for its beginning.
            if self.constants[name] >= self.constants["longest"]:
                raise TinykitError(
                    f"{name}={getattr(self, name):g} s leaves nothing of longest={self.longest:g} "
                    f"s. Choose a smaller {name}."
                )
        for name in ("level", "energy"):
            if not self.constants[f"{name}_share"]:
                raise TinykitError(
                    f"{name}_time={getattr(self, f'{name}_time'):g} s is too long: no sample would "
                    "count. Choose a shorter time."
                )

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of one gesture's features: (frames, axes)."""
        return self.frames, self.axes

    @cached_property
    def constants(self) -> dict[str, int]:
        """What the segmentation computes with: whole numbers only, so that twins agree exactly.

        `level_share` in 1/65536 and `energy_share` in 1/256 are how far an average moves towards a
        new sample; `start` and `stop` are energies; the others are numbers of samples.
        """

        def samples(seconds: float) -> int:
            return max(1, round(seconds * self.sample_rate))

        return {
            "level_share": round(65_536 * -np.expm1(-1 / (self.level_time * self.sample_rate))),
            "energy_share": round(256 * -np.expm1(-1 / (self.energy_time * self.sample_rate))),
            "start": round((256 * self.start) ** 2),
            "stop": round((256 * self.stop) ** 2),
            "quiet": samples(self.quiet),
            "before": samples(self.before),
            "shortest": samples(self.shortest),
            "longest": samples(self.longest),
        }

    def whole(self, motion: np.ndarray) -> np.ndarray:
        """Samples as the whole numbers the board keeps, int16, same shape; clipped at the range.

        Raises TinykitError for other axes, for no samples and for NaN or infinity.
        """
        motion = np.asarray(motion, np.float32)
        if motion.ndim == 2 and not len(motion):
            raise TinykitError("The recording has no samples in it. Record it again.")
        if motion.ndim != 2 or motion.shape[1] != self.axes:
            raise TinykitError(
                f"A recording of shape {motion.shape} does not fit a front end with {self.axes} "
                f"axes. Give (samples, {self.axes})."
            )
        if not np.isfinite(motion).all():
            raise TinykitError("The recording holds NaN or infinity. Record it again.")
        steps = np.float32([ACCELERATION_STEPS] * 3 + [ROTATION_STEPS] * 3)[: self.axes]
        return np.rint(np.clip(motion * steps, -32_768, 32_767)).astype(np.int16)

    def energy(self, motion: np.ndarray, rested: bool = False) -> np.ndarray:
        """Energy of each sample as the segmentation sees it, averaged; int64 (n,), (g / 256)^2.

        With `rested` the level starts at the median acceleration, as if the board had been held
        still before, instead of at the first sample.
        """
        return self.located([motion], rested)[0][1]

    def segments(self, motion: np.ndarray) -> list[tuple[int, int]]:
        """(first, end) sample of each gesture in a stream, as the board finds them.

        `end` is the sample after the last one, as in slices.
        """
        return self.cut(self.energy(motion))

    def __call__(self, motion: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
        """Features of one recording (samples, axes), or of a list of them.

        Of each recording only the segment of the largest energy counts; a recording in which
        nothing begins or ends counts as a whole.

        Returns float32, (frames, axes) or (recordings, frames, axes).
        """
        if isinstance(motion, np.ndarray) and motion.dtype != object and motion.ndim < 3:
            return self([motion])[0]
        found = self.located(motion, rested=True)
        features = np.empty((len(found), *self.shape), np.float32)
        for row, (samples, energy) in zip(features, found, strict=True):
            row[:] = self.features(samples[slice(*self.strongest(energy))])
        return features

    def located(
        self, motion: Sequence[np.ndarray], rested: bool
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Samples as whole numbers, int16 (n, axes), and `energy`, int64 (n,), of recordings."""
        takes = [self.whole(take) for take in motion]
        return list(zip(takes, self._energies(takes, rested), strict=True))

    def strongest(self, energy: np.ndarray) -> tuple[int, int]:
        """(first, end) of the segment that holds most of the energy, int64 (n,)."""
        found = self.cut(energy)
        return max(found, key=lambda s: energy[s[0] : s[1]].sum()) if found else (0, len(energy))

    def features(self, segment: np.ndarray) -> np.ndarray:
        """Features of one segment of whole numbers, int16 (n, axes): float32 (frames, axes)."""
        frames = _resampled(segment, self.frames)
        gravity = frames[:, :3].mean(axis=0, dtype=np.float32)
        turn = _turn_upright(gravity)
        columns = [(frames[:, :3] - gravity) @ turn.T]
        if self.axes == 6:
            columns.append(frames[:, 3:] @ turn.T / np.float32(ROTATION_UNIT))
        picture = np.concatenate(columns, axis=1)
        energy = (picture**2).sum(axis=1).mean()
        return picture / np.sqrt(energy + np.float32(FAINT**2))

    def config(self) -> dict:
        """The parameters, as written to tinymodel.json; `Motion(**config)` gives them back."""
        return asdict(self)

    def _energies(self, takes: list[np.ndarray], rested: bool) -> list[np.ndarray]:
        """`energy` of many recordings at once, one time step after the other."""
        lengths = [len(take) for take in takes]
        samples = np.zeros((max(lengths, default=0), len(takes), self.axes), np.int64)
        for i, take in enumerate(takes):
            samples[: len(take), i] = take
        first = [np.median(t[:, :3], axis=0) if rested else t[0, :3] for t in takes]
        level = np.array(first).astype(np.int64) * 256
        share, energy_share = self.constants["level_share"], self.constants["energy_share"]
        mean = np.zeros(len(takes), np.int64)
        energies = np.empty(samples.shape[:2], np.int64)
        for now, sample in enumerate(samples):
            acceleration = sample[:, :3] * 256
            level += (acceleration - level) * share >> 16
            change = acceleration - level >> 12  # 256 to the g, as a degree per second below
            energy = (change**2).sum(axis=1) + ((sample[:, 3:] >> 4) ** 2).sum(axis=1)
            mean += (energy - mean) * energy_share >> 8
            energies[now] = mean
        return [energies[:length, i] for i, length in enumerate(lengths)]

    def cut(self, energy: np.ndarray) -> list[tuple[int, int]]:
        """`segments` by the energy of a stream: from a start to `quiet` samples of stillness."""
        start, stop = self.constants["start"], self.constants["stop"]
        quiet, before = self.constants["quiet"], self.constants["before"]
        shortest, longest = self.constants["shortest"], self.constants["longest"]
        found: list[tuple[int, int]] = []
        free = 0  # the first sample that no segment has taken
        onset = _next(energy > start, 0)
        while onset < len(energy):
            first = max(free, onset - before)
            moving = onset + np.flatnonzero(energy[onset : first + longest] >= stop)
            pauses = np.flatnonzero(np.diff(moving, append=len(energy) + quiet) >= quiet)
            last = int(moving[pauses[0]])
            if last + 1 - first >= shortest:
                found.append((first, last + 1))
                free = last + 1
            onset = _next(energy > start, min(last + quiet, first + longest))
        return found


def _most_energy(axes: int) -> int:
    """Energy of full deflection against a level at full deflection the other way, (g / 256)^2."""
    acceleration = 2**16 * 256 // ACCELERATION_STEPS
    rotation = 2**15 // ROTATION_STEPS
    return 3 * acceleration**2 + (3 * rotation**2 if axes == 6 else 0)


def _resampled(segment: np.ndarray, frames: int) -> np.ndarray:
    """The mean signal within each of `frames` equal parts: float32 (frames, axes), g and deg/s."""
    steps = [ACCELERATION_STEPS] * 3 + [ROTATION_STEPS] * 3
    sums = np.zeros((len(segment) + 1, segment.shape[1]))
    np.cumsum(segment, axis=0, out=sums[1:])
    edges = np.linspace(0, len(segment), frames + 1)
    below = np.minimum(edges.astype(int), len(segment) - 1)
    at_edges = sums[below] + (edges - below)[:, None] * segment[below]
    means = np.diff(at_edges, axis=0) * (frames / len(segment))
    return (means / np.array(steps[: segment.shape[1]])).astype(np.float32)


def _turn_upright(gravity: np.ndarray) -> np.ndarray:
    """The smallest rotation that turns `gravity`, float32 (3,), to +z: a float32 3 x 3 matrix."""
    x, y, z = (gravity / max(float(np.linalg.norm(gravity)), 1e-6)).tolist()
    if z < -0.999:  # upside down: half a turn about x
        return np.diag(np.float32([1, -1, -1]))
    k = 1 / (1 + z)
    matrix = [[1 - k * x * x, -k * x * y, -x], [-k * x * y, 1 - k * y * y, -y], [x, y, z]]
    return np.array(matrix, np.float32)


def _next(true: np.ndarray, start: int) -> int:
    """Index of the first True from `start` on; the length when there is none."""
    found = np.flatnonzero(true[start:])
    return start + int(found[0]) if len(found) else len(true)
