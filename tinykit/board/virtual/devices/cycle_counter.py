"""Registers of the processor and the chip that a sketch may look at to measure itself.

The cycle counter of the Cortex-M4's "data watchpoint and trace" unit (ARM DDI 0403, section C1.8),
the register that switches the unit on (DEMCR, section C1.6.5), and the one that says whether the
nRF52840's instruction cache is on (product specification, chapter "NVMC").
"""

from typing import Protocol

from tinykit.board.virtual.machine import Machine

_DWT, _DEBUG, _NVMC = 0xE000_1000, 0xE000_E000, 0x4001_E000  # pages
_CTRL, _CYCCNT = 0x000, 0x004
_DEMCR, _TRACE_ON = 0xDFC, 1 << 24
_ICACHECNF = 0x540


class Registers(Protocol):
    """A page of registers."""

    def read(self, offset: int) -> int:
        """The value of the register at a byte offset."""

    def write(self, offset: int, value: int) -> None:
        """Set it."""


class Plain:
    """Registers that keep what is written to them, and do no more."""

    def __init__(self, values: dict[int, int]) -> None:
        self._values = values

    def read(self, offset: int) -> int:
        return self._values.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        self._values[offset] = value & 0xFFFF_FFFF


class CycleCounter:
    """Counts the processor's cycles while it is on, in 32 bits."""

    def __init__(self, machine: Machine, debug: Plain) -> None:
        self._machine = machine
        self._debug = debug
        self._control = 0
        self._value = 0  # of the counter at `_since`, in the machine's cycles
        self._since = 0

    def read(self, offset: int) -> int:
        if offset == _CTRL:
            return self._control
        if offset != _CYCCNT:
            return 0
        clock = self._machine.clock
        clock["looked"] = clock["micros_read"] = 1  # a loop() that looks here does not just wait
        self._advance()
        return self._value

    def write(self, offset: int, value: int) -> None:
        self._advance()
        if offset == _CTRL:
            self._control = value
        elif offset == _CYCCNT:
            self._value = value & 0xFFFF_FFFF

    def _advance(self) -> None:
        now = self._machine.cycles
        if self._control & 1 and self._debug.read(_DEMCR) & _TRACE_ON:
            self._value = (self._value + now - self._since) & 0xFFFF_FFFF
        self._since = now


def registers_of(machine: Machine) -> dict[int, Registers]:
    """All of them, by the address of their page."""
    debug = Plain({})
    cache = Plain({_ICACHECNF: 1})  # on, as flash.c assumes
    return {_DWT: CycleCounter(machine, debug), _DEBUG: debug, _NVMC: cache}
