"""`tk.measure`: what a real board takes for each layer, beside the virtual board's estimate.

The board runs a sketch from `tk.export_benchmark`, whose README has the format of what it prints.
"""

import datetime
import re
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tinykit.board import corrections
from tinykit.board.profiles import Board, boards, find_board
from tinykit.board.virtual.board import estimate
from tinykit.board.virtual.board_run import BoardRun
from tinykit.common.errors import TinykitError
from tinykit.common.tables import Table
from tinykit.compiler import CompiledModel, compile
from tinykit.datasets.recording.link import BAUD, BoardError, Link
from tinykit.datasets.recording.ports import find_port

FORMAT = 1  # version of what the sketch prints
RUNS = 5
_FIRST = "tinykit benchmark"
_PATIENCE = 20.0  # seconds without a line of a report: a large model on a slow board
_MOST_KEPT = 4_000  # bytes of what is no report
_EXPORT = "Export the sketch again (tk.export_benchmark), flash it and measure again."
_NUMBERS = ("clock", "layers", "total", "overhead", "crc")
_WORDS = {*_NUMBERS, "tinykit", "board", "model", "counter", "cache", "run", "layer", "end"}


@dataclass(frozen=True)
class BoardReport:
    """What the sketch printed: one whole report.

    Attributes:
        board, model: their names.
        clock: cycles a second.
        counter: "cycles", or "micros" where the processor has no counter.
        cache: whether the instruction cache is on; None where the board does not say.
        layers: pairs (function in model.cpp, cycles).
        total: cycles of one inference.
        overhead: cycles of measuring itself, which have been taken off.
        crc: CRC-32 of the outputs on `fixed_input`.
    """

    board: str
    model: str
    clock: int
    counter: str
    cache: bool | None
    layers: tuple[tuple[str, int], ...]
    total: int
    overhead: int
    crc: int


@dataclass(frozen=True)
class LayerMeasured:
    """One layer: its name, and the cycles that the board measured and that were estimated."""

    name: str
    op: str
    measured: int
    estimated: int

    @property
    def ratio(self) -> float:
        """measured / estimated; NaN for a layer that was estimated at nothing."""
        return self.measured / self.estimated if self.estimated else float("nan")


@dataclass(frozen=True)
class Measurement:
    """What a board measured, beside the estimate. Print it, or show it in a notebook.

    Attributes:
        board: the board's profile.
        report: what the board said.
        layers: one for each layer.
        measured, estimated: cycles of one inference.
    """

    board: Board
    report: BoardReport = field(repr=False)
    layers: tuple[LayerMeasured, ...]
    measured: int
    estimated: int

    @property
    def factor(self) -> float:
        """measured / estimated of the whole inference: what `save` keeps."""
        return self.measured / self.estimated

    def save(self) -> Path:
        """From now on, correct this board's estimates by `factor`; returns the file that says so.

        `tk.forget_measurement` undoes it. Raises TinykitError when the factor cannot be true, or
        the file cannot be written.
        """
        date = datetime.date.today().isoformat()
        return corrections.save(self.board, self.factor, self.report.model, date)

    @property
    def table(self) -> Table:
        """One row a layer, and the whole."""
        rows = [(row.name, row.op, row.measured, row.estimated, row.ratio) for row in self.layers]
        rows.append(("inference", "", self.measured, self.estimated, self.factor))
        milliseconds = 1000 * self.measured / self.board.clock
        return Table(
            [(name, op, f"{m:,}", f"{e:,}", f"{ratio:.2f}") for name, op, m, e, ratio in rows],
            header=("layer", "op", "measured", "estimated", "ratio"),
            title=(
                f"{self.report.model} on the {self.board.title}: "
                f"{milliseconds:.1f} ms per inference, measured"
            ),
            footer=self._remarks(),
            right=(2, 3, 4),
            indent=2,
        )

    def _remarks(self) -> list[str]:
        remarks = [f"Cycles; the fewest of {RUNS} runs. The outputs are those of the model."]
        if self.report.counter == "micros":
            remarks.append(
                "This processor counts no cycles: times are whole microseconds, and short layers "
                "are inexact."
            )
        if self.report.cache is False:
            remarks.append(
                "The instruction cache of this board is off; the estimate is for one that is on."
            )
        return remarks

    def __str__(self) -> str:
        return str(self.table)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def measure(port: str | BoardRun | None, model) -> Measurement:
    """Read from a board what each layer of a model takes there.

    Args:
        port: serial port of the board, such as COM3 or /dev/ttyACM0, which runs the sketch that
            `tk.export_benchmark` made from this model; None for the board that is connected; or
            what the virtual board did with that sketch.
        model: what `tk.compile` takes, or gives.

    Raises TinykitError when there is no board, another program has the port, nothing or something
    else is heard, or the sketch on the board is that of another model or board.
    """
    compiled = model if isinstance(model, CompiledModel) else compile(model)
    if isinstance(port, BoardRun):
        report = _report_of_run(port)
    else:
        report = _report_of_port(port or find_port())
    return compared(report, compiled)


