"""The figures: each draws what it was given, without a warning, and appears once in a notebook."""

import os
import re
import subprocess
import sys
import warnings
from types import SimpleNamespace as S

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from figures import check_one_figure_each, check_others_are_left_alone, figure, public_functions
from nbclient import NotebookClient

from tinykit import plots
from tinykit.board import boards, check_fit
from tinykit.compiler import compile
from tinykit.datasets import tone
from tinykit.features.audio import LogMel
from tinykit.models.audio import band_cnn
from tinykit.streaming.result import Stream
from tinykit.training.loop import History

FRONTEND = LogMel()
CLIP = tone(1_000)
HISTORY = History([2.0, 1.0, 0.5], [0.3, 0.6, 0.9], [2.1, 1.2, 0.7], [0.3, 0.5, 0.8], 30.0)
SCORES = np.random.default_rng(0).dirichlet(np.ones(4), 50).astype(np.float32)
STREAM = Stream(
    ["yes", "no", "unknown", "silence"],
    np.arange(1, 21) / 10,
    (SCORES[:20] * 255).astype(np.uint8),
    SCORES[:20],
    [(0.9, "yes", 0.8), (1.7, "no", 0.75)],
)

LAYERS = S(
    layers=[
        S(name="conv_2d", op="CONV_2D", instructions=600_000, macs=500_000),
        S(name="depthwise_conv_2d", op="DEPTHWISE_CONV_2D", instructions=270_000, macs=72_000),
        S(name="softmax", op="SOFTMAX", instructions=900, macs=0),
    ]
)
PLAN = S(
    arena_bytes=9_000,
    boxes=[
        S(name="input", kind="activation", offset=0, size=2_000, first_step=0, last_step=0),
        S(name="conv_2d", kind="activation", offset=1_000, size=8_000, first_step=0, last_step=1),
        S(name="scratch", kind="scratch", offset=200, size=160, first_step=1, last_step=1),
        S(name="softmax", kind="activation", offset=0, size=4, first_step=1, last_step=2),
    ],
)
RUN = S(
    board=boards["nano33ble"],
    seconds=2.0,
    inferences=[S(seconds=1.0, cycles=6_400_000), S(seconds=1.2, cycles=6_400_000)],
    serial=[S(seconds=0.9, text="0.900 s  yes  0.80"), S(seconds=1.7, text="1.700 s  no  0.75")],
    leds=[
        # Switched off first: the LED is active low.
        *(S(seconds=0.0, pin=pin, level=1) for pin in ("LEDG", "LEDR", "LEDB")),
        S(seconds=0.9, pin="LEDG", level=0),
        S(seconds=1.4, pin="LEDG", level=1),
        S(seconds=1.7, pin="LEDR", level=0),
    ],
)


@pytest.fixture(autouse=True)
def no_warnings_and_no_figures_left():
    plt.close("all")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    plt.close("all")


@pytest.fixture
def drawings(small_tiny) -> dict:
    """Every function of the module with arguments that a notebook would give."""
    return {
        "waveform": lambda: plots.waveform(CLIP, title="a tone"),
        "spectrogram": lambda: plots.spectrogram(FRONTEND(CLIP), FRONTEND, "a tone"),
        "clip_and_spectrogram": lambda: plots.clip_and_spectrogram(CLIP, FRONTEND),
        "spectrograms": lambda: plots.spectrograms([CLIP] * 5, FRONTEND, ["a", "b"]),
        "frame_to_bands": lambda: plots.frame_to_bands(CLIP, FRONTEND, 20),
        "learning_curves": lambda: plots.learning_curves(HISTORY),
        "filters": lambda: plots.filters(band_cnn(FRONTEND.shape, ["a", "b"]), FRONTEND),
        "confusion": lambda: plots.confusion([[1_200, 3], [0, 7]], ["yes", "no"]),
        "scores": lambda: plots.scores(SCORES[0], STREAM.labels, "a clip"),
        "number_line": lambda: plots.number_line(FRONTEND(CLIP), 0.03, -128),
        "float_against_int8": lambda: plots.float_against_int8(SCORES, SCORES.round(2)),
        "layer_costs": lambda: plots.layer_costs(small_tiny),
        "memory_map": lambda: plots.memory_map(check_fit(small_tiny)),
        "stream": lambda: plots.stream(STREAM, np.tile(CLIP, 2), [(0.5, "yes")]),
        "layers": lambda: plots.layers(LAYERS),
        "memory": lambda: plots.memory(compile(small_tiny).plan),
        "board_run": lambda: plots.board_run(RUN, np.tile(CLIP, 2), STREAM),
    }


