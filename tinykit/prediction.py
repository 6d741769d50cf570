"""`tinykit predict`: a trained model on a student's own files, one row each."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tinykit.datasets import IMAGE_SUFFIXES, load_clip, load_image, load_motion
from tinykit.datasets.archives import is_hidden
from tinykit.datasets.motion import Recording
from tinykit.datasets.motion_files import SUFFIXES as MOTION_SUFFIXES
from tinykit.errors import TinykitError, one_line
from tinykit.features import LogMel, Motion, Picture
from tinykit.files import files_below
from tinykit.kinds import AUDIO, IMAGE, MOTION, kind_of_model
from tinykit.quantization import TinyModel

SOUND_SUFFIXES = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff"}


def predict_files(
    out_dir: Path, paths: list[Path], engine: str = "tflm", rows: int | None = None
) -> list[dict]:
    """Class scores of files, and of every file in folders, by the model in `out_dir`.

    The model's front end says which files they are: of sound, of motion, or pictures.

    Args:
        out_dir: folder with model.tflite and tinymodel.json.
        paths: files or folders; folders are searched with everything below them.
        engine: `tflm` (TensorFlow Lite Micro), `litert` (the reference kernels of TFLite) or
            `compiled` (the model as C++, on the virtual board).
        rows: rows of each take in files of motion with nothing between the takes.

    Returns:
        One dict per input: `file`, `label` and `scores` {label: 0 ... 1}, with `notes` when the
        recording was converted; or `file` and `error` when it could not be read. Each take in a
        file of several is an input of its own, `file#1` (which has the notes), `file#2` ...
    """
    tiny = TinyModel.load(out_dir)
    if tiny.frontend is None:
        raise TinykitError(
            f"{out_dir} holds a model without its front end (no tinymodel.json from a run). "
            "Name the output folder of `tinykit run`."
        )
    reader = _READERS[kind_of_model(tiny)]
    if rows is not None and reader is not _READERS[MOTION]:
        raise TinykitError("rows (--rows) belongs to models of motion. Leave it out.")
    results, features = [], []
    for path in paths:
        files = files_in(path, reader.suffixes) if path.is_dir() else [path]
        if not files:
            error = f"{path} holds no {reader.name} files. Give a folder that has some."
            results.append({"file": str(path), "error": error})
        for file in files:
            try:
                inputs, notes = reader.read(file, tiny.frontend, rows)
            except TinykitError as error:
                results.append({"file": str(file), "error": str(error)})
                continue
            for number in range(1, len(inputs) + 1):
                take = f"#{number}" if len(inputs) > 1 else ""
                results.append({"file": f"{file}{take}"})
                if notes and number == 1:
                    results[-1]["notes"] = notes
            features.append(inputs)
    if features:
        scores = tiny.predict(np.concatenate(features), engine=engine)
        for row, p in zip([row for row in results if "error" not in row], scores, strict=True):
            row["label"] = tiny.labels[int(np.argmax(p))]
            row["scores"] = dict(zip(tiny.labels, map(float, p), strict=True))
    return results


@dataclass(frozen=True)
class _Reader:
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
    return frontend([load_image(file)]), []


def check_rotation(recording: Recording, frontend: Motion, file: Path) -> None:
    """Raise TinykitError when a recording lacks the rotation that a model's front end takes."""
    if recording.axes < frontend.axes:
        raise TinykitError(
            f"{file} has no rotation, which the model was trained with. "
            "Record it with a gyroscope, or train a model of 3 axes."
        )


_READERS = {
    AUDIO: _Reader("sound", SOUND_SUFFIXES, _read_sound),
    MOTION: _Reader("motion", set(MOTION_SUFFIXES), _read_motion),
    IMAGE: _Reader("picture", set(IMAGE_SUFFIXES), _read_picture),
}


def files_in(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """The files with one of these suffixes anywhere in a folder, sorted; hidden ones left out."""
    return [
        path
        for path in files_below(folder)
        if path.suffix.lower() in suffixes
        and path.is_file()
        and not is_hidden(path.relative_to(folder).as_posix())
    ]


def table(rows: list[dict]) -> str:
    """The rows for a terminal: file, label, the score of each class in percent, notes below."""
    labels = next((list(row["scores"]) for row in rows if "scores" in row), [])
    width = max(len(row["file"]) for row in rows)
    first = max([5, *map(len, labels)])
    lines = [f"{'file':<{width}}  {'label':<{first}}  " + "  ".join(f"{x:>6}" for x in labels)]
    for row in rows:
        if "error" in row:
            lines.append(f"{row['file']:<{width}}  not read: {row['error']}")
            continue
        scores = (f"{100 * p:>{max(6, len(x))}.1f}" for x, p in row["scores"].items())
        lines.append(f"{row['file']:<{width}}  {row['label']:<{first}}  " + "  ".join(scores))
        lines += [f"{'':<{width}}  ({note})" for note in row.get("notes", [])]
    return "\n".join(map(one_line, lines))
