"""What a data set of pictures is, once loaded."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tinykit.datasets.dataset import Dataset, Split


@dataclass(frozen=True, eq=False, repr=False)
class PictureSplit(Split):
    """The pictures of one split, in a random but repeatable order.

    Attributes:
        x: uint8 (n, size, size, 3): red, green, blue.
        y: int64 (n,), index into the data set's labels.
        speakers: str (n,), the scene that a picture shows; empty where it is not known.
        files: str (n,), the picture's file: `person/0123_2.jpg`.
        area: float32 (n,), share of the picture that persons cover (of COCO: their boxes), 0 to 1;
            NaN where not known.
        masks: bool (n, height, width), True where persons are, perhaps coarser than the pictures;
            None when that is not known.
    """

    area: np.ndarray
    masks: np.ndarray | None = None


@dataclass(frozen=True, eq=False, repr=False)
class ImageDataset(Dataset):
    """Pictures to train, validate and test a classifier with. Taught in notebook 02.

    Attributes:
        labels: "non_person", "person"; of your own pictures the names of the folders.
        train, validation, test: the splits; no scene is in two of them unless a note says so.
        source: "bundled", or the folder or archive as it was given.
        notes: what was converted or decided while loading, a sentence each.
        crop: whether the pictures are the centre squares of the files; else the whole of them,
            squeezed into squares.
    """

    examples: ClassVar[str] = "pictures"
    people: ClassVar[str] = "scenes"

    train: PictureSplit
    validation: PictureSplit
    test: PictureSplit
    crop: bool = False

    def _measure(self) -> str:
        height, width = self.train.x.shape[1:3]
        return f" of {width} x {height} pixels"

    def _tells_of(self, people: int, examples: int) -> bool:
        return 0 < people < examples  # a scene for each picture goes without saying
