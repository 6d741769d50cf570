"""`tinykit predict`: a trained model on a student's own files, one row each."""

from pathlib import Path

import numpy as np

from tinykit.datasets import load_clip
from tinykit.datasets.archives import is_hidden
from tinykit.errors import TinykitError, one_line
from tinykit.features.audio import LogMel
from tinykit.quantization import TinyModel

SOUND_SUFFIXES = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff"}


def predict_files(out_dir: Path, paths: list[Path], engine: str = "tflm") -> list[dict]:
    """Class scores of sound files, and of every sound file in folders, by the model in `out_dir`.

    Args:
        out_dir: folder with model.tflite and tinymodel.json.
        paths: files or folders; folders are searched with everything below them.
        engine: `tflm` (TensorFlow Lite Micro), `litert` (the reference kernels of TFLite) or
            `compiled` (the model as C++, on the virtual board).

    Returns:
        One dict per input: `file`, `label` and `scores` {label: 0 ... 1}, with `notes` when the
        recording was converted; or `file` and `error` when it could not be read.
    """
    tiny = TinyModel.load(out_dir)
    if tiny.frontend is None:
        raise TinykitError(
            f"{out_dir} holds a model without its front end (no tinymodel.json from a run). "
            "Name the output folder of `tinykit run`."
        )
    rows, clips = [], []
    for path in paths:
        files = _sound_files(path) if path.is_dir() else [path]
        if not files:
            error = f"{path} holds no sound files. Give a folder of recordings."
            rows.append({"file": str(path), "error": error})
        for file in files:
            row, clip = _read(file, tiny.frontend)
            rows.append(row)
            clips += [clip] if clip is not None else []
    if clips:
        scores = tiny.predict(tiny.frontend(np.stack(clips)), engine=engine)
        for row, p in zip([row for row in rows if "error" not in row], scores, strict=True):
            row["label"] = tiny.labels[int(np.argmax(p))]
            row["scores"] = dict(zip(tiny.labels, map(float, p), strict=True))
    return rows


def _read(file: Path, frontend: LogMel) -> tuple[dict, np.ndarray | None]:
    """The row of one file as far as it is known before the network has run, and its samples."""
    try:
        clip, notes = load_clip(
            file, sample_rate=frontend.sample_rate, n_samples=frontend.n_samples
        )
    except TinykitError as error:
        return {"file": str(file), "error": str(error)}, None
    return {"file": str(file), **({"notes": list(notes)} if notes else {})}, clip


def _sound_files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SOUND_SUFFIXES
        and path.is_file()
        and not is_hidden(path.relative_to(folder).as_posix())
    )


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
