"""Reading a .tflite file in plain Python.

A .tflite file is a FlatBuffer (https://flatbuffers.dev/internals): tables that point to each other
by offsets. Every offset and length is checked before it is followed, so a file that was cut
short or damaged ends in one TinykitError instead of a crash in an interpreter written in C++.
The field numbers are those of `schema.fbs` of TensorFlow Lite, version 3.
"""

import math
import struct
from collections import Counter
from pathlib import Path

from tinykit.common.errors import TinykitError
from tinykit.quantization.tflite.file import Operator, Quantization, Tensor, TfliteFile
from tinykit.quantization.tflite.schema import OPERATORS, OPTIONS, TYPES, WORDS

_MAX_RANK = 8

_MAX_TENSOR_BYTES = 1 << 26  # 64 MB: far more than any board has, little for a laptop

DAMAGED = "Export or download it again"


def read(model: bytes | Path | str, source: str | None = None) -> TfliteFile:
    """Read a .tflite file's structure.

    Args:
        model: the file's bytes, or its path.
        source: what error messages call it; default the path, or "The model".

    Raises TinykitError when the file is missing, cut short, damaged or not a .tflite file.
    """
    data, source = load(model, source)
    if len(data) < 16 or data[4:8] != b"TFL3":
        what = "is empty" if not data else "is not a .tflite file"
        raise TinykitError(f"{source} {what}. Give the model.tflite that tinykit.quantize wrote.")
    try:
        return _Reader(data).model()
    except _DamagedError as error:
        raise TinykitError(f"{source} is cut short or damaged ({error}). {DAMAGED}.") from None


