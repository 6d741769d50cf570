"""What is around the processor: serial port, pins, microphone, motion sensor; see camera.py, too.

The sketch reaches them through doors, registers at fixed addresses (core/doors.h has the same
numbers). All times are in cycles of the processor's clock; all devices are deterministic.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinykit.board.backtrace import backtrace
from tinykit.board.camera import Camera
from tinykit.board.machine import FOREVER, Machine, MachineError

MOST_KEPT = 100_000  # lines of Serial, and changes of pins
# What an answer takes, roughly: from the USB driver, from a pin, from the converter to digital.
_ANSWER_MICROSECONDS = {0x08: 5, 0x0C: 5, 0x10: 5, 0x28: 3, 0x2C: 20}
_LED_PINS = {13: "LED_BUILTIN", 22: "LEDR", 23: "LEDG", 24: "LEDB", 25: "LED_PWR"}
_PIN_NAMES = {
    **{pin: f"D{pin}" for pin in range(13)},
    **{14 + pin: f"A{pin}" for pin in range(8)},
    **_LED_PINS,
}


@dataclass(frozen=True)
class SerialLine:
    """A line that the sketch printed, and when it began to."""

    seconds: float
    text: str

    def __str__(self) -> str:
        return f"{self.seconds:9.3f} s  {self.text}"


@dataclass(frozen=True)
class PinChange:
    """A pin got another level: 0 or 1, or 0 to 255 by analogWrite."""

    seconds: float
    pin: str
    level: int


class SerialPort:
    """Collects what is printed, line by line; plays what was typed (pairs of seconds and text)."""

    def __init__(self, machine: Machine, typed: list[tuple[float, str]]) -> None:
        self.lines: list[SerialLine] = []
        self._machine = machine
        self._line = bytearray()
        self._line_start: float | None = None  # None: no line has begun
        self._address = 0
        self._typed = sorted(
            (round(seconds * machine.clock_hz), text.encode("utf-8")) for seconds, text in typed
        )
        self._waiting = bytearray()

    @property
    def next_event(self) -> int:
        """When the next text is typed."""
        return self._typed[0][0] if self._typed else FOREVER

    def deliver(self, now: int) -> None:
        """Take in what was typed until now."""
        while self._typed and self._typed[0][0] <= now:
            self._waiting += self._typed.pop(0)[1]

    def set_address(self, address: int) -> None:
        """Where the bytes of the next `send` are."""
        self._address = address

    def send(self, count: int) -> None:
        """Print `count` bytes."""
        for byte in self._machine.memory(self._address, count).tobytes():
            if self._line_start is None:
                self._line_start = self._machine.seconds
            if byte == ord("\n"):
                self._end_line()
            else:
                self._line.append(byte)

    def _end_line(self) -> None:
        text = self._line.decode("utf-8", "replace").removesuffix("\r")
        if len(self.lines) < MOST_KEPT:
            self.lines.append(SerialLine(self._line_start, text))
        self._line.clear()
        self._line_start = None

    def close(self) -> None:
        """Keep a last line that was not ended."""
        if self._line:
            self._end_line()

    def waiting(self) -> int:
        """Bytes to be read."""
        return len(self._waiting)

    def peek(self) -> int:
        """The next byte, or -1."""
        return self._waiting[0] if self._waiting else -1

    def read(self) -> int:
        """The next byte, taken, or -1."""
        return self._waiting.pop(0) if self._waiting else -1


class Pins:
    """Levels of the pins, and when they changed."""

    def __init__(self, machine: Machine, inputs: dict[str, int]) -> None:
        self.changes: list[PinChange] = []
        self._machine = machine
        self._levels: dict[int, int] = {}
        self._pulled_up: set[int] = set()
        self._inputs = inputs
        self._pin = 0

    def choose(self, pin: int) -> None:
        """Which pin the next call is about."""
        self._pin = pin

    def set_mode(self, mode: int) -> None:
        """0 input, 1 output, 2 input with pull-up."""
        (self._pulled_up.add if mode == 2 else self._pulled_up.discard)(self._pin)

    def write(self, level: int) -> None:
        """Set the level; a change is noted down."""
        if self._levels.get(self._pin) == level:
            return
        self._levels[self._pin] = level
        if len(self.changes) < MOST_KEPT:
            name = _PIN_NAMES.get(self._pin, f"pin {self._pin}")
            self.changes.append(PinChange(self._machine.seconds, name, level))

    def read(self) -> int:
        """Level of an output or of an input; inputs nobody feeds are LOW, or HIGH pulled up."""
        name = _PIN_NAMES.get(self._pin, "")
        if name in self._inputs:
            return int(bool(self._inputs[name]))
        return self._levels.get(self._pin, int(self._pin in self._pulled_up))

    def read_analog(self) -> int:
        """0 to 1023."""
        return self._inputs.get(_PIN_NAMES.get(self._pin, ""), 0)

    @property
    def led_changes(self) -> list[PinChange]:
        """The changes of the LEDs' pins."""
        return [change for change in self.changes if change.pin in _LED_PINS.values()]


