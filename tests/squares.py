"""Pictures of squares with masks, for tests of what learns from them."""

import numpy as np

from tinykit.datasets.image import ImageDataset, PictureSplit
from tinykit.training.augmentation.image import ImageAugmentation

NOTHING = ImageAugmentation(
    zoom=1.0, stretch=0, turn=0, light=0, grey=0, blur=0, noise=0, patch=0, paste=0
)
RED = (200, 40, 40)


def pictures_of_squares(n: int = 40, masks: bool = True) -> ImageDataset:
    """Grey noise; those with label 1 have a red square, which the mask knows."""
    random = np.random.default_rng(1)
    y = np.arange(n) % 2
    x = random.integers(60, 120, (n, 64, 64, 1), dtype=np.uint8).repeat(3, axis=3)
    known = np.zeros((n, 32, 32), bool)
    for i in np.flatnonzero(y):
        top, left = random.integers(4, 20, 2)
        known[i, top : top + 8, left : left + 8] = True
        x[i, 2 * top : 2 * top + 16, 2 * left : 2 * left + 16] = RED
    names = np.array([str(i) for i in range(n)])
    area = known.mean(axis=(1, 2)).astype(np.float32)
    split = PictureSplit(x, y, names, names, area, known if masks else None)
    return ImageDataset(["non_person", "person"], split, split, split)
