"""Damaging .tflite files in the ways that disks, networks and converters do - and worse."""

import numpy as np
from tflite_writer import TfliteWriter

import tinykit.quantization.tflite as tflite_file
from tinykit.common.errors import TinykitError

_WORDS = (0, 1, 2, 3, 4, 7, 8, 9, 16, 255, 256, 65_535, 65_536, 2**24, 2**30, 2**31 - 1)
_WORDS += (2**31, 2**32 - 1, 2**32 - 2, 2**32 - 128, 0x7F800000, 0x7FC00000, 0x3F800000, 0x00800000)


class Mutator:
    """Damaged versions of one file: `mutant(seed)`."""

    def __init__(self, original: bytes) -> None:
        self._original = original
        self._structure = _structure(original)

    def mutant(self, seed: int) -> tuple[str, bytes]:
        """What was done, and the damaged file. The same seed does the same damage."""
        rng = np.random.default_rng([seed, len(self._original)])
        kinds = (self.cut, self.flipped, self.overwritten, self.word, self.word, self.number)
        kinds += (self.number, self.number, self.moved, self.inserted, self.removed)
        data, done = bytearray(self._original), []
        for _ in range(rng.choice([1, 1, 1, 2, 5])):
            kind = kinds[rng.integers(len(kinds))]
            kind(data, rng)
            done.append(kind.__name__)
        return "+".join(done), bytes(data)

    def _place(self, data: bytearray, rng: np.random.Generator, align: int = 1) -> int:
        """A position in the file; mostly one that is not a weight, for those may have any value."""
        if rng.random() < 0.9:
            position = int(self._structure[rng.integers(len(self._structure))])
        else:
            position = int(rng.integers(max(1, len(data))))
        return min(position, max(0, len(data) - align)) // align * align

    def cut(self, data: bytearray, rng: np.random.Generator) -> None:
        """The end is missing."""
        del data[
            int(rng.integers(len(data) + 1)) if rng.random() < 0.5 else self._place(data, rng) :
        ]

    def flipped(self, data: bytearray, rng: np.random.Generator) -> None:
        """Some bits are wrong."""
        for _ in range(rng.integers(1, 9)):
            if data:
                data[self._place(data, rng)] ^= 1 << rng.integers(8)

    def overwritten(self, data: bytearray, rng: np.random.Generator) -> None:
        """A stretch of bytes is zero, all ones, or anything."""
        start, size = self._place(data, rng), int(rng.integers(1, 65))
        size = min(size, len(data) - start)
        fill = (bytes(size), b"\xff" * size, rng.bytes(size))[rng.integers(3)]
        data[start : start + size] = fill

    def word(self, data: bytearray, rng: np.random.Generator) -> None:
        """Four bytes (an offset, a size, a scale) are a number that programs stumble over."""
        start = self._place(data, rng, 4)
        if start + 4 <= len(data):
            word = int(rng.choice(_WORDS)) if rng.random() < 0.8 else int(rng.integers(len(data)))
            data[start : start + 4] = word.to_bytes(4, "little")

    def number(self, data: bytearray, rng: np.random.Generator) -> None:
        """A small number (a dimension, a stride, an index) is another one."""
        for _ in range(50):
            start = self._place(data, rng, 4)
            if 0 < int.from_bytes(data[start : start + 4], "little") < 2_000:
                word = int(rng.choice([0, 1, 2, 3, 5, 8, 100, 10_000, 2**20, 2**31 - 1]))
                data[start : start + 4] = word.to_bytes(4, "little")
                return

    def moved(self, data: bytearray, rng: np.random.Generator) -> None:
        """A stretch of bytes is a copy of another."""
        start, end, size = (
            self._place(data, rng, 4),
            self._place(data, rng, 4),
            4 * rng.integers(1, 17),
        )
        size = min(int(size), len(data) - max(start, end))
        data[end : end + size] = data[start : start + size]

    def inserted(self, data: bytearray, rng: np.random.Generator) -> None:
        """Bytes too many."""
        start = self._place(data, rng)
        data[start:start] = rng.bytes(int(rng.integers(1, 17)))

    def removed(self, data: bytearray, rng: np.random.Generator) -> None:
        """Bytes too few."""
        start = self._place(data, rng)
        del data[start : start + int(rng.integers(1, 17))]


