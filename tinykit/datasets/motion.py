"""Gesture data: the bundled recordings, public ones and a student's own, as splits by person.

Taught in notebook 03.
"""

import contextlib
import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.archives import Tree, listed, open_tree_of_zips, place
from tinykit.datasets.counts import few_examples
from tinykit.datasets.dataset import SampledDataset, Split, path_of
from tinykit.datasets.files.motion import SUFFIXES, content_of
from tinykit.datasets.files.motion_rows import (
    LONGEST_TAKE,
    MotionFile,
    check_numbers,
    described,
    plausible_rows,
)
from tinykit.datasets.motion_sources import NONE, ORDER, Files, Source, labelled, survey
from tinykit.datasets.motion_splits import (
    Take,
    divided,
    divided_everyday,
    listed_splits,
    pieces,
    published_splits,
)
from tinykit.datasets.splits import SPLITS

BUNDLED = Path(__file__).parents[2] / "datasets" / "gesture_recognition" / "recordings.zip"
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
class _Material:
    """What a data set's files hold, all at one rate and with the same axes.

    Attributes:
        takes: of the gestures, in the order of files and time.
        everyday: recordings of everyday motion, whole.
        rate: Hz.
        split_of: split of each person by the list that comes with the data.
        notes: what was decided meanwhile.
        copies: of these, what is said of takes that are there more than once.
    """

    takes: list[Take]
    everyday: list[Take]
    rate: float
    split_of: dict[str, str]
    notes: list[str]
    copies: list[str]

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

    A take ends at an empty line, at a repeated header, at a line `-,-,-` or where a column `label`
    changes, which then names the gesture. A file without these must hold a single take, at most
    10 s long, in a gesture's folder or with a number in its name (`circle_3.csv`), unless `rows` is
    given. Takes differ in length. Everyday motion is called "none": recordings of any length, kept
    whole in `everyday` and as takes of 2 s. Data that have none borrow the bundled one.

    People are kept apart when the files' names say whose takes they hold; otherwise each
    file is cut into stretches of time: most train, one validates, one or two test. A take that is
    there twice is used once, and not at all where it has two labels.

    Args:
        gestures: the gestures to tell apart, in the order of the labels; None for all there are.
        data: None for the bundled recordings, else a folder, a tar or zip archive, or one file: a
            file for each gesture (`circle.csv`) or each take (`circle_3.csv`), a folder for each
            gesture (`circle/anna_1.csv`), TFLM's magic wand (`wing/output_wing_hyw.txt`), or an
            export of Edge Impulse (`training/circle.3.json`). In the place of a file may be the
            folder or zip of a phone's recording (`circle_3.zip`). Everyday motion is in the file or
            folder none, negative or idle. `load_motion` says what the files look like.
        rows: rows of each take, for files with nothing between the takes.
        sample_rate: Hz; default: what the files say (`# sample_rate: 119`, or a time column), and
            where they say nothing 119 Hz (magic wand: 25 Hz), with a note.
        seed: of every random choice.

    Returns:
        The data set, with labels [*gestures, "none"].

    Raises:
        TinykitError: when the data cannot be read or lack a gesture, when a file is not motion or
            in an unknown unit, or when it is not clear where its takes end. It names file and line.
    """
    data = path_of(data, MotionDataset)
    check_numbers(rows, sample_rate)
    random = np.random.default_rng(seed)
    names, material = _read(data, gestures, rows, sample_rate)
    if not names:
        raise TinykitError("No gestures are named. Name at least one, or None for all there are.")
    splits, split_of, notes = divided(names, material.takes, material.split_of, material.copies)
    notes += few_examples(names, [sum(t.label == name for t in material.takes) for name in names])
    everyday = divided_everyday(material.everyday, split_of)
    lacking = [split for split in SPLITS if not pieces(everyday[split])]
    if lacking:
        _, lender = _read(None, (), None, None)
        lent = _alike(lender.everyday, material.rate, material.axes)
        lent = divided_everyday(lent, lender.split_of)
        everyday |= {split: lent[split] for split in lacking}
        notes.append(
            f"Everyday motion for {', '.join(lacking)} is taken from the bundled recordings."
        )
    for split, takes in splits.items():
        rest = pieces(everyday[split])
        if split in lacking:
            at_most = _BORROWED * max(1, round(len(takes) / len(names)))
            rest = [rest[index] for index in random.permutation(len(rest))[:at_most]]
        takes += rest
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
        sources, notes = survey(tree)
        files = Files(tree)
        if tree.path != BUNDLED:
            sources = labelled(sources, files, rows)
        names = _chosen(gestures, sources, tree)
        left = sorted({source.label for source in sources} - {*names, NONE})
        if left and data is not None:
            notes.append(f"Gestures left out: {listed(left, at_most=8)}.")
        wanted = [source for source in sources if source.label in (*names, NONE)]
        read = [files[source] for source in wanted]
        split_of = listed_splits(tree) or published_splits(sources)
    takes, everyday, changes = [], [], []
    for source, file in zip(wanted, read, strict=True):
        rate, guessed = file.rate_or(sample_rate)
        changes += [*file.changes, *guessed]
        if source.label == NONE:
            everyday += _takes_of(source, file.blocks, rate)
        else:
            _check_separated(source, file, rate, rows)
            takes += _takes_of(source, file.takes(rows), rate)
    left_out, copies = _repeated(takes + everyday)
    takes, everyday = (
        [take for take in part if take.name not in left_out] for part in (takes, everyday)
    )
    material = _unified(takes, everyday, split_of, notes + described(changes) + copies)
    return names, replace(material, copies=copies)


def _repeated(takes: list[Take]) -> tuple[set[str], list[str]]:
    """Names of the takes that are copies of earlier ones, or there with several labels; notes."""
    same: dict[bytes, list[Take]] = {}
    for take in takes:
        same.setdefault(hashlib.sha256(take.samples.tobytes()).digest(), []).append(take)
    groups = [group for group in same.values() if len(group) > 1]
    ambiguous = [take for group in groups if len({t.label for t in group}) > 1 for take in group]
    plain = [group for group in groups if len({take.label for take in group}) == 1]
    copies = [take for group in plain for take in group[1:]]
    notes = [
        f"Left out, {what}: {listed([take.name for take in found])}."
        for what, found in (
            ("copies of other takes", copies),
            ("the same take with several labels", ambiguous),
        )
        if found
    ]
    people = [group for group in plain if len({take.person for take in group}) > 1]
    if people:
        names = sorted({take.person or "nobody" for take in people[0]})
        notes.append(
            f"{sum(map(len, people)):,} of these takes are the same under several people's names "
            f"({listed(names, 8)}): is each file that person's?"
        )
    return {take.name for take in copies + ambiguous}, notes


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Tree]:
    """As `open_tree_of_zips`, and a single file of motion as a tree of one file."""
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        yield Tree(path, [path.name], lambda _: content_of(path))
    else:
        with open_tree_of_zips(path) as tree:
            yield tree


def _chosen(gestures: Iterable[str] | None, sources: list[Source], tree: Tree) -> list[str]:
    """The gestures to tell apart; TinykitError when the data cannot serve them."""
    there = {source.label for source in sources} - {NONE}
    usual = [name for name in ORDER if name in there] if tree.path == BUNDLED else []
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


def _check_separated(source: Source, file: MotionFile, rate: float, rows: int | None) -> None:
    """Raise TinykitError when nothing says where the takes of a file end."""
    n = len(file.blocks[0])
    alone = source.is_in_folder or source.one_take
    if rows is not None or len(file.blocks) > 1 or (alone and n <= LONGEST_TAKE * rate):
        return
    plausible = [f"{n // rows:,} takes of {rows}" for rows in plausible_rows(n, rate)[:4]]
    could_be = " or ".join(plausible) or "no whole number of takes"
    raise TinykitError(
        f"{source.name} has {n:,} rows and nothing between its takes, so it is not known where "
        f"they end (it could be {could_be}). State the rows of one take with rows=, put an "
        "empty line between the takes, or each take into a file of its own in the gesture's folder "
        f"(at most {LONGEST_TAKE:g} s)."
    )


def _takes_of(source: Source, samples: list[np.ndarray], rate: float) -> list[Take]:
    takes = []
    for number, take in enumerate(samples, 1):
        whole = source.label == NONE and len(samples) == 1
        name = source.inside if whole else f"{source.inside}#{number}"
        takes.append(Take(name, source.path, source.label, source.person, take, rate))
    return takes


def _unified(
    takes: list[Take], everyday: list[Take], split_of: dict[str, str], notes: list[str]
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
    return _Material(takes, everyday, usual, split_of, notes, [])


def _alike(takes: list[Take], rate: float, axes: int) -> list[Take]:
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


def _arrays(takes: list[Take], labels: list[str]) -> Split:
    x = np.empty(len(takes), dtype=object)
    for index, take in enumerate(takes):
        x[index] = take.samples
    return Split(
        x=x,
        y=np.array([labels.index(take.label) for take in takes], np.int64),
        speakers=np.array([take.person for take in takes], str),
        files=np.array([take.name for take in takes], str),
    )
