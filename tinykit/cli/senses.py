"""What a sketch on the virtual board hears, feels or sees, and what is true of it.

Either a file of the user's, or something of the bundled data that fits the sketch's model: then it
is known what is in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinykit.cli.purpose import Purpose
from tinykit.common.errors import TinykitError
from tinykit.common.kinds import AUDIO, IMAGE, MOTION
from tinykit.datasets.files.readers import check_rotation, files_in

if TYPE_CHECKING:
    from tinykit.board import Board, BoardRun

_SCENE_SECONDS = {AUDIO: 10, MOTION: 60}  # when no recording is given
_SCENE_FRAMES = 48
_MOST_PICTURES = 100  # of a folder; the virtual board sees each for two seconds
_LARGEST_FRAME = 240, 320  # rows and columns, of the cameras that the kit knows
_RESTING = ("unknown", "silence", "none")  # labels of no word and no gesture


@dataclass(frozen=True)
class Senses:
    """What is before the sensors during a run.

    Attributes:
        told: in a few words.
        source: "bundled", "tones", or the path that was given; None when there is nothing.
        arguments: for VirtualBoard.run.
        truth: what is in it, with the second (for pictures the frame) at which it begins or, for a
            word, has its middle; None when only the user knows.
        files: of pictures that were given, the one that each frame shows.
    """

    told: str
    source: str | None
    arguments: dict[str, Any] = field(default_factory=dict, repr=False)
    truth: list[tuple[float, str]] | None = None
    files: list[Path] = field(default_factory=list, repr=False)

    def timed(self, run: BoardRun) -> list[tuple[float, str]] | None:
        """The truth, with seconds on the board's clock for what was before it."""
        if self.truth is None or "images" not in self.arguments:
            return self.truth
        taken = run.pictures
        return [(taken[frame], label) for frame, label in self.truth if frame < len(taken)]

    def to_dict(self, run: BoardRun) -> dict:
        """For JSON."""
        truth = self.timed(run)
        events = truth and [{"seconds": seconds, "label": label} for seconds, label in truth]
        return {"what": self.told, "source": self.source, "truth": events}

    def text(self, run: BoardRun) -> str:
        """For a terminal, below the report of the run."""
        lines = [f"before the sensors: {self.told}"]
        for seconds, what in self.timed(run) or []:
            lines.append(f"  {seconds:9.3f} s  {what}")
        return "\n".join(lines)


NOTHING = Senses("nothing: silence, no motion, darkness", None, truth=[])


def given(recording: Path, purpose: Purpose | None, board: Board, rows: int | None) -> Senses:
    """A file, or a folder of pictures, for a sketch of that purpose (None: not known).

    Raises TinykitError when it cannot be read, or is nothing for this sketch.
    """
    from tinykit.datasets import IMAGE_SUFFIXES
    from tinykit.datasets.files.motion import is_motion

    is_folder = recording.is_dir() and not is_motion(recording)
    if is_folder or recording.suffix.lower() in IMAGE_SUFFIXES:
        return _shown(recording, purpose, rows)
    return _played(recording, purpose, board, rows)


def bundled(purpose: Purpose, board: Board) -> Senses:
    """What the model knows, by bundled test people, with pauses.

    Words (or tones) for a model of sound, gestures among everyday motion for one of motion,
    pictures with and without people in turn for one of pictures. Raises TinykitError when the
    bundled data do not have it.
    """
    known = [label for label in purpose.labels if label not in _RESTING]
    try:
        return {AUDIO: _spoken, MOTION: _moved, IMAGE: _seen}[purpose.kind](known, board)
    except TinykitError as error:
        raise TinykitError(
            f"There is no bundled recording of {', '.join(known)}. "
            "Give a recording of your own with --input."
        ) from error


def _spoken(words: list[str], _: Board) -> Senses:
    from tinykit.datasets import keyword_spotting, scene, tones

    seconds = _SCENE_SECONDS[AUDIO]
    if set(words) == {"low", "high"}:  # the sketch of notebook 00
        recording, truth = scene(tones(20), seconds=seconds, seed=1)
        told = f"{seconds} s with tones, low and high ones"
        return Senses(told, "tones", {"audio": recording}, truth)
    recording, truth = scene(keyword_spotting(words=words), seconds=seconds, seed=1)
    told = f"{seconds} s with words of test speakers, from datasets/keyword_spotting"
    return Senses(told, "bundled", {"audio": recording}, truth)


