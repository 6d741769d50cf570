"""What the host check found: a PASS/FAIL table for the notebook, a dict for report.json."""

from dataclasses import asdict, dataclass, field

from tinykit.common.tables import Table

ENOUGH = 500  # inputs; fewer say little about a difference that one output in a hundred shows
STAND_IN_NOTE = (
    "In place of TFLM, TensorFlow Lite's reference kernels ran the inputs: accuracy, recall and "
    "confusion are theirs, and whether TFLM computes the same was not seen."
)
FULLY_CONNECTED_NOTE = (
    "Known cause: in FULLY_CONNECTED, TensorFlow Lite computes the output scale less exactly than "
    "TFLM, so a value on the edge may round the other way. A 1x1 convolution agrees everywhere."
)

# Read on white and on black.
_COLOURS = {"PASS": "#3c9a4e", "FAIL": "#d9534f", "SKIP": "#c98a00"}


@dataclass(frozen=True)
class BoardCheck:
    """What the virtual board made of the compiled model.

    Attributes:
        name: the board.
        samples: inputs that it ran.
        different: inputs for which its output differs from TFLM's in any byte (from TensorFlow
            Lite's where TFLM has no package).
        instructions: executed for one inference, exactly.
        ram_bytes: static memory and the deepest stack.
        stack_bytes: the deepest stack alone.
        flash_bytes: code and constants.
    """

    name: str
    samples: int
    different: int
    instructions: int
    ram_bytes: int
    stack_bytes: int
    flash_bytes: int

    @property
    def identical(self) -> bool:
        """Whether every byte was the same."""
        return self.different == 0

    def to_dict(self) -> dict:
        """Everything, ready for JSON."""
        return asdict(self) | {"identical": self.identical}


