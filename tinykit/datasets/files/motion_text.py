"""The lines of a text file of motion: rows of numbers, headers, separators, comments, junk."""

import codecs
import datetime
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.files.motion_columns import COLUMNS, Columns, axis_of, columns_of, with_units

RATES = (20.0, 2_000.0)  # Hz: what tk.features.Motion can follow a hand with
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ORDINARY = bytes(range(32, 127)) + b"\t\n\r"
_SERIAL_TIME = re.compile(r"^\d\d:\d\d:\d\d[.\d]* -> ", re.MULTILINE)
_RATE_COMMENT = re.compile(r"sample[ _]?rate\s*[:=]\s*(\S+)", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"\n]*)"')
_NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?")
_EXCEL = re.compile("sep=.?", re.IGNORECASE)  # what tells Excel the separator
_THOUSANDS = re.compile(r"(?<=\d)\.(?=\d{3}(\.\d{3})*,)")
_LONGEST_HEADER = 2_000  # characters: what is longer is two lines run together
_POINT = re.compile(r'(?:^|[,;\t"])[+-]?\d+\.\d+(?=[,;\t"]|$)', re.MULTILINE)
_CLOCK = re.compile(
    r"(?:(?:(\d{4})[-/.](\d\d?)[-/.](\d\d?)|[\d/.-]+)[T ]+)?"  # the date, then the time of day
    r"(\d\d?):(\d\d):(\d\d)(?:[.,:](\d+))? *(?:Z|[+-]\d\d:?\d\d|[AaPp][Mm])?"
)


@dataclass
class Block:
    """Rows between two separators.

    Attributes:
        columns: what the file's columns are.
        rows: of each row the numbers of `columns.axes`, then, where there is one, the time.
        lines: in which line of the file each row is.
        label: what the label column says of these rows; "" without one.
    """

    columns: Columns
    rows: list[list[float]] | np.ndarray = field(default_factory=list)
    lines: list[int] | np.ndarray = field(default_factory=list)
    label: str = ""


@dataclass
class Text:
    """What the lines of a file are.

    Attributes:
        blocks: rows between separators; some blocks are empty.
        has_header: whether the columns are named.
        marked: whether a line `-,-,-` separates takes, as in TFLM's magic wand.
        rate: Hz, stated by a comment.
        junk: lines that are nothing of that, with their numbers.
        words: names of the columns that hold text and are left out.
        unlabelled: lines of rows whose label is empty, while others have one.
    """

    blocks: list[Block]
    has_header: bool = False
    marked: bool = False
    rate: float | None = None
    junk: list[tuple[int, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    unlabelled: list[int] = field(default_factory=list)


def split_lines(content: bytes) -> list[str]:
    """Lines without what terminals, spreadsheets and the Serial Monitor add to them."""
    text = _decoded(content)
    # Each of these takes longer than all the rest, and most files need none.
    if "\r" in text:
        text = re.sub(r"\r+\n|\r", "\n", text)
    if content.translate(None, _ORDINARY):
        text = _ESCAPES.sub("", text)
        text = re.sub(r"(?<=\d)[\xa0\u202f](?=\d{3})", "", text).replace("\u2212", "-")
    if " -> " in text:
        text = _SERIAL_TIME.sub("", text)
    if '"' in text:
        text = _QUOTED.sub(_unquoting(text), text).replace('"', "")
    return text.split("\n")


def _decoded(content: bytes) -> str:
    """Text in UTF-8, in UTF-16 (PowerShell's `>`, a spreadsheet's "Unicode text"), or Windows'."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):  # without a mark: every other byte 0
        high = content[first:400:2]
        if len(high) > 20 and high.count(0) > 0.9 * len(high):
            return content.decode(name, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.removeprefix(codecs.BOM_UTF8).decode("cp1252", errors="replace")


def _unquoting(text: str) -> Callable[[re.Match], str]:
    """What to put in the place of a quoted field, so that no separator is left inside it.

    "0,600" is 0.6 unless points are the decimal sign of the file: then "1,024.5" is 1024.5.
    """
    quoted = [field for field in _QUOTED.findall(text) if _NUMBER.fullmatch(field)]
    mixed = next((field for field in quoted if "," in field and "." in field), "")
    if mixed:
        thousands = "," if mixed.rindex(".") > mixed.rindex(",") else "."
    else:
        thousands = "," if _POINT.search(text) else ""

    def plain(match: re.Match) -> str:
        field = match[1]
        if _NUMBER.fullmatch(field):
            field = field.replace(thousands, "") if thousands else field
            return field.replace(",", ".")
        return re.sub("[,;\t]", " ", field)

    return plain


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
    columns = columns_of(_names(lines[start], ","))
    rows = [line for line in lines[start + 1 :] if line]
    if columns is None or not columns.acceleration or columns.label is not None or not rows:
        return None
    try:
        values = np.loadtxt(rows, delimiter=",", comments=None, ndmin=2)
    except ValueError:
        return None
    if values.shape != (len(rows), columns.width):
        return None
    text = Text([], has_header=True)
    for number, line in enumerate(lines[:start], 1):
        text.rate = _stated_rate(line, text.rate, f"{name}, line {number}")
    numbers = np.array([number for number, line in enumerate(lines, 1) if line])[start + 1 :]
    ends = np.flatnonzero(np.diff(numbers) > 1) + 1
    values = values[:, columns.axes + [columns.time] * (columns.time is not None)]
    for part, lines_of in zip(np.split(values, ends), np.split(numbers, ends), strict=True):
        text.blocks.append(Block(columns, part, lines_of))
    return text


def sorted_lines(lines: list[str], name: str, sensor: str = "") -> Text:
    """Sort lines into rows, separators, headers, comments and junk.

    Args:
        sensor: what x, y and z alone are of, see `columns_of`; "" asks for acceleration.
    """
    separator, decimal_comma = _separator(lines)
    if decimal_comma:
        lines = [_with_points(line) for line in lines]
    columns = _standard(lines, separator)
    text, named = Text([Block(columns)]), len(lines)
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if line.startswith("#"):
            text.rate = _stated_rate(line, text.rate, f"{name}, line {number}")
            continue
        if _EXCEL.fullmatch(line):
            continue
        row, label = _row(line, separator, columns)
        if row:
            _add(text, row, label, number)
            continue
        header = None
        if _may_name_axes(line):
            header = columns_of(_names(line, separator), sensor)
        elif number == named + 1 and line:
            header = with_units(columns, _names(line, separator))
        if header and (header.acceleration or sensor):
            text.has_header, columns, named = True, header, number
        elif set(line) <= set("-, \t;"):  # empty, or a mark
            text.marked = text.marked or "-" in line
        else:
            _check_no_header(line, separator, f"{name}, line {number}")
            text.junk.append((number, line))
            continue
        text.blocks.append(Block(columns))
    _name_words(text, lines, separator)
    return text


def _with_points(line: str) -> str:
    """Decimal points for decimal commas: 1.024,5 is 1024.5."""
    return re.sub("(?<![a-z]),(?=[0-9])", ".", re.sub(_THOUSANDS, "", line))


def _add(text: Text, row: list[float], label: str, number: int) -> None:
    """Add a row to the last block, or to a new one where the label changes."""
    block = text.blocks[-1]
    if block.columns.label is not None and not label:
        text.unlabelled.append(number)
        return
    if block.rows and block.label != label:
        block = Block(block.columns)
        text.blocks.append(block)
    block.label = label
    block.rows.append(row)
    block.lines.append(number)


def _parts(line: str, separator: str | None) -> list[str]:
    if separator and line.endswith(separator):
        line = line[: -len(separator)]
    return line.split(separator)


def _numbers(line: str, separator: str | None) -> list[float] | None:
    """The numbers of a line, None when it has anything else or nothing."""
    try:
        return [float(part) for part in _parts(line, separator)] or None
    except ValueError:
        return None


def _row(line: str, separator: str | None, columns: Columns) -> tuple[list[float] | None, str]:
    """The numbers of a row and its label; None for a line that is no row of these columns.

    Under a header, columns that are no axes may hold text.
    """
    parts = _parts(line, separator)
    if len(parts) != columns.width and columns.names:  # an empty last field is no line's end
        parts = line.split(separator)
        parts += [""] * (separator == "\t" and len(parts) + 1 == columns.width)
    if len(parts) != columns.width or not columns.axes:
        return None, ""
    try:
        if not columns.names:
            return [float(part) for part in parts], ""
        row = [float(parts[axis]) for axis in columns.axes]
    except ValueError:
        return None, ""
    if columns.time is not None:
        row.append(seconds(parts[columns.time]))
    return row, "" if columns.label is None else parts[columns.label].strip()


def seconds(text: str) -> float:
    """A number as it is, or a date or time of day in seconds; NaN for anything else."""
    try:
        return float(text)
    except ValueError:
        found = _CLOCK.fullmatch(text.strip())
    if not found:
        return math.nan
    year, month, day, hours, minutes, whole, fraction = found.groups()
    try:
        days = datetime.date(int(year), int(month), int(day)).toordinal() if year else 0
    except ValueError:
        return math.nan
    clock = (int(hours) * 60 + int(minutes)) * 60 + int(whole)
    return (days * 86_400 + clock) + (float(f"0.{fraction}") if fraction else 0.0)


def _may_name_axes(line: str) -> bool:
    """Whether a line has as many x, y and z as a header; most lines do not, and are many."""
    small = line.lower()
    return sum(map(small.count, "xyz")) >= 3


def _names(line: str, separator: str | None) -> list[str]:
    """The words of a header."""
    if len(line) > _LONGEST_HEADER:
        return []
    # A header may be separated otherwise than the numbers: "aX, aY, aZ" over tabs.
    parts = line.rstrip(f" {separator or ''}").split(separator)
    if separator is None or len(parts) < 3:
        parts = re.split(r"[,;\t]+", line.strip(" \t,;"))
    if len(parts) < 3:
        parts = re.split(r"\s+(?![(\[])", line.strip())
    return [part.strip() for part in parts]


def _name_words(text: Text, lines: list[str], separator: str | None) -> None:
    """Note the columns of text that the first row has."""
    block = next((block for block in text.blocks if block.rows and block.columns.names), None)
    if block is None:
        return
    columns, parts = block.columns, _parts(lines[block.lines[0] - 1].strip(), separator)
    for index, (name, part) in enumerate(zip(columns.names, parts, strict=False)):
        if index not in (*columns.axes, columns.time, columns.label) and not _numbers(part, None):
            text.words.append(name or f"column {index + 1}")


def _check_no_header(line: str, separator: str | None, place: str) -> None:
    """Raise TinykitError for a header that names axes, but not the three of acceleration.

    As junk it would be left out, and rotation be read as acceleration.
    """
    names = _names(line, separator) if _may_name_axes(line) else []
    if sum(axis_of(name) is not None for name in names) >= 3:
        raise TinykitError(
            f"{place}: the header {line[:40]!r} lacks a column of acceleration "
            f"({', '.join(COLUMNS[:3])}). Name all columns, or record it again."
        )


def _standard(lines: list[str], separator: str | None) -> Columns:
    """The columns of a file that has no header: six or three, in the usual order."""
    rows = (_numbers(line.strip(), separator) for line in lines[:200])
    counts = Counter(len(row) for row in rows if row)
    width = 6 if counts[6] >= counts[3] else 3
    return Columns(width, list(range(width)), rotation=width == 6)


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


def has_label_column(content: bytes) -> bool:
    """Whether a header among the first lines of a file has a column that names the gesture."""
    lines = split_lines(content[:4_096])
    separator, _ = _separator(lines)
    headers = (columns_of(_names(line, separator)) for line in lines[:20])
    return any(columns and columns.label is not None for columns in headers)
