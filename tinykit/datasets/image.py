"""Pictures with and without a person - or of your own labels - as splits by scene.

The bundled pictures, COCO as downloaded, MLPerf Tiny's ready folder and a student's own photos are
all read by this one module. Taught in notebook 02.
"""

import hashlib
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image
from scipy.ndimage import find_objects
from scipy.ndimage import label as label_parts

from tinykit.common.errors import TinykitError
from tinykit.datasets.archives import Tree, listed, natural_order, open_tree_of_zips, place
from tinykit.datasets.counts import few_examples
from tinykit.datasets.dataset import Dataset, Split, path_of
from tinykit.datasets.decoding import decoded
from tinykit.datasets.files.image import read_picture
from tinykit.datasets.image_sources import PictureFile, survey
from tinykit.datasets.splits import (
    SPLITS,
    is_complete,
    split_by_speaker,
    split_by_time,
    split_evenly,
)
from tinykit.features.image import Picture


@dataclass(frozen=True, eq=False, repr=False)
class PictureSplit(Split):
    """The pictures of one split, in a random but repeatable order.

    Attributes:
        x: uint8 (n, size, size, 3): red, green, blue.
        y: int64 (n,), index into the data set's labels.
        speakers: str (n,), the scene that a picture shows; empty where it is not known.
        files: str (n,), the picture's file: `person/0123_2.jpg`.
        area: float32 (n,), share of the picture that persons cover (of COCO: their boxes), 0 to 1;
            NaN where not known.
        masks: bool (n, height, width), True where persons are, perhaps coarser than the pictures;
            None when that is not known.
    """

    area: np.ndarray
    masks: np.ndarray | None = None

    @property
    def largest_box(self) -> np.ndarray:
        """float32 (n,), share of each picture in the largest box around a person; 0 for nobody.

        Boxes are those of `person_boxes`; without masks, `area` stands in.
        """
        if self.masks is None:
            return self.area
        boxes = (person_boxes(mask) for mask in self.masks)
        return np.array(
            [max((w * h for _, _, w, h in of_one), default=0) for of_one in boxes], np.float32
        )


def person_boxes(mask: np.ndarray) -> list[tuple[float, float, float, float]]:
    """A box around each part of a mask that hangs together: left, top, width and height of it.

    In shares of the picture, 0 to 1. Two people who touch have one box; one who is seen in two
    pieces has two. `mask`: bool (height, width), True where persons are.
    """
    parts, count = label_parts(mask, structure=np.ones((3, 3)))
    height, width = mask.shape
    return [
        (x.start / width, y.start / height, (x.stop - x.start) / width, (y.stop - y.start) / height)
        for y, x in find_objects(parts, count)
    ]


@dataclass(frozen=True, eq=False, repr=False)
class ImageDataset(Dataset):
    """Pictures to train, validate and test a classifier with. Taught in notebook 02.

    Attributes:
        labels: "non_person", "person"; of your own pictures the names of the folders.
        train, validation, test: the splits; no scene is in two of them unless a note says so.
        source: "bundled", or the folder or archive as it was given.
        notes: what was converted or decided while loading, a sentence each.
        crop: whether the pictures are the centre squares of the files; else the whole of them,
            squeezed into squares.
    """

    examples: ClassVar[str] = "pictures"
    people: ClassVar[str] = "scenes"

    train: PictureSplit
    validation: PictureSplit
    test: PictureSplit
    crop: bool = False

    def _measure(self) -> str:
        height, width = self.train.x.shape[1:3]
        return f" of {width} x {height} pixels"

    def _tells_of(self, people: int, examples: int) -> bool:
        return 0 < people < examples  # a scene for each picture goes without saying


BUNDLED = Path(__file__).parents[2] / "datasets" / "visual_wake_words" / "pictures.zip"
_SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}
_BROKEN = 0.1  # share of the files that may be
_MANY = 1_000  # pictures from which on loading shows its progress


