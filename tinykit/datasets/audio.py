"""What an audio data set is, once loaded: clips in three splits, their labels and their voices."""

import html
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Split:
    """The clips of one split, in a random but repeatable order.

    Attributes:
        x: int16 (n, samples), 16-bit PCM.
        y: int64 (n,), index into the data set's labels.
        speakers: str (n,), who speaks; empty for silence cut from a background recording.
        files: str (n,), where the clip came from: `yes/0123abcd_nohash_0.wav`, or
            `silence/<recording>@<seconds>s`.
    """

    x: np.ndarray
    y: np.ndarray
    speakers: np.ndarray
    files: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        return f"Split({len(self):,} clips of {self.x.shape[1]:,} samples)"


@dataclass(frozen=True, eq=False)
class AudioDataset:
    """Clips to train, validate and test a sound classifier with. Taught in notebook 01.

    Attributes:
        labels: the words, then "unknown" (any other word) and "silence".
        sample_rate: Hz.
        train, validation, test: the splits; no voice is in two of them unless a note says so.
        noise: background recordings, int16 of any length, for augmenting the training split.
        source: "bundled", or the folder or archive as it was given.
        notes: what was converted or decided while loading, a sentence each.
    """

    labels: list[str]
    sample_rate: int
    train: Split
    validation: Split
    test: Split
    noise: list[np.ndarray] = field(default_factory=list)
    source: str = "bundled"
    notes: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(split):,} {name}" for name, split in self._splits())
        lines = [
            f"AudioDataset({self.source}): {sizes} clips at {self.sample_rate:,} Hz",
            "labels: " + ", ".join(self.labels),
            *(f"note: {note}" for note in self.notes),
        ]
        return "\n".join(lines)

    def summary(self) -> "Table":
        """How many clips each label has in each split, and of how many voices."""
        rows = [["label", *(name for name, _ in self._splits())]]
        for index, label in enumerate(self.labels):
            rows.append([label, *(self._count(split, index) for _, split in self._splits())])
        rows.append(["all", *(self._count(split, None) for _, split in self._splits())])
        return Table(rows)

    def _splits(self) -> list[tuple[str, Split]]:
        return [("train", self.train), ("validation", self.validation), ("test", self.test)]

    @staticmethod
    def _count(split: Split, label: int | None) -> str:
        chosen = np.full(len(split), True) if label is None else split.y == label
        voices = len(set(split.speakers[chosen]) - {""})
        return f"{chosen.sum():,}" + (f" ({voices:,} voices)" if voices else "")


class Table(str):
    """Rows of text, the first one the heading: aligned as text, a table in a notebook."""

    def __new__(cls, rows: list[list[str]]) -> "Table":
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        table = super().__new__(cls, "\n".join(lines))
        table.rows = rows
        return table

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        cells = [[html.escape(cell) for cell in row] for row in self.rows]
        head = "".join(f"<th>{cell}</th>" for cell in cells[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells[1:]
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
