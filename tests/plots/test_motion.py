"""The figures of motion: each draws what it was given, and appears once in a notebook."""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import swings
from figures import (
    check_each_appears_once,
    check_one_figure_each,
    check_others_are_left_alone,
    figure,
)

import tinykit as tk
from tinykit import plots
from tinykit.features import Motion
from tinykit.features.motion_path import path
from tinykit.plots import motion as motion_plots
from tinykit.plots.motion import _OUTCOMES, _text_rows
from tinykit.streaming.result import Stream
from tinykit.streaming.score import CONFUSED, FALSE_ALARM, HIT, MISSED

RATE = 119.0
FRONTEND = Motion()
TAKES, Y = swings(8, seed=0)
RECORDING = np.concatenate(TAKES)
FEATURES = FRONTEND(TAKES)
HEARD = Stream(
    ["thrust", "sway", "turn", "none"],
    np.array([2.0, 4.0, 6.0, 8.0, 10.0]),
    np.zeros((5, 4), np.uint8),
    np.array(
        [
            [0.9, 0.0, 0.1, 0.0],
            [0.1, 0.2, 0.0, 0.7],
            [0.2, 0.8, 0.0, 0.0],
            [0.1, 0.4, 0.3, 0.2],
            [0.0, 0.0, 0.95, 0.05],
        ]
    ),
    [(2.0, "thrust", 0.9), (6.0, "sway", 0.8), (10.0, "turn", 0.95)],
    "motion",
)
DONE = [(0.5, "thrust"), (5.0, "turn"), (12.0, "sway")]  # a hit, a confused one, a missed one


@pytest.fixture
def drawings() -> dict:
    """Every function of the module with arguments that a notebook would give."""
    return {
        "takes": lambda: plots.takes(TAKES[:6], RATE, ["a", "b"]),
        "path": lambda: plots.path(TAKES[0], RATE, "a take"),
        "energy": lambda: plots.energy(RECORDING, FRONTEND, [(1.0, "thrust")]),
        "gestures": lambda: plots.gestures(FEATURES, ["a", "b"]),
        "people": lambda: plots.people([1.0, 0.5, 0.0], ["anna", "ben", "cleo"]),
        "motion_stream": lambda: plots.motion_stream(HEARD, RECORDING, RATE, DONE),
    }


def visible(fig) -> list:
    return [ax for ax in fig.axes if ax.get_visible()]


def test_each_draws_one_figure_and_returns_nothing(drawings):
    check_one_figure_each(drawings, motion_plots)


def test_other_figures_and_the_style_of_others_are_left_alone(drawings):
    check_others_are_left_alone(drawings)


@pytest.mark.slow
def test_the_module_can_be_imported_first():
    """It and plots.py use each other."""
    script = "import tinykit.plots.motion as m, tinykit as tk; assert tk.plots.takes is m.takes"
    subprocess.run([sys.executable, "-c", script], check=True)


# ---- takes ----


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_takes_are_drawn_in_pairs_on_the_same_axes(count):
    plots.takes(TAKES[:count], RATE, ["first"])
    panels = visible(figure())
    assert len(panels) == 2 * count
    acceleration = [ax for ax in panels if ax.get_ylim() == panels[0].get_ylim()]
    rotation = [ax for ax in panels if ax not in acceleration]
    assert len(acceleration) == len(rotation) == count
    assert acceleration[0].get_title(loc="left") == "first"
    for shown, columns in ((acceleration, slice(0, 3)), (rotation, slice(3, 6))):
        for ax, take in zip(shown, TAKES[:count], strict=True):
            curves = [line for line in ax.lines if len(line.get_xdata()) == len(take)]
            drawn = np.stack([line.get_ydata() for line in curves], axis=1)
            np.testing.assert_array_equal(drawn, take[:, columns])
            np.testing.assert_allclose(curves[0].get_xdata(), np.arange(len(take)) / RATE)
            low, high = ax.get_ylim()
            assert low < drawn.min() and drawn.max() < high, "nothing is cut off"
    assert len({ax.get_xlim() for ax in panels}) == 1, "longer takes look longer"


def test_each_column_of_takes_has_its_time_axis_labelled_once():
    """Also above a place that is empty in the last row."""
    plots.takes(TAKES[:5], RATE)
    panels = visible(figure())
    labelled = [ax for ax in panels if any(t.get_visible() for t in ax.get_xticklabels())]
    columns = {round(ax.get_position().x0, 3) for ax in panels}
    assert len(columns) == 4
    assert sorted(round(ax.get_position().x0, 3) for ax in labelled) == sorted(columns)


def test_takes_without_gyroscope_have_no_rotation():
    plots.takes([take[:, :3] for take in TAKES[:2]], RATE)
    fig = figure()
    assert len(visible(fig)) == 2
    (legend,) = fig.legends
    assert [text.get_text() for text in legend.get_texts()] == ["x  forward", "y  right", "z  up"]


