"""Keyword-spotting data in the layout of Speech Commands: one folder of recordings for each word.

The bundled clips, the public data set and a student's own folder are all read by this one module.
Taught in notebook 01.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.archives import Tree, common_folder, listed, open_tree, place
from tinykit.datasets.dataset import SampledDataset, Split, path_of
from tinykit.datasets.decoding import decoded
from tinykit.datasets.files.audio import counted, to_clip, to_samples
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

TEN_WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")

UNKNOWN, SILENCE = "unknown", "silence"

BUNDLED = Path(__file__).parents[2] / "datasets" / "keyword_spotting" / "clips.zip"

_NOISE_FOLDERS = {"_background_noise_", "background_noise"}

_UNKNOWN_FOLDERS = {"_unknown_", UNKNOWN}

_SILENCE_FOLDERS = {"_silence_", SILENCE}

_SOUNDS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".au")

_UNREADABLE_SOUNDS = (".m4a", ".aac", ".mp4", ".wma", ".webm", ".amr", ".3gp")

_OFFICIAL_NAME = re.compile(r"([0-9a-f]{8})_nohash_\d")  # some test files have the word before it

_LISTS = {"validation": "validation_list.txt", "test": "testing_list.txt"}

# Clips of "unknown" or "silence" for each clip of a keyword, at most: training gains from many
# different words, a test becomes lopsided by them.
_AT_MOST = {"train": 16, "validation": 8, "test": 8}

_MANY_UNKNOWN = 20_000  # no more in any split: what fits a laptop's memory

_FEWEST = 3  # clips of a class: one for each split

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


@dataclass(frozen=True)
class _Recordings:
    """The sound files of a data set by folder; `root` is where in its tree they begin."""

    tree: Tree
    root: str
    folders: dict[str, list[str]]

    @property
    def words(self) -> list[str]:
        return sorted(set(self.folders) - _NOISE_FOLDERS - _UNKNOWN_FOLDERS - _SILENCE_FOLDERS)

    def files(self, folders: Iterable[str]) -> list[str]:
        return sorted(file for folder in folders for file in self.folders.get(folder, []))

    def read(self, file: str) -> bytes:
        return self.tree.read(self.root + file)

    def title(self, file: str) -> str:
        """The file's name for an error message."""
        return f"{self.tree.path.name}/{file}"


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
    rng = np.random.default_rng(seed)
    with open_tree(place(data, BUNDLED)) as tree:
        recordings, notes = _survey(tree)
        words = _chosen_words(words, recordings)
        splits, split_notes = _divided(recordings, words)
        splits, balance_notes = _balanced(splits, len(words), rng)
        noise, noise_notes = _background(recordings)
        _add_silence(splits, noise, len(words), rng)
        noise = [part.samples for part in noise["train"]]
        lacking = _lacking(splits, noise, len(words))
        if lacking and data is not None:
            noise = _borrow(splits, noise, words, seed)
            notes.append(f"Taken from the bundled recordings: {', '.join(lacking)}.")
        for clips in splits.values():
            rng.shuffle(clips)
        arrays, changes = _loaded(recordings, splits)
    if data is None:
        changes = []  # the bundled clips are as they are meant to be
    return AudioDataset(
        labels=[*words, UNKNOWN, SILENCE],
        sample_rate=SAMPLE_RATE,
        **arrays,
        noise=noise,
        source="bundled" if data is None else str(data),
        notes=notes + split_notes + balance_notes + noise_notes + counted(changes),
    )


def _survey(tree: Tree) -> tuple[_Recordings, list[str]]:
    """Sort the sound files by folder; refuse formats that cannot be read, note the rest."""
    for name in tree.names:
        if name.lower().endswith(_UNREADABLE_SOUNDS):
            raise TinykitError(
                f"{tree.path.name}/{name}: {Path(name).suffix} files cannot be read. "
                "Save it as WAV (Audacity does), or delete it."
            )
    root = common_folder([name for name in tree.names if _is_sound(name)])
    folders, outside, others = {}, [], []
    for name in tree.names:
        folder, _, rest = name.removeprefix(root).partition("/")
        if not name.startswith(root) or not rest:
            outside += [name] if _is_sound(name) else []
        elif _is_sound(name):
            folders.setdefault(_key(folder), []).append(name.removeprefix(root))
        elif _key(folder) not in _NOISE_FOLDERS:
            others.append(name)
    notes = []
    if outside:
        notes.append(f"Left out, in no class's folder: {listed(outside)}.")
    if others:
        notes.append(f"Left out, not sound: {listed(others)}.")
    return _Recordings(tree, root, folders), notes


def _key(folder: str) -> str:
    """A folder's class: special folders in any case, words exactly (macOS decomposes accents)."""
    special = folder.casefold()
    if special in _NOISE_FOLDERS | _UNKNOWN_FOLDERS | _SILENCE_FOLDERS:
        return special
    return unicodedata.normalize("NFC", folder)


def _is_sound(name: str) -> bool:
    return name.lower().endswith(_SOUNDS)


