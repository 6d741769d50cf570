"""The virtual board's microphone."""

import numpy as np

from tinykit.board.virtual.machine import FOREVER, Machine


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
