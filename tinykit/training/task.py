"""What a network is taught: itself against its labels, or something more beside.

`tk.train` fits a Task. A technique that teaches otherwise - softer targets, a second output,
rounded weights - passes a function that makes one, and the loop stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras


def _labels_alone(features: np.ndarray, y: np.ndarray, masks: np.ndarray | None) -> np.ndarray:
    return y


@dataclass(frozen=True)
class Task:
    """The network that is fitted, and on what.

    Attributes:
        model: the student's network, or one that shares its weights.
        loss: of each output, as Keras wants it.
        loss_weights: of each output; None for one output.
        metrics: of each output; the first output's is "accuracy".
        targets: (features, one-hot labels float32 (n, labels), masks of the pictures or None) ->
            what the outputs should be.
    """

    model: keras.Model
    loss: Any
    loss_weights: list[float] | None = None
    metrics: Any = ("accuracy",)
    targets: Callable[[np.ndarray, np.ndarray, np.ndarray | None], Any] = _labels_alone

    def compile(self, optimizer: Any) -> None:
        """Make the network ready to be fitted."""
        metrics = list(self.metrics)
        self.model.compile(optimizer, self.loss, loss_weights=self.loss_weights, metrics=metrics)
