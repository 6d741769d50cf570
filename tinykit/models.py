"""The small networks of the course.

TensorFlow is imported when a model is made, not before: `import tinykit` stays cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tinykit.backend import load_keras

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
    x = _normalized(layers, x)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return keras.Model(inputs, _scores(layers, x, labels), name="band_cnn")


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
    x = _normalized(
        layers, layers.Conv2D(channels // 2, (10, 4), 2, "same", use_bias=False)(inputs)
    )
    for block in range(blocks):
        stride = 2 if block == 0 else 1
        x = _normalized(layers, layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(x))
        x = _normalized(layers, layers.Conv2D(channels, 1, use_bias=False)(x))
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, seed=seed)(x)
    return keras.Model(inputs, _scores(layers, x, labels), name="ds_cnn")


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
        return _normalized(layers, x)

    inputs = keras.Input((*shape, 1), name="features")
    x = convolution(inputs, channels, (5, shape[1]), 1, "valid")
    x = convolution(x, channels * 4 // 3, (5, 1), 2)
    x = convolution(x, channels * 2, (5, 1), 2)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, seed=seed)(x)
    return keras.Model(inputs, _scores(layers, x, labels), name="gesture_cnn")


def mobilenet(
    shape: tuple[int, int, int],
    labels: Sequence[str],
    *,
    width: float = 0.3125,
    blocks: int = 3,
    dropout: float = 0.1,
    seed: int = 0,
) -> keras.Model:
    """MobileNet for small pictures, after Howard et al. 2017. Taught in notebook 02.

    A first convolution, then pairs of a depthwise 3x3 and a pointwise 1x1 convolution. Wherever the
    picture is halved there are more channels: from 32 * `width` to 1024 * `width` of them. Its two
    dials are the width, which scales all channels, and the side of the picture, which the front end
    sets. MobileNet's first block is left out, so the picture is soon small and its layers cheap:
    small networks make better use of that (Qin et al. 2018, "FD-MobileNet"). So is its last one,
    and of five equal ones in the middle only `blocks` stay: they hold most of the weights and
    little of the accuracy. The picture is halved four times and not five: what is small in it is
    lost in the fifth. Blocks that change neither size nor channels are added to what goes into
    them, as in ResNet (He et al. 2016): such a network learns faster.

    Args:
        shape: (size, size, channels) of the features, as `frontend.shape` gives; a size of 32 or
            more.
        labels: class names; one output each.
        width: share of the original's channels, the dial between accuracy and cost.
        blocks: equal blocks at 1/16 of the picture's side.
        dropout: share of pooled features hidden in training.
        seed: the same seed starts from the same weights.

    Returns:
        An uncompiled model, float32 (batch, size, size, channels) to probabilities
        (batch, len(labels)).
    """
    keras = load_keras()
    layers = keras.layers
    keras.utils.set_random_seed(seed)

    def channels(full: int) -> int:
        return max(8, 4 * round(full * width / 4))

    inputs = keras.Input(shape, name="features")
    x = _normalized(layers, layers.Conv2D(channels(32), 3, 2, "same", use_bias=False)(inputs))
    stages = [(128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    for full, stride in [*stages, *[(512, 1)] * blocks, (1024, 1)]:
        before = x
        x = _normalized(layers, layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(x))
        x = _normalized(layers, layers.Conv2D(channels(full), 1, use_bias=False)(x))
        if x.shape == before.shape:
            x = layers.Add()([before, x])
    x = layers.GlobalAveragePooling2D(keepdims=True, name="pooled")(x)
    x = layers.Dropout(dropout, seed=seed)(x)
    return keras.Model(inputs, _scores(layers, x, labels), name="mobilenet")


def _normalized(layers, x):
    """Batch normalization and ReLU, which vanish into the convolution when it is quantized."""
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def _scores(layers, pooled, labels: Sequence[str]):
    """A dense layer with softmax on pooled features, (batch, 1, 1, channels).

    It is written as a 1x1 convolution: TensorFlow Lite's int8 convolutions round as TFLM's do in
    every version, its FULLY_CONNECTED does not.
    """
    x = layers.Flatten()(layers.Conv2D(len(labels), 1)(pooled))
    return layers.Softmax(name="scores")(x)
