"""The figures of a board's memory and time: each is drawn to scale."""

from types import SimpleNamespace as S

import numpy as np
import pytest
from figures import figure
from plot_inputs import CLIP, LAYERS, PLAN, RUN, STREAM

from tinykit import plots
from tinykit.board import boards, check_fit
from tinykit.compiler import compile
from tinykit.streaming.result import Stream


@pytest.mark.parametrize("arena_bytes", [20_000, 400_000])
def test_the_memory_map_adds_up_and_shows_the_limit(small_tiny, arena_bytes):
    """Bars lie end to end; what does not fit reaches beyond the line, still in the picture."""
    fit = check_fit(small_tiny, "nano33ble", "tflm", arena_bytes=arena_bytes)
    plots.memory_map(fit)
    for ax, parts, limit in zip(
        figure().axes, (fit.flash, fit.ram), (fit.board.flash, fit.board.ram), strict=True
    ):
        bars = ax.patches
        assert [bar.get_width() * 1024 for bar in bars] == pytest.approx(list(parts.values()))
        starts = np.cumsum([0, *parts.values()])[:-1] / 1024
        assert [bar.get_x() for bar in bars] == pytest.approx(starts)
        assert ax.lines[0].get_xdata()[0] == limit / 1024
        assert ax.get_xlim()[1] > max(limit, sum(parts.values())) / 1024
        legend = [text.get_text() for text in ax.get_legend().get_texts()]
        assert legend == list(parts)


def test_layers_show_instructions_and_what_each_multiplication_costs():
    plots.layers(LAYERS)
    left, right = figure().axes
    widths = [bar.get_width() for bar in left.patches]
    assert widths == [600_000, 500_000, 270_000, 72_000, 900, 0]
    assert [bar.get_width() for bar in right.patches] == [1.2, 3.75], "none for a layer without"
    assert [text.get_text().strip() for text in right.texts] == ["1.20", "3.75"]
    names = [label.get_text() for label in left.get_yticklabels()]
    assert names == ["conv_2d", "depthwise_conv_2d", "softmax"]
    colours = [bar.get_facecolor()[:3] for bar in left.patches[::2]]
    assert len(set(colours)) == 3, "a colour for each kind of layer"


def test_the_memory_plan_is_drawn_to_scale():
    """A box lies where its bytes are and lasts from its first step to the end of its last."""
    plots.memory(PLAN)
    (ax,) = figure().axes
    drawn = [(b.get_x(), b.get_y(), b.get_width(), b.get_height()) for b in ax.patches]
    assert drawn == [(0, 0, 1, 2_000), (0, 1_000, 2, 8_000), (1, 200, 1, 160), (1, 0, 2, 4)]
    assert ax.lines[0].get_ydata()[0] == 9_000
    assert ax.get_xlim() == (0, 3) and ax.get_ylim()[1] > 9_000
    said = [text.get_text() for text in ax.texts]
    assert "9,000 bytes" in said and said[:2] == ["input", "conv"]


def test_the_memory_plan_of_a_compiled_model_has_no_boxes_beyond_its_arena(small_tiny):
    plan = compile(small_tiny).plan
    plots.memory(plan)
    tops = [bar.get_y() + bar.get_height() for bar in figure().axes[0].patches]
    assert max(tops) == plan.arena_bytes


@pytest.mark.parametrize("heard", [None, STREAM])
def test_a_board_run_shows_sound_leds_and_printed_lines_on_one_time_axis(heard):
    plots.board_run(RUN, np.tile(CLIP, 2), heard)
    axes = figure().axes
    assert len(axes) == (3 if heard else 2)
    assert {ax.get_xlim() for ax in axes} == {(0, 2)}
    said = {text.get_text(): text.get_position()[0] for text in axes[0].texts}
    assert said == {"0.900 s  yes  0.80": 0.9, "1.700 s  no  0.75": 1.7}
    lanes = {
        label.get_text(): [path.get_extents().intervalx for path in bars.get_paths()]
        for label, bars in zip(axes[-1].get_yticklabels(), axes[-1].collections, strict=True)
    }
    assert set(lanes) == {"model", "LEDG", "LEDR", "LEDB"}
    assert lanes["LEDB"] == [], "never lit"
    np.testing.assert_allclose(lanes["model"], [[1.0, 1.1], [1.2, 1.3]])
    np.testing.assert_allclose(lanes["LEDG"], [[0.9, 1.4]])
    np.testing.assert_allclose(lanes["LEDR"], [[1.7, 2]], err_msg="lit until the end")


def test_a_board_run_with_motion_shows_three_curves_of_acceleration():
    """In the place of the waveform, on the board's own time axis."""
    motion = np.linspace([0, 0, 1, 0, 0, 0], [1, -1, 0, 300, 0, 0], 238)  # two seconds
    plots.board_run(RUN, motion=motion)
    top, lanes = figure().axes
    assert [line.get_label() for line in top.lines[:3]] == ["x", "y", "z"]
    for axis, line in enumerate(top.lines[:3]):
        np.testing.assert_array_equal(line.get_ydata(), motion[:, axis])
        np.testing.assert_allclose(line.get_xdata(), np.arange(238) / 119)
    assert lanes.get_xlim() == (0, 2)


