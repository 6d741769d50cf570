"""Which files of motion a data set has, which gesture they hold, and whose."""

import json
import re
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from tinykit.common.errors import TinykitError
from tinykit.datasets.archives import Tree, common_folder, listed, natural_order
from tinykit.datasets.files.motion import SUFFIXES, read_file
from tinykit.datasets.files.motion_phone import phone_folders, read_phone
from tinykit.datasets.files.motion_rows import LONGEST_TAKE, MotionFile
from tinykit.datasets.files.motion_text import has_label_column

NONE = "none"
ORDER = ("circle", "horizontal", "vertical", "punch", "flex", "wing", "ring", "slope")
WAND_NAME = re.compile(r"output_([^_]+)_(.+)")
_NONE_NAMES = {NONE, "_none_", "negative", "idle"}

_NO_DATA = re.compile(
    r"(readme|licen[cs]e|copying|datasheet|requirements|people|metadata|annotation)\b",
    re.IGNORECASE,
)

_CONTAINERS = {"data", "dataset", "gestures", "recordings", "csv"}
_SPLIT_FOLDERS = {"train", "training", "validation", "val", "test", "testing"}
_NUMBERED_PERSON = re.compile(r"(person|participant|subject|student|user|p|s)[_ -]?\d+$", re.I)
_NAME_AND_TAKE = re.compile(r"(.*[^\W\d_].*?)[_ -]+\(?\d+\)?$")

_NOBODY = re.compile(
    r"(take|rec|recording|file|sample|data|log|capture|test|motion|\W|_|\d)*", re.I
)

# What follows the gesture in the name of one take: circle_0, circle (1), circle.2, circle.json.5h1k
# of Edge Impulse, circle-2024-05-01_10-30-00 of Sensor Logger.
_DATE = re.compile(r"[-_ ]*\d{4}-\d\d-\d\d[-_ T]\d\d[-_.]?\d\d[-_.]?\d\d$")
_NUMBER = re.compile(r"(.*[^\W\d_])[_ .-]*\(?\d+\)?")
_DOTTED = re.compile(r"([^.]*[^\W\d_][^.]*)\..+")


@dataclass(frozen=True)
class Source:
    """A file of the data set, or a phone's recording in several files.

    Attributes:
        path: in the tree.
        inside: the same without folders that all files are in.
        name: in messages.
        label, person: what its name says; "" for an unknown person.
        members: the files of a phone's recording, by their name in it; empty for a file.
        part: the label in its label column that this is about; None for all of it.
        one_take: whether its name is that of a single take.
    """

    path: str
    inside: str
    name: str
    label: str
    person: str
    members: dict[str, str] = field(default_factory=dict)
    part: str | None = None
    one_take: bool = False

    @property
    def is_in_folder(self) -> bool:
        """Whether a folder names the gesture."""
        return "/" in self.inside


class Files:
    """The content of sources, each read once and when it is asked for."""

    def __init__(self, tree: Tree):
        self._tree = tree
        self._read: dict[str, MotionFile] = {}

    def __getitem__(self, source: Source) -> MotionFile:
        """The motion of a source; TinykitError when it cannot be read."""
        if source.path not in self._read:
            if source.members:
                texts = {n: p for n, p in source.members.items() if n.lower().endswith(SUFFIXES)}
                content = {name: self._tree.read(path) for name, path in texts.items()}
                self._read[source.path] = read_phone(content, source.name)
            else:
                content = self._tree.read(source.path)
                self._read[source.path] = read_file(content, source.name)
        file = self._read[source.path]
        return file if source.part is None else file.of_label(source.part)

    def has_labels(self, source: Source) -> bool:
        """Whether a source has a column that names the gesture."""
        if source.members or source.path.lower().endswith(".json"):
            return False
        return has_label_column(self._tree.read(source.path))


