"""An auxiliary task in training: where a person is, not only whether. Taught in notebook 02.

"Person" or "non_person" tells a network very little about a picture: one bit. Where the data know
which pixels are a person's, a second output has to say so, place by place, from the same features.
It is thrown away after training; the features stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinykit.common.backend import load_keras
from tinykit.features.image import area_mean, in_batches

if TYPE_CHECKING:
    import keras

    from tinykit.datasets.dataset import Dataset

NAME = "places"
WEIGHT = 10.0  # of the auxiliary task against the first
_FEWEST = 4  # places across
_SHARE = 0.25  # of a place that a person covers, to count as there


def with_auxiliary_output(model: keras.Model, data: Dataset) -> keras.Model | None:
    """The same network with an output for places beside its scores; None if data know no places.

    The output is (batch, rows, columns, 1), 0 ... 1, read off the last layer that still has 4
    places across. Weights are shared with `model`.
    """
    if getattr(data.train, "masks", None) is None or len(model.output_shape) != 2:
        return None
    layers = load_keras().layers
    maps = [
        layer.output
        for layer in model.layers
        if isinstance(layer, layers.ReLU) and layer.output.shape[1] >= _FEWEST
    ]
    places = layers.Conv2D(1, 1, activation="sigmoid", name=NAME)(maps[-1])
    return load_keras().Model(model.input, [model.output, places])


def targets(masks: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Which places have a person, because one covers a quarter of them or more.

    `masks`: uint8 (n, height, width), 255 where a person is. Returns float32 (n, rows, columns, 1).
    """
    share = in_batches(lambda batch: area_mean(batch, rows, columns), masks[..., None])
    return (share >= 255 * _SHARE).astype(np.float32)