class SloppyWriter(TfliteWriter):
    """Writes sound files of unsound networks: give it to `random_model`."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._rng = np.random.default_rng([seed, 77])
        self._rate = self._any(0.005, 0.015, 0.05)

    def _slips(self) -> bool:
        return self._rng.random() < self._rate

    def _any(self, *choices):
        return choices[self._rng.integers(len(choices))]

    def tensor(
        self, shape, scale=None, zero_point=0, dtype="int8", axis=0, data=None, **more
    ) -> int:
        """As TfliteWriter.tensor, but something may be wrong with the tensor."""
        shape = [int(n) for n in shape]
        if self._slips():
            i = int(self._rng.integers(len(shape) + 1))
            number = self._any(0, 1, 2, 3, 7, 16, 1000, 2**20, 2**31 - 1, -1, -2)
            shape = self._any(
                shape[:i] + shape[i + 1 :], [*shape[:i], 1, *shape[i:]], [*shape[:i], number],
                [*shape[:i], number, *shape[i + 1 :]], shape[::-1], [],
            )  # fmt: skip
        if self._slips():
            scale = self._any(
                None, 0.0, -1.0, float("nan"), float("inf"), 1e-38, 1e-20, 1e-9, 1e9, 1e38, [],
                [1, 2], [0.1] * 7, 2.0 ** -self._rng.integers(40),
            )  # fmt: skip
        if self._slips():
            zero_point = self._any(-129, 128, 127, -128, 1000, 2**31, -(2**40), 1)
        if self._slips():
            dtype = self._any("float32", "int32", "int16", "int8")
        if self._slips():
            axis = int(self._any(-1, 0, 1, 2, 3, 4, 2**31 - 1))
        if data is not None and self._slips():
            big = self._any(-(2**31), 2**31 - 1, 0, 1, -1, 7)
            data = self._any(
                data[:-1], data * 0, np.full_like(data, np.array(big).astype(data.dtype))
            )
            data = np.ascontiguousarray(data)
        return super().tensor(shape, scale, zero_point, dtype, axis, data, **more)

    def operator(self, op, inputs, outputs, **options) -> None:
        """As TfliteWriter.operator, but it may be connected or set up wrongly."""
        n = len(self._tensors)
        if self._slips():
            inputs = self._any(
                inputs[:-1], [*inputs, 0], inputs[::-1], [], [-1, *inputs[1:]],
                [*inputs[:-1], int(self._rng.integers(n))], [*inputs[:-1], n], inputs * 3,
            )  # fmt: skip
        if self._slips():
            outputs = self._any([], [-1], [0], outputs * 2, [int(self._rng.integers(n))], [n])
        for name in options:
            if self._slips():
                wrong = self._any(-1, 0, 1, 2, 3, 4, 5, 100)
                if self._slips() and name.startswith(("stride", "filter", "dil", "depth", "axis")):
                    wrong = self._any(2**31 - 1, -(2**31), 2**20)
                is_text = isinstance(options[name], str)
                wrong = bool(wrong) if isinstance(options[name], bool) else wrong
                options[name] = f"state {wrong}" if is_text else wrong
        if self._slips():
            options = {}
        super().operator(op, inputs, outputs, **options)


def _structure(data: bytes) -> np.ndarray:
    """Positions of the bytes that are not weights."""
    free = np.ones(len(data), bool)
    try:
        tensors = tflite_file.read(data).tensors
    except TinykitError:
        tensors = ()
    for tensor in tensors:
        if tensor.data and len(tensor.data) > 16:
            start = data.find(tensor.data)
            free[start : start + len(tensor.data)] = False
    return np.flatnonzero(free)