def survey(tree: Tree) -> tuple[list[Source], list[str]]:
    """The files of motion, in natural order, and a note of what is none."""
    phones = _phones(tree)
    claimed = {member for members in phones.values() for member in members.values()}
    listing = next((name for name in tree.names if name.endswith("info.labels")), "")
    labels = _listed_labels(tree, listing) if listing else {}
    candidates = [
        name
        for name in tree.names
        if name not in claimed and name != listing and not _NO_DATA.match(name.rpartition("/")[2])
    ]
    names = [name for name in candidates if _is_motion(tree, name)]
    others = [name for name in candidates if name not in set(names)]
    names += phones
    _check_any(tree, names, others)
    root = _root(tree, names)
    first = {name.removeprefix(root).partition("/")[0] for name in names}
    notes = []
    if {name.casefold() for name in first} <= _SPLIT_FOLDERS:
        if len(first) > 1:
            notes.append(f"Taken together, and split anew: {', '.join(sorted(first))}.")
        insides = {name: name.removeprefix(root).partition("/")[2] for name in names}
    else:
        insides = {name: name.removeprefix(root) for name in names}
    sources = []
    for name in sorted(names, key=natural_order):
        source = _source(name, insides[name], tree, phones.get(name, {}))
        label = labels.get(name.rpartition("/")[2])
        sources.append(replace(source, label=_label(label), one_take=True) if label else source)
    if others:
        notes.append(f"Left out, not motion: {listed(others)}.")
    if any(name.lower().endswith(".cbor") for name in others):
        notes.append("CBOR is not read. Export these samples as JSON or as CSV.")
    return sources, notes


def _phones(tree: Tree) -> dict[str, dict[str, str]]:
    """Phones' recordings by their folder, or by the one above that holds nothing else."""
    moved = {}
    for folder, members in phone_folders(tree.names).items():
        parent, paths = folder.rpartition("/")[0], set(members.values())
        above = [name for name in tree.names if parent and name.startswith(f"{parent}/")]
        place = parent if above and paths.issuperset(above) else folder
        moved[place or tree.path.stem] = members
    return moved


def _is_motion(tree: Tree, name: str) -> bool:
    if name.lower().endswith(".json"):  # there are many other kinds
        content = tree.read(name)
        return b'"payload"' in content or b'"sensor"' in content
    return name.lower().endswith(SUFFIXES)