def forget_measurement(board: str | Board = "nano33ble") -> bool:
    """Take a board's estimates as they are again; says whether a measurement had been saved.

    Raises TinykitError when there is no such board.
    """
    return corrections.forget(find_board(board))


def fixed_input(compiled: CompiledModel) -> np.ndarray:
    """int8, (*input_shape): what the benchmark puts in, from a linear congruential generator."""
    shape = tuple(compiled.input_shape)
    state, values = 1, np.empty(int(np.prod(shape)), np.uint8)
    for index in range(values.size):
        state = (state * 1_664_525 + 1_013_904_223) & 0xFFFF_FFFF
        values[index] = state >> 24
    return values.view(np.int8).reshape(shape)


def compared(report: BoardReport, compiled: CompiledModel) -> Measurement:
    """A report beside the estimate for the same model. Raises TinykitError: it is another one."""
    if report.board not in boards:
        raise TinykitError(
            f'The sketch was made for "{report.board}", a board that this kit does not know. '
            + _EXPORT
        )
    board = find_board(report.board)
    if report.clock != board.clock:
        raise TinykitError(
            f"The board says that it runs at {report.clock:,} Hz, and the {board.title} runs at "
            f"{board.clock:,}. {_EXPORT}"
        )
    functions = [step.function for step in compiled.steps]
    if [name for name, _ in report.layers] != functions:
        raise TinykitError(
            f"The board runs another model: {report.model} with {len(report.layers)} layers, and "
            f"{compiled.name} has {len(functions)}. {_EXPORT}"
        )
    run = estimate(board, compiled, fixed_input(compiled), correction=1.0)
    crc = zlib.crc32(run.outputs.tobytes())
    if report.crc != crc:
        raise TinykitError(
            f"The board's {report.model} gives other outputs than {compiled.name}, which has the "
            f"same layers: perhaps it was trained again. {_EXPORT}"
        )
    layers = tuple(
        LayerMeasured(layer.name, layer.op, cycles, layer.cycles)
        for layer, (_, cycles) in zip(run.layers, report.layers, strict=True)
    )
    return Measurement(board, report, layers, report.total, run.cycles)


# What the board prints


def first_report(lines: Iterable[str]) -> BoardReport | None:
    """The first whole report in what a board prints; None when there is none.

    Raises TinykitError when the board says that it cannot run the model, or a report is damaged.
    """
    facts: dict[str, str] | None = None
    layers: list[tuple[str, int]] = []
    for line in lines:
        words = line.strip().split(" ", 1)
        name, value = words[0], words[1] if len(words) > 1 else ""
        if line.strip().startswith(_FIRST):
            _check_version(line.strip())
            facts, layers = {}, []
        elif facts is None:
            continue  # the end of a report whose beginning was not heard, or another sketch
        elif name == "problem":
            raise TinykitError(f"The board cannot run the model: {value}. {_EXPORT}")
        elif name == "layer":
            found = re.fullmatch(r"(\d+) (\w+) (\d+)", value)
            if not found or int(found[1]) != len(layers) + 1:
                raise _damaged(line)
            layers.append((found[2], int(found[3])))
        elif name == "end":
            return _whole(facts, layers)
        else:
            facts[name] = value
    return None


