"""Which recordings a data set of words has, what is said in them, and by whom."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from tinykit.common.errors import TinykitError
from tinykit.common.files import is_note
from tinykit.datasets.archives import Tree, common_folder, listed
from tinykit.datasets.files.audio_decoding import SOUND_SUFFIXES

TEN_WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
UNKNOWN, SILENCE = "unknown", "silence"
FEWEST = 3  # clips of a class: one for each split
NOISE_FOLDERS = {"_background_noise_", "background_noise"}
UNKNOWN_FOLDERS = {"_unknown_", UNKNOWN}
SILENCE_FOLDERS = {"_silence_", SILENCE}
_OFFICIAL_NAME = re.compile(r"([0-9a-f]{8})_nohash_\d")  # some test files have the word before it
_LISTS = {"validation": "validation_list.txt", "test": "testing_list.txt"}
# What comes with public data and goes without saying.
_BESIDE = re.compile(
    rf"(README|LICEN[CS]E|DATASHEET|CHECKSUM)[^/]*|{'|'.join(_LISTS.values())}", re.IGNORECASE
)
# Names of files that lie in no word's folder and say the word themselves.
_WORD_IN_NAME = (
    re.compile(r"(.+)_[0-9a-f]{8}_nohash_\d+"),
    re.compile(r"(.*[^\W\d_].*?)[ ._-]*\(?\d+\)?"),  # yes_0, yes.1, yes 2, yes (3)
    re.compile(r"([^.]+)\..+"),  # yes.3f2a: what Edge Impulse exports
)


@dataclass(frozen=True)
class Recordings:
    """The sound files of a data set by class.

    Attributes:
        tree: where they are.
        root: the folder in it that all of them are in.
        folders: the files of each class, named after their folder; paths behind `root`.
        why_unsorted: what to say when there are no classes though there are sound files.
    """

    tree: Tree
    root: str
    folders: dict[str, list[str]]
    why_unsorted: str = ""

    @property
    def words(self) -> list[str]:
        return sorted(set(self.folders) - NOISE_FOLDERS - UNKNOWN_FOLDERS - SILENCE_FOLDERS)

    def files(self, folders: Iterable[str]) -> list[str]:
        return sorted(file for folder in folders for file in self.folders.get(folder, []))

    def read(self, file: str) -> bytes:
        return self.tree.read(self.root + file)

    def title(self, file: str) -> str:
        """The file's name for an error message."""
        return f"{self.tree.path.name}/{file}"

    def without(self, files: Collection[str]) -> "Recordings":
        """The same without some files."""
        kept = {
            folder: [file for file in there if file not in files]
            for folder, there in self.folders.items()
        }
        return replace(self, folders=kept)

    def as_published(self, file: str) -> bool:
        """Whether a clip is one of Speech Commands', which has silent and very short ones."""
        silence = any(file in self.folders.get(folder, []) for folder in SILENCE_FOLDERS)
        return silence or _OFFICIAL_NAME.search(file) is not None


def survey(tree: Tree, wanted: Iterable[str]) -> tuple[Recordings, list[str]]:
    """The sound files sorted by class, and a sentence for each thing that was left out.

    Where they lie in one folder, their names may say what is `wanted`: `yes_0.wav`.
    """
    sounds = [name for name in tree.names if _is_sound(name)]
    root = common_folder(sounds)
    folders, outside, others = {}, [], []
    for name in tree.names:
        folder, _, rest = name.removeprefix(root).partition("/")
        if not name.startswith(root) or not rest:
            (outside if _is_sound(name) else others).append(name)
        elif _is_sound(name):
            folders.setdefault(key(folder), []).append(name.removeprefix(root))
        elif key(folder) not in NOISE_FOLDERS:
            others.append(name)
    asked, by_name = {key(word) for word in wanted}, {}
    if not folders:
        by_name = _by_name(outside, asked, FEWEST)
    elif len(folders) == 1 and not outside and not asked & set(folders):
        by_name = _by_name(*folders.values(), asked, len(tree.names))  # the folder is no word
    notes = []
    if by_name:
        folders, outside = by_name, []
        first = min(file for files in by_name.values() for file in files)
        word = next(word for word, files in by_name.items() if first in files)
        notes.append(
            f"The recordings lie in one folder: their names say the words ({first}: {word!r})."
        )
    others = [
        name
        for name in others
        if not is_note(name) and not _BESIDE.fullmatch(name.removeprefix(root))
    ]
    unsorted = "" if folders or not outside else _unsorted(tree, outside)
    if outside and folders:
        notes.append(f"Left out, in no class's folder: {listed(outside)}.")
    if others:
        notes.append(f"Left out, not sound: {listed(others)}.")
    return Recordings(tree, root, folders, unsorted), notes


