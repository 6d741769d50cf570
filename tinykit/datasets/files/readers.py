"""Any file -> what a front end makes of it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.common.files import files_below, is_hidden, is_note
from tinykit.common.kinds import AUDIO, IMAGE, MOTION
from tinykit.datasets import IMAGE_SUFFIXES, load_clip, load_motion
from tinykit.datasets.files.audio_decoding import SOUND_SUFFIXES
from tinykit.datasets.files.image import UNREADABLE_IMAGES, load_picture
from tinykit.datasets.files.motion import SUFFIXES as MOTION_SUFFIXES
from tinykit.datasets.files.motion import Recording, as_recordings
from tinykit.features import LogMel, Motion, Picture


@dataclass(frozen=True)
class Reader:
    """How files of one kind become features.

    `read(file, frontend, rows)` gives features, float32 (takes, *frontend.shape), and notes.
    """

    name: str
    suffixes: set[str]
    read: Callable


def _read_sound(file: Path, frontend: LogMel, _: int | None) -> tuple[np.ndarray, list[str]]:
    clip, notes = load_clip(file, sample_rate=frontend.sample_rate, n_samples=frontend.n_samples)
    return frontend(clip[None]), list(notes)


def _read_motion(file: Path, frontend: Motion, rows: int | None) -> tuple[np.ndarray, list[str]]:
    recording = load_motion(file, rows=rows)
    check_rotation(recording, frontend, file)
    takes = [take[:, : frontend.axes] for take in recording.takes]
    return replace(frontend, sample_rate=recording.sample_rate)(takes), list(recording.notes)


def _read_picture(file: Path, frontend: Picture, _: int | None) -> tuple[np.ndarray, list[str]]:
    picture, notes = load_picture(file)
    return frontend([picture]), notes


def check_rotation(recording: Recording, frontend: Motion, file: Path) -> None:
    """Raise TinykitError when a recording lacks the rotation that a model's front end takes."""
    if recording.axes < frontend.axes:
        raise TinykitError(
            f"{file} has no rotation, which the model was trained with. "
            "Record it with a gyroscope, or train a model of 3 axes."
        )


BY_KIND = {
    AUDIO: Reader("sound", set(SOUND_SUFFIXES), _read_sound),
    MOTION: Reader("motion", {*MOTION_SUFFIXES, ".zip"}, _read_motion),
    IMAGE: Reader("picture", {*IMAGE_SUFFIXES, *UNREADABLE_IMAGES}, _read_picture),
}


def inputs_in(folder: Path, reader: Reader) -> list[Path]:
    """What a reader reads of all that is in a folder, sorted: files, or folders of a phone."""
    files = files_in(folder, reader.suffixes)
    return as_recordings(folder, files) if reader is BY_KIND[MOTION] else files


def files_in(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """The files with one of these suffixes anywhere in a folder, sorted; hidden ones left out."""
    return _sorted_out(folder, suffixes)[0]


def others_in(folder: Path, suffixes: Collection[str]) -> list[str]:
    """The names of the files that `files_in` leaves out, hidden ones aside, sorted."""
    return [path.relative_to(folder).as_posix() for path in _sorted_out(folder, suffixes)[1]]


def _sorted_out(folder: Path, suffixes: Collection[str]) -> tuple[list[Path], list[Path]]:
    chosen, others = [], []
    for path in files_below(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not is_hidden(name) and not is_note(name):
            (chosen if path.suffix.lower() in suffixes else others).append(path)
    return chosen, others
