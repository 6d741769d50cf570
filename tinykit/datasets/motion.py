"""What a motion data set and a recording of motion are, once loaded."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from tinykit.datasets.dataset import SampledDataset


@dataclass(frozen=True, eq=False, repr=False)
class MotionDataset(SampledDataset):
    """Takes to train, validate and test a gesture classifier with. Taught in notebook 03.

    Acceleration is in g, rotation in degrees per second, in the columns aX, aY, aZ, gX, gY, gZ.

    Attributes:
        labels: the gestures, then "none" (everyday motion).
        sample_rate: Hz.
        train, validation, test: the splits; nobody is in two of them unless a note says so. The
            takes of "none" are pieces of `everyday`, 2 s long.
        source: "bundled", or the folder, archive or file as it was given.
        notes: what was converted or decided while loading, a sentence each.
        axes: 6, or 3 for data without a gyroscope (acceleration only).
        everyday: everyday motion of each split, whole: by the split's name a list of recordings,
            float32 (rows, axes).
    """

    examples: ClassVar[str] = "takes"

    axes: int = 6
    everyday: dict[str, list[np.ndarray]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class Recording:
    """One file of motion.

    Attributes:
        takes: float32 (rows, axes) each, in the order of the file: acceleration in g, then, with 6
            axes, rotation in degrees per second.
        sample_rate: Hz.
        notes: what was converted or decided while reading, a sentence each.
    """

    takes: list[np.ndarray]
    sample_rate: float
    notes: list[str] = field(default_factory=list)

    @property
    def axes(self) -> int:
        """6, or 3 without a gyroscope."""
        return self.takes[0].shape[1]

    def __repr__(self) -> str:
        seconds = sum(map(len, self.takes)) / self.sample_rate
        count = f"{len(self.takes):,} take{'s' if len(self.takes) > 1 else ''}"
        first = (
            f"Recording: {count} of {self.axes} axes, {seconds:.3g} s at {self.sample_rate:g} Hz"
        )
        return "\n".join([first, *(f"note: {note}" for note in self.notes)])