def test_each_draws_one_figure_and_returns_nothing(drawings):
    check_one_figure_each(drawings, plots.audio, plots.network, plots.board)


def test_other_figures_and_the_style_of_others_are_left_alone(drawings):
    check_others_are_left_alone(drawings)


@pytest.mark.parametrize("clip", [CLIP, np.zeros(16_000, np.int16), CLIP / 32_768])
def test_a_waveform_is_drawn_in_seconds_and_full_scales(clip):
    plots.waveform(clip)
    (line,) = figure().axes[0].lines
    assert line.get_xdata()[[0, 8_000]].tolist() == [0, 0.5]
    expected = clip / 32_768 if clip.dtype == np.int16 else clip
    np.testing.assert_array_equal(line.get_ydata(), expected)


def test_silence_can_be_drawn(drawings):
    silence = np.zeros(16_000, np.int16)
    plots.clip_and_spectrogram(silence, FRONTEND)
    plots.frame_to_bands(silence, FRONTEND, 0)
    plots.spectrograms(silence[None], FRONTEND)


def test_a_tone_is_bright_at_its_time_and_frequency():
    """1,000 Hz in the second half of the clip: the brightest cell must lie there on both axes."""
    clip = np.concatenate([np.zeros(8_000, np.int16), tone(1_000, duration=0.5)])
    plots.spectrogram(FRONTEND(clip), FRONTEND)
    ax = figure().axes[0]
    (image,) = ax.images
    picture = np.asarray(image.get_array())  # (bands, frames), row 0 at the bottom
    assert picture.shape == (40, 49)
    left, right, bottom, top = image.get_extent()
    assert (left, bottom, top) == (0, 0, 40) and right == pytest.approx(49 * 0.02)
    row, column = np.unravel_index(picture.argmax(), picture.shape)
    assert right * column / 49 > 0.45
    hertz = [float(label.get_text().replace(",", "")) for label in ax.get_yticklabels()]
    shown = np.interp(row + 0.5, ax.get_yticks(), hertz)
    assert shown == pytest.approx(1_000, rel=0.25), "the axis marks four bands; between, a line"


