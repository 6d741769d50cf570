"""`tinykit predict`: a trained model on a student's own files, one row each."""

from pathlib import Path

import numpy as np

from tinykit.board import VirtualBoard
from tinykit.common.errors import TinykitError, one_line
from tinykit.common.kinds import MOTION, kind_of_model
from tinykit.datasets.archives import listed
from tinykit.datasets.files.readers import BY_KIND, Reader, inputs_in, others_in
from tinykit.quantization.tiny_model import TinyModel


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
        file of several is an input of its own, `file#1` (which has the notes), `file#2` ... What
        in a folder is of another kind is named in the notes of the folder's first file.
    """
    tiny = TinyModel.load(out_dir)
    if tiny.frontend is None:
        raise TinykitError(
            f"{out_dir} holds a model without its front end (no tinymodel.json from a run). "
            "Name the output folder of `tinykit run`."
        )
    reader = BY_KIND[kind_of_model(tiny)]
    if rows is not None and reader is not BY_KIND[MOTION]:
        raise TinykitError("rows (--rows) belongs to models of motion. Leave it out.")
    results, features = [], []
    for path in paths:
        before = len(results)
        files = inputs_in(path, reader) if path.is_dir() else [path]
        left_out = _left_out(path, reader) if path.is_dir() else []
        if not files:
            error = f"{path} holds no {reader.name} files. Give a folder that has some."
            results.append({"file": str(path), "error": " ".join([error, *left_out])})
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
        if files and left_out:
            here = results[before:]
            row = next((row for row in here if "error" not in row), here[0])
            row["notes"] = [*row.get("notes", []), *left_out]
    if features:
        scores = tiny.predict(
            np.concatenate(features), engine=VirtualBoard() if engine == "compiled" else engine
        )
        for row, p in zip([row for row in results if "error" not in row], scores, strict=True):
            row["label"] = tiny.labels[int(np.argmax(p))]
            row["scores"] = dict(zip(tiny.labels, map(float, p), strict=True))
    return results


def _left_out(folder: Path, reader: Reader) -> list[str]:
    """A sentence about the files in a folder that are of another kind, if there are any."""
    others = others_in(folder, reader.suffixes)
    count = "1 file" if len(others) == 1 else f"{len(others):,} files"
    return [f"Left out of {folder}, {count} not of {reader.name}: {listed(others)}."] * bool(others)


def table(rows: list[dict]) -> str:
    """The rows for a terminal: file, label, the score of each class in percent, notes below."""
    labels = next((list(row["scores"]) for row in rows if "scores" in row), [])
    width = max(len(row["file"]) for row in rows)
    first = max([5, *map(len, labels)])
    lines = [f"{'file':<{width}}  {'label':<{first}}  " + "  ".join(f"{x:>6}" for x in labels)]
    for row in rows:
        if "error" in row:
            lines.append(f"{row['file']:<{width}}  not read: {row['error']}")
        else:
            lines.append(_scores(row, width, first))
        lines += [f"{'':<{width}}  ({note})" for note in row.get("notes", [])]
    return "\n".join(map(one_line, lines))


def _scores(row: dict, width: int, first: int) -> str:
    scores = (f"{100 * p:>{max(6, len(x))}.1f}" for x, p in row["scores"].items())
    return f"{row['file']:<{width}}  {row['label']:<{first}}  " + "  ".join(scores)