class Microphone:
    """Plays a recording into the sketch, block by block, each with an interrupt."""

    def __init__(self, machine: Machine, audio: np.ndarray) -> None:
        self._machine = machine
        self._audio = audio
        self._handler = 0
        self._samples = 256
        self._rate = 0
        self._start = 0
        self._passed = 0  # blocks that are over, whether the sketch got them or not
        self.lost = 0
        self.stopped_at: float | None = None  # seconds: the sketch did not read in time

    def start(self, rate: int) -> None:
        """Begin to listen, or (rate 0) stop."""
        self._rate = rate
        self._start = self._machine.cycles
        self._passed = 0

    def set_handler(self, handler: int) -> None:
        """Which function to call when a block is complete."""
        self._handler = handler

    def set_samples(self, samples: int) -> None:
        """How many samples a block has."""
        self._samples = samples

    def _end_of(self, block: int) -> int:
        samples = (block + 1) * self._samples
        return self._start + samples * self._machine.clock_hz // self._rate

    @property
    def next_event(self) -> int:
        """When the next interrupt is due."""
        if not self._rate or self._machine.clock["interrupts_off"][0]:
            return FOREVER
        return self._end_of(self._passed)

    def deliver(self, now: int) -> None:
        """Interrupt the sketch when a block is complete; blocks before that are lost."""
        if self.next_event > now:
            return
        due = self._passed
        while self._end_of(due + 1) <= now:
            due += 1
        self.lost += (due - self._passed) * self._samples
        self._passed = due + 1
        self._machine.interrupt(self._handler)

    def copy_block(self, address: int) -> None:
        """Put the block that is complete into memory."""
        # The recording begins when the board does, the microphone a little later.
        begin = self._start * self._rate // self._machine.clock_hz
        begin += (self._passed - 1) * self._samples
        heard = self._audio[begin : begin + self._samples]
        block = np.zeros(self._samples, "<i2")
        block[: len(heard)] = heard
        self._machine.memory(address, block.nbytes)[:] = block.view(np.uint8)

    def jam(self, _: int) -> None:
        """The sketch has not read the block before: the library stops for good."""
        self.stopped_at = self._machine.seconds
        self._rate = 0

    def lost_samples(self, end: int, rate: int = 16_000) -> int:
        """Samples of the recording that the sketch never got, until the time `end`."""
        if self.stopped_at is None:
            return self.lost
        heard = min(len(self._audio), round(end / self._machine.clock_hz * rate))
        return self.lost + max(0, heard - round(self.stopped_at * rate) + self._samples)