def _moved(gestures: list[str], board: Board) -> Senses:
    from tinykit.datasets import gesture_recognition, motion_scene
    from tinykit.datasets.motion import resampled

    data, seconds = gesture_recognition(gestures=gestures), _SCENE_SECONDS[MOTION]
    motion, truth = motion_scene(data, seconds=seconds, seed=1)
    motion = resampled(motion, data.sample_rate, board.imu_rate)
    told = f"{seconds} s of test people's daily motion with gestures, "
    told += "from datasets/gesture_recognition"
    return Senses(told, "bundled", {"motion": motion}, truth)


def _seen(labels: list[str], _: Board) -> Senses:
    from tinykit.datasets import picture_scene, visual_wake_words

    data = visual_wake_words()
    if data.labels != labels:
        raise TinykitError(f"The bundled pictures show {', '.join(data.labels)}. Give others.")
    frames, truth = picture_scene(data, _SCENE_FRAMES, seed=1)
    told = f"{len(truth)} test pictures, each for some frames, from datasets/visual_wake_words"
    return Senses(told, "bundled", {"images": frames}, truth)


def _shown(recording: Path, purpose: Purpose | None, rows: int | None) -> Senses:
    """Pictures; TinykitError when there are none. Each is seen for two frames more than must agree.

    Their files are all that is known of them.
    """
    from tinykit.datasets import IMAGE_SUFFIXES, load_image

    _check_wanted(recording, IMAGE, purpose)
    if rows is not None:
        raise TinykitError(f"--rows belongs to motion, {recording} is not. Leave it out.")
    files = files_in(recording, IMAGE_SUFFIXES) if recording.is_dir() else [recording]
    if not files:
        raise TinykitError(f"{recording} holds no picture files. Give a folder that has some.")
    if len(files) > _MOST_PICTURES:
        raise TinykitError(
            f"{recording} holds {len(files):,} pictures, too many for the virtual board. "
            f"Give a folder of at most {_MOST_PICTURES}."
        )
    purpose = purpose or Purpose(IMAGE, ())
    times = purpose.agree + 2
    frames = []
    for file in files:
        frames += [_as_seen(load_image(file), purpose.crop)] * times
    told = f"{len(files)} pictures of {recording}" if recording.is_dir() else str(recording)
    truth = [(times * index, str(file)) for index, file in enumerate(files)]
    each = [file for file in files for _ in range(times)]
    return Senses(told, str(recording), {"images": frames}, truth, each)


def _as_seen(photo: np.ndarray, crop: bool) -> np.ndarray:
    """A photo before the camera: all of it, or as much as fills the camera's picture.

    A network that was trained on squeezed pictures gets them squeezed, as in training.
    """
    from tinykit.features.image import area_mean

    height, width = photo.shape[:2]
    if crop:
        high, wide = min(height, width * 3 // 4), min(width, height * 4 // 3)
        top, left = (height - high) // 2, (width - wide) // 2
        photo = photo[top : top + high, left : left + wide]
    return area_mean(photo[None], *_LARGEST_FRAME)[0]  # so that many fit into memory


def _check_wanted(recording: Path, kind: str, purpose: Purpose | None) -> None:
    """Raise TinykitError when the sketch, if known, is for another kind of recording."""
    wanted = kind if purpose is None else purpose.kind
    if wanted != kind:
        what = {
            AUDIO: "a file of sound, such as word.wav",
            MOTION: "a file of motion, such as circle.csv",
            IMAGE: "a picture, such as photo.jpg, or a folder of them",
        }[wanted]
        raise TinykitError(f"{recording} is not for this sketch. Give it {what}.")


def _played(recording: Path, purpose: Purpose | None, board: Board, rows: int | None) -> Senses:
    """A file of sound or motion; TinykitError when it is nothing that the sketch knows."""
    from tinykit.board.virtual.playback import played
    from tinykit.datasets import load_motion
    from tinykit.datasets.files.motion import is_motion

    kind = MOTION if is_motion(recording) else AUDIO
    _check_wanted(recording, kind, purpose)
    if kind == AUDIO:
        if rows is not None:
            raise TinykitError(f"--rows belongs to motion, {recording} is sound. Leave it out.")
        return Senses(str(recording), str(recording), {"audio": recording})
    motion = load_motion(recording, rows=rows)
    if purpose is not None:
        check_rotation(motion, purpose, recording)
    return Senses(str(recording), str(recording), {"motion": played(motion, board.imu_rate)})
