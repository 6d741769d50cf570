"""COCO's annotations: which photos show a person, by the rule of Visual Wake Words.

A photo shows a person when a person's box covers more than 0.5 % of it (A. Chowdhery et al. 2019,
arXiv:1906.05721). A box around a crowd is counted as one of a person: people are there, though not
each of them is outlined. (The script of TensorFlow's models repository compares the area within the
outline, which is smaller than the box; MLPerf Tiny's ready pictures are those with boxes of 2.5 %.)
"""

import json
import re
from dataclasses import dataclass

import numpy as np

from tinykit.common.errors import TinykitError

PERSON = "person"
LEAST_AREA = 0.005  # share of the picture
INSTANCES = re.compile(r"(.*/)?instances_?([^/]*)\.json")


@dataclass(frozen=True, eq=False)
class Annotated:
    """What COCO says of one photo.

    Attributes:
        file: its file name.
        width, height: pixels.
        boxes: of its persons, float (n, 4): left, top, right, bottom, in pixels.
    """

    file: str
    width: int
    height: int
    boxes: np.ndarray

    def areas(self, crop: bool = False) -> tuple[float, float]:
        """Shares of the picture, 0 to 1, in the largest box of a person, and in all of them.

        With `crop`, of its centre square.
        """
        left, top, right, bottom = 0, 0, self.width, self.height
        if crop:
            side = min(self.width, self.height)
            left, top = (self.width - side) // 2, (self.height - side) // 2
            right, bottom = left + side, top + side
        boxes = np.clip(self.boxes, [left, top, left, top], [right, bottom, right, bottom])
        each = (boxes[:, 2] - boxes[:, 0]).clip(0) * (boxes[:, 3] - boxes[:, 1]).clip(0)
        whole = (right - left) * (bottom - top)
        return each.max(initial=0) / whole, _union(boxes) / whole


def read_annotations(content: bytes, name: str) -> list[Annotated]:
    """The photos that an instances_*.json lists; those without persons have no boxes.

    Raises TinykitError beginning with `name` when this is not COCO's.
    """
    try:
        found = json.loads(content, object_hook=_without_outline)
        persons = {kind["id"] for kind in found["categories"] if kind["name"] == PERSON}
        boxes: dict[object, list] = {}
        for annotation in found["annotations"]:
            if annotation["category_id"] in persons:
                boxes.setdefault(annotation["image_id"], []).append(annotation["bbox"])
        photos = [_annotated(image, boxes.get(image["id"], [])) for image in found["images"]]
    except (
        AttributeError,
        LookupError,
        ArithmeticError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise TinykitError(
            f"{name} does not hold annotations as COCO's ({reason}). Download it again."
        ) from error
    if not persons:
        raise TinykitError(
            f"{name} has no category called {PERSON!r}. Take the instances_*.json of COCO."
        )
    return photos


def _without_outline(entry: dict) -> dict:
    """The outlines are most of COCO's 450 MB, and as Python's lists many times that."""
    entry.pop("segmentation", None)
    return entry


def _annotated(image: dict, boxes: list) -> Annotated:
    corners = np.array(boxes, float).reshape(len(boxes), 4)
    corners[:, 2:] += corners[:, :2]
    width, height = int(image["width"]), int(image["height"])
    if min(width, height) < 1 or not np.isfinite(corners).all():
        raise ValueError(f"of image {image['id']}, the size or a box")
    return Annotated(image["file_name"].rpartition("/")[2], width, height, corners)


def _union(boxes: np.ndarray) -> float:
    """Area that boxes cover together, counted once where they overlap."""
    columns, rows = np.unique(boxes[:, 0::2]), np.unique(boxes[:, 1::2])
    covered = np.zeros((max(len(rows) - 1, 0), max(len(columns) - 1, 0)), bool)
    for left, top, right, bottom in boxes:
        covered[
            np.searchsorted(rows, top) : np.searchsorted(rows, bottom),
            np.searchsorted(columns, left) : np.searchsorted(columns, right),
        ] = True
    return float(np.diff(rows) @ covered @ np.diff(columns)) if covered.size else 0.0
