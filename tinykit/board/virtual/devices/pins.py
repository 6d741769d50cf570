"""The virtual board's pins: LEDs, buttons, voltages."""

from dataclasses import dataclass

from tinykit.board.virtual.devices.serial import MOST_KEPT
from tinykit.board.virtual.machine import Machine

_LED_PINS = {13: "LED_BUILTIN", 22: "LEDR", 23: "LEDG", 24: "LEDB", 25: "LED_PWR"}

_PIN_NAMES = {
    **{pin: f"D{pin}" for pin in range(13)},
    **{14 + pin: f"A{pin}" for pin in range(8)},
    **_LED_PINS,
}


@dataclass(frozen=True)
class PinChange:
    """A pin got another level: 0 or 1, or 0 to 255 by analogWrite."""

    seconds: float
    pin: str
    level: int


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
