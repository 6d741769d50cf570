"""Which takes of motion train, validate and test: by person where people are known."""

import contextlib
import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.archives import Tree
from tinykit.datasets.motion_sources import WAND_NAME, Source
from tinykit.datasets.splits import (
    SPLITS,
    is_complete,
    split_by_speaker,
    split_by_time,
    split_of_speaker,
)

PEOPLE = "people.csv"  # which split each person of the bundled recordings is in
PIECE_SECONDS = 2.0  # length of the takes that everyday motion is cut into

# Who validates and tests in TFLM's magic wand (train/data_split_person.py); the others train.
_WAND_SPLITS = {
    "validation": ("lsj", "pengxl", "negative_2", "negative_7"),
    "test": ("liucx", "zhangxy", "negative_1", "negative_8"),
}

_FEWEST = 3  # takes of a gesture: one for each split
_SHARE = 0.2  # of everyday motion for validation, and as much for the test, when split by time


@dataclass(frozen=True, eq=False)
class Take:
    """One example.

    Attributes:
        name: the file it is from, and which take of it.
        source: the file.
        label, person: "" for an unknown person.
        samples: float32 (rows, axes).
        rate: Hz.
        start: seconds from the beginning of the recording that it was cut from.
    """

    name: str
    source: str
    label: str
    person: str
    samples: np.ndarray
    rate: float
    start: float = 0.0


def listed_splits(tree: Tree) -> dict[str, str]:
    """The split of each person by `people.csv`; empty without one."""
    name = next((name for name in tree.names if name.rpartition("/")[2] == PEOPLE), None)
    if name is None:
        return {}
    text = tree.read(name).decode("utf-8-sig", errors="replace")
    with contextlib.suppress(csv.Error):
        table = csv.DictReader(text.splitlines())
        return {
            row["person"]: row["split"]
            for row in table
            if row.get("person") and row.get("split") in SPLITS
        }
    return {}


def published_splits(sources: list[Source]) -> dict[str, str]:
    """The split of each person of TFLM's magic wand; empty for other data."""
    stems = [source.path.rpartition("/")[2].rpartition(".")[0] for source in sources]
    if not all(map(WAND_NAME.fullmatch, stems)):
        return {}
    published = {person: split for split, people in _WAND_SPLITS.items() for person in people}
    return {source.person: published.get(source.person, "train") for source in sources}


def divided(
    names: list[str], takes: list[Take], listed_split_of: dict[str, str], about: list[str]
) -> tuple[dict[str, list[Take]], dict[str, str], list[str]]:
    """The takes of the gestures by split, the split of each person, and how they were divided.

    There is no split of a person where one person's takes are in several.
    """
    for name in names:
        n = sum(take.label == name for take in takes)
        if n < _FEWEST:
            raise TinykitError(
                f"{name!r} has {n} take{'s' * (n != 1)}, fewer than {_FEWEST}: one to train, to "
                "validate and to test. Record more (20 are a start), or put all files of a gesture "
                f"into one folder with its name. {' '.join(about)}".rstrip()
            )
    y = np.array([names.index(take.label) for take in takes])
    people = [take.person for take in takes]
    split_of, notes = listed_split_of, []
    if not split_of or not is_complete(y, [split_of.get(person, "train") for person in people]):
        by_person = split_by_speaker(y, people) if all(people) else None
        split_of = dict(zip(people, by_person or [], strict=False))
        notes.append("The takes were split by person: nobody is in two splits.")
    if split_of:
        assigned = [split_of.get(person, "train") for person in people]
        split_of = split_of | dict(zip(people, assigned, strict=True))
    else:
        assigned = split_by_time([take.label for take in takes], [take.source for take in takes])
        notes = [_why_by_time(people)]
    splits = {split: [] for split in SPLITS}
    for take, split in zip(takes, assigned, strict=True):
        splits[split].append(take)
    return splits, split_of, notes


def _why_by_time(people: list[str]) -> str:
    why = "The names of the files do not say who moves"
    if all(people):
        why = "There are too few people to keep them apart"
    return (
        f"{why}: the takes were split by time, in stretches of neighbours, so "
        "expect less accuracy with strangers."
    )


def divided_everyday(recordings: list[Take], split_of: dict[str, str]) -> dict[str, list[Take]]:
    """Everyday motion by split: of people with their gestures, of unknown people by time."""
    everyday = {split: [] for split in SPLITS}
    for take in recordings:
        if split_of and take.person:
            split = split_of.get(take.person) or split_of_speaker(take.person)
            everyday[split].append(take)
        else:
            for split, part in _cut_by_time(take):
                everyday[split].append(part)
    return everyday


def _cut_by_time(take: Take) -> Iterator[tuple[str, Take]]:
    """The first 60 %, the next 20 % and the last 20 % of a recording, by split."""
    n = len(take.samples)
    share = round(_SHARE * n)
    if share < take.rate:  # less than a second to test with: it trains
        yield "train", take
        return
    cuts = [0, n - 2 * share, n - share, n]
    for split, start, end in zip(SPLITS, cuts, cuts[1:], strict=False):
        yield split, replace(take, samples=take.samples[start:end], start=start / take.rate)


def pieces(recordings: list[Take]) -> list[Take]:
    """Everyday motion cut into takes of 2 s; shorter recordings are one."""
    pieces = []
    for take in recordings:
        n = round(PIECE_SECONDS * take.rate)
        for start in range(0, max(1, len(take.samples) - n + 1), n):
            name = f"{take.name}@{take.start + start / take.rate:.1f}s"
            pieces.append(replace(take, name=name, samples=take.samples[start : start + n]))
    return pieces
