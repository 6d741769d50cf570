"""Keyword-spotting data in the layout of Speech Commands: one folder of recordings for each word.

The bundled clips, the public data set and a student's own folder are all read by this one module.
Taught in notebook 01.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.archives import listed, natural_order, open_tree, place
from tinykit.datasets.audio_sources import (
    FEWEST,
    NOISE_FOLDERS,
    SILENCE,
    SILENCE_FOLDERS,
    UNKNOWN,
    UNKNOWN_FOLDERS,
    Recordings,
    chosen_words,
    key,
    official_splits,
    speaker,
    stem,
    survey,
)
from tinykit.datasets.counts import few_examples
from tinykit.datasets.dataset import SampledDataset, Split, path_of
from tinykit.datasets.decoding import decoded
from tinykit.datasets.files.audio import SILENT, counted, to_clip, to_samples
from tinykit.datasets.splits import SPLITS, assign


@dataclass(frozen=True, eq=False, repr=False)
class AudioDataset(SampledDataset):
    """Clips to train, validate and test a sound classifier with. Taught in notebook 01.

    Attributes:
        labels: the words, then "unknown" (any other word) and "silence".
        sample_rate: Hz.
        train, validation, test: the splits; no voice is in two of them unless a note says so.
        source: "bundled", or the folder or archive as it was given.
        notes: what was converted or decided while loading, a sentence each.
        noise: background recordings, int16 of any length, for augmenting the training split.
    """

    examples: ClassVar[str] = "clips"
    people: ClassVar[str] = "voices"

    noise: list[np.ndarray] = field(default_factory=list)


SAMPLE_RATE = 16_000
N_SAMPLES = 16_000
BUNDLED = Path(__file__).parents[2] / "datasets" / "keyword_spotting" / "clips.zip"

# Clips of "unknown" or "silence" for each clip of a keyword, at most: training gains from many
# different words, a test becomes lopsided by them.
_AT_MOST = {"train": 16, "validation": 8, "test": 8}
_MANY_UNKNOWN = 20_000  # no more in any split: what fits a laptop's memory
_MANY = 20_000  # clips from which on loading shows its progress


@dataclass(frozen=True, eq=False)
class _Clip:
    """A clip of the data set: where it is, its class, who speaks, and its samples if at hand."""

    file: str
    label: int
    speaker: str = ""
    samples: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class _Noise:
    """A part of a background recording: its name, first sample and int16 samples."""

    name: str
    start: int
    samples: np.ndarray


@dataclass(frozen=True, eq=False)
class _Loaded:
    """The splits by name, the noise to train with, notes, and what was changed in which file."""

    splits: dict[str, Split]
    noise: list[np.ndarray]
    notes: list[str]
    changes: list[tuple[str, str]]


def keyword_spotting(
    words: Iterable[str] = ("yes", "no"), data: Path | str | None = None, *, seed: int = 0
) -> AudioDataset:
    """Load one-second clips of spoken words, of other words and of silence.

    Clips are int16, 16 kHz, 16,000 samples. Other rates are resampled, channels averaged, longer
    recordings cut to their loudest second, shorter ones padded with zeros on both sides; the data
    set's notes say how many. "unknown" are the other words, "silence" random seconds of
    background recordings at random volume: of each recording the first 80 % go to training, 10 %
    to validation, 10 % to the test. Only the clips that are needed are decoded.

    Args:
        words: the words to spot, in the order of the labels; "all" for the ten of Speech
            Commands (or, when the data lack any of them, for all the words there are).
        data: None for the bundled clips, else a folder or a tar or zip archive that holds one
            folder of recordings per word: Speech Commands as downloaded, or your own. What
            your own lacks - other words, background noise - is taken from the bundled clips.
        seed: of every random choice.

    Returns:
        The data set, with labels [*words, "unknown", "silence"].

    Raises:
        TinykitError: when the data cannot be read, have one class only or lack a word, or when
            a recording cannot be used; it names the file.
    """
    data = path_of(data, AudioDataset)
    words = words if isinstance(words, str) else list(words or [])
    wanted = [] if words == "all" else [words] if isinstance(words, str) else words
    with open_tree(place(data, BUNDLED)) as tree:
        recordings, notes = survey(tree, [word for word in wanted if isinstance(word, str)])
        words = chosen_words(words, recordings)
        if data is None:  # the bundled clips are as they are meant to be
            loaded = _loaded(recordings, words, seed, own=False)
            notes += loaded.notes
        else:
            loaded, copy_notes = _without_copies(recordings, words, seed)
            notes += loaded.notes + counted(loaded.changes) + copy_notes
            y = np.concatenate([split.y for split in loaded.splits.values()])
            notes += few_examples(words, [int(np.sum(y == label)) for label in range(len(words))])
    return AudioDataset(
        labels=[*words, UNKNOWN, SILENCE],
        sample_rate=SAMPLE_RATE,
        **loaded.splits,
        noise=loaded.noise,
        source="bundled" if data is None else str(data),
        notes=notes,
    )


def _loaded(recordings: Recordings, words: list[str], seed: int, own: bool = True) -> "_Loaded":
    """The splits of these recordings; what `own` ones lack is borrowed from the bundled ones."""
    rng = np.random.default_rng(seed)
    splits, notes = _divided(recordings, words)
    splits, balance_notes = _balanced(splits, len(words), rng)
    noise, noise_notes = _background(recordings)
    _add_silence(splits, noise, len(words), rng)
    noise = [part.samples for part in noise["train"]]
    lacking = _lacking(splits, noise, len(words))
    if lacking and own:
        noise = _borrow(splits, noise, words, seed)
        notes = [f"Taken from the bundled recordings: {', '.join(lacking)}.", *notes]
    for clips in splits.values():
        rng.shuffle(clips)
    arrays, changes = _arrays(recordings, splits)
    return _Loaded(arrays, noise, notes + balance_notes + noise_notes, changes)


def _without_copies(
    recordings: Recordings, words: list[str], seed: int
) -> tuple["_Loaded", list[str]]:
    """The splits without sounds that are there twice, and a note of each kind of them.

    Where a split would lack a label without them, the rest is divided anew.
    """
    copies, ambiguous = [], []
    while True:
        notes = []
        if copies:
            notes.append(f"Left out, copies of other recordings: {listed(copies)}.")
        if ambiguous:
            notes.append(f"Left out, the same recording under several labels: {listed(ambiguous)}.")
        try:
            loaded = _loaded(recordings, words, seed)
        except TinykitError as error:
            raise TinykitError(" ".join([*notes, str(error)])) from error
        more_copies, more_ambiguous, left_out = _repeated(recordings, loaded.splits)
        if not left_out:
            return loaded, notes
        copies += more_copies
        ambiguous += more_ambiguous
        recordings = recordings.without(left_out)


def _repeated(
    recordings: Recordings, splits: dict[str, Split]
) -> tuple[list[str], list[str], set[str]]:
    """Copies of recordings, recordings with several labels ("a = b"), and all files of both.

    Silent ones are all alike. Speech Commands has some of one speaker twice: in one split, that is
    as published, and kept.
    """
    own = set(recordings.files(recordings.folders))
    same: dict[bytes, list[tuple[str, int, str]]] = {}
    for name, split in splits.items():
        for x, y, file in zip(split.x, split.y, split.files, strict=True):
            if file in own and np.ptp(x.astype(np.int32)) > SILENT:
                same.setdefault(hashlib.sha256(x).digest(), []).append((str(file), int(y), name))
    copies, ambiguous, left_out = [], [], set()

    def published(group: list[tuple[str, int, str]]) -> bool:
        return all(recordings.as_published(file) for file, *_ in group)

    groups = [
        sorted(group, key=lambda file: natural_order(file[0]))
        for group in same.values()
        if len(group) > 1 and not (len({of[1:] for of in group}) == 1 and published(group))
    ]
    for group in sorted(groups, key=lambda group: natural_order(group[0][0])):
        files = [file for file, *_ in group]
        if len({label for _, label, _ in group}) > 1:
            ambiguous.append(" = ".join(files))
            left_out.update(files)
        else:
            copies += files[1:]
            left_out.update(files[1:])
    return copies, ambiguous, left_out


def _divided(recordings: Recordings, words: list[str]) -> tuple[dict[str, list[_Clip]], list[str]]:
    """All clips of the words, of other words and of silence folders, by split."""
    keys = list(map(key, words))
    others = (set(recordings.words) | UNKNOWN_FOLDERS) - set(keys)
    clips = []
    for label, folders in enumerate([*([word] for word in keys), others, SILENCE_FOLDERS]):
        files = recordings.files(folders)
        if len(files) < FEWEST and (files or label < len(words)):
            name = [*words, UNKNOWN, SILENCE][label]
            raise TinykitError(
                f"{recordings.tree.path} has {len(files)} recordings of {name!r}, fewer than "
                f"{FEWEST}: one to train, to validate and to test. Record more; 20 are a start."
            )
        clips += [_Clip(file, label, speaker(file)) for file in files]
    known = sum("_nohash_" in clip.file for clip in clips)
    assigned, notes = assign(
        np.array([clip.label for clip in clips]),
        [clip.speaker for clip in clips],
        official_splits(recordings, [clip.file for clip in clips]),
        speakers_known=known > len(clips) / 2,
    )
    splits = {split: [] for split in SPLITS}
    for clip, split in zip(clips, assigned, strict=True):
        splits[split].append(clip)
    return splits, notes


def _per_word(clips: list[_Clip], n_words: int) -> int:
    """Clips of a keyword, on average."""
    return round(sum(clip.label < n_words for clip in clips) / n_words)


def _balanced(
    splits: dict[str, list[_Clip]], n_words: int, rng: np.random.Generator
) -> tuple[dict[str, list[_Clip]], list[str]]:
    """Keep at most `_AT_MOST` clips of other words for each clip of a word, of many speakers."""
    balanced, there, used = {}, Counter(), Counter()
    for split, clips in splits.items():
        keep = [clip for clip in clips if clip.label < n_words]
        for label in (n_words, n_words + 1):
            pool = [clip for clip in clips if clip.label == label]
            at_most = min(_AT_MOST[split] * _per_word(clips, n_words), _MANY_UNKNOWN)
            kept = _many_speakers(pool, at_most, rng)
            there[label] += len(pool)
            used[label] += len(kept)
            keep += kept
        balanced[split] = keep
    return balanced, [
        f"{used[label]:,} of {there[label]:,} clips are used for {name}, to balance the labels."
        for label, name in ((n_words, UNKNOWN), (n_words + 1, SILENCE))
        if used[label] < there[label]
    ]


def _many_speakers(clips: list[_Clip], n: int, rng: np.random.Generator) -> list[_Clip]:
    """`n` random clips: one of each speaker before a second of anyone."""
    turn, seen = [], Counter()
    for index in rng.permutation(len(clips)):
        turn.append((seen[clips[index].speaker], len(turn), clips[index]))
        seen[clips[index].speaker] += 1
    return [clip for _, _, clip in sorted(turn, key=lambda item: item[:2])[:n]]


def _background(recordings: Recordings) -> tuple[dict[str, list[_Noise]], list[str]]:
    """The background recordings by split: no second of them is in two splits."""
    parts, short = {split: [] for split in SPLITS}, []
    for file in recordings.files(NOISE_FOLDERS):
        samples, _ = to_samples(recordings.read(file), recordings.title(file), SAMPLE_RATE)
        name = stem(file).rpartition("/")[2]
        cuts = [len(samples) * 8 // 10, len(samples) * 9 // 10]
        if len(samples) < 10 * N_SAMPLES:
            short.append(file)
            cuts = [len(samples), len(samples)]
        for split, start, end in zip(SPLITS, [0, *cuts], [*cuts, len(samples)], strict=True):
            if end - start >= N_SAMPLES:
                parts[split].append(_Noise(name, start, samples[start:end]))
    notes = [f"Too short to split (below 10 s), for training only: {listed(short)}."]
    return parts, notes if short else []


def _add_silence(
    splits: dict[str, list[_Clip]],
    noise: dict[str, list[_Noise]],
    n_words: int,
    rng: np.random.Generator,
) -> None:
    """Cut as many seconds of background as there are clips of a keyword; a tenth are all zeros."""
    for split, clips in splits.items():
        there = sum(clip.label == n_words + 1 for clip in clips)
        for index in range(_per_word(clips, n_words) - there if noise[split] else 0):
            part = noise[split][rng.integers(len(noise[split]))]
            start = rng.integers(len(part.samples) - N_SAMPLES + 1)
            volume = rng.random() if index % 10 else 0.0
            second = part.samples[start : start + N_SAMPLES] * volume
            file = f"{SILENCE}/{part.name}@{(part.start + start) / SAMPLE_RATE:.2f}s"
            clips.append(_Clip(file, n_words + 1, samples=np.rint(second).astype(np.int16)))


def _lacking(splits: dict[str, list[_Clip]], noise: list[np.ndarray], n_words: int) -> list[str]:
    """What a data set needs and these recordings do not have."""
    labels = [{clip.label for clip in clips} for clips in splits.values()]
    lacking = [] if all(n_words in there for there in labels) else ["other words"]
    if not noise or not all(n_words + 1 in there for there in labels):
        lacking.append("background noise")
    return lacking


def _borrow(
    splits: dict[str, list[_Clip]], noise: list[np.ndarray], words: list[str], seed: int
) -> list[np.ndarray]:
    """Add what is lacking from the bundled recordings; returns the noise to train with."""
    with open_tree(place(None, BUNDLED)) as tree:
        bundled = survey(tree, ())[0].words
    spotted = {word.casefold() for word in words}  # these must not come as other words
    same = [word for word in bundled if word.casefold() in spotted]
    lender = keyword_spotting(same or bundled[:1], seed=seed)
    n_words = len(words)
    for split, clips in splits.items():
        lent, there = getattr(lender, split), {clip.label for clip in clips}
        for label, name, share in ((n_words, UNKNOWN, _AT_MOST[split]), (n_words + 1, SILENCE, 1)):
            if label not in there:
                rows = np.flatnonzero(lent.y == lender.labels.index(name))
                clips += [
                    _Clip(str(lent.files[row]), label, str(lent.speakers[row]), lent.x[row])
                    for row in rows[: share * _per_word(clips, n_words)]
                ]
    return noise or lender.noise


def _arrays(
    recordings: Recordings, splits: dict[str, list[_Clip]]
) -> tuple[dict[str, Split], list[tuple[str, str]]]:
    """The splits as arrays, and what was changed in each clip: its file and the change."""
    arrays = {
        split: Split(
            x=np.zeros((len(clips), N_SAMPLES), np.int16),
            y=np.array([clip.label for clip in clips], np.int64),
            speakers=np.array([clip.speaker for clip in clips], str),
            files=np.array([clip.file for clip in clips], str),
        )
        for split, clips in splits.items()
    }
    rows = {}
    for split, clips in splits.items():
        for row, clip in enumerate(clips):
            if clip.samples is None:
                rows[clip.file] = arrays[split].x[row]
            else:
                arrays[split].x[row] = clip.samples
    changes, refused = [], []
    files = decoded(
        recordings.tree,
        [recordings.root + file for file in rows],
        partial(_decode, recordings),
        unit="clips",
        show=len(rows) >= _MANY,
    )
    for name, result in files:
        file = name.removeprefix(recordings.root)
        if isinstance(result, TinykitError):
            refused.append((file, result))
        else:
            rows[file][:], changed = result
            changes += [(file, change) for change in changed]
    if refused:
        more = listed([recordings.title(file) for file, _ in refused[1:]], at_most=10)
        raise TinykitError(str(refused[0][1]) + (f" The same goes for {more}." if more else ""))
    return arrays, changes


def _decode(recordings: Recordings, name: str, content: bytes) -> tuple[np.ndarray, list[str]]:
    file = name.removeprefix(recordings.root)
    return to_clip(
        content,
        recordings.title(file),
        SAMPLE_RATE,
        N_SAMPLES,
        as_published=recordings.as_published(file),
    )