# ---- path ----


def test_the_path_is_drawn_in_centimetres_at_equal_scales():
    take = TAKES[0]  # swings forward and back
    plots.path(take, RATE, "thrust")
    space, front, colours = figure().axes
    forward, right, up = 100 * path(take, RATE).T
    (line,) = front.collections
    starts = np.array([piece[0] for piece in line.get_segments()])
    np.testing.assert_allclose(starts, np.stack([right, up], axis=1)[:-1])
    np.testing.assert_allclose(line.get_array(), np.arange(len(take) - 1) / RATE)
    start, end = (marker.get_xydata()[0] for marker in front.lines)
    np.testing.assert_allclose(start, [0, 0])
    np.testing.assert_allclose(end, [right[-1], up[-1]])
    limits = [space.get_xlim(), space.get_ylim(), space.get_zlim()]
    assert np.ptp(limits, axis=1) == pytest.approx(np.ptp(limits[0])), "no axis is stretched"
    for (low, high), values in zip(limits, (right, forward, up), strict=True):
        assert low < values.min() and values.max() < high
    assert front.get_aspect() == 1
    assert colours.get_ylabel() == "time (s)"


def test_the_path_of_a_board_at_rest_can_be_drawn():
    plots.path(np.tile([0.0, 0, 1, 0, 0, 0], (119, 1)), RATE)
    figure()


# ---- energy ----


def test_energy_shows_the_thresholds_and_shades_the_segments():
    plots.energy(RECORDING, FRONTEND, [(1.0, "thrust"), (1.1, "sway")])
    fig = figure()
    top, bottom = fig.axes
    curve = next(line for line in bottom.lines if len(line.get_xdata()) == len(RECORDING))
    energy = np.sqrt(FRONTEND.energy(RECORDING)) / 256
    np.testing.assert_allclose(curve.get_ydata(), np.maximum(energy, 1e-3))
    assert bottom.get_yscale() == "log"
    levels = [line.get_ydata()[0] for line in bottom.lines if line is not curve]
    assert levels == [FRONTEND.start, FRONTEND.stop]
    for ax in (top, bottom):
        spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
        np.testing.assert_allclose(spans, np.array(FRONTEND.segments(RECORDING)) / RATE)
    marks = [(text.get_position(), text.get_text()) for text in top.texts]
    assert [(x, label) for (x, _), label in marks] == [(1.0, "thrust"), (1.1, "sway")]
    assert marks[0][0][1] < marks[1][0][1], "they would meet: the second stands higher"


def test_rotation_is_drawn_at_the_worth_that_the_energy_gives_it():
    plots.energy(RECORDING, FRONTEND)
    top = figure().axes[0]
    acceleration, rotation = (line.get_ydata() for line in top.lines)
    np.testing.assert_allclose(acceleration, np.linalg.norm(RECORDING[:, :3], axis=1))
    np.testing.assert_allclose(256 * rotation, np.linalg.norm(RECORDING[:, 3:], axis=1))
    (degrees,) = top.child_axes
    np.testing.assert_allclose(degrees.get_ylim(), 256 * np.array(top.get_ylim()))


def test_energy_without_gyroscope_shows_acceleration_only():
    plots.energy(RECORDING[:, :3], Motion(axes=3))
    top = figure().axes[0]
    assert len(top.lines) == 1 and not top.child_axes


# ---- gestures ----


@pytest.mark.parametrize("axes", [6, 3])
def test_gestures_are_pictures_with_one_range_of_colours(axes):
    features = FEATURES[:5, :, :axes]
    plots.gestures(features, ["first"])
    panels = visible(figure())[:-1]  # without the colour bar
    assert len(panels) == 5
    for ax, picture in zip(panels, features, strict=True):
        (image,) = ax.images
        np.testing.assert_array_equal(image.get_array(), picture.T)
        low, high = image.get_clim()
        assert -low == high == pytest.approx(np.percentile(np.abs(features), 99))
        assert ax.get_ylim()[0] > ax.get_ylim()[1], "aX is on top"
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names == ["aX", "aY", "aZ", "gX", "gY", "gZ"][:axes]
    assert panels[0].get_title(loc="left") == "first"


def test_one_gesture_is_a_picture_too():
    plots.gestures(FEATURES[0])
    picture, _ = visible(figure())
    np.testing.assert_array_equal(picture.images[0].get_array(), FEATURES[0].T)


def test_sixteen_gestures_fit_and_stillness_can_be_drawn():
    plots.gestures(np.zeros((16, 48, 6), np.float32))
    assert len(visible(figure())) == 17


# ---- motion_stream ----