def _by_name(files: list[str], asked: set[str], enough: int) -> dict[str, list[str]]:
    """The files by the words in their names; empty when these are none.

    They are when all names have one, and the words that are `asked` for are there or there are
    `enough` files of each.
    """
    stems = {file: PurePosixPath(stem(file)).name for file in files}
    for pattern in _WORD_IN_NAME:
        found = {file: pattern.fullmatch(name) for file, name in stems.items()}
        if not found or not all(found.values()):
            continue
        words = {file: key(match[1]) for file, match in found.items()}
        counts = Counter(words.values())
        served = bool(asked) and asked <= set(counts)
        if len(counts) > 1 and (served or min(counts.values()) >= enough):
            return {word: [file for file in files if words[file] == word] for word in counts}
    return {}


def _unsorted(tree: Tree, files: list[str]) -> str:
    recordings = "1 recording" if len(files) == 1 else f"{len(files):,} recordings"
    return (
        f"{tree.path} has {recordings} ({listed(files)}), but not sorted by word. Put those of "
        "each word into a folder of its own, such as yes/anna_1.wav, or name all of them by "
        "their word and a number, such as yes_1.wav."
    )


def key(folder: str) -> str:
    """A folder's class: special folders in any case, words exactly (macOS decomposes accents)."""
    special = folder.casefold()
    if special in NOISE_FOLDERS | UNKNOWN_FOLDERS | SILENCE_FOLDERS:
        return special
    return unicodedata.normalize("NFC", folder)


def _is_sound(name: str) -> bool:
    return name.lower().endswith(SOUND_SUFFIXES)


def stem(file: str) -> str:
    """Without its ending; some of Speech Commands' test files end in `.wav.wav`."""
    while _is_sound(file):
        file = file[: file.rindex(".")]
    return file


def chosen_words(words: Iterable[str], recordings: Recordings) -> list[str]:
    """The words to spot as a list; TinykitError when the data cannot serve them."""
    source, there = recordings.tree.path, recordings.words
    if not recordings.folders:
        raise TinykitError(
            recordings.why_unsorted
            or f"{source} has no recordings in it. "
            "Put them into one folder for each word, such as yes/anna_1.wav."
        )
    classes = sorted(set(recordings.folders) - NOISE_FOLDERS)
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
    missing = [word for word in words if key(word) not in there]
    if missing:
        raise TinykitError(
            f"{source} has no recordings of {', '.join(map(repr, missing))}. "
            f"It has {', '.join(map(repr, there)) or 'no words'}: choose among them."
        )
    return words


def speaker(file: str) -> str:
    """Who speaks in WORD/SPEAKER_nohash_N.wav; without `_nohash_`, the file's name stands in."""
    name = stem(file).rpartition("/")[2]
    official = _OFFICIAL_NAME.search(name)
    return official[1] if official else name.partition("_nohash_")[0]


def official_splits(recordings: Recordings, files: list[str]) -> list[str] | None:
    """The split of each file by the lists that come with Speech Commands, None without lists."""
    official, there = {}, set(recordings.tree.names)
    for split, name in _LISTS.items():
        if recordings.root + name in there:
            text = recordings.read(name).decode("utf-8-sig", errors="replace")
            official |= {stem(line.strip()): split for line in text.splitlines()}
    return [official.get(stem(file), "train") for file in files] if official else None
