"""The virtual board's motion sensor."""

import numpy as np

from tinykit.board.virtual.machine import Machine


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
