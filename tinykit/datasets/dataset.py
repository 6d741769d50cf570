"""What every data set is, once loaded: examples in three splits, their labels and their people."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.common.tables import Table


@dataclass(frozen=True, eq=False)
class Split:
    """The examples of one split, in a random but repeatable order.

    Attributes:
        x: the examples. Sound: int16 (n, samples), 16-bit PCM. Motion: an object array (n,) of
            takes, each float32 (rows, axes), so that they may differ in length. Pictures: uint8
            (n, height, width, 3).
        y: int64 (n,), index into the data set's labels.
        speakers: str (n,), whose voice or motion it is, or which scene the picture shows; empty
            where nobody's or not known.
        files: str (n,), where the example came from: `yes/0123abcd_nohash_0.wav`,
            `silence/<recording>@<seconds>s`, `circle/anna.csv#3` for the third take in a file.
    """

    x: np.ndarray
    y: np.ndarray
    speakers: np.ndarray
    files: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        if self.x.dtype == object:
            return f"Split({len(self):,} takes)"
        if self.x.ndim == 4:
            return f"Split({len(self):,} pictures of {self.x.shape[2]} x {self.x.shape[1]})"
        return f"Split({len(self):,} clips of {self.x.shape[1]:,} samples)"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples to train, validate and test a classifier with.

    Attributes:
        labels: the names of the classes, in the order of the network's outputs.
        train, validation, test: the splits; nobody is in two of them unless a note says so.
        source: "bundled", or the folder, archive or file as it was given.
        notes: what was converted or decided while loading, a sentence each.
    """

    examples: ClassVar[str] = "examples"
    people: ClassVar[str] = "people"

    labels: list[str]
    train: Split
    validation: Split
    test: Split
    source: str = "bundled"
    notes: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(split):,} {name}" for name, split in self._splits())
        lines = [
            f"{type(self).__name__}({self.source}): {sizes} {self.examples}{self._measure()}",
            "labels: " + ", ".join(self.labels),
            *(f"note: {note}" for note in self.notes),
        ]
        return "\n".join(lines)

    def _measure(self) -> str:
        """What the first line says of each example, such as " at 119 Hz"."""
        return ""

    def summary(self) -> Table:
        """How many examples each label has in each split, and of how many people."""
        splits = self._splits()
        rows = [
            [label, *(self._count(split, index) for _, split in splits)]
            for index, label in [*enumerate(self.labels), (None, "all")]
        ]
        return Table(rows, header=["label", *(name for name, _ in splits)])

    def _splits(self) -> list[tuple[str, Split]]:
        return [("train", self.train), ("validation", self.validation), ("test", self.test)]

    def _count(self, split: Split, label: int | None) -> str:
        chosen = np.full(len(split), True) if label is None else split.y == label
        people = len(set(split.speakers[chosen]) - {""})
        told = self._tells_of(people, int(chosen.sum()))
        return f"{chosen.sum():,}" + (f" ({people:,} {self.people})" if told else "")

    def _tells_of(self, people: int, examples: int) -> bool:
        """Whether the summary says of how many people so many examples are."""
        return people > 0


def path_of(data: Any, kind: type[Dataset]) -> Any:
    """Where the examples are to be read from: `data`, or for a data set where it came from.

    So a cell such as `data = tk.datasets.keyword_spotting(words, data)` may be run twice. None
    stands for the bundled examples. Raises TinykitError for a data set of another `kind`.
    """
    if not isinstance(data, Dataset):
        return data
    if not isinstance(data, kind):
        raise TinykitError(
            f"data is a data set of another kind ({type(data).__name__}, not {kind.__name__}). "
            "Give the path of a folder or archive, or None for the bundled examples."
        )
    return None if data.source == "bundled" else data.source


@dataclass(frozen=True, eq=False, repr=False)
class SampledDataset(Dataset):
    """A data set of what a sensor measures at regular times.

    Attributes:
        sample_rate: Hz.
    """

    sample_rate: float = field(kw_only=True)

    def _measure(self) -> str:
        return f" at {self.sample_rate:,.6g} Hz"
