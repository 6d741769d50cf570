"""Networks for pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tinykit.common.backend import load_keras
from tinykit.models.layers import normalized, scores

if TYPE_CHECKING:
    import keras


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
    x = normalized(layers, layers.Conv2D(channels(32), 3, 2, "same", use_bias=False)(inputs))
    stages = [(128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    for full, stride in [*stages, *[(512, 1)] * blocks, (1024, 1)]:
        before = x
        x = normalized(layers, layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(x))
        x = normalized(layers, layers.Conv2D(channels(full), 1, use_bias=False)(x))
        if x.shape == before.shape:
            x = layers.Add()([before, x])
    x = layers.GlobalAveragePooling2D(keepdims=True, name="pooled")(x)
    x = layers.Dropout(dropout, seed=seed)(x)
    return keras.Model(inputs, scores(layers, x, labels), name="mobilenet")
