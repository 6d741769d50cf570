"""What a board did with a sketch: the report of a run on the virtual board."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

from tinykit.board.corrections import corrected_by
from tinykit.board.profiles import Board
from tinykit.board.virtual.backtrace import Frame
from tinykit.board.virtual.devices.pins import PinChange
from tinykit.board.virtual.devices.serial import MOST_KEPT, SerialLine
from tinykit.board.virtual.functions import FunctionRun

_MOST_SHOWN = 40  # lines of Serial
_HEADING = "   printed at  by the sketch"
_CALLERS = {"boardSetup": "setup", "boardLoop": "loop"}  # core/arduino.cpp
_START_UP = ("boardConstruct", "_GLOBAL__sub_I_")  # before setup(): core/boot.cpp, the compiler


@dataclass(frozen=True)
class Inference:
    """One call of model::invoke(): when it began, and what it took without interrupts."""

    seconds: float
    instructions: int
    cycles: int


@dataclass(frozen=True)
class Fault:
    """Why a run ended early, or never got anywhere.

    Attributes:
        seconds: when.
        what: what happened, one sentence.
        backtrace: the functions that were being executed, the innermost first.
        files: the sketch's own files.
    """

    seconds: float
    what: str
    backtrace: tuple[Frame, ...]
    files: tuple[str, ...] = field(repr=False, default=())

    @property
    def frame(self) -> Frame | None:
        """The innermost function that stands in the sketch's own files."""
        return own_frame(self.backtrace, self.files)

    @property
    def function(self) -> str:
        """Name of that function."""
        return self.frame.function if self.frame else ""

    @property
    def file(self) -> str:
        """Its file."""
        return self.frame.file if self.frame else ""

    @property
    def line(self) -> int:
        """The line in it."""
        return self.frame.line if self.frame else 0

    def __str__(self) -> str:
        place = f", in {self.frame}" if self.frame else ""
        lines = [f"{self.what} After {self.seconds:.3f} s{place}."]
        lines += [f"  called from {frame}" for frame in self._callers()]
        return "\n".join(lines)

    __repr__ = __str__

    def _callers(self) -> list[Frame]:
        if self.frame not in self.backtrace:
            return []
        above = self.backtrace[self.backtrace.index(self.frame) + 1 :]
        hidden = (*_CALLERS, *_START_UP)
        return [frame for frame in above if not frame.function.startswith(hidden)]


def own_frame(backtrace: Sequence[Frame], files: Sequence[str]) -> Frame | None:
    """The innermost function that stands in the sketch's own files; else the innermost one."""
    for frame in backtrace:
        if frame.file in files:
            return frame
        if frame.function in _CALLERS:  # the sketch jumped away as its last act
            return Frame(_CALLERS[frame.function], "", 0)
    return next(iter(backtrace), None)


@dataclass(frozen=True)
class BoardRun:
    """What a board did with a sketch. Print it, or show it in a notebook.

    Attributes:
        board: the board's profile.
        name: of the sketch.
        seconds: how long it ran, on the board's clock.
        serial: lines that were printed, the first 100,000; so many changes of pins, too.
        leds: changes of the LEDs' pins; the RGB LED's light up when LOW.
        pins: changes of all pins.
        instructions: executed, exact.
        cycles: since the start, waiting included (estimate; counter.c and flash.c have the model).
        correction: what a measurement on a real board has multiplied them by; 1 without.
        busy: share of the time in which the processor was not waiting, 0 to 1.
        inferences: calls of model::invoke().
        lost_samples: samples of the recording that the sketch never got.
        microphone_stopped: when the PDM library stopped for good because the samples before had
            not been read yet, in seconds; None when it never did.
        lost_motion: rows of motion that passed unread between two that were read.
        pictures: when each picture was taken, in seconds.
        static_bytes: RAM of global and static variables.
        stack_bytes: deepest stack.
        flash_bytes: code and constants of sketch and libraries. Of the real board's core, which
            takes more (`Board.core_flash`, `core_ram`), only what the sketch uses is there.
        functions: what every function executed itself, the most expensive first.
        fault: None when all went well.
        notes: what is no fault, but worth knowing: where setup() or loop() waits.
    """

    board: Board
    name: str
    seconds: float
    serial: list[SerialLine] = field(repr=False)
    leds: list[PinChange] = field(repr=False)
    pins: list[PinChange] = field(repr=False)
    instructions: int
    cycles: int
    correction: float
    busy: float
    inferences: list[Inference] = field(repr=False)
    lost_samples: int
    microphone_stopped: float | None
    lost_motion: int
    pictures: list[float] = field(repr=False)
    static_bytes: int
    stack_bytes: int
    flash_bytes: int
    functions: list[FunctionRun] = field(repr=False)
    fault: Fault | None
    notes: tuple[str, ...] = ()

    @property
    def ram_bytes(self) -> int:
        """Static RAM and deepest stack."""
        return self.static_bytes + self.stack_bytes

    @property
    def headline(self) -> str:
        """The result in one line."""
        verdict = "stopped by a fault" if self.fault else f"{self.busy:.0%} busy"
        return f"{self.name} on the {self.board.title}: {self.seconds:.1f} s, {verdict}"

    def _facts(self) -> list[str]:
        busy = f"busy for about {self.busy * self.seconds:.2f} s"
        facts = [f"{self.instructions:,} instructions, {busy}"]
        if self.inferences:
            cycles = max(inference.cycles for inference in self.inferences)
            each = f"{1000 * cycles / self.board.clock:.1f} ms each at most"
            facts.append(f"{len(self.inferences)} inferences, about {each}")
        if self.lost_samples:
            facts.append(f"{self.lost_samples:,} samples of the microphone were lost")
        if self.microphone_stopped is not None:
            facts.append(
                f"the microphone stopped after {self.microphone_stopped:.3f} s: "
                "the samples before had not been read"
            )
        if self.lost_motion:
            facts.append(f"{self.lost_motion:,} samples of the motion sensor were not read")
        for what, kept in (("lines", self.serial), ("changes of pins", self.pins)):
            if len(kept) == MOST_KEPT:
                facts.append(f"only the first {MOST_KEPT:,} {what} were kept")
        if self.correction != 1:
            facts.append(f"times are {corrected_by(self.correction)}")
        facts += self.notes
        facts.append(
            f"RAM {self.ram_bytes:,} bytes ({self.static_bytes:,} static, {self.stack_bytes:,} "
            f"stack), flash {self.flash_bytes:,} bytes, without Arduino's core"
        )
        return facts

    def __str__(self) -> str:
        lines = [self.headline, *(f"  {fact}" for fact in self._facts())]
        shown = self.serial[:_MOST_SHOWN]
        lines += [f"  {_HEADING}"] if shown else []
        lines += [f"  {line}" for line in shown]
        if len(self.serial) > len(shown):
            lines.append(f"  ... {len(self.serial) - len(shown):,} more lines")
        if self.fault:
            lines += [f"  {line}" for line in str(self.fault).splitlines()]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        facts = "<br>".join(map(html.escape, self._facts()))
        shown = [str(line) for line in self.serial[:_MOST_SHOWN]]
        shown[:0] = [_HEADING] if shown else []
        if len(self.serial) > len(shown):
            shown.append(f"... {len(self.serial) - len(shown):,} more lines")
        fault = f"<pre><b>{html.escape(str(self.fault))}</b></pre>" if self.fault else ""
        serial = f"<pre>{html.escape(chr(10).join(shown))}</pre>" if shown else ""
        return f"<b>{html.escape(self.headline)}</b><br><small>{facts}</small>{serial}{fault}"