def _listed_labels(tree: Tree, name: str) -> dict[str, str]:
    """The label of each file by Edge Impulse's info.labels."""
    try:
        files = json.loads(tree.read(name))["files"]
        return {
            PurePosixPath(file["path"]).name: str(file["label"]["label"])
            for file in files
            if file["label"].get("label")
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TinykitError(
            f"{tree.path.name}/{name} does not list the labels of the files beside it "
            f"({type(error).__name__}: {error}). Export the data again, or delete it."
        ) from error


def _check_any(tree: Tree, names: list[str], others: list[str]) -> None:
    """Raise TinykitError when there is no file of motion."""
    if names:
        return
    packed = [name for name in others if name.lower().endswith(".cbor")]
    if packed:
        raise TinykitError(
            f"{tree.path} has only CBOR ({listed(packed)}), a packed format of Edge Impulse, "
            "which is not read. Export the data as JSON or as CSV."
        )
    raise TinykitError(
        f"{tree.path} has no recordings of motion in it ({', '.join(SUFFIXES)}). "
        "Put them into one folder for each gesture, such as circle/anna.csv."
    )


def _root(tree: Tree, names: list[str]) -> str:
    """The folder, "a/b/", that all files are in, unless it is a gesture's."""
    root = common_folder(names)
    folders = {name.removeprefix(root).rpartition("/")[0] for name in names}
    containers = _CONTAINERS | {tree.path.name.partition(".")[0].casefold()}
    # One folder for all is a gesture's, or the one that an archive was made of.
    several = len({name for name in names if _names_gesture(name)}) > 1
    if len(folders) == 1 and (only := folders.pop()) and (several or only.casefold() in containers):
        root += f"{only}/"
    return root


def _names_gesture(path: str) -> bool:
    """Whether a file is called like a gesture of the kit (circle.csv, or Arduino's circ.csv)."""
    stem = take_of(PurePosixPath(path).stem)[0].casefold()
    return stem in _NONE_NAMES or (len(stem) >= 4 and any(g.startswith(stem) for g in ORDER))


def take_of(stem: str) -> tuple[str, bool]:
    """The gesture that a file's name begins with, and whether the rest numbers a take of it."""
    undated = _DATE.sub("", stem)
    dotted = _DOTTED.fullmatch(undated)
    numbered = _NUMBER.fullmatch(dotted[1] if dotted else undated)
    label = numbered[1] if numbered else dotted[1] if dotted else undated
    label = label.rstrip(" _.-")
    return (label, True) if label and label != stem else (stem, False)


def _label(text: str) -> str:
    text = text.strip()
    return NONE if text.casefold() in _NONE_NAMES else unicodedata.normalize("NFC", text)


def _source(path: str, inside: str, tree: Tree, members: dict[str, str]) -> Source:
    *folders, file = PurePosixPath(inside).parts
    stem = file if members else file.rpartition(".")[0]
    wand = WAND_NAME.fullmatch(stem)
    label = _label(folders[0] if folders else wand[1] if wand else stem)
    if wand and not wand[2].isdecimal():
        person = wand[2]
    elif wand and label == NONE:  # of whom is not known: of one each
        person = f"{wand[1]}_{wand[2]}"
    elif folders:
        person = person_of(_DATE.sub("", stem), label) or (
            person_of(folders[1], label) if len(folders) > 1 else ""
        )
    else:
        person = ""
    name = inside if tree.path.name == path else f"{tree.path.name}/{path}"
    return Source(path, inside, name, label, person, members, one_take=bool(members))


def person_of(stem: str, label: str) -> str:
    """Whose takes a file holds: anna, anna_2 and person_07 say so, take_1 and circle3 do not."""
    if _NUMBERED_PERSON.match(stem):
        return stem
    without_number = _NAME_AND_TAKE.fullmatch(stem)
    name = without_number[1] if without_number else stem
    rest = re.sub(re.escape(label), "", name, flags=re.IGNORECASE)
    return "" if _NOBODY.fullmatch(rest) or _NO_DATA.match(stem) else name


def labelled(sources: list[Source], files: Files, rows: int | None) -> list[Source]:
    """The sources, with the gestures that a label column or a take's number tells."""
    known = []
    for source in sources:
        known += _by_column(source, files) if files.has_labels(source) else [source]
    several = len({source.path for source in known if source.part}) > 1
    known = [
        replace(source, person=person_of(PurePosixPath(source.path).stem, source.label))
        if several and source.part and not source.is_in_folder
        else source
        for source in known
    ]
    return _by_number(known, files, rows)


def _by_column(source: Source, files: Files) -> list[Source]:
    """A source for each gesture in a label column; the folder's name goes before a single one."""
    labels = list(dict.fromkeys(label for label in files[source].labels if label))
    if not labels or (len(labels) == 1 and source.is_in_folder):
        return [source]
    return [replace(source, label=_label(label), part=label, one_take=True) for label in labels]


def _by_number(sources: list[Source], files: Files, rows: int | None) -> list[Source]:
    """circle_0.csv, circle_1.csv ... are takes of circle, where no folder names the gesture.

    gesture_1.csv and gesture_2.csv with several takes each are two gestures.
    """
    groups: dict[str, list[Source]] = {}
    for source in sources:
        stem = source.inside if source.members else PurePosixPath(source.inside).stem
        label, numbered = take_of(stem)
        known = source.is_in_folder or WAND_NAME.fullmatch(stem)
        known = known or (source.one_take and not source.members)  # by a column, or by a list
        if numbered and not known:
            groups.setdefault(_label(label), []).append(source)
    several = len(groups.keys() - {NONE}) > 1
    changed = {}
    for label, group in groups.items():
        counted = several and len(group) > 1
        if label == NONE or counted or all(_is_one_take(files[s], rows) for s in group):
            changed |= {s.path: replace(s, label=label, one_take=True) for s in group}
    return [changed.get(source.path, source) for source in sources]


def _is_one_take(file: MotionFile, rows: int | None) -> bool:
    seconds = len(file.blocks[0]) / (file.rate or file.usual_rate)
    return rows is None and len(file.blocks) == 1 and seconds <= LONGEST_TAKE
