"""The figures of a network: each draws the numbers it was given."""

import numpy as np
import pytest
from figures import figure
from plot_inputs import HISTORY

from tinykit import plots


def test_learning_curves_are_the_numbers_of_the_history():
    plots.learning_curves(HISTORY)
    left, right = figure().axes
    drawn = [line.get_ydata().tolist() for line in (*left.lines, *right.lines)]
    assert drawn == [HISTORY.loss, HISTORY.val_loss, HISTORY.accuracy, HISTORY.val_accuracy]
    assert left.lines[0].get_xdata().tolist() == [1, 2, 3]


def test_the_confusion_matrix_shows_its_counts_where_truth_and_answer_meet():
    plots.confusion([[1_200, 3, 0], [0, 7, 1], [0, 0, 0]], ["yes", "no", "never"])
    (ax,) = figure().axes
    shown = {text.get_position(): text.get_text() for text in ax.texts}
    assert shown[(0, 0)] == "1,200"
    assert shown[(1, 0)] == "3", "three clips of `yes` (row 0) that the model called `no`"
    assert shown[(2, 1)] == "1" and len(shown) == 9
    shares = np.asarray(ax.images[0].get_array())
    np.testing.assert_allclose(shares[:2].sum(axis=1), 1)
    assert not shares[2].any(), "a label without clips has no share, and no division by zero"
    assert [t.get_text() for t in ax.get_yticklabels()] == ["yes", "no", "never"]


def test_scores_are_bars_beside_their_labels():
    plots.scores(np.array([0.1, 0.7, 0.2]), ["yes", "no", "silence"])
    (ax,) = figure().axes
    assert [bar.get_width() for bar in ax.patches] == [0.1, 0.7, 0.2]
    heights = [bar.get_y() + bar.get_height() / 2 for bar in ax.patches]
    assert ax.get_yticks().tolist() == pytest.approx(heights)
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "the first label is on top"


def test_the_number_line_counts_every_value_once():
    """Inside the int8 range nothing is lost; outside, values pile up at -128 and 127."""
    values = np.linspace(-1, 5, 1_000).astype(np.float32)
    plots.number_line(values, 4 / 255, -128)  # int8 reaches from 0 to 4
    left, right = figure().axes
    assert sum(bar.get_height() for bar in right.patches) == 1_000
    inside = ((values >= 0) & (values <= 4)).sum()
    assert sum(bar.get_height() for bar in left.patches) == pytest.approx(inside, abs=1)


def test_layer_costs_are_those_of_the_model(small_tiny):
    plots.layer_costs(small_tiny)
    macs, weights = figure().axes
    assert [bar.get_width() for bar in macs.patches] == [x.macs for x in small_tiny.layers]
    assert [bar.get_width() for bar in weights.patches] == [
        x.weight_bytes for x in small_tiny.layers
    ]
    names = [label.get_text() for label in macs.get_yticklabels()]
    assert names[0] == "1. conv_2d" and len(names) == len(small_tiny.ops)
