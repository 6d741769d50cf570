"""The figures of the notebooks. Decoration lives here, so that lessons can be about something else.

Every function draws one figure with matplotlib and returns nothing: in a notebook it appears below
the cell. Only `listen` draws none, and gives a player. A kind of data is a file; so are networks
and boards.
"""

from tinykit.plots.audio import (
    clip_and_spectrogram,
    filters,
    frame_to_bands,
    spectrogram,
    spectrograms,
    stream,
    waveform,
)
from tinykit.plots.board import board_run, layers, memory, memory_map
from tinykit.plots.image import convolutions, dials, label_rule, pictures, where_it_looks
from tinykit.plots.motion import energy, gestures, motion_stream, path, people, takes
from tinykit.plots.network import (
    confusion,
    float_against_int8,
    layer_costs,
    learning_curves,
    number_line,
    scores,
)
from tinykit.plots.player import listen

__all__ = [
    "board_run",
    "clip_and_spectrogram",
    "confusion",
    "convolutions",
    "dials",
    "energy",
    "filters",
    "float_against_int8",
    "frame_to_bands",
    "gestures",
    "label_rule",
    "layer_costs",
    "layers",
    "learning_curves",
    "listen",
    "memory",
    "memory_map",
    "motion_stream",
    "number_line",
    "path",
    "people",
    "pictures",
    "scores",
    "spectrogram",
    "spectrograms",
    "stream",
    "takes",
    "waveform",
    "where_it_looks",
]