@dataclass(frozen=True)
class OutputCheck:
    """One output of a .tflite file.

    Attributes:
        name, dtype: of the tensor in the file.
        shape: without the batch.
        different: inputs for which TFLM's differs from TensorFlow Lite's in any byte.
        max_lsb: the largest difference, in steps of the output; of a float output that DEQUANTIZE
            made, in steps of the integers that it was made of.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    different: int
    max_lsb: int

    def row(self, number: int, samples: int) -> tuple[str, str, str]:
        """Its line of the table."""
        size = "x".join(map(str, self.shape)) or "1"
        what, described = f"  output {number}", f"{self.dtype} {size}"
        if not self.different:
            return what, f"{described}: every byte of {samples:,}", "PASS"
        by = f"{self.different:,} of {samples:,} differ, by up to {self.max_lsb} LSB"
        return what, f"{described}: {by}", "FAIL"


@dataclass(frozen=True)
class Report:
    """The result of one host check.

    Attributes:
        name: of the project or file.
        labels: class names, as they index `confusion`; empty for a model without labels.
        samples: inputs that were run.
        different: inputs for which TFLM's output differs from TensorFlow Lite's in any byte; None
            where they could not be compared: `not_compared` says why; or where TFLM has no
            package (macOS, Windows, Linux on ARM): there `not_checked` says so, and recall and
            confusion are those of TensorFlow Lite's reference kernels.
        max_lsb: the largest difference between two output bytes, in int8 steps; None likewise.
        accuracy: share of right answers, 0 ... 1: "int8" under TensorFlow Lite, "tflm" under TFLM,
            and "float" when the Keras model was given. Empty without true classes; without "tflm"
            where TFLM has no package.
        balanced_accuracy: the same, as the mean over the classes.
        recall: label -> share of its inputs that TFLM recognized.
        confusion: counts under TFLM, row = true class, column = answer.
        arena_bytes: smallest arena in which TFLM works on this computer; None if unknown. Pointers
            are 64-bit here, so a 32-bit board needs less, but for its faster kernels' scratch
            memory.
        arena: "total", "head" (activations, scratch) and "tail" (what lasts), bytes.
        ops: each operator the model uses, once.
        macs: multiply-accumulates of one inference.
        tflite_bytes: size of the model file.
        engine_versions: "tflm" and "litert", each a package and its version.
        max_loss: how much accuracy int8 may lose against float.
        notes: what to know about this check, one sentence each.
        not_checked: why TFLM was not asked and what to do; empty when it was.
        board: what the virtual board made of the compiled model; None when it was not asked, or
            could not run it.
        board_missing: why the board that was asked could not run the model; empty otherwise.
        not_compared: why TensorFlow Lite could not run what TFLM runs; empty when it could.
        outputs: each output of a .tflite file, where they were compared.
        steps: how many inferences belong together: 1, or, of a model that keeps a state, all of
            the sequence that was compared step by step.
    """

    name: str
    labels: list[str]
    samples: int
    different: int | None
    max_lsb: int | None
    arena_bytes: int | None
    arena: dict[str, int]
    ops: list[str]
    macs: int
    tflite_bytes: int
    engine_versions: dict[str, str]
    accuracy: dict[str, float] = field(default_factory=dict)
    balanced_accuracy: dict[str, float] = field(default_factory=dict)
    recall: dict[str, float] = field(default_factory=dict)
    confusion: list[list[int]] = field(default_factory=list)
    max_loss: float = 0.01
    notes: list[str] = field(default_factory=list)
    not_checked: str = ""
    board: BoardCheck | None = None
    board_missing: str = ""
    not_compared: str = ""
    outputs: list[OutputCheck] = field(default_factory=list)
    steps: int = 1

    @property
    def identical(self) -> bool | None:
        """Whether TFLM computed every byte as TensorFlow Lite did; None where it cannot run."""
        return None if self.different is None else self.different == 0

    @property
    def int8_loss(self) -> float | None:
        """Accuracy that int8 lost against float (negative: gained); None if unknown.

        Under TFLM; where it cannot run, under the reference kernels.
        """
        if "float" not in self.accuracy:
            return None
        return self.accuracy["float"] - self.accuracy.get("tflm", self.accuracy["int8"])

    @property
    def passed(self) -> bool:
        """Whether no check failed. One that could not be made ("SKIP") did not fail."""
        return all(verdict != "FAIL" for _, _, verdict in self.rows())

    @property
    def verdict(self) -> str:
        """In a word: "PASS", "FAIL", or "SKIP" when nothing was compared and nothing failed."""
        skipped = self.not_checked or self.not_compared
        return ("SKIP" if skipped else "PASS") if self.passed else "FAIL"

    def rows(self) -> list[tuple[str, str, str]]:
        """The table: what, result, and "PASS", "FAIL", "SKIP" or "" (nothing to pass)."""
        rows = [self._parity_row()]
        if len(self.outputs) > 1:
            rows += [output.row(i, self.samples) for i, output in enumerate(self.outputs, 1)]
        if self.board or self.board_missing:
            rows.append(self._board_row())
        if self.int8_loss is not None:
            loss = 100 * self.int8_loss
            # Counted in inputs: of few, a single one is more than the limit and means nothing.
            marked = sum(map(sum, self.confusion))
            fits = round(self.int8_loss * marked) <= max(1, self.max_loss * marked)
            result = f"{loss:+.2f} points, at most {100 * self.max_loss:g} allowed"
            rows.append(("accuracy lost to int8", result, "PASS" if fits else "FAIL"))
        if self.accuracy:
            rows.append(("accuracy", _percentages(self.accuracy), ""))
            rows.append(("balanced accuracy", _percentages(self.balanced_accuracy), ""))
            rows.append(("recognized, by class", _percentages(self.recall), ""))
        rows.append(("arena", self._arena_text(), ""))
        rows.append(("model file", f"{self.tflite_bytes:,} bytes", ""))
        rows.append(("one inference", f"{self.macs:,} multiply-accumulates", ""))
        if self.board:
            text = f"{self.board.instructions:,} instructions, {self.board.ram_bytes:,} bytes RAM"
            rows.append(("compiled", f"{text}, {self.board.flash_bytes:,} bytes flash", ""))
        rows.append(("operators", ", ".join(self.ops), ""))
        return rows

    def to_dict(self) -> dict:
        """Everything, ready for JSON."""
        names = [name for name in self.__dataclass_fields__ if name != "max_loss"]
        extra = {"identical": self.identical, "passed": self.passed}
        extra["board"] = self.board and self.board.to_dict()
        extra["outputs"] = [asdict(output) for output in self.outputs]
        return {name: getattr(self, name) for name in names} | extra

    def _parity_row(self) -> tuple[str, str, str]:
        what = "TFLM = TensorFlow Lite"
        if self.not_checked:
            return what, f"not checked: {self.not_checked}", "SKIP"
        if self.not_compared:
            return what, f"TFLM runs it; not compared: {self.not_compared}", "SKIP"
        if self.identical:
            return what, f"every byte of {self.samples:,} outputs", "PASS"
        return (
            what,
            f"{self.different:,} of {self.samples:,} outputs differ, by up to {self.max_lsb} LSB",
            "FAIL",
        )

    def _board_row(self) -> tuple[str, str, str]:
        judge = "TensorFlow Lite" if self.not_checked else "TFLM"
        what = f"compiled C++ = {judge}"
        if self.board is None:
            return what, f"not run: {self.board_missing}", "SKIP"
        samples = f"{self.board.samples:,} outputs"
        if self.board.identical:
            return what, f"every byte of {samples} on the virtual board", "PASS"
        return what, f"{self.board.different:,} of {samples} differ on the virtual board", "FAIL"

    def _arena_text(self) -> str:
        if self.arena_bytes is None:
            return "not measured"
        parts = [f"{key} {self.arena[key]:,}" for key in ("head", "tail") if key in self.arena]
        return f"{self.arena_bytes:,} bytes" + (f" ({', '.join(parts)})" if parts else "")

    def __repr__(self) -> str:
        return f"Report({self.name}: {self.verdict}, {self.rows()[0][1]})"

    @property
    def table(self) -> Table:
        """A row a finding: the verdict, what was asked, the answer."""
        rows = [(verdict, what, result) for what, result, verdict in self.rows()]
        rows.append(("", "engines", ", ".join(self.engine_versions.values())))
        return Table(rows, title=self.name, footer=self.notes, colours=_COLOURS)

    def __str__(self) -> str:
        return str(self.table)

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def _percentages(values: dict[str, float]) -> str:
    return ", ".join(f"{key} {100 * value:.1f} %" for key, value in values.items())