def load(model: bytes | Path | str, source: str | None) -> tuple[bytes, str]:
    if isinstance(model, bytes | bytearray | memoryview):
        return bytes(model), source or "The model"
    path = Path(model)
    try:
        return path.read_bytes(), source or str(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TinykitError(f"{path} cannot be read ({reason}). Check the path.") from error


class _DamagedError(Exception):
    """The bytes do not form what the schema says; the text says where."""


class _Table:
    """A FlatBuffer table: `field(i)` is the position of field i, or None when it is left out."""

    def __init__(self, reader: "_Reader", position: int) -> None:
        self._reader, self._position = reader, position
        self._vtable = position - reader.number("<i", position)
        size = reader.number("<H", self._vtable)
        table_size = reader.number("<H", self._vtable + 2)
        if size < 4 or max(self._vtable + size, position + table_size) > len(reader.data):
            raise _DamagedError(f"table at byte {position}")
        self._n_fields = (size - 4) // 2

    def field(self, index: int) -> int | None:
        if index >= self._n_fields:
            return None
        offset = self._reader.number("<H", self._vtable + 4 + 2 * index)
        return self._position + offset if offset else None

    def number(self, index: int, layout: str, default: int = 0) -> int:
        position = self.field(index)
        return default if position is None else self._reader.number(layout, position)

    def vector(self, index: int, layout: str) -> tuple:
        """A vector of numbers; () when it is left out."""
        start, count = self._span(index, struct.calcsize(layout))
        if not count:
            return ()
        return struct.unpack_from(f"<{count}{layout}", self._reader.data, start)

    def raw(self, index: int) -> bytes:
        """A vector of bytes or a string."""
        start, count = self._span(index, 1)
        return self._reader.data[start : start + count]

    def table(self, index: int) -> "_Table | None":
        position = self.field(index)
        return None if position is None else self._reader.table(position)

    def tables(self, index: int) -> list["_Table"]:
        start, count = self._span(index, 4)
        return [self._reader.table(start + 4 * i) for i in range(count)]

    def _span(self, index: int, item_bytes: int) -> tuple[int, int]:
        position = self.field(index)
        return (0, 0) if position is None else self._reader.span(position, item_bytes)


class _Reader:
    """Follows offsets in the file's bytes, never outside them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        # A sound file holds everything once. Offsets that make the same bytes be read over and
        # over (a small file posing as a huge one) use this up.
        self._bytes_left = 2 * len(data) + 4096

    def number(self, layout: str, position: int) -> int:
        size = struct.calcsize(layout)
        if not 0 <= position <= len(self.data) - size:
            raise _DamagedError(f"byte {position} of {len(self.data)}")
        return struct.unpack_from(layout, self.data, position)[0]

    def table(self, position: int) -> _Table:
        """The table that the offset at `position` points to."""
        return _Table(self, position + self.number("<I", position))

    def span(self, position: int, item_bytes: int) -> tuple[int, int]:
        """Start and length of the vector that the offset at `position` points to."""
        start = position + self.number("<I", position)
        count = self.number("<I", start)
        self._bytes_left -= 4 + count * item_bytes
        if start + 4 + count * item_bytes > len(self.data) or self._bytes_left < 0:
            raise _DamagedError(f"{count} items at byte {start} of {len(self.data)}")
        return start + 4, count

    def model(self) -> TfliteFile:
        model = self.table(0)
        version = model.number(0, "<I")
        if version != 3:
            raise _DamagedError(f"schema version {version}, expected 3")
        subgraphs = model.tables(2)
        if len(subgraphs) != 1:
            raise _DamagedError(f"{len(subgraphs)} graphs, expected 1")
        codes = [self._operator_name(code) for code in model.tables(1)]
        buffers = [buffer.raw(0) for buffer in model.tables(4)]
        tensors = tuple(self._tensor(table, buffers) for table in subgraphs[0].tables(0))
        file = TfliteFile(
            tensors=tensors,
            operators=self._operators(subgraphs[0].tables(3), codes),
            inputs=subgraphs[0].vector(1, "i"),
            outputs=subgraphs[0].vector(2, "i"),
        )
        _check_indices(file)
        return file

    def _operator_name(self, code: _Table) -> str:
        # Files before 2020 hold the number in one byte (field 0), newer ones in field 3.
        number = max(code.number(0, "<b"), code.number(3, "<i"))
        if number < 0:
            raise _DamagedError(f"operator {number}")
        if number >= len(OPERATORS):
            return f"OPERATOR_{number}"
        name = OPERATORS[number]
        if name == "CUSTOM":
            return f"CUSTOM {code.raw(1)[:40].decode('utf-8', 'replace')!r}"
        return name

    def _operators(self, tables: list[_Table], codes: list[str]) -> tuple[Operator, ...]:
        operators, seen = [], Counter()
        for table in tables:
            code = table.number(0, "<I")
            if code >= len(codes):
                raise _DamagedError(f"operator code {code} of {len(codes)}")
            op = codes[code]
            seen[op] += 1
            name = f"{op.lower()}_{seen[op]}"
            inputs, outputs = table.vector(1, "i"), table.vector(2, "i")
            operators.append(Operator(name, op, inputs, outputs, _options(op, name, table)))
        return tuple(operators)

    def _tensor(self, table: _Table, buffers: list[bytes]) -> Tensor:
        name = table.raw(3).decode("utf-8", "replace")
        dtype = TYPES.get(table.number(1, "<b"))
        buffer = table.number(2, "<I")
        shape = table.vector(0, "i")
        shown = name[:40]  # in messages: names made by Keras can be longer than a screen
        if dtype is None or dtype == "string":
            raise _DamagedError(f"tensor {shown!r} of a type no board has")
        if buffer >= len(buffers):
            raise _DamagedError(f"buffer {buffer} of {len(buffers)}")
        if len(shape) > _MAX_RANK or any(size < 1 for size in shape):
            raise _DamagedError(f"tensor {shown!r} of shape {shape[:_MAX_RANK]}")
        data = buffers[buffer] or None
        quantization = self._quantization(table.table(4), shape, shown)
        tensor = Tensor(name, shape, table.vector(7, "i"), dtype, quantization, data)
        if tensor.n_bytes > _MAX_TENSOR_BYTES:
            raise _DamagedError(f"tensor {shown!r} of {tensor.n_bytes:,} bytes")
        if data is not None and len(data) != tensor.n_bytes:
            raise _DamagedError(f"tensor {shown!r}: {len(data)} bytes of {tensor.n_bytes}")
        return tensor

    def _quantization(
        self, table: _Table | None, shape: tuple[int, ...], name: str
    ) -> Quantization | None:
        scale = table.vector(2, "f") if table else ()
        if not scale:
            return None
        zero_point = table.vector(3, "q")  # TensorFlow Lite Micro wants it written out, too
        axis = table.number(6, "<i")
        channels = shape[axis] if 0 <= axis < len(shape) else 1
        if len(scale) not in (1, channels) or len(zero_point) not in (1, len(scale)):
            numbers = f"{len(scale)} scales and {len(zero_point)} zero points"
            raise _DamagedError(f"tensor {name!r}: {numbers} for {channels} channels")
        if not all(math.isfinite(s) and s > 0 for s in scale):
            raise _DamagedError(f"tensor {name!r}: a scale that is not above 0")
        if any(abs(z) > 1 << 15 for z in zero_point):
            raise _DamagedError(f"tensor {name!r}: zero point out of range")
        return Quantization(scale, zero_point, axis)


def _options(op: str, name: str, operator: _Table) -> dict[str, int | float | str]:
    """The options of an operator that are listed in `OPTIONS`."""
    kind, *fields = OPTIONS.get(op, (0,))
    if not fields:
        return {}
    found, table = operator.number(3, "<B"), operator.table(4)
    if table is not None and found != kind:
        raise _DamagedError(f"{name} with options of type {found}, expected {kind}")
    options = {}
    for option, index, layout, default in fields:
        value = table.number(index, layout, default) if table else default
        if option in WORDS:
            if not 0 <= value < len(WORDS[option]):
                raise _DamagedError(f"{name} with {option} {value}")
            value = WORDS[option][value]
        options[option] = value
    return options


def _check_indices(file: TfliteFile) -> None:
    """Every tensor that an operator or the graph names exists."""
    if not file.operators or not file.inputs or not file.outputs:
        raise _DamagedError("a network without layers, inputs or outputs")
    for operator in file.operators:
        if not operator.outputs or not operator.inputs:
            raise _DamagedError(f"{operator.name} without inputs or outputs")
        if min(operator.inputs) < -1 or min(operator.outputs) < 0:
            raise _DamagedError(f"{operator.name} names a tensor below 0")
    named = [i for o in file.operators for i in (*o.inputs, *o.outputs)]
    named += [*file.inputs, *file.outputs]
    if max(named) >= len(file.tensors) or min((*file.inputs, *file.outputs)) < 0:
        raise _DamagedError(f"tensor {max(named)} of {len(file.tensors)}")
