"""The lines of a text file of motion: rows of numbers, headers, separators, comments, junk."""

import codecs
import math
import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from tinykit.common.errors import TinykitError

COLUMNS = ("aX", "aY", "aZ", "gX", "gY", "gZ")
RATES = (20.0, 2_000.0)  # Hz: what tk.features.Motion can follow a hand with

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ORDINARY = bytes(range(32, 127)) + b"\t\n\r"
_SERIAL_TIME = re.compile(r"^\d\d:\d\d:\d\d[.\d]* -> ", re.MULTILINE)
_RATE_COMMENT = re.compile(r"sample[ _]?rate\s*[:=]\s*(\S+)", re.IGNORECASE)
_UNIT = re.compile(r"[(\[].*?[)\]]|[^a-z]")
_NAMES = {
    "a": ("a", "acc", "accel", "acceleration", "accelerometer"),
    "g": ("g", "gyr", "gyro", "gyroscope", "rotation", "rot", "w", "omega"),
}
_AXIS_OF = {
    name: column
    for column, (sensor, axis) in enumerate((s, a) for s in "ag" for a in "xyz")
    for word in _NAMES[sensor]
    for name in (word + axis, axis + word)
} | {axis: column for column, axis in enumerate("xyz")}
_TIMES = {"t", "time", "times", "timems", "timeus", "timestamp", "ms", "millis", "us", "micros"}


@dataclass
class Block:
    """Rows between two separators.

    Attributes:
        columns: which columns are the axes, in the order of `COLUMNS`.
        time: the time column, None when there is none.
        rows: the numbers of each row, all of its columns.
        lines: in which line of the file each row is.
    """

    columns: list[int]
    time: int | None
    rows: list[list[float]] | np.ndarray = field(default_factory=list)
    lines: list[int] | np.ndarray = field(default_factory=list)


@dataclass
class Text:
    """What the lines of a file are.

    Attributes:
        blocks: rows between separators; some blocks are empty.
        has_header: whether the columns are named.
        marked: whether a line `-,-,-` separates takes, as in TFLM's magic wand.
        rate: Hz, stated by a comment.
        junk: lines that are nothing of that, with their numbers.
    """

    blocks: list[Block]
    has_header: bool = False
    marked: bool = False
    rate: float | None = None
    junk: list[tuple[int, str]] = field(default_factory=list)


