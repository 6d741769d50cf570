"""The figures of sound, networks and boards: each appears once in a notebook, without a warning.

What each of them shows: test_audio.py, test_network.py, test_board.py.
"""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from figures import (
    check_each_appears_once,
    check_one_figure_each,
    check_others_are_left_alone,
)
from plot_inputs import CLIP, FRONTEND, HISTORY, LAYERS, RUN, SCORES, STREAM

from tinykit import plots
from tinykit.board import check_fit
from tinykit.compiler import compile
from tinykit.models.audio import band_cnn


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


@pytest.mark.slow
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
from tinykit.streaming.result import Stream
ones = np.ones((3, 1))
plots.stream(Stream(["a"], np.arange(3.0), ones, ones, e), tone(440))
"""


@pytest.mark.slow
def test_each_figure_appears_exactly_once_in_a_notebook():
    nb = check_each_appears_once(NOTEBOOK, plots.audio, plots.network, plots.board)
    for cell in nb.cells[1:]:
        text = cell.outputs[0].data["text/plain"]
        assert re.fullmatch(r"<Figure size \d+x\d+ with \d+ Axes>", text), cell.source
