"""A file of motion, or a phone's folder -> takes in g and degrees per second.

Reads what Arduino sketches print and what people save of it, what phones' loggers and Edge Impulse
export, and says why where it cannot.
"""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.archives import listed, open_tree_of_zips
from tinykit.datasets.files.motion_json import read_json
from tinykit.datasets.files.motion_phone import phone_folders, read_phone, role_of
from tinykit.datasets.files.motion_rows import (
    LONGEST_TAKE,
    MotionFile,
    check_numbers,
    described,
    read_motion,
)


@dataclass(frozen=True, eq=False, repr=False)
class Recording:
    """One file of motion.

    Attributes:
        takes: float32 (rows, axes) each, in the order of the file: acceleration in g, then, with 6
            axes, rotation in degrees per second.
        sample_rate: Hz.
        notes: what was converted or decided while reading, a sentence each.
    """

    takes: list[np.ndarray]
    sample_rate: float
    notes: list[str] = field(default_factory=list)

    @property
    def axes(self) -> int:
        """6, or 3 without a gyroscope."""
        return self.takes[0].shape[1]

    def __repr__(self) -> str:
        seconds = sum(map(len, self.takes)) / self.sample_rate
        count = f"{len(self.takes):,} take{'s' if len(self.takes) > 1 else ''}"
        first = (
            f"Recording: {count} of {self.axes} axes, {seconds:.3g} s at {self.sample_rate:g} Hz"
        )
        return "\n".join([first, *(f"note: {note}" for note in self.notes)])


SUFFIXES = (".csv", ".txt", ".tsv", ".log", ".json")
_TABLES = (".xls", ".xlsx", ".ods", ".numbers")

_SEVERAL = (
    "Give one of them, or the folder of all gestures to tk.datasets.gesture_recognition(data=...)"
)


def load_motion(
    path: Path | str, *, rows: int | None = None, sample_rate: float | None = None
) -> Recording:
    """Read one recording of motion: what a capture sketch printed, or a phone or a tool exported.

    Takes end at empty lines, at repeated headers, at lines `-,-,-` and where a column `label`
    changes. A file without any of them is one take, unless `rows` cuts it.

    Args:
        path: a CSV or text file with a header that names the columns, in any order, or without one
            in the order aX, aY, aZ, gX, gY, gZ. A unit in the header, such as `aX (m/s^2)` or
            `gX [rad/s]`, is converted; without one, acceleration is taken in g, m/s^2 or milli-g,
            whichever makes gravity 1 g, and rotation in degrees per second. Or a sample of Edge
            Impulse (JSON), or the folder or zip that Sensor Logger or phyphox exported, which is
            one take.
        rows: rows of each take, for files with nothing between the takes.
        sample_rate: Hz; default: what the file says (`# sample_rate: 119`, or a time column).

    Raises:
        TinykitError: naming file and line, when the file is missing, empty or not motion, more than
            a tenth of it is not rows of numbers, a unit cannot be known, or rows are left over.
    """
    check_numbers(rows, sample_rate)
    path = Path(path).expanduser()
    file = _read_folder(path) if is_folder(path) else read_file(content_of(path), path.name)
    rate, guessed = file.rate_or(sample_rate)
    takes = file.takes(rows)
    notes = described([*file.changes, *guessed])
    if len(takes) == 1 and len(takes[0]) > LONGEST_TAKE * rate:
        notes.append(
            f"{path.name} has nothing between its takes and is read as one recording of "
            f"{len(takes[0]) / rate:.0f} s; rows= cuts it into takes."
        )
    return Recording(takes, rate, notes)


def is_folder(path: Path) -> bool:
    """Whether `path` is a folder or an archive, which may hold a phone's recording."""
    return path.is_dir() or path.suffix.lower() in (".zip", ".tar", ".gz", ".tgz")


def is_motion(path: Path) -> bool:
    """Whether `path` looks like what `load_motion` reads: a file, an archive, a phone's folder."""
    if path.is_dir():
        files = [file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES]
        return as_recordings(path, files) != files
    return is_folder(path) or path.suffix.lower() in SUFFIXES


def as_recordings(folder: Path, files: list[Path]) -> list[Path]:
    """Files below `folder`, with each phone's recording as the folder that it is."""
    paths = {file.relative_to(folder).as_posix(): file for file in files}
    phones = phone_folders(paths)
    inside = {name for members in phones.values() for name in members.values()}
    others = [file for name, file in paths.items() if name not in inside]
    return sorted([*others, *(folder / phone for phone in phones)]) if phones else files


def read_file(content: bytes, name: str) -> MotionFile:
    """The bytes of a file called `name` as motion. Raises TinykitError beginning with it."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".json":
        return read_json(content, name)
    if suffix == ".cbor":
        raise TinykitError(
            f"{name} is CBOR, a packed format of Edge Impulse, which is not read. "
            "Export the data as JSON or as CSV instead."
        )
    if suffix in _TABLES:
        raise TinykitError(f"{name} is a spreadsheet, which is not read. Save it as CSV.")
    file = PurePosixPath(name).name
    if role_of(file) and b"seconds_elapsed" in content[:1_000]:  # one sensor of Sensor Logger alone
        return read_phone({file: content}, name)
    return read_motion(content, name)


def _read_folder(path: Path) -> MotionFile:
    """The phone's recording that a folder or an archive holds."""
    with open_tree_of_zips(path) as tree:
        recordings = phone_folders(tree.names)
        files = [name for name in tree.names if name.lower().endswith(SUFFIXES)]
        if len(recordings) == 1:
            members = next(iter(recordings.values())).items()
            texts = {file: at for file, at in members if file.lower().endswith(SUFFIXES)}
            return read_phone({file: tree.read(at) for file, at in texts.items()}, path.name)
        if not recordings and len(files) == 1 and not path.is_dir():
            return read_file(tree.read(files[0]), f"{path.name}/{files[0]}")
    there = listed(sorted(recordings) or files)
    what = f"it holds several ({there}). {_SEVERAL}" if there else "it holds none. Give a CSV file"
    raise TinykitError(f"{path} cannot be read as one recording of motion: {what}.")


def content_of(path: Path) -> bytes:
    """The bytes of a file; TinykitError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise TinykitError(
            f"{path} cannot be read ({error.strerror}). Check the path and that it is a CSV file."
        ) from error
