"""The figures of networks: how they learn, what they say, what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

from tinykit.common.plot_style import COLOURS, STYLE, show

if TYPE_CHECKING:
    from tinykit.quantization.tiny_model import TinyModel
    from tinykit.training.loop import History


def learning_curves(history: History) -> None:
    """Loss and accuracy over the epochs, training against validation."""
    epochs = np.arange(1, len(history.loss) + 1)
    with plt.rc_context(STYLE):
        _, (left, right) = plt.subplots(1, 2, figsize=(8, 2.6))
        left.plot(epochs, history.loss, "o-", ms=3, label="training (augmented)")
        left.plot(epochs, history.val_loss, "o-", ms=3, label="validation")
        left.set(title="loss", xlabel="epoch")
        right.plot(epochs, history.accuracy, "o-", ms=3, label="training (augmented)")
        right.plot(epochs, history.val_accuracy, "o-", ms=3, label="validation")
        right.set(title="accuracy", xlabel="epoch")
        right.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        right.legend(loc="lower right", fontsize="small")
        show()


def confusion(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> None:
    """Counts of right (on the diagonal) and wrong answers; colour is the share of the row.

    `matrix[i][j]`: clips of label i that the model called j.
    """
    matrix = np.asarray(matrix)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    size = 2.2 + 0.5 * len(labels)
    with plt.rc_context(STYLE):
        _, ax = plt.subplots(figsize=(size, size * 0.85))
        ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(matrix):
            colour = "white" if share[row, column] > 0.5 else "black"
            ax.text(column, row, f"{count:,}", ha="center", va="center", color=colour)
        ax.set_xticks(range(len(labels)), labels, rotation=45, ha="right")
        ax.set_yticks(range(len(labels)), labels)
        ax.set(xlabel="model's answer", ylabel="truth")
        ax.spines[:].set_visible(False)
        show()


def scores(scores: np.ndarray, labels: Sequence[str], title: str = "") -> None:
    """One clip's scores as bars. `scores`: (classes,), 0 ... 1."""
    with plt.rc_context(STYLE):
        _, ax = plt.subplots(figsize=(5, 0.5 + 0.32 * len(labels)))
        ax.barh(range(len(labels)), scores, color=COLOURS[0])
        ax.set_yticks(range(len(labels)), labels)
        ax.invert_yaxis()
        ax.set(xlim=(0, 1), title=title)
        ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        show()


def number_line(values: np.ndarray, scale: float, zero_point: int) -> None:
    """Real values (grey) and the int8 numbers that stand for them, in a histogram.

    Args:
        values: float32, any shape.
        scale, zero_point: an int8 number q stands for scale * (q - zero_point).
    """
    values = np.ravel(values)
    q = np.clip(np.rint(values / scale) + zero_point, -128, 127)
    low, high = scale * (-128 - zero_point), scale * (127 - zero_point)
    with plt.rc_context(STYLE):
        _, (left, right) = plt.subplots(1, 2, figsize=(8, 2.3), sharey=True)
        left.hist(values, 128, range=(low, high), color="#999999", log=True)
        left.set(title="float32 features", xlabel="value")
        right.hist(q, 128, range=(-128, 128), log=True)
        right.set(title="the same as int8", xlabel="q")
        show()


def float_against_int8(float_scores: np.ndarray, int8_scores: np.ndarray) -> None:
    """Each score of the float model against the int8 model's: on the line they agree."""
    with plt.rc_context(STYLE):
        _, ax = plt.subplots(figsize=(3.6, 3.4))
        ax.plot([0, 1], [0, 1], color="#999999", lw=1)
        ax.plot(np.ravel(float_scores), np.ravel(int8_scores), ".", ms=3, alpha=0.3)
        ax.set(xlabel="float32 score", ylabel="int8 score", aspect="equal")
        show()


def layer_costs(tiny: TinyModel) -> None:
    """Where the multiplications and the weights are, layer by layer."""
    layers = tiny.layers
    names = [f"{index + 1}. {layer.op.lower()}" for index, layer in enumerate(layers)]
    with plt.rc_context(STYLE):
        _, axes = plt.subplots(1, 2, figsize=(9, 0.6 + 0.24 * len(layers)), sharey=True)
        for ax, values, title in (
            (axes[0], [layer.macs for layer in layers], "multiply-accumulates"),
            (axes[1], [layer.weight_bytes for layer in layers], "bytes of weights"),
        ):
            ax.barh(range(len(layers)), values, color=COLOURS[0])
            ax.set(title=title)
            ax.ticklabel_format(axis="x", style="plain")
            ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
            ax.locator_params(axis="x", nbins=5)
        axes[0].set_yticks(range(len(names)), names, fontsize="small")
        axes[0].invert_yaxis()
        show()
