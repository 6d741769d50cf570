"""Where in a picture a network finds what it says (B. Zhou et al. 2016, arXiv:1512.04150).

Taught in notebook 02. A network that ends in a mean over all places and a weighted sum can be asked
each place: sum first, and take the mean afterwards. Nothing is approximated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinykit.common.backend import load_keras
from tinykit.common.errors import TinykitError

if TYPE_CHECKING:
    import keras

_BATCH = 64


def class_activation_map(model: keras.Model, features: np.ndarray, label: int) -> np.ndarray:
    """How much each place of a picture speaks for a label, and against all others.

    The unit is that of the network's sums before the softmax. Of two labels, the mean over all
    places is the log odds: `1 / (1 + exp(-mean))` is the score. Of more labels, it is the label's
    sum less the mean of the others'.

    Args:
        model: maps features to probabilities; it ends in a mean over all places, a dense layer (or
            a 1x1 convolution) and a softmax, as `tk.models.mobilenet` does.
        features: float32 (n, size, size, channels), as the front end gives.
        label: index of an output.

    Returns:
        float32 (n, rows, columns), as coarse as the network's last layer before the mean.

    Raises TinykitError when the model ends otherwise, or has no such label.
    """
    pooling, weights = _ending(model)
    n_labels = weights.shape[1]
    if not 0 <= label < n_labels:
        raise TinykitError(f"The model has no label {label}. Choose 0 to {n_labels - 1}.")
    others = np.delete(weights, label, axis=1).mean(axis=1)
    before = load_keras().Model(model.inputs, pooling.input)
    places = before.predict(np.asarray(features, np.float32), batch_size=_BATCH, verbose=0)
    with_bias = np.concatenate([places, np.ones((*places.shape[:3], 1), np.float32)], axis=-1)
    return (with_bias @ (weights[:, label] - others)).astype(np.float32)


def _ending(model: keras.Model) -> tuple[keras.Layer, np.ndarray]:
    """The layer that takes the mean, and the last weights, float32 (channels + 1, labels).

    The last row is the bias.
    """
    layers = load_keras().layers
    chain = model.layers
    if isinstance(chain[-1], layers.Softmax | layers.Activation):
        chain = chain[:-1]
    passed = layers.Dropout | layers.Flatten
    after = [layer for layer in chain if not isinstance(layer, passed)][-2:]
    kinds = layers.GlobalAveragePooling2D, layers.Conv2D | layers.Dense
    if len(after) < 2 or not all(map(isinstance, after, kinds)) or len(after[1].weights) != 2:
        names = ", ".join(type(layer).__name__ for layer in after)
        raise TinykitError(
            f"{model.name} ends in {names}: where it looks cannot be told. It takes a model that "
            "ends in GlobalAveragePooling2D and one dense layer or 1x1 convolution."
        )
    kernel, bias = after[1].get_weights()
    return after[0], np.concatenate([kernel.reshape(-1, kernel.shape[-1]), bias[None]])