def split_lines(content: bytes) -> list[str]:
    """Lines without what terminals and the Serial Monitor add; PowerShell's `>` writes UTF-16."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16", errors="replace")
    else:
        text = content.decode("utf-8-sig", errors="replace")
    # Each of these takes longer than all the rest, and most files need none.
    if "\r" in text:
        text = re.sub(r"\r+\n|\r", "\n", text)
    if content.translate(None, _ORDINARY):
        text = _ESCAPES.sub("", text)
    if " -> " in text:
        text = _SERIAL_TIME.sub("", text)
    return text.replace('"', "").split("\n")


def _separator(lines: list[str]) -> tuple[str | None, bool]:
    """What is between two numbers (None: blanks), and whether their decimal point is a comma."""
    sample = [line for line in lines[:1_000] if sum(map(str.isdigit, line)) >= 3][:200]
    for separator in ";\t":
        if sum(separator in line for line in sample) > len(sample) / 2:
            return separator, any(re.search(r"\d,\d", line) for line in sample)
    return ("," if sum("," in line for line in sample) > len(sample) / 2 else None), False


def plain_lines(lines: list[str], name: str) -> Text | None:
    """As `sorted_lines` and many times faster, for a file like those that tinykit writes.

    It has comments, a header, then nothing but rows and empty lines; None for any other.
    """
    start = next((index for index, line in enumerate(lines) if not line.startswith("#")), 0)
    header = _header(lines[start], ",")
    rows = [line for line in lines[start + 1 :] if line]
    if header is None or not rows:
        return None
    try:
        values = np.loadtxt(rows, delimiter=",", comments=None, ndmin=2)
    except ValueError:
        return None
    width, columns, time = header
    if values.shape != (len(rows), width):
        return None
    text = Text([], has_header=True)
    for number, line in enumerate(lines[:start], 1):
        text.rate = _stated_rate(line, text.rate, f"{name}, line {number}")
    numbers = np.array([number for number, line in enumerate(lines, 1) if line])[start + 1 :]
    ends = np.flatnonzero(np.diff(numbers) > 1) + 1
    for part, lines_of in zip(np.split(values, ends), np.split(numbers, ends), strict=True):
        text.blocks.append(Block(columns, time, part, lines_of))
    return text


def sorted_lines(lines: list[str], name: str) -> Text:
    """Sort lines into rows, separators, headers, comments and junk."""
    separator, decimal_comma = _separator(lines)
    width, columns, time = _standard(lines, separator, decimal_comma)
    text = Text([Block(columns, time)])
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if line.startswith("#"):
            text.rate = _stated_rate(line, text.rate, f"{name}, line {number}")
            continue
        values = _values(line, separator, decimal_comma)
        if values is not None and width and len(values) == width and text.blocks[-1].columns:
            text.blocks[-1].rows.append(values)
            text.blocks[-1].lines.append(number)
            continue
        header = _header(line, separator) if values is None else None
        if header:
            text.has_header = True
            width, columns, time = header
        elif set(line) <= set("-, \t;"):  # empty, or a mark
            text.marked = text.marked or "-" in line
        else:
            _check_no_header(line, separator, f"{name}, line {number}")
            text.junk.append((number, line))
            continue
        text.blocks.append(Block(columns, time))
    return text


def _values(line: str, separator: str | None, decimal_comma: bool) -> list[float] | None:
    """The numbers of a line, None when it has anything else or nothing."""
    if decimal_comma:
        line = line.replace(",", ".")
    if separator and line.endswith(separator):
        line = line[: -len(separator)]
    try:
        return [float(part) for part in line.split(separator)] or None
    except ValueError:
        return None


def _header(line: str, separator: str | None) -> tuple[int, list[int], int | None] | None:
    """Columns in the file, which of them are the axes, and the time column, if it is a header."""
    names = _column_names(line, separator)
    axes = [_AXIS_OF.get(name) for name in names]
    if not {0, 1, 2} <= set(axes):
        return None
    n_axes = 6 if {3, 4, 5} <= set(axes) else 3
    time = next((index for index, name in enumerate(names) if name in _TIMES), None)
    return len(names), [axes.index(axis) for axis in range(n_axes)], time


def _column_names(line: str, separator: str | None) -> list[str]:
    """The words of a header, in small letters and without units."""
    # A header may be separated otherwise than the numbers: "aX, aY, aZ" over tabs.
    parts = line.rstrip(f" {separator or ''}").split(separator)
    if len(parts) < 3:
        parts = re.split(r"[,;\t ]+", line.strip())
    return [_UNIT.sub("", part.strip().lower()) for part in parts]


def _check_no_header(line: str, separator: str | None, place: str) -> None:
    """Raise TinykitError for a header that names axes, but not the three of acceleration.

    As junk it would be left out, and rotation be read as acceleration.
    """
    if sum(name in _AXIS_OF for name in _column_names(line, separator)) >= 3:
        raise TinykitError(
            f"{place}: the header {line[:40]!r} lacks a column of acceleration "
            f"({', '.join(COLUMNS[:3])}). Name all columns, or record it again."
        )


def _standard(
    lines: list[str], separator: str | None, decimal_comma: bool
) -> tuple[int, list[int], int | None]:
    """As `_header`, for a file that has none: six or three columns in the usual order."""
    rows = (_values(line.strip(), separator, decimal_comma) for line in lines[:200])
    counts = Counter(len(row) for row in rows if row)
    width = 6 if counts[6] >= counts[3] else 3
    return width, list(range(width)), None


def _stated_rate(comment: str, before: float | None, place: str) -> float | None:
    """The sample rate that a comment states, else the one `before`."""
    found = _RATE_COMMENT.search(comment)
    if not found:
        return before
    try:
        rate = float(found[1])
    except ValueError:
        rate = math.nan
    if not RATES[0] <= rate <= RATES[1]:
        raise TinykitError(
            f"{place}: a sample rate of {found[1]!r} cannot be. "
            f"Write the rows in a second, {RATES[0]:g} to {RATES[1]:g}."
        )
    return rate
