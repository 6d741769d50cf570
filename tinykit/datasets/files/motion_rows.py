"""The rows of one file of motion -> takes in g and degrees per second, or a sentence why not.

Reads what Arduino sketches print and what people save of it: Arduino's CSV with or without header,
the text files of TFLM's magic wand, the Serial Monitor's window, a spreadsheet's export.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.archives import listed
from tinykit.datasets.files.motion_columns import COLUMNS
from tinykit.datasets.files.motion_text import (
    RATES,
    Block,
    Text,
    plain_lines,
    sorted_lines,
    split_lines,
)
from tinykit.datasets.files.motion_units import Change, to_units

USUAL_RATE = 119.0  # Hz: Arduino_LSM9DS1, and with it Arduino's tutorial
WAND_RATE = 25.0  # Hz: the SparkFun Edge, on which TFLM's magic wand was recorded
LONGEST_TAKE = 10.0  # seconds; what lasts longer without a break is several takes
SHORTEST_TAKE = 5  # rows
_LARGEST = (32.0, 5_000.0)  # g and degrees per second: beyond it two lines have run together
_JUNK = 0.1  # share of lines that may be no rows of numbers
_LEFT_OUT = "Lines left out because they are not rows of numbers: {} (first: {})."

_NO_HEADER = (
    f"Files without a header, their columns taken as {','.join(COLUMNS)} (or the first three of "
    "them): {} (first: {})."
)

_WORDS = "Columns of text, left out ({names}): in {{}} file(s) (first: {{}})."

_LABELLED = (
    "Files with a column {name!r}, which names the gesture and ends a take where it changes: {{}} "
    "(first: {{}})."
)

_UNLABELLED = "Rows left out because their label is empty: {} (first: {})."
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
        labels: what the label column says of each block, "" where there is none.
    """

    name: str
    blocks: list[np.ndarray]
    lines: list[np.ndarray]
    rate: float | None
    usual_rate: float
    changes: list[Change]
    labels: list[str]

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

    def of_label(self, label: str) -> "MotionFile":
        """The blocks that the label column calls `label`."""
        chosen = [index for index, name in enumerate(self.labels) if name == label]
        return replace(
            self,
            blocks=[self.blocks[index] for index in chosen],
            lines=[self.lines[index] for index in chosen],
            labels=[label] * len(chosen),
        )

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
    if not any(len(block.rows) for block in text.blocks):
        raise TinykitError(_nothing_in(lines, name))
    return converted(text, name)


def converted(text: Text, name: str) -> MotionFile:
    """The rows of a file in g and degrees per second. Raises TinykitError beginning with `name`."""
    blocks = [block for block in text.blocks if len(block.rows)]
    if not blocks:
        raise TinykitError(f"{name} has no rows of motion. Record it again, or delete it.")
    changes = _changes_of(text, blocks, name)
    if _single_rows(blocks):
        blocks = [_merged(blocks)]
        changes.append((_SPACED, 1, name))
    arrays = [np.asarray(block.rows, np.float64) for block in blocks]
    rate = _rate_of(text, blocks, arrays, name, changes)
    columns = min((block.columns for block in blocks), key=lambda columns: len(columns.axes))
    motion = [array[:, : len(columns.axes)] for array in arrays]
    numbers = [np.asarray(block.lines) for block in blocks]
    wand = not columns.rotation and (text.marked or not text.has_header)
    usual = WAND_RATE if wand else USUAL_RATE
    where = f"{name}, line {numbers[0][0]}"
    motion, done = to_units(motion, columns, rate or usual, where, wand=wand)
    changes += done
    kept, kept_lines = _possible(motion, numbers, text.junk)
    _check_junk(text.junk, sum(map(len, kept)), name)
    if text.junk:
        first = min(text.junk)[0]
        changes.append((_LEFT_OUT, len(text.junk), f"{name}, line {first}"))
    chosen = _long_enough(kept, kept_lines, name, changes)
    return MotionFile(
        name,
        [kept[index] for index in chosen],
        [kept_lines[index] for index in chosen],
        rate,
        usual,
        changes,
        [blocks[index].label for index in chosen],
    )


