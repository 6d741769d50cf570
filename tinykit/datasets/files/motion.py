"""One text file of motion -> takes in g and degrees per second, or a sentence why not.

Reads what Arduino sketches print and what people save of it: Arduino's CSV with or without header,
the text files of TFLM's magic wand, the Serial Monitor's window, a spreadsheet's export.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.files.motion_text import (
    COLUMNS,
    RATES,
    Block,
    plain_lines,
    sorted_lines,
    split_lines,
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


SUFFIXES = (".csv", ".txt", ".tsv", ".log")

USUAL_RATE = 119.0  # Hz: Arduino_LSM9DS1, and with it Arduino's tutorial

WAND_RATE = 25.0  # Hz: the SparkFun Edge, on which TFLM's magic wand was recorded

LONGEST_TAKE = 10.0  # seconds; what lasts longer without a break is several takes

SHORTEST_TAKE = 5  # rows

_LARGEST = (32.0, 5_000.0)  # g and degrees per second: beyond it two lines have run together

# g: the median of a file is between, for gravity is always there and no hand keeps up 4 g for long.
_USUAL_G = (0.5, 4.0)

_JUNK = 0.1  # share of lines that may be no rows of numbers

# What was decided while reading: a sentence, how often it was, and where for the first time.
Change = tuple[str, int, str]

_LEFT_OUT = "Lines left out because they are not rows of numbers: {} (first: {})."

_NO_HEADER = (
    f"Files without a header, their columns taken as {','.join(COLUMNS)} (or the first three of "
    "them): {} (first: {})."
)

_WAND_UNIT = "Files in milli-g, converted to g: {} (first: {})."

_NO_TIME = "Files whose time column does not say the sample rate: {} (first: {})."

_SPACED = "Files with an empty line after every row, which therefore separates no takes: {} ({})."

_TOO_SHORT = f"Takes left out, shorter than {SHORTEST_TAKE} rows: {{}} (first: {{}})."

_RATE_GUESSED = (
    "Files that do not say their sample rate, taken as {rate:g} Hz, {why}: {{}} (first: {{}}). "
    "sample_rate= states another."
)


@dataclass(frozen=True, eq=False)
class MotionFile:
    """The content of one file.

    Attributes:
        name: for messages.
        blocks: float32 (rows, axes), what is between two separators.
        lines: int (rows,) of each block, the line in the file of each row.
        rate: Hz as stated or measured by a time column; None when the file does not say.
        usual_rate: Hz of other files in this format.
        changes: what was decided while reading.
    """

    name: str
    blocks: list[np.ndarray]
    lines: list[np.ndarray]
    rate: float | None
    usual_rate: float
    changes: list[Change]

    @property
    def axes(self) -> int:
        """6, or 3 without a gyroscope."""
        return self.blocks[0].shape[1]

    def rate_or(self, stated: float | None) -> tuple[float, list[Change]]:
        """The sample rate in Hz, the caller's first, and a change when it was guessed."""
        if stated or self.rate:
            return stated or self.rate, []
        why = (
            "as in Arduino's tutorial" if self.usual_rate == USUAL_RATE else "as TFLM's magic wand"
        )
        sentence = _RATE_GUESSED.format(rate=self.usual_rate, why=why)
        return self.usual_rate, [(sentence, 1, self.name)]

    def takes(self, rows: int | None) -> list[np.ndarray]:
        """The blocks, cut every `rows` rows where no separators say where takes end.

        Raises TinykitError naming the line when rows are left over.
        """
        sizes = [len(block) for block in self.blocks]
        if rows is None or (len(sizes) > 1 and any(size % rows for size in sizes)):
            return self.blocks
        left = sizes[0] % rows
        if left:
            raise TinykitError(
                f"{self.name}, line {self.lines[0][-left]}: {sizes[0]:,} rows are "
                f"{sizes[0] // rows:,} takes of {rows} rows and {left} rows more. "
                "Give another number of rows, or delete the rows that are too many."
            )
        return [take for block in self.blocks for take in np.split(block, len(block) // rows)]


def load_motion(
    path: Path | str, *, rows: int | None = None, sample_rate: float | None = None
) -> Recording:
    """Read one file of motion: what a capture sketch printed.

    Takes end at empty lines, at repeated headers and at lines `-,-,-`. A file without any of them
    is one take, unless `rows` cuts it.

    Args:
        path: a CSV or text file with a header that names the columns, in any order, or without one
            in the order aX, aY, aZ, gX, gY, gZ; acceleration in g, rotation in degrees per second.
        rows: rows of each take, for files with nothing between the takes.
        sample_rate: Hz; default: what the file says (`# sample_rate: 119`, or a time column).

    Raises:
        TinykitError: naming file and line, when the file is missing, empty or not motion, more than
            a tenth of it is not rows of numbers, the unit is another one, or rows are left over.
    """
    check_numbers(rows, sample_rate)
    path = Path(path).expanduser()
    file = read_motion(content_of(path), path.name)
    rate, guessed = file.rate_or(sample_rate)
    takes = file.takes(rows)
    notes = described([*file.changes, *guessed])
    if len(takes) == 1 and len(takes[0]) > LONGEST_TAKE * rate:
        notes.append(
            f"{path.name} has nothing between its takes and is read as one recording of "
            f"{len(takes[0]) / rate:.0f} s; rows= cuts it into takes."
        )
    return Recording(takes, rate, notes)


def content_of(path: Path) -> bytes:
    """The bytes of a file; TinykitError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise TinykitError(
            f"{path} cannot be read ({error.strerror}). Check the path and that it is a CSV file."
        ) from error


def check_numbers(rows: int | None, sample_rate: float | None) -> None:
    """Raise TinykitError when a caller's `rows` or `sample_rate` cannot be."""
    if rows is not None and (not isinstance(rows, int | np.integer) or rows < SHORTEST_TAKE):
        raise TinykitError(
            f"rows is {rows!r}. Give the rows of one take, a whole number from {SHORTEST_TAKE} on."
        )
    number = isinstance(sample_rate, int | float | np.number) and not isinstance(sample_rate, bool)
    if sample_rate is not None and not (number and RATES[0] <= sample_rate <= RATES[1]):
        raise TinykitError(
            f"sample_rate is {sample_rate!r}. "
            f"Give the rows in a second, {RATES[0]:g} to {RATES[1]:g}."
        )


def described(changes: Iterable[Change]) -> list[str]:
    """One sentence for each kind of change: how many there were and where the first is."""
    counts, first = Counter(), {}
    for sentence, count, where in changes:
        counts[sentence] += count
        first.setdefault(sentence, where)
    return [sentence.format(f"{counts[sentence]:,}", where) for sentence, where in first.items()]


def plausible_rows(n: int, rate: float) -> list[int]:
    """Divisors of `n` that last as long as a gesture (0.25 to 5 s), the nearest to 1 s first."""
    lengths = range(max(SHORTEST_TAKE, round(0.25 * rate)), round(5 * rate) + 1)
    found = [rows for rows in lengths if n % rows == 0 and rows < n]
    return sorted(found, key=lambda rows: abs(math.log(rows / rate)))


def read_motion(content: bytes, name: str) -> MotionFile:
    """The bytes of a file as blocks of motion. Raises TinykitError beginning with `name`."""
    lines = split_lines(content)
    text = plain_lines(lines, name) or sorted_lines(lines, name)
    blocks = [block for block in text.blocks if len(block.rows)]
    if not blocks:
        raise TinykitError(_nothing_in(lines, name))
    changes = [] if text.has_header else [(_NO_HEADER, 1, name)]
    if _single_rows(blocks):
        blocks = [_merged(blocks)]
        changes.append((_SPACED, 1, name))
    arrays = [np.asarray(block.rows, np.float64) for block in blocks]
    rate = text.rate
    timed = [block for block in blocks if block.time is not None]
    if rate is None and timed:
        rate = measured_rate([np.asarray(block.rows)[:, block.time] for block in timed])
        changes += [] if rate else [(_NO_TIME, 1, name)]
        if rate and not RATES[0] <= rate <= RATES[1]:
            raise TinykitError(
                f"{name}, line {timed[0].lines[0]}: its time column says {rate:.3g} rows a second. "
                f"Record at {RATES[0]:g} to {RATES[1]:g}."
            )
    axes = min(len(block.columns) for block in blocks)
    motion = [a[:, b.columns[:axes]] for a, b in zip(arrays, blocks, strict=True)]
    numbers = [np.asarray(block.lines) for block in blocks]
    wand = axes == 3 and (text.marked or not text.has_header)
    if _to_g(motion, numbers, name, may_be_milli=wand):
        changes.append((_WAND_UNIT, 1, name))
    kept, kept_lines = _possible(motion, numbers, text.junk)
    _check_junk(text.junk, sum(map(len, kept)), name)
    if text.junk:
        first = min(text.junk)[0]
        changes.append((_LEFT_OUT, len(text.junk), f"{name}, line {first}"))
    kept, kept_lines = _long_enough(kept, kept_lines, name, changes)
    usual = WAND_RATE if wand else USUAL_RATE
    return MotionFile(name, kept, kept_lines, rate, usual, changes)


def _single_rows(blocks: list[Block]) -> bool:
    """Whether separators stand between all rows, so that they separate nothing."""
    alike = {(len(block.rows), len(block.rows[0]), *block.columns) for block in blocks}
    return len(blocks) > 3 and len(alike) == 1 and len(blocks[0].rows) == 1


def _merged(blocks: list[Block]) -> Block:
    rows = [row for block in blocks for row in block.rows]
    return Block(blocks[0].columns, blocks[0].time, rows, [n for b in blocks for n in b.lines])


def _nothing_in(lines: list[str], name: str) -> str:
    """Why a file has no rows, as an error's text."""
    what = next((line.strip() for line in lines if line.strip()), "")
    if not what:
        return f"{name} is empty. Record it again, or delete it."
    return (
        f"{name}, line 1: no rows of motion ({what[:40]!r} ...). Each row has six numbers, "
        f"{','.join(COLUMNS)}, or a header names the columns; record it again, or delete it."
    )


def measured_rate(times: list[np.ndarray]) -> float | None:
    """The sample rate in Hz of time columns in seconds, milli- or microseconds; None: none."""
    steps = np.concatenate([np.diff(column) for column in times])
    steps = steps[np.isfinite(steps) & (steps >= 0)]
    if not len(steps) or not steps.any():
        return None
    usual = np.median(steps) or np.mean(steps)
    # Steps of a lost sample or a pause are longer. Whole milliseconds alternate (8, 9, 8): the
    # mean knows the fraction.
    step = float(np.mean(steps[steps <= 1.6 * usual]) or np.mean(steps))
    for unit in (1.0, 1e3, 1e6):
        # Sensors give 5 to 1,000 rows a second, so that the unit follows from the step.
        if 0.001 <= step / unit <= 0.2:
            return unit / step
    return None


def _to_g(
    motion: list[np.ndarray], lines: list[np.ndarray], name: str, *, may_be_milli: bool
) -> bool:
    """Convert milli-g in place where allowed (True); TinykitError for any other unit."""
    lengths = np.concatenate([np.linalg.norm(block[:, :3], axis=1) for block in motion])
    lengths = lengths[np.isfinite(lengths)]
    if not len(lengths):  # the rows are all junk
        return False
    median = float(np.median(lengths))
    if _USUAL_G[0] <= median <= _USUAL_G[1]:
        return False
    if may_be_milli and 1_000 * _USUAL_G[0] <= median <= 1_000 * _USUAL_G[1]:
        for block in motion:
            block[:, :3] /= 1_000
        return True
    guess = "Give acceleration in g"
    if 5 <= median <= 20:
        guess = "That looks like m/s^2: divide it by 9.81"
    elif 500 <= median <= 4_000:
        guess = "That looks like milli-g: divide it by 1000"
    raise TinykitError(
        f"{name}, line {lines[0][0]}: acceleration is about {median:.4g} from here on, but gravity "
        f"alone is 1 g. {guess}, or record it again."
    )


def _possible(
    motion: list[np.ndarray], lines: list[np.ndarray], junk: list[tuple[int, str]]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Drop rows that no sensor gives (NaN, or two lines run together) and add them to `junk`."""
    kept, kept_lines = [], []
    largest = np.repeat(_LARGEST, 3)[: motion[0].shape[1]]
    for block, numbers in zip(motion, lines, strict=True):
        good = (np.abs(block) <= largest).all(axis=1)  # not so for NaN
        junk += [(int(number), "a value that no sensor gives") for number in numbers[~good]]
        kept.append(block[good].astype(np.float32))
        kept_lines.append(numbers[good])
    return kept, kept_lines


def _check_junk(junk: list[tuple[int, str]], n_rows: int, name: str) -> None:
    if len(junk) > _JUNK * (len(junk) + n_rows):
        number, what = min(junk)
        raise TinykitError(
            f"{name}, line {number}: {what[:40]!r} is not a row of motion, like {len(junk):,} of "
            f"{len(junk) + n_rows:,} lines. Record it again, or give the file a header such as "
            f"{','.join(COLUMNS)}."
        )


def _long_enough(
    blocks: list[np.ndarray], lines: list[np.ndarray], name: str, changes: list[Change]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Drop blocks that are too short to be a take; TinykitError when none is left."""
    chosen = [index for index, block in enumerate(blocks) if len(block) >= SHORTEST_TAKE]
    if not chosen:
        raise TinykitError(
            f"{name}, line {lines[0][0] if len(lines[0]) else 1}: no take has {SHORTEST_TAKE} rows "
            "or more. Record it again, or delete it."
        )
    short = [numbers for numbers in lines if 0 < len(numbers) < SHORTEST_TAKE]
    if short:
        changes.append((_TOO_SHORT, len(short), f"{name}, line {short[0][0]}"))
    return [blocks[index] for index in chosen], [lines[index] for index in chosen]
