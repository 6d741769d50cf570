"""Networks for sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tinykit.common.backend import load_keras
from tinykit.common.errors import TinykitError
from tinykit.models.layers import normalized, scores

if TYPE_CHECKING:
    import keras


def band_cnn(
    shape: tuple[int, int], labels: Sequence[str], *, filters: int = 8, seed: int = 0
) -> keras.Model:
    """One convolution whose filters see all bands at once: a row of pitch detectors.

    Each filter weighs every band of 4 frames and moves along the time axis only; what it found is
    averaged over time, and the averages are weighed for each label. Taught in notebook 00.

    Args:
        shape: (frames, bands) of the features, as `frontend.shape` gives.
        labels: class names; one output each.
        filters: number of filters.
        seed: the same seed starts from the same weights.

    Returns:
        An uncompiled model, float32 (batch, frames, bands, 1) to probabilities
        (batch, len(labels)).
    """
    keras = load_keras()
    layers = keras.layers
    keras.utils.set_random_seed(seed)

    inputs = keras.Input((*shape, 1), name="features")
    x = layers.Conv2D(filters, (4, shape[1]), (2, 1), use_bias=False, name="filters")(inputs)
    x = normalized(layers, x)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return keras.Model(inputs, scores(layers, x, labels), name="band_cnn")


def ds_cnn(
    shape: tuple[int, int],
    labels: Sequence[str],
    *,
    channels: int = 64,
    blocks: int = 4,
    dropout: float = 0.2,
    seed: int = 0,
) -> keras.Model:
    """Depthwise separable CNN for keyword spotting, after "Hello Edge" (Zhang et al. 2017).

    A first convolution with half the channels, where the picture is still large, looks at 10 frames
    x 4 bands and halves both axes; each block then filters every channel alone (depthwise 3x3) and
    mixes the channels (pointwise 1x1); the first block halves both axes again. Batch normalization
    follows each convolution and vanishes when the model is quantized.

    Args:
        shape: (frames, bands) of the features, as `frontend.shape` gives.
        labels: class names; one output each.
        channels: filters in every layer after the first, the dial between accuracy and cost.
        blocks: depthwise separable blocks.
        dropout: share of pooled features hidden in training.
        seed: the same seed starts from the same weights.

    Returns:
        An uncompiled model, float32 (batch, frames, bands, 1) to probabilities
        (batch, len(labels)).
    """
    keras = load_keras()
    layers = keras.layers
    keras.utils.set_random_seed(seed)

    inputs = keras.Input((*shape, 1), name="features")
    x = normalized(layers, layers.Conv2D(channels // 2, (10, 4), 2, "same", use_bias=False)(inputs))
    for block in range(blocks):
        stride = 2 if block == 0 else 1
        x = normalized(layers, layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(x))
        x = normalized(layers, layers.Conv2D(channels, 1, use_bias=False)(x))
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, seed=seed)(x)
    return keras.Model(inputs, scores(layers, x, labels), name="ds_cnn")


def stream_cnn(
    shape: tuple[int, int],
    labels: Sequence[str],
    *,
    channels: int = 64,
    blocks: int = 4,
    kernel: int = 9,
    dropout: float = 0.2,
    seed: int = 0,
) -> keras.Model:
    """A keyword network that can stream: nothing in it looks beyond the frames that are there.

    Filters of the first convolution see all bands of 5 frames at once. Each block then filters
    every channel alone along time (depthwise `kernel` x 1) and mixes the channels (pointwise 1x1),
    as in MatchboxNet (Majumdar and Ginsburg 2020) and the wake-word networks of microWakeWord;
    bands are channels after the first layer, as in TC-ResNet (Choi et al. 2019). What they found is
    averaged over time.

    No layer pads or strides along time, so a frame that comes next moves every row of every layer
    up by one and adds one: `tinykit.quantization.streaming_form` computes that row alone, for a
    forty-fifth of the work.

    Args:
        shape: (frames, bands) of the features, as `frontend.shape` gives.
        labels: class names; one output each.
        channels: filters in every layer, the dial between accuracy and cost.
        blocks: depthwise separable blocks.
        kernel: frames that a depthwise filter sees; 4 + `blocks` * (`kernel` - 1) must be fewer
            frames than there are.
        dropout: share of pooled features hidden in training.
        seed: the same seed starts from the same weights.

    Returns:
        An uncompiled model, float32 (batch, frames, bands, 1) to probabilities
        (batch, len(labels)).

    Raises TinykitError when there are too few frames.
    """
    if shape[0] < (needed := 5 + blocks * (kernel - 1)):
        raise TinykitError(
            f"The network sees {needed} frames at once, the front end gives {shape[0]}. "
            "Choose fewer blocks, a shorter kernel or a longer duration."
        )
    keras = load_keras()
    layers = keras.layers
    keras.utils.set_random_seed(seed)

    inputs = keras.Input((*shape, 1), name="features")
    x = normalized(layers, layers.Conv2D(channels, (5, shape[1]), use_bias=False)(inputs))
    for _ in range(blocks):
        x = normalized(layers, layers.DepthwiseConv2D((kernel, 1), use_bias=False)(x))
        x = normalized(layers, layers.Conv2D(channels, 1, use_bias=False)(x))
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, seed=seed)(x)
    return keras.Model(inputs, scores(layers, x, labels), name="stream_cnn")
