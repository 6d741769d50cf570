"""What is around the processor: serial port, pins, microphone, motion sensor, camera.

The sketch reaches them through doors, registers at fixed addresses (core/doors.h has the same
numbers). All times are in cycles of the processor's clock; all devices are deterministic.
"""

from collections.abc import Sequence

import numpy as np

from tinykit.board.virtual.backtrace import backtrace
from tinykit.board.virtual.devices.audio import Microphone
from tinykit.board.virtual.devices.image import Camera
from tinykit.board.virtual.devices.motion import MotionSensor
from tinykit.board.virtual.devices.pins import Pins
from tinykit.board.virtual.devices.serial import SerialPort
from tinykit.board.virtual.machine import Machine, MachineError

# What an answer takes, roughly: from the USB driver, from a pin, from the converter to digital.
_ANSWER_MICROSECONDS = {0x08: 5, 0x0C: 5, 0x10: 5, 0x28: 3, 0x2C: 20}


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
