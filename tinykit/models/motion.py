"""Networks for motion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tinykit.common.backend import load_keras
from tinykit.models.layers import normalized, scores

if TYPE_CHECKING:
    import keras


def gesture_cnn(
    shape: tuple[int, int],
    labels: Sequence[str],
    *,
    channels: int = 24,
    dropout: float = 0.2,
    seed: int = 0,
) -> keras.Model:
    """Three convolutions along time for gestures. Taught in notebook 03.

    Filters of the first see all axes of five frames at once and move along time only; the two
    others halve the time and put the pieces together. What they found is averaged over time.

    Args:
        shape: (frames, axes) of the features, as `frontend.shape` gives.
        labels: class names; one output each.
        channels: filters of the first layer; the others have 4/3 and 2 times as many.
        dropout: share of pooled features hidden in training.
        seed: the same seed starts from the same weights.

    Returns:
        An uncompiled model, float32 (batch, frames, axes, 1) to probabilities
        (batch, len(labels)).
    """
    keras = load_keras()
    layers = keras.layers
    keras.utils.set_random_seed(seed)

    def convolution(x, filters: int, size: tuple[int, int], stride: int, padding: str = "same"):
        x = layers.Conv2D(filters, size, (stride, 1), padding, use_bias=False)(x)
        return normalized(layers, x)

    inputs = keras.Input((*shape, 1), name="features")
    x = convolution(inputs, channels, (5, shape[1]), 1, "valid")
    x = convolution(x, channels * 4 // 3, (5, 1), 2)
    x = convolution(x, channels * 2, (5, 1), 2)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, seed=seed)(x)
    return keras.Model(inputs, scores(layers, x, labels), name="gesture_cnn")
