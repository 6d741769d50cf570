"""What an audio data set is, once loaded."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from tinykit.datasets.dataset import SampledDataset


@dataclass(frozen=True, eq=False, repr=False)
class AudioDataset(SampledDataset):
    """Clips to train, validate and test a sound classifier with. Taught in notebook 01.

    Attributes:
        labels: the words, then "unknown" (any other word) and "silence".
        sample_rate: Hz.
        train, validation, test: the splits; no voice is in two of them unless a note says so.
        source: "bundled", or the folder or archive as it was given.
        notes: what was converted or decided while loading, a sentence each.
        noise: background recordings, int16 of any length, for augmenting the training split.
    """

    examples: ClassVar[str] = "clips"
    people: ClassVar[str] = "voices"

    noise: list[np.ndarray] = field(default_factory=list)
