"""Layers that several of the networks end or go on with."""

from __future__ import annotations

from collections.abc import Sequence


def normalized(layers, x):
    """Batch normalization and ReLU, which vanish into the convolution when it is quantized."""
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def scores(layers, pooled, labels: Sequence[str]):
    """A dense layer with softmax on pooled features, (batch, 1, 1, channels).

    It is written as a 1x1 convolution: TensorFlow Lite's int8 convolutions round as TFLM's do in
    every version, its FULLY_CONNECTED does not.
    """
    x = layers.Flatten()(layers.Conv2D(len(labels), 1)(pooled))
    return layers.Softmax(name="scores")(x)