def test_all_spectrograms_of_a_grid_share_one_brightness_scale():
    clips = np.stack([CLIP, CLIP // 100, CLIP // 10])
    plots.spectrograms(clips, FRONTEND, ["loud", "quiet", "between"], columns=2)
    axes = figure().axes
    assert [ax.get_title(loc="left") for ax in axes[:3]] == ["loud", "quiet", "between"]
    assert not axes[3].get_visible(), "no empty frame where there is no clip"
    assert len({ax.images[0].get_clim() for ax in axes[:3]}) == 1


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


def test_a_stream_shows_the_keywords_and_when_they_were_reported():
    plots.stream(STREAM, np.tile(CLIP, 2), spoken=[(0.5, "yes"), (1.5, "no")])
    top, bottom = figure().axes
    assert top.lines[0].get_xdata()[-1] == pytest.approx(2, abs=1e-3)
    lines = {line.get_label(): line for line in bottom.lines}
    assert {"yes", "no"} <= set(lines) and not {"unknown", "silence"} & set(lines)
    np.testing.assert_array_equal(lines["no"].get_ydata(), STREAM.averages[:, 1])
    marks = [line for line in bottom.lines if line.get_marker() == "v"]
    assert [mark.get_xdata()[0] for mark in marks] == [0.9, 1.7]
    said = [(text.get_position()[0], text.get_text()) for text in top.texts]
    assert said == [(0.5, "yes"), (1.5, "no")]
    for mark, label in zip(marks, ("yes", "no"), strict=True):
        assert mark.get_color() == lines[label].get_color(), "a mark has its keyword's colour"


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


def test_nothing_is_printed_in_a_script(tmp_path):
    """Without a screen matplotlib falls back to Agg; that is no reason for a warning."""
    script = "import numpy as np; from tinykit import plots; plots.waveform(np.zeros(100))"
    # A DISPLAY that leads nowhere is what makes matplotlib speak up.
    environment = {**os.environ, "MPLBACKEND": "agg", "DISPLAY": ":987"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


NOTEBOOK = """
import warnings; warnings.simplefilter("always")
import numpy as np
from tinykit import plots
from tinykit.datasets import tone
from tinykit.features import LogMel
from tinykit.training import History
from types import SimpleNamespace as S
---
plots.waveform(tone(440))
---
plots.spectrogram(LogMel()(tone(440)), LogMel())
---
plots.clip_and_spectrogram(tone(440), LogMel())
---
plots.spectrograms([tone(440)] * 3, LogMel())
---
plots.frame_to_bands(tone(440), LogMel(), 3)
---
plots.learning_curves(History([2, 1], [0, 1], [2, 1], [0, 1]))
---
kernels = np.linspace(-1, 1, 4 * 40 * 8).reshape(4, 40, 1, 8)
layer = S(get_weights=lambda: [kernels])
plots.filters(S(get_layer=lambda name: layer), LogMel())
---
plots.confusion([[3, 1], [0, 4]], ["a", "b"])
---
plots.scores(np.array([0.25, 0.75]), ["a", "b"])
---
plots.number_line(np.arange(9.0), 0.1, 0)
---
plots.float_against_int8(np.eye(3), np.eye(3))
---
layer = S(op="CONV_2D", macs=10, weight_bytes=20)
plots.layer_costs(S(layers=[layer, layer]))
---
board = S(flash=90_000, ram=50_000)
plots.memory_map(S(flash={"model": 10_000}, ram={"arena": 9_000}, board=board))
---
layer = S(name="a", op="CONV_2D", instructions=20, macs=10)
plots.layers(S(layers=[layer, layer]))
---
box = S(name="a", kind="activation", offset=0, size=10, first_step=0, last_step=1)
plots.memory(S(boxes=[box], arena_bytes=10))
---
line = S(seconds=0.5, text="0.500 s  a  0.90")
leds = [S(seconds=0.5, pin="LEDG", level=0)]
board = S(led_on="LOW", led_pins=("LEDG",), clock=1_000)
model = [S(seconds=0.2, cycles=100)]
run = S(board=board, seconds=1.0, serial=[line], leds=leds, inferences=model)
plots.board_run(run, tone(440))
---
e = [(0.5, "a", 0.9)]
heard = S(labels=["a"], times=np.arange(3.0), averages=np.ones((3, 1)), events=e, kind="audio")
plots.stream(heard, tone(440))
"""


def test_each_figure_appears_exactly_once_in_a_notebook():
    """One image below the cell; no second copy at the cell's end, no text, no warning."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in NOTEBOOK.split("---\n")]
    nb = nbformat.v4.new_notebook(cells=cells)
    drawn = {re.search(r"plots\.(\w+)\(", cell.source)[1] for cell in cells[1:]}
    assert drawn == public_functions(plots.audio, plots.network, plots.board), (
        "every function belongs into this test"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbclient and its event loop
        NotebookClient(nb, timeout=120, kernel_name="python3").execute()
    assert nb.cells[0].outputs == []
    for cell in nb.cells[1:]:
        printed = "".join(output.get("text", "") for output in cell.outputs)
        assert not printed, f"{cell.source}\nprinted {printed}"
        kinds = [(output.output_type, sorted(output.get("data", ()))) for output in cell.outputs]
        assert kinds == [("display_data", ["image/png", "text/plain"])], cell.source
        text = cell.outputs[0].data["text/plain"]
        assert re.fullmatch(r"<Figure size \d+x\d+ with \d+ Axes>", text), cell.source