def visual_wake_words(
    data: Path | str | None = None,
    *,
    size: int = 112,
    crop: bool = False,
    limit: int | None = 12_000,
    seed: int = 0,
) -> ImageDataset:
    """Load pictures with and without a person, or pictures of your own labels.

    Each becomes a small square one in colour, exactly as `tk.features.Picture(size, 3, crop)` makes
    it. Files that cannot be read are left out, with a note.

    The splits are those that come with the data (COCO's val photos are the test). Without any,
    pictures of a scene stay together when their names say the scene, as in `kitchen_012.png`;
    or else neighbours do, in the order of the names. COCO's photos are split at random.

    Args:
        data: None for the bundled pictures, else a tar or zip archive, or a folder (zip archives in
            it count as folders), with one of: COCO as downloaded (`instances_*.json` and the
            photos; those that are not there are left out); a folder of photos for each label, at
            any depth, such as MLPerf Tiny's `person/` and `non_person/`; the same inside `train/`,
            `validation/`, `test/`.
        size: side of the pictures, pixels.
        crop: take the centre square of each; else all of it, squeezed. COCO's labels are then
            those of the square.
        limit: pictures at most, of each label as many where there are enough; None for all (118,000
            of COCO take 4.5 GB).
        seed: of every random choice.

    Returns:
        The data set. Its labels are "non_person" and "person": a person's box covers more than
        0.5 % of the picture. For folders they are the folders' names in alphabetical order, one
        that says "nothing there" (non_person, no_cup, background, empty, ...) first.

    Raises:
        TinykitError: when the data cannot be read, have fewer than 2 or more than 12 labels, or
            fewer than 3 pictures of one, or when more than a tenth of the files are damaged.
    """
    data = path_of(data, ImageDataset)
    frontend = Picture(size, 3, crop)
    _check_limit(limit)
    random = np.random.default_rng(seed)
    with open_tree_of_zips(place(data, BUNDLED)) as tree:
        labels, files, notes = survey(tree, crop)
        splits, split_notes = _divided(labels, files, tree)
        splits, limit_notes = _limited(splits, len(labels), limit, random)
        arrays, load_notes = _loaded(tree, labels, splits, frontend)
        if data is not None:
            y = np.concatenate([split.y for split in arrays.values()])
            load_notes += few_examples(labels, np.bincount(y, minlength=len(labels)).tolist())
    return ImageDataset(
        labels=labels,
        **arrays,
        source="bundled" if data is None else str(data),
        notes=notes + split_notes + limit_notes + load_notes,
        crop=crop,
    )


def _check_limit(limit: object) -> None:
    number = isinstance(limit, int) and not isinstance(limit, bool)
    if limit is not None and (not number or limit < 1):
        raise TinykitError(
            f"limit is {limit!r}. Give a number of pictures, such as 12000, or None for all."
        )


def _divided(
    labels: list[str], files: list[PictureFile], tree: Tree
) -> tuple[dict[str, list[PictureFile]], list[str]]:
    """The pictures by split, and how they were divided."""
    y = np.array([labels.index(file.label) for file in files])
    for index, label in enumerate(labels):
        n = np.count_nonzero(y == index)
        if n < len(SPLITS):
            raise TinykitError(
                f"{tree.path} has {n} picture{'s' * (n != 1)} of {label!r}, fewer than "
                f"{len(SPLITS)}: one to train, to validate and to test. Add more; 50 are a start."
            )
    assigned, notes = _as_listed(y, files)
    if assigned is None:
        assigned, notes = _by_scene(y, files)
    splits = {split: [] for split in SPLITS}
    for file, split in zip(files, assigned, strict=True):
        splits[split].append(file)
    return splits, notes


def _as_listed(y: np.ndarray, files: list[PictureFile]) -> tuple[list[str] | None, list[str]]:
    """The splits that come with the data, None when they are not complete."""
    assigned = np.array([file.split for file in files], object)
    notes = []
    if "validation" not in assigned and "test" in assigned:
        train = np.flatnonzero(assigned == "train")
        names = [files[index].scene or files[index].name for index in train]
        parts = np.array(split_by_speaker(y[train], names) or ["train"] * len(train), object)
        assigned[train[parts == "validation"]] = "validation"
        notes.append("A tenth of the pictures for training are used for validation.")
    complete = set(assigned) == set(SPLITS) and is_complete(y, assigned)
    return (assigned.tolist(), notes) if complete else (None, [])


def _by_scene(y: np.ndarray, files: list[PictureFile]) -> tuple[list[str], list[str]]:
    scenes = [file.scene for file in files]
    if all(scenes) and len(set(scenes)) == len(scenes):
        return split_evenly(y, test_tenths=2), [
            "The pictures were split at random: 70, 10 and 20 % of each label."
        ]
    by_scene = split_by_speaker(y, scenes) if all(scenes) else None
    if by_scene:
        return by_scene, ["The pictures were split by scene: none is in two splits."]
    why = "are of too few scenes" if all(scenes) else "do not say which scene they show"
    notes = [
        f"The names of the pictures {why}: they were split in stretches of neighbours, so expect "
        "less accuracy in other places."
    ]
    return split_by_time(y.tolist(), scenes), notes


def _limited(
    splits: dict[str, list[PictureFile]],
    n_labels: int,
    limit: int | None,
    random: np.random.Generator,
) -> tuple[dict[str, list[PictureFile]], list[str]]:
    """The pictures in random order, no more than `limit`, and then of each label as many."""
    there = sum(map(len, splits.values()))
    shuffled = {
        split: [files[index] for index in random.permutation(len(files))]
        for split, files in splits.items()
    }
    if limit is None or there <= limit:
        return shuffled, []
    for split, files in shuffled.items():
        at_most = max(1, round(limit * _SHARES[split] / n_labels))
        shuffled[split] = _first_of_each_label(files, at_most)
    used = sum(map(len, shuffled.values()))
    return shuffled, [f"{used:,} of {there:,} pictures are used (limit={limit})."]


