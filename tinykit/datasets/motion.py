"""Gesture data: the bundled recordings, public ones and a student's own, as splits by person.

Taught in notebook 03.
"""

import contextlib
import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.archives import Tree, common_folder, listed, natural_order, open_tree, place
from tinykit.datasets.dataset import SampledDataset, Split, path_of
from tinykit.datasets.files.motion import (
    LONGEST_TAKE,
    SUFFIXES,
    MotionFile,
    check_numbers,
    content_of,
    described,
    plausible_rows,
    read_motion,
)
from tinykit.datasets.splits import (
    SPLITS,
    is_complete,
    split_by_speaker,
    split_by_time,
    split_of_speaker,
)

NONE = "none"

BUNDLED = Path(__file__).parents[2] / "datasets" / "gesture_recognition" / "recordings.zip"

PEOPLE = "people.csv"  # which split each person of the bundled recordings is in

PIECE_SECONDS = 2.0  # length of the takes that everyday motion is cut into

_ORDER = ("circle", "horizontal", "vertical", "punch", "flex", "wing", "ring", "slope")

_NONE_NAMES = {NONE, "_none_", "negative", "idle"}

_NO_DATA = re.compile(r"(readme|licen[cs]e|copying|datasheet|requirements|people)\b", re.IGNORECASE)

_CONTAINERS = {"data", "dataset", "gestures", "recordings", "csv"}

_WAND_NAME = re.compile(r"output_([^_]+)_(.+)")

# Who validates and tests in TFLM's magic wand (train/data_split_person.py); the others train.
_WAND_SPLITS = {
    "validation": ("lsj", "pengxl", "negative_2", "negative_7"),
    "test": ("liucx", "zhangxy", "negative_1", "negative_8"),
}

_NUMBERED_PERSON = re.compile(r"(person|participant|subject|student|user|p|s)[_ -]?\d+$", re.I)

_NAME_AND_TAKE = re.compile(r"(.*[^\W\d_].*?)[_ -]+\(?\d+\)?$")

_NOBODY = re.compile(
    r"(take|rec|recording|file|sample|data|log|capture|test|motion|\W|_|\d)*", re.I
)

_FEWEST = 3  # takes of a gesture: one for each split

_SHARE = 0.2  # of everyday motion for validation, and as much for the test, when split by time

_SAME_RATE = 0.02  # rates that differ by less are one: clocks of two boards

_BORROWED = 2  # pieces of borrowed everyday motion for each take of a gesture


