"""How well a model that looks for people does on real photos, whole and in pieces.

    python tests/benchmarks/real_photos.py MODEL COCO [--learn]

MODEL is a folder with model.tflite and tinymodel.json (build/visual_wake_words, or a checkpoint),
or another project's .tflite file whose int8 input is a picture less 128, such as MLPerf Tiny's;
COCO is a folder or archive with photos and an instances_*.json. Labels follow the rule of Visual
Wake Words: person when a person's box covers more than 0.5 % of the picture.

Photos are judged whole; then squares around each person (30 % wider than the box), and squares in
which no box of a person begins, as many of each photo as fit without overlapping much.

--learn asks how much of the gap real photos close: the shipped checkpoint trains on with four
fifths of the photos and is asked about the last fifth, five times in turn, float. Some minutes.
"""

import argparse
import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

import tinykit as tk
from tinykit.datasets.archives import open_tree
from tinykit.datasets.coco import INSTANCES, LEAST_AREA, Annotated, read_annotations
from tinykit.datasets.image import ImageDataset, PictureSplit

SMALLEST = 40  # pixels: sides of a person's box, and of a square with nobody in it
MARGIN = 1.3
LABELS = ["non_person", "person"]


@dataclass
class Photo:
    """One photo, uint8 (height, width, 3), and what COCO says of it."""

    pixels: np.ndarray
    notes: Annotated


def photos(data: Path) -> list[Photo]:
    """All photos that are there and annotated."""
    with open_tree(data) as tree:
        files = {name.rpartition("/")[2]: name for name in tree.names}
        notes = [
            note
            for name in tree.names
            if INSTANCES.fullmatch(name)
            for note in read_annotations(tree.read(name), name)
        ]
        there = [note for note in notes if note.file in files]
        content = [tree.read(files[note.file]) for note in there]
    pixels = [np.asarray(Image.open(io.BytesIO(c)).convert("RGB")) for c in content]
    return [Photo(*both) for both in zip(pixels, there, strict=True)]


def whole(found: list[Photo]) -> tuple[list[np.ndarray], list[int]]:
    """Whole photos and whether a person is in them."""
    labels = [int(photo.notes.areas()[0] > LEAST_AREA) for photo in found]
    return [photo.pixels for photo in found], labels


def pieces(found: list[Photo], seed: int = 0) -> tuple[list[np.ndarray], list[int]]:
    """Squares around people and around nobody."""
    random = np.random.default_rng(seed)
    squares, labels = [], []
    for photo in found:
        height, width = photo.pixels.shape[:2]
        for x, y, right, bottom in photo.notes.boxes:
            if min(right - x, bottom - y) >= SMALLEST:
                side = min(round(max(right - x, bottom - y) * MARGIN), height, width)
                left = int(np.clip((x + right - side) / 2, 0, width - side))
                top = int(np.clip((y + bottom - side) / 2, 0, height - side))
                squares.append(photo.pixels[top : top + side, left : left + side])
                labels.append(1)
        taken = np.zeros((height, width), bool)
        for _ in range(40):
            side = round(random.uniform(0.3, 1.0) * min(height, width))
            left, top = random.integers(width - side + 1), random.integers(height - side + 1)
            x, y, right, bottom = photo.notes.boxes.T
            apart = (x >= left + side) | (right <= left) | (y >= top + side) | (bottom <= top)
            square = slice(top, top + side), slice(left, left + side)
            if side >= SMALLEST and apart.all() and taken[square].mean() < 0.3:
                taken[square] = True
                squares.append(photo.pixels[square])
                labels.append(0)
    return squares, labels


def loaded(path: Path) -> tk.TinyModel:
    """A model of the kit's, or a .tflite file."""
    if path.suffix != ".tflite":
        return tk.TinyModel.load(path)
    tiny = tk.TinyModel(path.read_bytes(), LABELS)
    return replace(tiny, frontend=tk.features.Picture(*tiny.input_shape[1:]))


def both(found: list[Photo]) -> dict[str, tuple[list[np.ndarray], list[int]]]:
    """Whole photos and pieces of them, by name."""
    return {"whole photos": whole(found), "pieces": pieces(found)}


def learned(found: list[Photo], folds: int = 5) -> dict[str, tuple[np.ndarray, list[int]]]:
    """Scores of whole photos and of pieces, by networks that learned from the other photos."""
    scores = {"whole photos": ([], []), "pieces": ([], [])}
    for fold in range(folds):
        model, _ = tk.load_checkpoint("visual_wake_words", LABELS)
        frontend = tk.features.Picture(*model.input_shape[2:])
        others = [photo for i, photo in enumerate(found) if i % folds != fold]
        pictures, labels = (a + b for a, b in zip(whole(others), pieces(others), strict=True))
        split = PictureSplit(
            np.stack([frontend.pixels(picture) for picture in pictures]),
            np.array(labels),
            np.array([""] * len(labels)),
            np.array([""] * len(labels)),
            np.full(len(labels), np.nan, np.float32),
        )
        data = ImageDataset(LABELS, split, split, split, "photos", [])
        tk.train(
            model,
            data,
            frontend,
            epochs=6,
            clips_per_epoch=800,
            batch_size=32,
            learning_rate=1e-3,
            seed=fold,
        )
        for name, (pictures, labels) in both(found[fold::folds]).items():
            scores[name][0].extend(model.predict(frontend(pictures), verbose=0))
            scores[name][1].extend(labels)
    return {name: (np.array(of), labels) for name, (of, labels) in scores.items()}


def report(scores: np.ndarray, labels: list[int]) -> str:
    """Right in each class, their mean (balanced accuracy), and the plain share."""
    right, labels = scores.argmax(axis=1) == labels, np.array(labels)
    people, nobody = right[labels == 1], right[labels == 0]
    return (
        f"balanced accuracy {(people.mean() + nobody.mean()) / 2:.1%} "
        f"(person {people.sum()} of {people.size}, nobody {nobody.sum()} of {nobody.size}; "
        f"plain {right.mean():.1%})"
    )


def main() -> None:
    """Print a line for whole photos and one for pieces."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--engine", default="tflm", choices=["tflm", "litert", "compiled"])
    parser.add_argument("--learn", action="store_true", help="train on with photos, too")
    options = parser.parse_args()
    tiny, found = loaded(options.model), photos(options.data)
    for name, (pictures, labels) in both(found).items():
        less_128 = (128 * tiny.frontend(pictures)).astype(np.int8)
        scores = tiny.predict(less_128, engine=options.engine)
        print(f"{name}: {report(scores, labels)}")
    if options.learn:
        for name, (scores, labels) in learned(found).items():
            print(f"{name}, other photos learned: {report(scores, labels)}")


if __name__ == "__main__":
    main()