def _first_of_each_label(files: list[PictureFile], n: int) -> list[PictureFile]:
    before, first = Counter(), []
    for file in files:
        if before[file.label] < n:
            first.append(file)
        before[file.label] += 1
    return first


def _loaded(
    tree: Tree, labels: list[str], splits: dict[str, list[PictureFile]], frontend: Picture
) -> tuple[dict[str, PictureSplit], list[str]]:
    """The splits as arrays, without files that cannot be used, and a note about these."""
    pictures = {
        split: np.empty((len(files), *frontend.shape), np.uint8) for split, files in splits.items()
    }
    rows = {
        file.path: picture
        for split, files in splits.items()
        for file, picture in zip(files, pictures[split], strict=True)
    }
    broken, changes = _fill(tree, rows, frontend)
    if len(broken) > max(1, _BROKEN * len(rows)):
        raise TinykitError(
            f"{len(broken):,} of {len(rows):,} pictures in {tree.path} cannot be read. The first: "
            f"{next(iter(broken.values()))}"
        )
    files = [file for files in splits.values() for file in files]
    files.sort(key=lambda file: natural_order(file.name))
    copies, ambiguous = _repeated([file for file in files if file.path not in broken], rows)
    left_out = {*broken, *(file.path for file in copies + ambiguous)}
    arrays = {
        split: _as_split(tree, pictures[split], files, labels, left_out)
        for split, files in splits.items()
    }
    notes = _about_left_out(broken, copies, ambiguous)
    if changes:
        notes.append(f"Scaled to 8 bits a colour: {listed(changes)}.")
    for split, part in arrays.items():
        if len(set(part.y)) < len(labels):
            raise TinykitError(
                f"{tree.path} has too few pictures that can be used: those for {split} lack a "
                f"label. {' '.join(notes)}"
            )
    return arrays, notes


def _about_left_out(
    broken: dict[str, TinykitError], copies: list[PictureFile], ambiguous: list[PictureFile]
) -> list[str]:
    notes = []
    if broken:
        these = "1 picture" if len(broken) == 1 else f"{len(broken)} pictures"
        notes.append(f"Left out, {these} that cannot be read: {next(iter(broken.values()))}")
    for files, what in (
        (copies, "copies of other pictures"),
        (ambiguous, "the same picture with several labels"),
    ):
        if files:
            notes.append(f"Left out, {what}: {listed([file.name for file in files])}.")
    return notes


def _fill(
    tree: Tree, rows: dict[str, np.ndarray], frontend: Picture
) -> tuple[dict[str, TinykitError], list[str]]:
    """Read each file into its row; gives what cannot be read, and why, and what was scaled."""

    def decode(path: str, content: bytes) -> tuple[np.ndarray, list[str]]:
        picture, changes = read_picture(content, f"{tree.path.name}/{path}")
        same = picture.shape == frontend.shape
        return picture if same else frontend.pixels(picture), changes

    # Not of the bundled pictures: what a lesson prints should be the same each time.
    show = len(rows) >= _MANY and tree.path != BUNDLED
    broken, scaled = {}, []
    for path, result in decoded(tree, rows, decode, unit="pictures", show=show):
        if isinstance(result, TinykitError):
            broken[path] = result
        else:
            rows[path][:], changes = result
            scaled += [f"{path} ({change})" for change in changes]
    return broken, scaled


def _repeated(
    files: list[PictureFile], rows: dict[str, np.ndarray]
) -> tuple[list[PictureFile], list[PictureFile]]:
    """Copies of pictures that come before them, and pictures that are there with two labels."""
    same: dict[bytes, list[PictureFile]] = {}
    for file in files:
        same.setdefault(hashlib.sha256(rows[file.path]).digest(), []).append(file)
    copies, ambiguous = [], []
    for group in same.values():
        if len({file.label for file in group}) > 1:
            ambiguous += group
        else:
            copies += group[1:]
    return copies, ambiguous


def _as_split(
    tree: Tree, x: np.ndarray, files: list[PictureFile], labels: list[str], left_out: set[str]
) -> PictureSplit:
    kept = [row for row, file in enumerate(files) if file.path not in left_out]
    files = [files[row] for row in kept]
    return PictureSplit(
        x=x if len(kept) == len(x) else x[kept],  # a copy would take the memory twice
        y=np.array([labels.index(file.label) for file in files], np.int64),
        speakers=np.array([file.scene for file in files], str),
        files=np.array([file.name for file in files], str),
        area=np.array([file.area for file in files], np.float32),
        masks=_masks(tree, files),
    )


def _masks(tree: Tree, files: list[PictureFile]) -> np.ndarray | None:
    """Where persons are in each picture, bool (n, height, width); None without masks."""
    there = {
        row: np.asarray(Image.open(io.BytesIO(tree.read(file.mask))).convert("1"))
        for row, file in enumerate(files)
        if file.mask
    }
    if not there:
        return None
    masks = np.zeros((len(files), *next(iter(there.values())).shape), bool)
    for row, mask in there.items():
        masks[row] = mask
    return masks
