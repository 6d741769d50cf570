"""TinyModel -> Arduino sketch. Taught in notebook 01.

What the sketch needs to know - labels, quantization parameters, front-end and decision constants,
ops, arena - goes from the TinyModel into generated files; nothing is left to be typed by hand.
What depends on the kind of data is in a module for each kind: audio.py, motion.py, image.py.
"""

import math
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType

import jinja2

from tinykit.board.fit import Fit, check_engine, check_fit
from tinykit.board.libraries import TFLM
from tinykit.board.profiles import Board, find_board
from tinykit.common.errors import TinykitError
from tinykit.common.files import files_below, refuse_strangers, write_folder
from tinykit.common.kinds import AUDIO, IMAGE, MOTION, kind_of_model
from tinykit.common.tables import Table
from tinykit.compiler import cpp
from tinykit.compiler.codegen import header, kernel_names
from tinykit.compiler.graph import Value
from tinykit.export import audio, image, motion

_LIBRARY = Path(__file__).parents[2] / "arduino" / "TinyKit" / "src"
_TEMPLATES = Path(__file__).parent / "templates"
BY_KIND = {AUDIO: audio, MOTION: motion, IMAGE: image}
_ROOT_FILES = ("config.h", "sketch.yaml", "README.md")
_MAX_NAME = 63  # https://arduino.github.io/arduino-cli/latest/sketch-specification/
_WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Sketch:
    """A sketch as it was written.

    Attributes:
        path: its folder.
        board: the board it was written for.
        fit: what it takes of that board's memory, and with which engine.
        decision: the constants of its decision logic, see `board_decision`; `tk.stream` takes them
            to decide as this board will.
    """

    path: Path
    board: Board
    fit: Fit
    decision: dict[str, int]

    @cached_property
    def files(self) -> dict[str, int]:
        """Sizes in bytes by path relative to the folder, `/` between its parts."""
        found = (path for path in files_below(self.path) if path.is_file())
        return {path.relative_to(self.path).as_posix(): path.stat().st_size for path in found}

    @property
    def table(self) -> Table:
        """The files that a reader opens first, and each folder below, with their sizes."""
        folders: dict[str, list[int]] = {}
        rows = []
        for file, size in self.files.items():
            if folder := file.rpartition("/")[0]:
                folders.setdefault(folder, []).append(size)
            else:
                rows.append((file, f"{size:,}"))
        rows += [
            (f"{name}/ ({len(sizes)} files)", f"{sum(sizes):,}") for name, sizes in folders.items()
        ]
        title = f"{self.path.as_posix()} for {self.board.title}"
        return Table(rows, title=title, footer=[self.fit.headline], right=(1,), indent=2)

    def __str__(self) -> str:
        return str(self.table)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def export_sketch(
    tiny,
    board: str | Board = "nano33ble",
    out: Path | str | None = None,
    engine: str = "compiled",
    *,
    arena_bytes: int | None = None,
) -> Sketch:
    """Write the Arduino sketch of a model of sound, motion or pictures.

    A sketch that was there before is replaced in one step, or not at all.

    Args:
        tiny: a TinyModel with a front end (LogMel, Motion or Picture) and a softmax at its end.
        board: a name from `tinykit.boards`, or a Board.
        out: the sketch's folder; its name is the sketch's name, as Arduino wants it. Default:
            build/NAME/sketch/NAME.
        engine: "compiled": C++ made from the model by `tk.compile`, which needs no library; or
            "tflm": TensorFlow Lite Micro's interpreter. Both give the same bytes.
        arena_bytes: for "tflm": smallest arena on the host (`Report.arena_bytes`); measured when
            left out.

    Raises TinykitError when the board or the engine is not known, when the board lacks the sensor,
    when the model cannot be run by the sketch, and when the folder cannot be written or holds
    something else.
    """
    check_engine(engine)
    board = find_board(board)
    _check_exportable(tiny, board)
    if engine == "tflm":
        _check_tflm_ops(tiny)
    path = _sketch_folder(tiny, out)
    fit = check_fit(tiny, board, engine, arena_bytes=arena_bytes)
    decision = board_decision(tiny, fit)
    sources = _sources(tiny, path.resolve().name, fit, decision)
    write_folder(path, sources)
    return Sketch(path, board, fit, decision)


def board_decision(tiny, fit: Fit) -> dict[str, int]:
    """The constants of the decision logic on a board, as in the sketch's config.h.

    They are those of `tiny.decision`, or the defaults of its kind, adapted to the board's speed.
    """
    return _kind_of(tiny).decision(tiny, fit)


def _kind_of(tiny) -> ModuleType:
    """The module of the model's kind of data."""
    return BY_KIND[kind_of_model(tiny)]


def sketch_name(text: str) -> str:
    """A valid Arduino sketch name made of `text`: letters, digits and underscores.

    It also is a valid file name on every system (Windows keeps CON, NUL ... for devices).
    """
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:_MAX_NAME].rstrip("_")
    if not name or _WINDOWS_DEVICES.fullmatch(name):
        name = f"sketch_{name}".rstrip("_")
    return name