@dataclass(frozen=True, eq=False, repr=False)
class MotionDataset(SampledDataset):
    """Takes to train, validate and test a gesture classifier with. Taught in notebook 03.

    Acceleration is in g, rotation in degrees per second, in the columns aX, aY, aZ, gX, gY, gZ.

    Attributes:
        labels: the gestures, then "none" (everyday motion).
        sample_rate: Hz.
        train, validation, test: the splits; nobody is in two of them unless a note says so. The
            takes of "none" are pieces of `everyday`, 2 s long.
        source: "bundled", or the folder, archive or file as it was given.
        notes: what was converted or decided while loading, a sentence each.
        axes: 6, or 3 for data without a gyroscope (acceleration only).
        everyday: everyday motion of each split, whole: by the split's name a list of recordings,
            float32 (rows, axes).
    """

    examples: ClassVar[str] = "takes"

    axes: int = 6
    everyday: dict[str, list[np.ndarray]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Take:
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


@dataclass(frozen=True)
class _Source:
    """A file of the data set.

    Attributes:
        path: in the tree.
        inside: the same without folders that all files are in.
        name: in messages.
        label, person: what its name says; "" for an unknown person.
    """

    path: str
    inside: str
    name: str
    label: str
    person: str


@dataclass(frozen=True, eq=False)
class _Material:
    """What a data set's files hold, all at one rate and with the same axes.

    Attributes:
        takes: of the gestures, in the order of files and time.
        everyday: recordings of everyday motion, whole.
        rate: Hz.
        split_of: split of each person by the list that comes with the data.
    """

    takes: list[_Take]
    everyday: list[_Take]
    rate: float
    split_of: dict[str, str]
    notes: list[str]

    @property
    def axes(self) -> int:
        return (self.takes or self.everyday)[0].samples.shape[1]


def gesture_recognition(
    gestures: Iterable[str] | None = None,
    data: Path | str | None = None,
    *,
    rows: int | None = None,
    sample_rate: float | None = None,
    seed: int = 0,
) -> MotionDataset:
    """Load takes of gestures and everyday motion, as a motion sensor gives them.

    A take ends at an empty line, at a repeated header or at a line `-,-,-`. A file without these
    must hold a single take (in a gesture's folder, at most 10 s long) unless `rows` is given. Takes
    differ in length. Everyday motion is called "none": recordings of any length, kept whole in
    `everyday` and as takes of 2 s. Data that have none borrow the bundled one.

    People are kept apart when the files' names say whose takes they hold; otherwise each
    file is cut into stretches of time: most train, one validates, one or two test.

    Args:
        gestures: the gestures to tell apart, in the order of the labels; None for all there are.
        data: None for the bundled recordings, else a folder, a tar or zip archive, or one file: a
            file for each gesture (`circle.csv`), a folder for each (`circle/anna_1.csv`), or TFLM's
            magic wand (`wing/output_wing_hyw.txt`). Everyday motion is in the file or folder none,
            negative or idle. `load_motion` says what the files look like.
        rows: rows of each take, for files with nothing between the takes.
        sample_rate: Hz; default: what the files say (`# sample_rate: 119`, or a time column), and
            where they say nothing 119 Hz (magic wand: 25 Hz), with a note.
        seed: of every random choice.

    Returns:
        The data set, with labels [*gestures, "none"].

    Raises:
        TinykitError: when the data cannot be read or lack a gesture, when a file is not motion in g
            and degrees per second, or when it is not clear where its takes end. It names file and
            line.
    """
    data = path_of(data, MotionDataset)
    check_numbers(rows, sample_rate)
    random = np.random.default_rng(seed)
    names, material = _read(data, gestures, rows, sample_rate)
    if not names:
        raise TinykitError("No gestures are named. Name at least one, or None for all there are.")
    splits, split_of, notes = _divided(names, material)
    everyday = _divided_everyday(material.everyday, split_of)
    lacking = [split for split in SPLITS if not _pieces(everyday[split])]
    if lacking:
        _, lender = _read(None, (), None, None)
        lent = _alike(lender.everyday, material.rate, material.axes)
        lent = _divided_everyday(lent, lender.split_of)
        everyday |= {split: lent[split] for split in lacking}
        notes.append(
            f"Everyday motion for {', '.join(lacking)} is taken from the bundled recordings."
        )
    for split, takes in splits.items():
        pieces = _pieces(everyday[split])
        if split in lacking:
            at_most = _BORROWED * max(1, round(len(takes) / len(names)))
            pieces = [pieces[index] for index in random.permutation(len(pieces))[:at_most]]
        takes += pieces
        random.shuffle(takes)
    labels = [*names, NONE]
    return MotionDataset(
        labels=labels,
        sample_rate=material.rate,
        **{split: _arrays(takes, labels) for split, takes in splits.items()},
        source="bundled" if data is None else str(data),
        notes=material.notes + notes,
        axes=material.axes,
        everyday={split: [take.samples for take in everyday[split]] for split in SPLITS},
    )


def _read(
    data: Path | str | None,
    gestures: Iterable[str] | None,
    rows: int | None,
    sample_rate: float | None,
) -> tuple[list[str], _Material]:
    """The chosen gestures, and their takes with the everyday motion."""
    with _opened(place(data, BUNDLED)) as tree:
        sources, notes = _survey(tree)
        names = _chosen(gestures, sources, tree)
        left = sorted({source.label for source in sources} - {*names, NONE})
        if left and data is not None:
            notes.append(f"Gestures left out: {listed(left, at_most=8)}.")
        wanted = [source for source in sources if source.label in (*names, NONE)]
        files = [read_motion(tree.read(source.path), source.name) for source in wanted]
        split_of = _listed_splits(tree) or _published_splits(sources)
    takes, everyday, changes = [], [], []
    for source, file in zip(wanted, files, strict=True):
        rate, guessed = file.rate_or(sample_rate)
        changes += [*file.changes, *guessed]
        if source.label == NONE:
            everyday += _takes_of(source, file.blocks, rate)
        else:
            _check_separated(source, file, rate, rows)
            takes += _takes_of(source, file.takes(rows), rate)
    return names, _unified(takes, everyday, split_of, notes + described(changes))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Tree]:
    """As `open_tree`, and a single file of motion as a tree of one file."""
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        yield Tree(path, [path.name], lambda _: content_of(path))
    else:
        with open_tree(path) as tree:
            yield tree


def _survey(tree: Tree) -> tuple[list[_Source], list[str]]:
    """The files of motion, in natural order, and a note of what is none."""
    texts = [name for name in tree.names if not _NO_DATA.match(name.rpartition("/")[2])]
    names = [name for name in texts if name.lower().endswith(SUFFIXES)]
    others = [name for name in texts if name not in set(names)]
    if not names:
        raise TinykitError(
            f"{tree.path} has no recordings of motion in it ({', '.join(SUFFIXES)}). "
            "Put them into one folder for each gesture, such as circle/anna.csv."
        )
    root = common_folder(names)
    folders = {name.removeprefix(root).rpartition("/")[0] for name in names}
    containers = _CONTAINERS | {tree.path.name.partition(".")[0].casefold()}
    # One folder for all is a gesture's, or the one that an archive was made of.
    several = sum(map(_names_gesture, names)) > 1
    if len(folders) == 1 and (only := folders.pop()) and (several or only.casefold() in containers):
        root += f"{only}/"
    sources = [
        _source(name, name.removeprefix(root), tree) for name in sorted(names, key=natural_order)
    ]
    return sources, [f"Left out, not motion: {listed(others)}."] if others else []


