"""What a sketch that listens has of its own; sketch.py has what all sketches share."""

from typing import Any

import numpy as np

from tinykit.board.fit import Fit
from tinykit.board.profiles import Board
from tinykit.board.sensors import MICROPHONES
from tinykit.common.errors import TinykitError
from tinykit.compiler.cpp import number
from tinykit.features.audio import LogMel
from tinykit.streaming.audio import KeywordDecider, decision_of

#: Generated files, by path in the sketch, and their templates.
GENERATED = {"src/tinykit/LogMelTables.h": "LogMelTables.h.j2"}


def check(tiny, board: Board) -> None:
    """Raise TinykitError when the sketch could not compute the front end."""
    frontend = tiny.frontend
    size = frontend.frame_length
    if size & (size - 1) or not 4 <= size <= 1024 or not 0 < frontend.hop_length <= size:
        raise TinykitError(
            f"The sketch cannot compute frames of {size} samples every {frontend.hop_length}. "
            "Choose frame_length = a power of two up to 1024 and hop_length <= frame_length."
        )


def decision(tiny, fit: Fit) -> dict[str, int]:
    """`stride_frames` and the arguments of KeywordDecider, as in config.h.

    A board asks the model less often than `tiny.decision` wants where it would be too busy
    (`tinykit.board.sensing.audio.pace`); then there are fewer inferences in the time that the
    average is meant to span, so `window` is smaller. A network that streams has to be given every
    frame.

    Raises TinykitError when the board is too slow for that.
    """
    decision = decision_of(tiny)
    if tiny.is_streaming:
        if fit.pace.busy >= 1:
            raise TinykitError(
                f"The {fit.board.title} needs longer for a step of the network than the "
                f"{fit.pace.seconds * 1000:.0f} ms of sound in it last. Make the model smaller."
            )
        return decision
    frame_seconds = tiny.frontend.hop_length / tiny.frontend.sample_rate
    span = decision["window"] * decision["stride_frames"] * frame_seconds
    window = max(1, round(span / fit.pace.seconds))
    return decision | {"stride_frames": fit.pace.stride_frames, "window": window}


def facts(tiny, fit: Fit) -> dict[str, Any]:
    """What the templates in templates/audio want to know."""
    return {
        "frontend": tiny.frontend,
        "frames": tiny.input_shape[0],
        "steps_to_fill": tiny.steps_to_fill,
        "is_reported": KeywordDecider(tiny.labels, ignored=tiny.resting).is_keyword,
        "ring_samples": fit.ram["sample ring"] // 2,
        "tables": log_mel_tables(tiny.frontend),
    }


def includes(board: Board) -> list[str]:
    """The parts of arduino/TinyKit that the .ino includes."""
    return ["KeywordDecider.h", "LogMel.h", "Microphone.h", "SampleRing.h"]


def further_files(board: Board) -> list[str]:
    """The parts that those need."""
    return [MICROPHONES[board.microphone].driver, "RealFft.h", "RealFft.cpp"]


def libraries(board: Board) -> list[str]:
    """Arduino libraries to pin, with versions. The microphone's comes with the core."""
    return []


def log_mel_tables(frontend: LogMel) -> dict[str, list[str]]:
    """The front end's tables, as the C++ twin wants them (TinyKit/src/LogMel.h).

    `window` is divided by 32768, so that 16-bit samples need no scaling of their own: a power of
    two, so nothing is rounded. `bands` and `weights` hold the filter bank without its zeros.
    """
    bands, weights = [], []
    for band in frontend.filterbank:
        first, last = np.flatnonzero(band)[[0, -1]] if band.any() else (0, -1)
        bands.append(f"{{{first}, {last + 1 - first}}}")
        weights += [number(weight) for weight in band[first : last + 1]]
    angles = -2 * np.pi * np.arange(frontend.frame_length // 2) / frontend.frame_length
    twiddles = np.stack([np.cos(angles), np.sin(angles)], axis=1).ravel()
    return {
        "window": [number(value) for value in frontend.window / 32_768],
        "twiddles": [number(value) for value in twiddles],
        "bands": bands,
        "weights": weights,
    }