def _check_exportable(tiny, board: Board) -> None:
    """Refuse what the sketch could not run, before anything is written."""
    _kind_of(tiny).check(tiny, board)
    frontend = tiny.frontend
    fits = math.prod(tiny.input_shape) == math.prod(frontend.shape)
    if tiny.is_streaming:
        frames = (tiny.steps_to_fill * tiny.input_shape[0], *tiny.input_shape[1:])
        fits = kind_of_model(tiny) == AUDIO and math.prod(frames) == math.prod(frontend.shape)
    if not fits:
        raise TinykitError(
            f"The model takes {tiny.input_shape}, its front end makes {frontend.shape}. "
            "Train the model on features of this front end."
        )
    if (tiny.output_scale, tiny.output_zero_point) != (1 / 256, -128):
        raise TinykitError(
            f"The model's output (scale {tiny.output_scale:g}, zero point "
            f"{tiny.output_zero_point}) is not an int8 softmax. End the model with a softmax layer."
        )


def _check_tflm_ops(tiny) -> None:
    if tiny.is_streaming:
        raise TinykitError(
            "A sketch with engine='tflm' runs no network that streams. Use engine='compiled'."
        )
    unknown = sorted(set(tiny.ops) - _TFLM_OPS)
    if unknown:
        raise TinykitError(
            f"TensorFlow Lite Micro has no {', '.join(unknown)}. Build the model without it."
        )


def _sketch_folder(tiny, out: Path | str | None) -> Path:
    """The folder to write; refuses one that holds anything but an earlier sketch."""
    if out is None:
        name = sketch_name(tiny.name)
        path = Path("build") / name / "sketch" / name
    else:
        path = Path(out)
    name = path.resolve().name
    if name != sketch_name(name):
        raise TinykitError(
            f'"{name}" cannot be the name of a sketch. Name the folder {sketch_name(name)}.'
        )
    if path.is_file():
        raise TinykitError(f"{path} is a file. Choose a folder for the sketch.")
    library = {file.relative_to(_LIBRARY) for file in _LIBRARY.rglob("*.*")}
    names = {f"src/tinykit/{file.as_posix()}" for file in library}
    names |= set(kernel_names())  # those of earlier versions, too
    names |= {f"{name}.ino", "model.h", "model.cpp", *_ROOT_FILES}
    names |= {file for kind in BY_KIND.values() for file in kind.GENERATED}
    refuse_strangers(path, names)
    return path


def _sources(tiny, name: str, fit: Fit, decision: dict[str, int]) -> dict[str, str]:
    """Text of every file of the sketch, by its path in the folder."""
    if not _LIBRARY.is_dir():
        raise TinykitError(
            f"The C++ library {_LIBRARY} is missing. Use tinykit from its repository (kit.py)."
        )
    kind, folder = _kind_of(tiny), kind_of_model(tiny)
    includes = kind.includes(fit.board)
    is_tflm = fit.engine == "tflm"
    facts = {
        "name": name,
        "board": fit.board,
        "decision": decision,
        "labels": [cpp.string(label) for label in tiny.labels],
        "is_tflm": is_tflm,
        "libraries": kind.libraries(fit.board) + [str(TFLM)] * is_tflm,
        "includes": includes,
        "fit": fit,
        **kind.facts(tiny, fit),
    }
    templates = cpp.templates(_TEMPLATES)

    def rendered(template: str) -> str:
        own = f"{folder}/{template}"
        return templates.select_template([own, template]).render(facts)

    sources = {f"{name}.ino": rendered("sketch.ino.j2")}
    sources |= {file: rendered(f"{file}.j2") for file in _ROOT_FILES}
    sources |= _model_sources(tiny, name, fit, templates)
    sources |= {file: rendered(template) for file, template in kind.GENERATED.items()}
    for file in includes + kind.further_files(fit.board):
        sources[f"src/tinykit/{file}"] = (_LIBRARY / file).read_text(encoding="utf-8")
    return sources


def _model_sources(tiny, name: str, fit: Fit, templates: jinja2.Environment) -> dict[str, str]:
    """model.h, model.cpp and what they include, for the engine."""
    if fit.engine == "compiled":
        return replace(fit.compiled, name=name).sources()
    facts = {
        "name": name,
        "labels": [cpp.string(label) for label in tiny.labels],
        "library": TFLM,
        "resolver_calls": [f"Add{_op_method(op)}" for op in dict.fromkeys(tiny.ops)],
        "arena_bytes": fit.ram["tensor arena"],
        "network": [f"0x{byte:02x}" for byte in tiny.tflite],
    }
    return {
        "model.h": _header(tiny),
        "model.cpp": templates.get_template("model.cpp.j2").render(facts),
    }


def _header(tiny) -> str:
    """model.h, the same as with the compiled engine."""
    ends = (tiny.file.input, tiny.file.output)
    input, output = (
        Value(end.shape, end.quantization.scale[0], end.quantization.zero_point[0]) for end in ends
    )
    return header([input], [output], tiny.labels, tiny.file.is_stateful)


def _op_method(op: str) -> str:
    """CONV_2D -> Conv2D: the name of an op in MicroMutableOpResolver's Add...()."""
    return "".join(part if part[0].isdigit() else part.capitalize() for part in op.split("_"))


# What MicroMutableOpResolver can add and an int8 network of the kit may use.
_TFLM_OPS = {
    "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEQUANTIZE",
    "EXPAND_DIMS", "FULLY_CONNECTED", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "MAX_POOL_2D",
    "MAXIMUM", "MEAN", "MINIMUM", "MUL", "PACK", "PAD", "PRELU", "QUANTIZE", "RELU", "RELU6",
    "RESHAPE", "SHAPE", "SLICE", "SOFTMAX", "SPLIT", "SQUEEZE", "STRIDED_SLICE", "SUB", "SUM",
    "TANH", "TRANSPOSE", "TRANSPOSE_CONV", "UNPACK",
}  # fmt: skip