def _names_gesture(path: str) -> bool:
    """Whether a file is called like a gesture of the kit (circle.csv, or Arduino's circ.csv)."""
    stem = PurePosixPath(path).stem.casefold()
    return stem in _NONE_NAMES or (len(stem) >= 4 and any(g.startswith(stem) for g in _ORDER))


def _source(path: str, inside: str, tree: Tree) -> _Source:
    *folders, file = PurePosixPath(inside).parts
    stem = file.rpartition(".")[0]
    wand = _WAND_NAME.fullmatch(stem)
    label = folders[0] if folders else wand[1] if wand else stem
    label = NONE if label.casefold() in _NONE_NAMES else unicodedata.normalize("NFC", label.strip())
    if wand and not wand[2].isdecimal():
        person = wand[2]
    elif wand and label == NONE:  # of whom is not known: of one each
        person = f"{wand[1]}_{wand[2]}"
    elif folders:
        person = person_of(stem, label) or (
            person_of(folders[1], label) if len(folders) > 1 else ""
        )
    else:
        person = ""
    name = inside if tree.path.name == path else f"{tree.path.name}/{path}"
    return _Source(path, inside, name, label, person)


def person_of(stem: str, label: str) -> str:
    """Whose takes a file holds: anna, anna_2 and person_07 say so, take_1 and circle3 do not."""
    if _NUMBERED_PERSON.match(stem):
        return stem
    without_number = _NAME_AND_TAKE.fullmatch(stem)
    name = without_number[1] if without_number else stem
    rest = re.sub(re.escape(label), "", name, flags=re.IGNORECASE)
    return "" if _NOBODY.fullmatch(rest) or _NO_DATA.match(stem) else name


def _chosen(gestures: Iterable[str] | None, sources: list[_Source], tree: Tree) -> list[str]:
    """The gestures to tell apart; TinykitError when the data cannot serve them."""
    there = {source.label for source in sources} - {NONE}
    usual = [name for name in _ORDER if name in there] if tree.path == BUNDLED else []
    ordered = usual + sorted(there - set(usual))
    if gestures is None:
        if not ordered:
            raise TinykitError(
                f"{tree.path} has everyday motion only. "
                "Add a file or a folder with takes of a gesture, such as circle.csv."
            )
        return ordered
    names = [gestures] if isinstance(gestures, str) else list(gestures)
    wrong = not all(isinstance(name, str) for name in names) or len(set(names)) < len(names)
    if wrong or NONE in names:
        raise TinykitError(
            f"The gestures {names} cannot be told apart. "
            f"Name each once; {NONE!r} is added by itself."
        )
    missing = [name for name in names if unicodedata.normalize("NFC", name) not in there]
    if missing:
        raise TinykitError(
            f"{tree.path} has no takes of {', '.join(map(repr, missing))}. "
            f"It has {', '.join(map(repr, ordered)) or 'no gestures'}: choose among them."
        )
    return [unicodedata.normalize("NFC", name) for name in names]


def _check_separated(source: _Source, file: MotionFile, rate: float, rows: int | None) -> None:
    """Raise TinykitError when nothing says where the takes of a file end."""
    n = len(file.blocks[0])
    in_folder = "/" in source.inside
    if rows is not None or len(file.blocks) > 1 or (in_folder and n <= LONGEST_TAKE * rate):
        return
    plausible = [f"{n // rows:,} takes of {rows}" for rows in plausible_rows(n, rate)[:4]]
    could_be = " or ".join(plausible) or "no whole number of takes"
    raise TinykitError(
        f"{source.name} has {n:,} rows and nothing between its takes, so it is not known where "
        f"they end (it could be {could_be}). State the rows of one take with rows=, put an "
        "empty line between the takes, or each take into a file of its own in the gesture's folder."
    )


def _takes_of(source: _Source, samples: list[np.ndarray], rate: float) -> list[_Take]:
    takes = []
    for number, take in enumerate(samples, 1):
        whole = source.label == NONE and len(samples) == 1
        name = source.inside if whole else f"{source.inside}#{number}"
        takes.append(_Take(name, source.path, source.label, source.person, take, rate))
    return takes


def _listed_splits(tree: Tree) -> dict[str, str]:
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