def _check_version(line: str) -> None:
    if line != f"{_FIRST} {FORMAT}":
        raise TinykitError(f'The sketch is of another version of tinykit ("{line}"). {_EXPORT}')


def _damaged(what: str) -> TinykitError:
    return TinykitError(
        f'A line of the report is damaged or missing ("{what.strip()}"). '
        "Close other programs that use the port, and measure again."
    )


def _whole(facts: dict[str, str], layers: list[tuple[str, int]]) -> BoardReport:
    for name in (*_NUMBERS, "board", "model", "counter"):
        if not facts.get(name) or (name in _NUMBERS and not facts[name].isdecimal()):
            raise _damaged(f"{name} {facts.get(name, '')}")
    numbers = {name: int(facts[name]) for name in _NUMBERS}
    if numbers.pop("layers") != len(layers):
        raise _damaged(f"layers {facts['layers']}")
    cache = {"on": True, "off": False}.get(facts.get("cache", ""))
    return BoardReport(
        facts["board"],
        facts["model"],
        counter=facts["counter"],
        cache=cache,
        layers=tuple(layers),
        **numbers,
    )


# Where it comes from


def _report_of_run(run: BoardRun) -> BoardReport:
    report = first_report(line.text for line in run.serial)
    if report is None:
        why = str(run.fault) if run.fault else f"it ran for {run.seconds:g} s"
        raise TinykitError(
            f"The virtual board printed no whole report: {why}. Run a sketch of "
            "tk.export_benchmark, for more seconds."
        )
    return report


def _report_of_port(port: str) -> BoardReport:
    try:
        with Link(port) as link:
            heard = _Heard(link)
            report = first_report(heard.lines())
    except BoardError as error:
        raise TinykitError(str(error)) from error
    if report is None:
        raise heard.problem()
    return report


class _Heard:
    """What arrives on a port, line by line, until nothing of a report does for a while."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._rest = b""
        self._other = b""  # what belongs to no report
        self._begun = False

    def lines(self) -> Iterator[str]:
        """The lines; ends when there is no more hope."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            *whole, self._rest = (self._rest + self._link.receive()).split(b"\n")
            self._rest = self._rest[-_MOST_KEPT:]
            for content in whole:
                line = content.decode("utf-8", "replace").strip()
                self._begun = self._begun or line.startswith(_FIRST)
                if self._begun and line.split(" ")[0] in _WORDS:
                    until = time.monotonic() + _PATIENCE
                elif not self._begun:
                    self._other = (self._other + content + b"\n")[-_MOST_KEPT:]
                yield line

    def problem(self) -> TinykitError:
        """Why there was no report."""
        heard, port = self._other + self._rest, self._link.port
        if self._begun:
            return TinykitError(
                f"The board on {port} began a report and fell silent for {_PATIENCE:g} s. Press "
                "its reset button, or export and flash the sketch again."
            )
        if not heard:
            return TinykitError(
                f"Nothing is heard from {port} for {_PATIENCE:g} s. Flash the sketch of "
                "tk.export_benchmark to the board, and check that this is its port."
            )
        odd = sum(byte not in b"\t\r\n" and not 32 <= byte < 127 for byte in heard)
        if odd > 0.2 * len(heard):
            return TinykitError(
                f"What arrives on {port} is no text at {BAUD:,} baud: it is sent at another rate, "
                "or by something else. Flash the sketch of tk.export_benchmark to the board."
            )
        sample = heard.decode("utf-8", "replace").strip().splitlines()[-1][:60]
        return TinykitError(
            f'The board on {port} runs another sketch: it says "{sample}". '
            "Flash the sketch of tk.export_benchmark to it."
        )