class MotionSensor:
    """Plays rows of acceleration (g) and rotation (degrees per second) at the sensor's rate.

    It keeps the newest row only; in continuous mode a queue of 32, in which rotation comes first
    and reading acceleration takes the row out (the sketch reads them in this order).
    """

    _RANGES = np.array([4, 4, 4, 2000, 2000, 2000], np.float32) / 32768  # as the libraries set them
    _QUEUE = 32

    def __init__(self, machine: Machine, rows: np.ndarray | None, rate: float) -> None:
        self._machine = machine
        self._rate = rate
        self._endless = rows is None
        at_rest = np.array([[0, 0, 1, 0, 0, 0]], np.float32)
        rows = at_rest if rows is None else rows
        raw = np.clip(np.round(rows / self._RANGES), -32768, 32767)
        self._rows = (raw * self._RANGES).astype("<f4")
        self._start: int | None = None
        self._read = [-1, -1]  # the last rows that were read: acceleration, rotation
        self._latched = self._rows[0]
        self._queued = False
        self.lost = 0  # rows that passed unread between two that were

    def start(self, _: int) -> None:
        """Switch on."""
        self._start = self._machine.cycles

    def set_queue(self, on: int) -> None:
        """Queue rows from now on (1), or keep the newest only (0)."""
        self._queued = bool(on)
        self._read = [self._newest()] * 2

    def _newest(self) -> int:
        """The newest row; -1 before the first."""
        if self._start is None:
            return -1
        passed = int((self._machine.cycles - self._start) * self._rate / self._machine.clock_hz) - 1
        return passed if self._endless else min(passed, len(self._rows) - 1)

    def available(self) -> int:
        """Bit 0: there is acceleration that was not read yet, bit 1: rotation."""
        row = self._newest()
        if self._queued:
            return 3 * (row > self._read[0])
        return int(row > self._read[0]) | int(row > self._read[1]) << 1

    def read(self, axis: int) -> int:
        """The bits of a float32: axes 0 to 2 acceleration, 3 to 5 rotation; 0 and 3 latch."""
        if axis in (0, 3):
            row = self._oldest() if self._queued else max(self._newest(), 0)
            if axis == 0 and self._read[0] >= 0:
                self.lost += max(0, row - self._read[0] - 1)
            if axis == 0 or not self._queued:
                self._read[axis // 3] = row
            self._latched = self._rows[0 if self._endless else row]
        return int(self._latched[axis].view("<u4"))

    def _oldest(self) -> int:
        """The first row in the queue; the row that was read last when it is empty."""
        newest = self._newest()
        return max(0, min(newest, max(self._read[0] + 1, newest + 1 - self._QUEUE)))


class Devices:
    """All devices, and the doors to them."""

    def __init__(
        self,
        machine: Machine,
        *,
        audio: np.ndarray,
        motion: np.ndarray | None,
        motion_rate: float,
        images: Sequence[np.ndarray] | None,
        typed: list[tuple[float, str]],
        inputs: dict[str, int],
    ) -> None:
        self._machine = machine
        self.serial = serial = SerialPort(machine, typed)
        self.pins = pins = Pins(machine, inputs)
        self.microphone = microphone = Microphone(machine, audio)
        self.motion = sensor = MotionSensor(machine, motion, motion_rate)
        self.camera = camera = Camera(machine, images)
        self._writers = {
            0x00: serial.set_address,
            0x04: serial.send,
            0x20: pins.choose,
            0x24: pins.set_mode,
            0x28: pins.write,
            0x2C: pins.write,
            0x30: self._allow_interrupts,
            0x40: microphone.set_handler,
            0x44: microphone.set_samples,
            0x48: microphone.start,
            0x4C: microphone.copy_block,
            0x50: microphone.jam,
            0x60: sensor.start,
            0x90: sensor.set_queue,
            0x80: camera.start,
            0x84: camera.copy_frame,
        }
        self._readers = {
            0x08: serial.waiting,
            0x0C: serial.peek,
            0x10: serial.read,
            0x28: pins.read,
            0x2C: pins.read_analog,
            0x64: sensor.available,
            **{0x68 + 4 * axis: (lambda axis=axis: sensor.read(axis)) for axis in range(6)},
        }
        self.problem: MachineError | None = None

    # Reading these changes nothing, so loop() may still be waiting.
    _HARMLESS = (0x08, 0x0C, 0x28, 0x2C, 0x64)

    def write(self, offset: int, value: int) -> None:
        """The sketch writes to a door."""
        if offset != 0x20:
            self._machine.clock["doors_used"] = 1
        writer = self._writers.get(offset)
        if writer is None:
            return
        try:
            writer(value)
        except MachineError as problem:  # it must not pass through the emulator's C code
            problem.frames = tuple(backtrace(self._machine))
            self.problem = problem
            self._machine.counter.deadline = 0

    def read(self, offset: int) -> int:
        """The sketch reads from a door."""
        clock = self._machine.clock
        clock["looked"] = 1
        if offset not in self._HARMLESS:
            clock["doors_used"] = 1
        if offset in _ANSWER_MICROSECONDS:
            clock["cycles"] += _ANSWER_MICROSECONDS[offset] * self._machine.clock_hz // 1_000_000
        reader = self._readers.get(offset)
        return reader() & 0xFFFFFFFF if reader else 0

    @property
    def next_event(self) -> int:
        """When something happens next."""
        return min(self.microphone.next_event, self.serial.next_event)

    def deliver(self) -> None:
        """Let happen what is due."""
        now = self._machine.cycles
        self.serial.deliver(now)
        self.microphone.deliver(now)

    def _allow_interrupts(self, _: int) -> None:
        if self.microphone.next_event <= self._machine.cycles:
            self._machine.counter.deadline = 0  # stop at once, to deliver it