def _stem(file: str) -> str:
    """Without its ending; some of Speech Commands' test files end in `.wav.wav`."""
    while _is_sound(file):
        file = file[: file.rindex(".")]
    return file


def _chosen_words(words: Iterable[str], recordings: _Recordings) -> list[str]:
    """The words to spot as a list; TinykitError when the data cannot serve them."""
    source, there = recordings.tree.path, recordings.words
    if not recordings.folders:
        raise TinykitError(
            f"{source} has no recordings in it. "
            "Put them into one folder for each word, such as yes/anna_1.wav."
        )
    classes = sorted(set(recordings.folders) - _NOISE_FOLDERS)
    if len(classes) < 2:
        raise TinykitError(
            f"{source} has one class only ({''.join(classes) or 'noise'}). Add a folder of "
            "recordings of another word; other words may share one that is called unknown."
        )
    if words == "all":
        words = TEN_WORDS if set(TEN_WORDS) <= set(there) else there
    words = [words] if isinstance(words, str) else list(words or [])
    if (
        not words
        or not all(isinstance(word, str) for word in words)
        or len(set(words)) < len(words)
        or {UNKNOWN, SILENCE} & set(words)
    ):
        raise TinykitError(
            f"The words {words} cannot be spotted. Name at least one word, none of them twice; "
            f"{UNKNOWN} and {SILENCE} are added by themselves."
        )
    missing = [word for word in words if _key(word) not in there]
    if missing:
        raise TinykitError(
            f"{source} has no recordings of {', '.join(map(repr, missing))}. "
            f"It has {', '.join(map(repr, there)) or 'no words'}: choose among them."
        )
    return words


def _divided(recordings: _Recordings, words: list[str]) -> tuple[dict[str, list[_Clip]], list[str]]:
    """All clips of the words, of other words and of silence folders, by split."""
    keys = [_key(word) for word in words]
    others = (set(recordings.words) | _UNKNOWN_FOLDERS) - set(keys)
    clips = []
    for label, folders in enumerate([*([key] for key in keys), others, _SILENCE_FOLDERS]):
        files = recordings.files(folders)
        if 0 < len(files) < _FEWEST:
            name = [*words, UNKNOWN, SILENCE][label]
            raise TinykitError(
                f"{recordings.tree.path} has {len(files)} recordings of {name!r}, fewer than "
                f"{_FEWEST}: one to train, to validate and to test. Record more; 20 are a start."
            )
        clips += [_Clip(file, label, _speaker(file)) for file in files]
    known = sum("_nohash_" in clip.file for clip in clips)
    assigned, notes = assign(
        np.array([clip.label for clip in clips]),
        [clip.speaker for clip in clips],
        _official(recordings, clips),
        speakers_known=known > len(clips) / 2,
    )
    splits = {split: [] for split in SPLITS}
    for clip, split in zip(clips, assigned, strict=True):
        splits[split].append(clip)
    return splits, notes


def _speaker(file: str) -> str:
    """Who speaks in WORD/SPEAKER_nohash_N.wav; without `_nohash_`, the file's name stands in."""
    name = _stem(file).rpartition("/")[2]
    official = _OFFICIAL_NAME.search(name)
    return official[1] if official else name.partition("_nohash_")[0]


def _official(recordings: _Recordings, clips: list[_Clip]) -> list[str] | None:
    """The split of each clip by the lists that come with Speech Commands, None without lists."""
    official, there = {}, set(recordings.tree.names)
    for split, name in _LISTS.items():
        if recordings.root + name in there:
            text = recordings.read(name).decode("utf-8-sig", errors="replace")
            official |= {_stem(line.strip()): split for line in text.splitlines()}
    return [official.get(_stem(clip.file), "train") for clip in clips] if official else None


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


def _background(recordings: _Recordings) -> tuple[dict[str, list[_Noise]], list[str]]:
    """The background recordings by split: no second of them is in two splits."""
    parts, short = {split: [] for split in SPLITS}, []
    for file in recordings.files(_NOISE_FOLDERS):
        samples, _ = to_samples(recordings.read(file), recordings.title(file), SAMPLE_RATE)
        name = _stem(file).rpartition("/")[2]
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
        bundled = _survey(tree)[0].words
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


def _loaded(
    recordings: _Recordings, splits: dict[str, list[_Clip]]
) -> tuple[dict[str, Split], list[str]]:
    """The splits as arrays, and what was changed in each clip that was converted."""
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
            changes += changed
    if refused:
        more = listed([recordings.title(file) for file, _ in refused[1:]], at_most=10)
        raise TinykitError(str(refused[0][1]) + (f" The same goes for {more}." if more else ""))
    return arrays, changes


def _decode(recordings: _Recordings, name: str, content: bytes) -> tuple[np.ndarray, list[str]]:
    file = name.removeprefix(recordings.root)
    silence = _key(file.partition("/")[0]) in _SILENCE_FOLDERS
    as_published = silence or _OFFICIAL_NAME.search(file) is not None
    return to_clip(
        content, recordings.title(file), SAMPLE_RATE, N_SAMPLES, as_published=as_published
    )
