"""A FlatBuffer (https://flatbuffers.dev/internals): tables that point to each other by offsets.

Every offset and length is checked before it is followed, so a file that was cut short or damaged
ends in a DamagedError instead of a crash in an interpreter written in C++.
"""

import struct


class DamagedError(Exception):
    """The bytes do not form what the schema says; the text says where."""


class Table:
    """A FlatBuffer table: `field(i)` is the position of field i, or None when it is left out."""

    def __init__(self, reader: "FlatBuffer", position: int) -> None:
        self._reader, self._position = reader, position
        self._vtable = position - reader.number("<i", position)
        size = reader.number("<H", self._vtable)
        table_size = reader.number("<H", self._vtable + 2)
        if size < 4 or max(self._vtable + size, position + table_size) > len(reader.data):
            raise DamagedError(f"table at byte {position}")
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
        start, count = self.span(index, struct.calcsize(layout))
        if not count:
            return ()
        return struct.unpack_from(f"<{count}{layout}", self._reader.data, start)

    def raw(self, index: int) -> bytes:
        """A vector of bytes or a string."""
        start, count = self.span(index, 1)
        return self._reader.data[start : start + count]

    def table(self, index: int) -> "Table | None":
        position = self.field(index)
        return None if position is None else self._reader.table(position)

    def tables(self, index: int) -> list["Table"]:
        start, count = self.span(index, 4)
        return [self._reader.table(start + 4 * i) for i in range(count)]

    def span(self, index: int, item_bytes: int) -> tuple[int, int]:
        """Start and length of a vector; (0, 0) when it is left out."""
        position = self.field(index)
        return (0, 0) if position is None else self._reader.span(position, item_bytes)


class FlatBuffer:
    """Follows offsets in the file's bytes, never outside them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        # A sound file holds everything once. Offsets that make the same bytes be read over and
        # over (a small file posing as a huge one) use this up.
        self._bytes_left = 2 * len(data) + 4096

    def number(self, layout: str, position: int) -> int:
        size = struct.calcsize(layout)
        if not 0 <= position <= len(self.data) - size:
            raise DamagedError(f"byte {position} of {len(self.data)}")
        return struct.unpack_from(layout, self.data, position)[0]

    def table(self, position: int) -> Table:
        """The table that the offset at `position` points to."""
        return Table(self, position + self.number("<I", position))

    def span(self, position: int, item_bytes: int) -> tuple[int, int]:
        """Start and length of the vector that the offset at `position` points to."""
        start = position + self.number("<I", position)
        count = self.number("<I", start)
        self._bytes_left -= 4 + count * item_bytes
        if start + 4 + count * item_bytes > len(self.data) or self._bytes_left < 0:
            raise DamagedError(f"{count} items at byte {start} of {len(self.data)}")
        return start + 4, count
