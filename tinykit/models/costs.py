"""What the layers of a network cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tinykit.common.backend import load_keras
from tinykit.common.errors import TinykitError

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class PairCost:
    """A depthwise and a pointwise convolution, and an ordinary one in their place.

    Attributes:
        shape: of the output, (rows, columns, channels).
        channels_in: of the input.
        ordinary, depthwise, pointwise: multiply-accumulates.
    """

    shape: tuple[int, int, int]
    channels_in: int
    ordinary: int
    depthwise: int
    pointwise: int

    def __str__(self) -> str:
        rows, columns, channels = self.shape
        return f"{rows} x {columns}, {self.channels_in} to {channels} channels"


def separable_costs(model: keras.Model) -> list[PairCost]:
    """The pairs of a depthwise and a 1x1 convolution in a model, in order.

    Raises TinykitError when there are none.
    """
    layers = load_keras().layers
    convolutions = [layer for layer in model.layers if "kernel_size" in layer.get_config()]
    costs = []
    for depthwise, pointwise in pairwise(convolutions):
        if not isinstance(depthwise, layers.DepthwiseConv2D) or pointwise.kernel_size != (1, 1):
            continue
        _, rows, columns, channels = pointwise.output.shape
        channels_in, places = depthwise.output.shape[-1], rows * columns
        each = math.prod(depthwise.kernel_size) * channels_in * places
        costs.append(
            PairCost(
                (rows, columns, channels),
                channels_in,
                ordinary=each * channels,
                depthwise=each,
                pointwise=channels_in * channels * places,
            )
        )
    if not costs:
        raise TinykitError(
            f"{model.name} has no depthwise convolution followed by a 1x1 convolution. "
            "Take a tk.models.mobilenet."
        )
    return costs