def test_each_movement_has_scores_of_its_own():
    """No line from one movement to the next: in between there was nothing to score."""
    felt = Stream(
        ["circle", "punch", "none"],
        np.array([0.5, 1.5]),
        np.zeros((2, 3), np.uint8),
        np.array([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5]]),
        [(0.5, "circle", 0.9)],
        "motion",
    )
    plots.board_run(RUN, motion=np.zeros((238, 6)), heard=felt)
    _, middle, _ = figure().axes
    lines = {line.get_label(): line for line in middle.lines}
    assert {"circle", "punch"} <= set(lines) and "none" not in lines
    assert lines["punch"].get_linestyle() == "None"
    np.testing.assert_array_equal(lines["punch"].get_ydata(), [0.1, 0.3])
    assert middle.get_ylabel() == "score"


def test_a_board_run_with_pictures_shows_what_was_before_the_camera_when():
    """Ten slots of time, each with the picture taken last before its middle; none before the first.
    Scores stand where the pictures were taken, not where they would be without a start-up."""
    frames = np.arange(20, dtype=np.uint8)[:, None, None, None] * np.ones((1, 12, 16, 3), np.uint8)
    taken = [1.4 + 0.4 * i for i in range(20)]
    run = S(**vars(RUN) | {"seconds": 10.0, "pictures": taken})
    times = 0.4 * np.arange(1, 21)
    averages = np.stack([np.linspace(1, 0, 20), np.linspace(0, 1, 20)], axis=1)
    events = [(float(times[12]), "person", 0.7)]
    scores = np.zeros((20, 2), np.uint8)
    seen = Stream(["non_person", "person"], times, scores, averages, events, "image")
    plots.board_run(run, images=frames, heard=seen)
    strip, scores, _ = figure().axes
    shown = [(*image.get_extent()[:2], image.get_array().flat[0]) for image in strip.images]
    assert len(shown) == 9, "in the first second nothing had been taken"
    for left, right, number in shown:
        middle = (left + right) / 2
        assert taken[number] <= middle < taken[number] + 0.4 or number == 19
    assert [line.get_label() for line in scores.lines if line.get_label()[0] != "_"] == ["person"]
    np.testing.assert_allclose(scores.lines[0].get_xdata(), taken)
    [mark] = [line for line in scores.lines if line.get_marker() == "v"]
    assert mark.get_xdata()[0] == pytest.approx(taken[12])
    assert scores.get_ylabel() == "score" and strip.get_xlim() == (0, 10)


def test_a_board_run_with_pictures_in_grey_that_ended_early():
    """The run took fewer pictures than there are, and `tk.stream` saw all of them."""
    frames = np.zeros((8, 12, 16), np.uint8)
    run = S(**vars(RUN) | {"pictures": [0.5, 1.0, 1.5]})
    events = [(0.8, "b", 0.9), (2.8, "a", 0.9)]
    averages = np.full((8, 2), 0.5)
    seen = Stream(["a", "b"], 0.4 * np.arange(1, 9), averages, averages, events, "image")
    plots.board_run(run, images=frames, heard=seen)
    _, scores, _ = figure().axes
    assert len([line for line in scores.lines if line.get_marker() == "v"]) == 1


def test_a_board_run_without_any_light_or_line_can_be_drawn():
    silent = S(board=boards["nano33ble"], seconds=1.0, serial=[], leds=[], inferences=[])
    plots.board_run(silent, CLIP)
    figure()


def test_each_led_is_lit_at_its_own_level():
    """The RGB LED's colours light up when LOW, the others when HIGH; analogWrite dims both."""
    levels = {"LEDR": (1, 0, 255, 100), "LED_BUILTIN": (0, 1, 0, 100)}
    changes = [
        S(seconds=float(i), pin=pin, level=level)
        for pin, row in levels.items()
        for i, level in enumerate(row)
    ]
    run = S(board=boards["nano33ble"], seconds=4.0, serial=[], leds=changes, inferences=[])
    plots.board_run(run)
    (ax,) = figure().axes
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["LEDR", "LED_BUILTIN"], "no recording, no model: nothing but LEDs"
    for bars in ax.collections:
        lit = [path.get_extents().intervalx for path in bars.get_paths()]
        np.testing.assert_allclose(lit, [[1, 2], [3, 4]])


@pytest.mark.parametrize("engine", ["compiled", "tflm"])
def test_a_colour_of_the_memory_map_has_one_meaning(small_tiny, engine):
    """One colour for the weights in flash and the arena in RAM would say that they are the same."""
    fit = check_fit(small_tiny, "nano33ble", engine, arena_bytes=20_000)
    plots.memory_map(fit)
    meanings = {
        (part, bar.get_facecolor())
        for ax, parts in zip(figure().axes, (fit.flash, fit.ram), strict=True)
        for part, bar in zip(parts, ax.patches, strict=True)
    }
    names, colours = (set(column) for column in zip(*meanings, strict=True))
    assert len(meanings) == len(names) == len(colours)
