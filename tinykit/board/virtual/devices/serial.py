"""The virtual board's serial port."""

from dataclasses import dataclass

from tinykit.board.virtual.machine import FOREVER, Machine

MOST_KEPT = 100_000  # lines of Serial, and changes of pins


@dataclass(frozen=True)
class SerialLine:
    """A line that the sketch printed, and when it began to."""

    seconds: float
    text: str

    def __str__(self) -> str:
        return f"{self.seconds:9.3f} s  {self.text}"


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