def _published_splits(sources: list[_Source]) -> dict[str, str]:
    """The split of each person of TFLM's magic wand; empty for other data."""
    stems = [source.path.rpartition("/")[2].rpartition(".")[0] for source in sources]
    if not all(map(_WAND_NAME.fullmatch, stems)):
        return {}
    published = {person: split for split, people in _WAND_SPLITS.items() for person in people}
    return {source.person: published.get(source.person, "train") for source in sources}


def _unified(
    takes: list[_Take], everyday: list[_Take], split_of: dict[str, str], notes: list[str]
) -> _Material:
    """Resample to the rate that most rows have; leave the gyroscope out where a file has none."""
    everything = takes + everyday
    if not everything:
        raise TinykitError("The recordings have no everyday motion. Record some as 'none'.")
    rows_at = Counter()
    for take in everything:
        rows_at[take.rate] += len(take.samples)
    usual = max(rows_at, key=rows_at.get)
    other = sorted(rate for rate in rows_at if abs(rate / usual - 1) > _SAME_RATE)
    if other:
        hertz = listed([f"{rate:.4g} Hz" for rate in other])
        notes = [*notes, f"Recordings at {hertz} were resampled to {usual:.4g} Hz."]
    axes = {take.samples.shape[1] for take in everything}
    if len(axes) > 1:
        notes = [*notes, "Some files have no gyroscope: rotation is left out of the others, too."]
    takes, everyday = (_alike(part, usual, min(axes)) for part in (takes, everyday))
    return _Material(takes, everyday, usual, split_of, notes)


def _alike(takes: list[_Take], rate: float, axes: int) -> list[_Take]:
    """Takes at the rate, in Hz, and with the axes of others."""
    return [
        replace(take, samples=resampled(take.samples[:, :axes], take.rate, rate), rate=rate)
        for take in takes
    ]


def resampled(motion: np.ndarray, rate: float, new_rate: float) -> np.ndarray:
    """Motion (rows, axes) at another rate, by straight lines between the rows; float32.

    Going to less than two thirds of the rate, neighbouring rows are averaged first.
    """
    if abs(rate / new_rate - 1) <= _SAME_RATE:
        return motion
    width = int(rate / new_rate)
    times = np.arange(max(1, round(len(motion) * new_rate / rate))) / new_rate
    columns = []
    for column in motion.T.astype(np.float64):
        if rate / new_rate > 1.5:
            column = np.pad(column, (width // 2, width - width // 2), mode="edge")
            column = np.convolve(column, np.full(width + 1, 1 / (width + 1)), mode="valid")
        columns.append(np.interp(times, np.arange(len(column)) / rate, column))
    return np.stack(columns, axis=1).astype(np.float32)


def _divided(
    names: list[str], material: _Material
) -> tuple[dict[str, list[_Take]], dict[str, str], list[str]]:
    """The takes of the gestures by split, the split of each person, and how they were divided.

    There is no split of a person where one person's takes are in several.
    """
    takes = material.takes
    for name in names:
        n = sum(take.label == name for take in takes)
        if n < _FEWEST:
            raise TinykitError(
                f"{name!r} has {n} take{'s' * (n != 1)}, fewer than {_FEWEST}: one to train, to "
                "validate and to test. Record more (20 are a start), or put all files of a gesture "
                "into one folder with its name."
            )
    y = np.array([names.index(take.label) for take in takes])
    people = [take.person for take in takes]
    split_of, notes = material.split_of, []
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


def _divided_everyday(recordings: list[_Take], split_of: dict[str, str]) -> dict[str, list[_Take]]:
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


def _cut_by_time(take: _Take) -> Iterator[tuple[str, _Take]]:
    """The first 60 %, the next 20 % and the last 20 % of a recording, by split."""
    n = len(take.samples)
    share = round(_SHARE * n)
    if share < take.rate:  # less than a second to test with: it trains
        yield "train", take
        return
    cuts = [0, n - 2 * share, n - share, n]
    for split, start, end in zip(SPLITS, cuts, cuts[1:], strict=False):
        yield split, replace(take, samples=take.samples[start:end], start=start / take.rate)


def _pieces(recordings: list[_Take]) -> list[_Take]:
    """Everyday motion cut into takes of 2 s; shorter recordings are one."""
    pieces = []
    for take in recordings:
        n = round(PIECE_SECONDS * take.rate)
        for start in range(0, max(1, len(take.samples) - n + 1), n):
            name = f"{take.name}@{take.start + start / take.rate:.1f}s"
            pieces.append(replace(take, name=name, samples=take.samples[start : start + n]))
    return pieces


def _arrays(takes: list[_Take], labels: list[str]) -> Split:
    x = np.empty(len(takes), dtype=object)
    for index, take in enumerate(takes):
        x[index] = take.samples
    return Split(
        x=x,
        y=np.array([labels.index(take.label) for take in takes], np.int64),
        speakers=np.array([take.person for take in takes], str),
        files=np.array([take.name for take in takes], str),
    )
