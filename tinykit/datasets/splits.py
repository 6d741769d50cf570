"""Which examples are for training, which for validation and which for the test.

A voice, or whatever else makes examples alike, belongs to one split only: a network that is tested
on a voice it has learned from looks better than it is.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

SPLITS = ("train", "validation", "test")
_SHARE = 10  # per cent of the speakers for validation, and as many for the test
_LARGEST = 2**27 - 1
_TRIES = 100  # reshuffles of the speakers before clips of one speaker are spread
# Stretches of a recording, from its end, of few examples and of `_MANY`.
_FEW_STRETCHES = ("test", "validation", "train", "train", "train")
_STRETCHES = ("test", "validation", "train", "train", "train", "test", *["train"] * 4)
_MANY = 20


def split_of_speaker(speaker: str, salt: str = "") -> str:
    """The split a speaker belongs to: always the same one, whatever other data are added.

    Without `salt` this is `which_set` of Speech Commands (P. Warden 2018, arXiv:1804.03209), which
    made its validation_list.txt and testing_list.txt.
    """
    digest = hashlib.sha1((salt + speaker).encode("utf-8", "surrogateescape")).hexdigest()
    percentage = int(digest, 16) % (_LARGEST + 1) * (100 / _LARGEST)
    if percentage < _SHARE:
        return "validation"
    return "test" if percentage < 2 * _SHARE else "train"


def assign(
    y: np.ndarray,
    speakers: Sequence[str],
    listed: Sequence[str] | None,
    *,
    speakers_known: bool,
) -> tuple[list[str], list[str]]:
    """Give every clip its split, so that each split has every class.

    Tried in turn: the official lists; Speech Commands' split by speaker; other random splits by
    speaker; a split of each class's clips, whoever speaks.

    Args:
        y: class of each clip, int (n,).
        speakers: speaker of each clip.
        listed: split of each clip by the official lists, None when there are none.
        speakers_known: False when `speakers` are only file names.

    Returns:
        The split of each clip, and a sentence for each thing the reader should know.
    """
    notes = []
    if listed is not None:
        if is_complete(y, listed):
            return list(listed), notes
        notes.append(_what_is_missing(listed) + ", so the clips were split by speaker instead.")
    by_speaker = split_by_speaker(y, speakers, tries=_TRIES if speakers_known else 1)
    if by_speaker is None:
        by_speaker = split_evenly(y)
    elif listed is None and speakers_known:
        notes.append("There are no split lists: the clips were split by speaker.")
    if not speakers_known:
        notes.append(
            "The file names do not say who speaks (NAME_nohash_0.wav does): voices of the test "
            "may also be in training, so expect less accuracy with strangers."
        )
    elif not _is_by_speaker(by_speaker, speakers):
        notes.append(
            "There are too few speakers to keep them apart: voices of the test are also in "
            "training, so expect less accuracy with strangers."
        )
    return by_speaker, notes


def split_by_speaker(
    y: np.ndarray, speakers: Sequence[str], *, tries: int = _TRIES
) -> list[str] | None:
    """A split that keeps speakers apart and has each class in each split, None if none is found."""
    for salt in ["", *map(str, range(1, tries))]:
        splits = _for_each(speakers, lambda speaker, salt=salt: split_of_speaker(speaker, salt))
        if is_complete(y, splits):
            return splits
    return None


def _for_each(values: Sequence[str], function: Callable[[str], str]) -> list[str]:
    known = {value: function(value) for value in set(values)}
    return [known[value] for value in values]


def is_complete(y: np.ndarray, splits: Sequence[str]) -> bool:
    """Whether each class has clips in each split."""
    return len(set(zip(y.tolist(), splits, strict=True))) == len(set(y.tolist())) * len(SPLITS)


def _is_by_speaker(splits: Sequence[str], speakers: Sequence[str]) -> bool:
    return len(set(zip(speakers, splits, strict=True))) == len(set(speakers))


def _what_is_missing(listed: Sequence[str]) -> str:
    empty = [split for split in SPLITS if split not in set(listed)]
    if empty:
        return f"The lists that come with the data leave the {' and '.join(empty)} split empty"
    return "The lists that come with the data leave a split without one of the classes"


def split_evenly(y: np.ndarray, test_tenths: int = 1) -> list[str]:
    """A tenth of each class for validation and `test_tenths` for the test, at least one example."""
    rng = np.random.default_rng(0)  # one split for all, whatever the seed of the training
    splits = np.full(len(y), "train", dtype=object)
    for label in np.unique(y):
        chosen = rng.permutation(np.flatnonzero(y == label))
        validation, test = (
            max(1, round(len(chosen) * share / 100)) for share in (_SHARE, _SHARE * test_tenths)
        )
        splits[chosen[:validation]] = "validation"
        splits[chosen[validation : validation + test]] = "test"
    return splits.tolist()


def split_by_time(labels: Sequence, sources: Sequence[str]) -> list[str]:
    """About 70, 10 and 20 % of each source, in stretches of neighbours.

    Neighbouring examples stay together, in stretches of a tenth of their source (few: a fifth, 60,
    20 and 20 %). The test has some from the middle and from the end: things change while they are
    recorded. Where the sources of a label hold few examples, they are taken as one.

    Args:
        labels: class of each example, in the order of time.
        sources: what it was recorded in: a file, a session.
    """
    there = Counter(zip(labels, sources, strict=True))
    few = {label for (label, _), n in there.items() if n < len(_FEW_STRETCHES)}
    groups: dict[tuple, list[int]] = {}
    for index, (label, source) in enumerate(zip(labels, sources, strict=True)):
        groups.setdefault((label, "" if label in few else source), []).append(index)
    assigned = np.full(len(labels), "train", dtype=object)
    for members in groups.values():
        n = len(members)
        stretches = _STRETCHES if n >= _MANY else _FEW_STRETCHES
        for number, index in enumerate(members):
            # Counted from the end, so that the test has an example however few there are.
            stretch = (n - 1 - number) * len(stretches) // max(n, len(stretches))
            assigned[index] = stretches[stretch]
    return assigned.tolist()
