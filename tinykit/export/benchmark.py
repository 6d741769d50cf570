"""A compiled model -> an Arduino sketch that measures it on a real board, layer by layer.

`tk.measure` reads what the sketch prints (tinykit/board/measuring.py has the format's reader).
"""

from dataclasses import dataclass, replace
from pathlib import Path

from tinykit.board.measuring import FORMAT, RUNS
from tinykit.board.profiles import Board, find_board
from tinykit.common.errors import TinykitError
from tinykit.common.files import refuse_strangers, write_folder
from tinykit.compiler import CompiledModel, compile, cpp
from tinykit.compiler.codegen import kernel_names
from tinykit.datasets.recording.link import BAUD
from tinykit.export.sketch import sketch_name

_TEMPLATES = Path(__file__).parent / "templates"
_FILES = ("layers.h", "sketch.yaml", "README.md")


@dataclass(frozen=True)
class BenchmarkSketch:
    """A sketch that measures a network.

    Attributes:
        path: its folder.
        board: the board it was written for.
        model: name of the network.
        layers: how many there are.
    """

    path: Path
    board: Board
    model: str
    layers: int

    def __str__(self) -> str:
        return (
            f"{self.path.as_posix()} measures the {self.layers} layers of {self.model} on the "
            f"{self.board.title}: flash it, then tk.measure(port, model)"
        )

    __repr__ = __str__


def export_benchmark(
    model, out: Path | str | None = None, board: str | Board = "nano33ble"
) -> BenchmarkSketch:
    """Write the Arduino sketch that measures a model on a board.

    Args:
        model: what `tk.compile` takes: a TinyModel, a .tflite file or its bytes; or what it gives.
        out: the sketch's folder, which names the sketch. Default: build/NAME/benchmark.
        board: a name from `tinykit.boards`, or a Board.

    Raises TinykitError when the board is not known, the model cannot be compiled or has several
    inputs or outputs, and when the folder cannot be written or holds something else.
    """
    board = find_board(board)
    compiled = model if isinstance(model, CompiledModel) else compile(model)
    if len(compiled.graph.inputs) != 1 or len(compiled.graph.outputs) != 1:
        raise TinykitError(
            f"{compiled.name} has several inputs or outputs, which the benchmark cannot fill or "
            "check. Take a model with one of each."
        )
    path = _folder(compiled, out)
    write_folder(path, _sources(compiled, path.resolve().name, board))
    return BenchmarkSketch(path, board, wire_name(compiled), len(compiled.steps))


def wire_name(compiled: CompiledModel) -> str:
    """The model's name as the sketch prints it: letters, digits and underscores."""
    return sketch_name(compiled.name)


def _folder(compiled: CompiledModel, out: Path | str | None) -> Path:
    """The folder to write; refuses one that holds anything but an earlier benchmark."""
    path = Path("build") / sketch_name(compiled.name) / "benchmark" if out is None else Path(out)
    name = path.resolve().name
    if name != sketch_name(name):
        raise TinykitError(
            f'"{name}" cannot be the name of a sketch. Name the folder {sketch_name(name)}.'
        )
    if path.is_file():
        raise TinykitError(f"{path} is a file. Choose a folder for the sketch.")
    refuse_strangers(path, {f"{name}.ino", "model.h", "model.cpp", *_FILES, *kernel_names()})
    return path


def _sources(compiled: CompiledModel, name: str, board: Board) -> dict[str, str]:
    """Text of every file of the sketch, by its path in the folder."""
    model = replace(compiled, name=wire_name(compiled)).sources()
    counts = board.processor.startswith(("Cortex-M4", "Cortex-M7", "Xtensa"))
    facts = {
        "name": name,
        "model": wire_name(compiled),
        "board": board,
        "steps": compiled.steps,
        "counter": "cycles" if counts else "micros",
        "has_state": "void reset();" in model["model.h"],
        "baud": BAUD,
        "runs": RUNS,
        "version": FORMAT,
        "libraries": [],
    }
    templates = cpp.templates(_TEMPLATES)
    sources = {
        f"{name}.ino": templates.get_template("benchmark/sketch.ino.j2").render(facts),
        "sketch.yaml": templates.get_template("sketch.yaml.j2").render(facts),
    }
    for file in ("layers.h", "README.md"):
        sources[file] = templates.get_template(f"benchmark/{file}.j2").render(facts)
    return sources | model