def _changes_of(text: Text, blocks: list[Block], name: str) -> list[Change]:
    """What was decided about a file's columns."""
    changes = [] if text.has_header else [(_NO_HEADER, 1, name)]
    if text.words:
        changes.append((_WORDS.format(names=listed(text.words)), 1, name))
    columns = blocks[0].columns
    if columns.label is not None:
        changes.append((_LABELLED.format(name=columns.names[columns.label]), 1, name))
    if text.unlabelled:
        first = f"{name}, line {text.unlabelled[0]}"
        changes.append((_UNLABELLED, len(text.unlabelled), first))
    return changes


def _rate_of(
    text: Text, blocks: list[Block], arrays: list[np.ndarray], name: str, changes: list[Change]
) -> float | None:
    """Hz as stated, else by the time columns; None: neither says. TinykitError: it cannot be."""
    timed = [index for index, block in enumerate(blocks) if block.columns.time is not None]
    if text.rate is not None or not timed:
        return text.rate
    second = blocks[timed[0]].columns.second
    rate = measured_rate([arrays[index][:, -1] for index in timed], second)
    changes += [] if rate else [(_NO_TIME, 1, name)]
    if rate and not RATES[0] <= rate <= RATES[1]:
        raise TinykitError(
            f"{name}, line {blocks[timed[0]].lines[0]}: its time column says {rate:.3g} rows a "
            f"second. Record at {RATES[0]:g} to {RATES[1]:g}."
        )
    return rate


def _single_rows(blocks: list[Block]) -> bool:
    """Whether separators stand between all rows, so that they separate nothing."""
    alike = {(len(block.rows), len(block.rows[0]), *block.columns.axes) for block in blocks}
    return len(blocks) > 3 and len(alike) == 1 and len(blocks[0].rows) == 1


def _merged(blocks: list[Block]) -> Block:
    rows = [row for block in blocks for row in block.rows]
    return Block(blocks[0].columns, rows, [n for b in blocks for n in b.lines], blocks[0].label)


def _nothing_in(lines: list[str], name: str) -> str:
    """Why a file has no rows, as an error's text."""
    what = next((line.strip() for line in lines if line.strip()), "")
    if not what:
        return f"{name} is empty. Record it again, or delete it."
    return (
        f"{name}, line 1: no rows of motion ({what[:40]!r} ...). Each row has six numbers, "
        f"{','.join(COLUMNS)}, or a header names the columns; record it again, or delete it."
    )


def measured_rate(times: list[np.ndarray], second: float | None = None) -> float | None:
    """The sample rate in Hz of time columns; None: they do not say it.

    Args:
        times: float (n,) each, in seconds, milli-, micro- or nanoseconds.
        second: how many seconds one of them is, None where only the steps tell.
    """
    steps = np.concatenate([np.diff(column) for column in times])
    steps = steps[np.isfinite(steps) & (steps >= 0)]
    if not len(steps) or not steps.any():
        return None
    usual = np.median(steps) or np.mean(steps)
    # Steps of a lost sample or a pause are longer. Whole milliseconds alternate (8, 9, 8): the
    # mean knows the fraction.
    step = float(np.mean(steps[steps <= 1.6 * usual]) or np.mean(steps))
    if second is not None:
        return 1 / (step * second)
    for unit in (1.0, 1e3, 1e6, 1e9):
        # Sensors give 5 to 1,000 rows a second, so that the unit follows from the step.
        if 0.001 <= step / unit <= 0.2:
            return unit / step
    return None


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
) -> list[int]:
    """Which blocks are long enough to be a take; TinykitError when none is."""
    chosen = [index for index, block in enumerate(blocks) if len(block) >= SHORTEST_TAKE]
    if not chosen:
        raise TinykitError(
            f"{name}, line {lines[0][0] if len(lines[0]) else 1}: no take has {SHORTEST_TAKE} rows "
            "or more. Record it again, or delete it."
        )
    short = [numbers for numbers in lines if 0 < len(numbers) < SHORTEST_TAKE]
    if short:
        changes.append((_TOO_SHORT, len(short), f"{name}, line {short[0][0]}"))
    return chosen