def test_a_stream_of_motion_tells_hits_from_false_alarms():
    plots.motion_stream(HEARD, RECORDING, RATE, DONE)
    lanes, curves, scores = figure().axes
    outcomes = {"thrust": HIT, "sway": CONFUSED, "turn": FALSE_ALARM}
    marks = {line.get_xdata()[0]: line for line in scores.lines}
    assert sorted(marks) == [2, 4, 6, 8, 10], "one for each movement"
    assert [marks[time].get_ydata()[0] for time in sorted(marks)] == [0.9, 0.7, 0.8, 0.4, 0.95]
    for time, label, _ in HEARD.events:
        colour, shape = _OUTCOMES[outcomes[label]]
        assert (marks[time].get_color(), marks[time].get_marker()) == (colour, shape)
    assert marks[4].get_markerfacecolor() == "white", "none"
    assert marks[8].get_markerfacecolor() != "white", "a gesture, but not sure enough"
    legend = [text.get_text() for text in scores.get_legend().get_texts()]
    assert legend == [HIT, CONFUSED, FALSE_ALARM, "none", "too unsure"]
    drawn = np.stack([line.get_ydata() for line in curves.lines[-3:]], axis=1)
    np.testing.assert_array_equal(drawn, RECORDING[:, :3])

    done, reported = lanes.texts[:3], lanes.texts[3:]
    named = [(t.get_position()[0], t.get_text().strip()) for t in done]
    assert named == [*DONE[:2], (12.0, "sway (missed)")]
    assert [t.get_text().strip() for t in reported] == ["thrust", "sway", "turn"]
    assert [t.get_color() for t in done] == [_OUTCOMES[x][0] for x in (HIT, CONFUSED, MISSED)]
    ys = [t.get_position()[1] for t in (*done, *reported)]
    assert max(ys[:3]) < min(ys[3:]) and lanes.yaxis_inverted(), "what was done stands above"
    assert [label.get_text() for label in lanes.get_yticklabels()] == ["done", "reported"]


def test_without_the_truth_a_report_is_a_report():
    plots.motion_stream(HEARD, RECORDING, RATE)
    lanes, _, scores = figure().axes
    assert [text.get_text().strip() for text in lanes.texts] == ["thrust", "sway", "turn"]
    legend = [text.get_text() for text in scores.get_legend().get_texts()]
    assert legend == ["reported", "none", "too unsure"]


def test_a_stream_in_which_nothing_moved_can_be_drawn():
    nothing = Stream(HEARD.labels, np.zeros(0), HEARD.scores[:0], HEARD.averages[:0], [], "motion")
    plots.motion_stream(nothing, RECORDING, RATE)
    figure()
    plt.close("all")
    plots.motion_stream(nothing, RECORDING, RATE, DONE)
    figure()


@pytest.mark.parametrize("axes", [6, 3])
def test_what_a_model_really_heard_can_be_drawn(gesture_tiny, axes):
    """Reports are found again among the movements, by their times."""
    heard = tk.stream(gesture_tiny, RECORDING)
    assert heard.events
    plots.motion_stream(heard, RECORDING[:, :axes], RATE)
    scores = figure().axes[2]
    blue = [line for line in scores.lines if line.get_label() == "reported"]
    assert [line.get_xdata()[0] for line in blue] == [time for time, *_ in heard.events]


def test_labels_that_would_meet_stand_in_different_rows():
    said = [(0.0, "horizontal"), (1.0, "circle"), (2.0, "wing"), (30.0, "wing")]
    assert _text_rows(said, seconds=60) == [0, 1, 2, 0]
    assert _text_rows(said, seconds=6) == [0, 0, 0, 0]


def test_each_person_has_a_bar_and_the_mean_a_line():
    plots.people([1.0, 0.5, 0.0], ["anna", "ben", "cleo"])
    [ax] = figure().axes
    assert [bar.get_height() for bar in ax.patches] == [1.0, 0.5, 0.0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["anna", "ben", "cleo"]
    assert set(ax.get_lines()[0].get_ydata()) == {0.5}


NOTEBOOK = """
import warnings; warnings.simplefilter("always")
import numpy as np
import tinykit as tk
from tinykit.streaming import Stream
time = np.arange(238)[:, None] / 119
take = np.sin(2 * np.pi * time * [1, 2, 3, 1, 2, 3]) * [1, 1, 1, 90, 90, 90]
frontend = tk.features.Motion()
scores = np.ones((1, 2))
heard = Stream(["a", "none"], np.ones(1), scores, scores, [(1.0, "a", 0.9)], "motion")
---
tk.plots.takes([take] * 3, 119)
---
tk.plots.path(take, 119)
---
tk.plots.energy(take, frontend)
---
tk.plots.gestures(frontend([take] * 3))
---
tk.plots.people([1.0, 0.5], ["anna", "ben"])
---
tk.plots.motion_stream(heard, take, 119, [(0.5, "a")])
"""


@pytest.mark.slow
def test_each_figure_appears_exactly_once_in_a_notebook():
    check_each_appears_once(NOTEBOOK, motion_plots)
