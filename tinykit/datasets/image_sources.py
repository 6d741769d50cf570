"""Which pictures a data set has, what they show, and where they were taken."""

import csv
import math
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from tinykit.common.errors import TinykitError
from tinykit.common.files import is_note
from tinykit.datasets.archives import Tree, common_folder, listed, natural_order
from tinykit.datasets.coco import INSTANCES, LEAST_AREA, PERSON, read_annotations
from tinykit.datasets.files.image import IMAGE_SUFFIXES, UNREADABLE_IMAGES, unreadable

NON_PERSON = "non_person"
TABLE = "pictures.csv"  # scene, split and area of each of the bundled pictures
MASKS = "masks/"  # the folder beside the table with pictures of where persons are
_MOST_LABELS = 12
_ADVICE = "Put them into one folder for each label, such as person/ and non_person/."
# The label of pictures in which nothing is to be seen comes first.
_REST = re.compile(
    r"(non|nothing|nobody|background|empty|negative)|(no|not|without)([\W_]|$)", re.IGNORECASE
)
_SPLIT_FOLDERS = {
    **{"train": "train", "training": "train"},
    **{"val": "validation", "valid": "validation", "validation": "validation"},
    **{"test": "test", "testing": "test"},
}
_COCO_NAME = re.compile(r"(COCO_\w+_)?\d{12}")
_NUMBERED = re.compile(r"(.*[^\W\d_].*?)[ _-]+\(?\d+\)?")
# Names that cameras and programs give: they say nothing of where a picture was taken.
_NO_SESSION = re.compile(
    r"(img|dsc[nf]?|p|pxl|mvimg|gopr|image|picture|pic|photo|frame|capture|screenshot|file|\W|_|\d)*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class PictureFile:
    """A picture of the data set.

    Attributes:
        path: in the tree.
        name: the same without folders that all files are in.
        label: what it shows.
        scene: where and when it was taken; "" when that is not known.
        area: share of it that persons cover, NaN when that is not known.
        split: by the list that comes with the data; "" without one.
        mask: path of the picture of where persons are; "" when there is none.
    """

    path: str
    name: str
    label: str
    scene: str = ""
    area: float = math.nan
    split: str = ""
    mask: str = ""


def survey(tree: Tree, crop: bool) -> tuple[list[str], list[PictureFile], list[str]]:
    """The labels, the pictures, and a sentence for each thing that was left out."""
    for name in tree.names:
        if name.lower().endswith(UNREADABLE_IMAGES):
            raise unreadable(f"{tree.path.name}/{name}")
    pictures = [name for name in tree.names if name.lower().endswith(IMAGE_SUFFIXES)]
    annotations = {  # each once, though it may be there packed and unpacked
        PurePosixPath(name).name: name for name in tree.names if INSTANCES.fullmatch(name)
    }
    if not pictures:
        where = "Put the folder train2017 or val2017 beside them." if annotations else _ADVICE
        raise TinykitError(f"{tree.path} has no pictures in it. {where}")
    if annotations:
        return _of_coco(tree, pictures, annotations, crop)
    tables = [name for name in tree.names if PurePosixPath(name).name == TABLE]
    masks = {name for table in tables for name in pictures if name.startswith(_masks_of(table))}
    labels, files, notes = _of_folders(tree, [name for name in pictures if name not in masks])
    if tables:
        files = _with_table(tree, tables[0], files, masks)
    rest = set(tree.names) - set(pictures) - set(tables)
    others = sorted(name for name in rest if not is_note(name))
    if others:
        notes.append(f"Left out, not pictures: {listed(others)}.")
    return labels, files, notes


def _of_folders(tree: Tree, pictures: list[str]) -> tuple[list[str], list[PictureFile], list[str]]:
    """A folder for each label, perhaps inside one for each split."""
    root = common_folder(pictures)
    parts = {name: PurePosixPath(name.removeprefix(root)).parts for name in pictures}
    first = {part[0].casefold() for part in parts.values() if len(part) > 1}
    by_split = first and first <= set(_SPLIT_FOLDERS)
    files, outside = [], []
    for path in sorted(pictures, key=natural_order):
        *folders, _ = parts[path]
        split = _SPLIT_FOLDERS[folders.pop(0).casefold()] if by_split and folders else ""
        if folders:
            label = unicodedata.normalize("NFC", folders[0].strip())
            files.append(PictureFile(path, path.removeprefix(root), label, split=split))
        else:
            outside.append(path)
    labels = sorted(
        {file.label for file in files}, key=lambda label: (not _REST.match(label), label)
    )
    if not 2 <= len(labels) <= _MOST_LABELS:
        there = f"{len(labels)} labels ({listed(labels)})" if labels else "no labels"
        raise TinykitError(
            f"{tree.path} has {there}, and 2 to {_MOST_LABELS} can be told apart. {_ADVICE}"
        )
    files = [replace(file, scene=scene_of(PurePosixPath(file.path).stem, labels)) for file in files]
    return labels, files, [f"Left out, in no label's folder: {listed(outside)}."] * bool(outside)


def scene_of(stem: str, labels: list[str]) -> str:
    """The scene by a picture's name: kitchen_012 says so, IMG_0012 and person_12 do not."""
    if _COCO_NAME.fullmatch(stem):
        return stem
    numbered = _NUMBERED.fullmatch(stem)
    name = numbered[1] if numbered else ""
    longest_first = sorted(labels, key=len, reverse=True)
    rest = re.sub("|".join(map(re.escape, longest_first)), "", name, flags=re.IGNORECASE)
    return "" if _NO_SESSION.fullmatch(rest) else name


def _masks_of(table: str) -> str:
    return table.removesuffix(TABLE) + MASKS


def _with_table(
    tree: Tree, table: str, files: list[PictureFile], masks: set[str]
) -> list[PictureFile]:
    """The pictures with what the table that comes with them says, and their masks."""
    name = f"{tree.path.name}/{table}"
    folder = table.removesuffix(TABLE)
    try:
        rows = csv.DictReader(tree.read(table).decode("utf-8-sig").splitlines())
        known = {
            folder + row["file"]: (row["scene"], float(row["area"]), row["split"]) for row in rows
        }
        listed_files = []
        for file in files:
            scene, area, split = known[file.path]
            mask = f"{_masks_of(table)}{PurePosixPath(file.path).stem}.png"
            mask = mask if mask in masks else ""
            listed_files.append(replace(file, scene=scene, area=area, split=split, mask=mask))
        return listed_files
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise TinykitError(
            f"{name} does not describe the pictures beside it ({reason}). Mend it, or delete it."
        ) from error


def _of_coco(
    tree: Tree, pictures: list[str], annotations: dict[str, str], crop: bool
) -> tuple[list[str], list[PictureFile], list[str]]:
    """The photos that are there, labelled by the boxes of their persons."""
    by_name: dict[str, list[str]] = {}
    for path in pictures:
        by_name.setdefault(PurePosixPath(path).name, []).append(path)
    root, files, missing = common_folder(pictures), {}, 0
    for annotation in annotations.values():
        which = INSTANCES.fullmatch(annotation)[2]
        for photo in read_annotations(tree.read(annotation), f"{tree.path.name}/{annotation}"):
            there = by_name.get(photo.file, [])
            if not there:
                missing += 1
                continue
            path = next((path for path in there if f"/{which}/" in f"/{path}"), there[0])
            largest, area = photo.areas(crop)
            files[path] = PictureFile(
                path,
                path.removeprefix(root),
                PERSON if largest > LEAST_AREA else NON_PERSON,
                PurePosixPath(path).stem,
                area,
                "test" if which.startswith("val") else "train",
            )
    names = listed(list(annotations))
    if not files:
        raise TinykitError(
            f"{tree.path} has none of the photos that {names} lists. "
            "Put the folder train2017 or val2017 beside the annotations."
        )
    notes = []
    if missing:
        notes.append(f"{missing:,} of {missing + len(files):,} photos in {names} are not there.")
    if len(files) < len(pictures):
        strangers = [path for path in pictures if path not in files]
        notes.append(f"Left out, not annotated: {listed(strangers)}.")
    ordered = [files[path] for path in pictures if path in files]
    return [NON_PERSON, PERSON], ordered, notes
