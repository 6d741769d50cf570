"""How well a model that looks for people does on real photos, whole and in pieces.

    python tests/benchmarks/real_photos.py MODEL_FOLDER COCO

MODEL_FOLDER holds model.tflite and tinymodel.json (build/visual_wake_words, or a checkpoint); COCO
is a folder or archive with photos and an instances_*.json. Labels follow the rule of Visual Wake
Words: person when a person's box covers more than 0.5 % of the picture.

Photos are judged whole; then squares around each person (30 % wider than the box), and squares in
which no box of a person begins, as many of each photo as fit without overlapping much.
"""

import argparse
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import tinykit as tk
from tinykit.datasets.archives import open_tree
from tinykit.datasets.coco import INSTANCES, LEAST_AREA, Annotated, read_annotations

SMALLEST = 40  # pixels: sides of a person's box, and of a square with nobody in it
MARGIN = 1.3


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


def report(tiny: tk.TinyModel, pictures: list[np.ndarray], labels: list[int], engine: str) -> str:
    """Right in each class, their mean (balanced accuracy), and the plain share."""
    scores = tiny.predict(tiny.frontend(pictures), engine=engine)
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
    options = parser.parse_args()
    tiny, found = tk.TinyModel.load(options.model), photos(options.data)
    print(f"whole photos: {report(tiny, *whole(found), options.engine)}")
    print(f"pieces:       {report(tiny, *pieces(found), options.engine)}")


if __name__ == "__main__":
    main()
