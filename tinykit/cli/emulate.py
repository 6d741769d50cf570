"""`tinykit emulate`: a project's sketch, or one model, on the virtual board."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tinykit.cli import senses
from tinykit.cli.purpose import Purpose
from tinykit.common.command import started_as
from tinykit.common.errors import TinykitError
from tinykit.quantization.tiny_model import TinyModel

if TYPE_CHECKING:
    from tinykit.board import BoardRun


_STEPS = 64  # of a random sequence, for a network that keeps a state


@dataclass(frozen=True)
class Emulation:
    """What `tinykit emulate` shows.

    Attributes:
        facts: for JSON.
        text: for a terminal.
        passed: the bytes are right, the sketch did not crash.
    """

    facts: dict
    text: str
    passed: bool

    def to_dict(self) -> dict:
        """The facts, ready for JSON."""
        return self.facts

    def __str__(self) -> str:
        return self.text


def run_model(path: Path, inputs: Path | None = None, board: str = "nano33ble") -> Emulation:
    """One model, compiled, on the virtual board, and its outputs compared with TFLM's.

    Args:
        path: the .tflite file.
        inputs: .npy file, int8 (n, *input_shape) or float features; None takes a random input, for
            a network with a state a random sequence of 64.
            Floats for a model that begins with QUANTIZE are quantized as it does.
        board: name of the board.

    Raises TinykitError when a file cannot be read or does not fit, or the model cannot be compiled.
    """
    from tinykit.board import VirtualBoard
    from tinykit.compiler import compile
    from tinykit.quantization import process, tflite
    from tinykit.verification.inputs import given_inputs, random_inputs

    compiled = compile(path)
    file, content = tflite.read(path), path.read_bytes()
    n = _STEPS if file.is_stateful else 1
    x = random_inputs(file, n, 0) if inputs is None else given_inputs(inputs, file, content)
    first, last = tflite.every_end(file)  # there are: the model is compiled
    q = [end.inside(values) for end, values in zip(first, x, strict=True)]
    run = VirtualBoard(board).run_model(compiled, q)
    identical = None
    if not process.tflm_missing():
        expected = process.run_engines({"tflm": content}, x, source=str(path))["tflm"].every_output
        made = [end.outside(y) for end, y in zip(last, run.every_output, strict=True)]
        identical = [y.tobytes() for y in made] == [y.tobytes() for y in expected]
    n = len(q[0])
    inputs_run = f"{n:,} {'input' if n == 1 else 'inputs'} of {inputs}"
    if inputs is None:
        inputs_run = f"a random sequence of {n} steps" if file.is_stateful else "1 random input"
    said = {
        True: f"PASS  the same bytes as TFLM for {inputs_run}",
        False: f"FAIL  other bytes than TFLM for {inputs_run}",
        None: "SKIP  not compared with TFLM, which has no package for this system",
    }[identical]
    facts = {
        "board": board,
        "inputs": n,
        "outputs": len(run.every_output),
        "source": "random" if inputs is None else str(inputs),
        "identical": identical,
        "instructions": run.instructions,
        "cycles": run.cycles,
        "waits": run.waits,
        "correction": run.correction,
        "milliseconds": round(run.milliseconds, 3),
        **_memory(run),
        "layers": [
            {
                "name": layer.name,
                "op": layer.op,
                "instructions": layer.instructions,
                "cycles": layer.cycles,
                "waits": layer.waits,
                "macs": layer.macs,
            }
            for layer in run.layers
        ],
    }
    return Emulation(facts, f"{run}\n{said}", identical is not False)


def run_sketch(
    out_dir: Path, recording: Path | None, board: str = "nano33ble", rows: int | None = None
) -> Emulation:
    """The sketch of a lesson on the virtual board, which hears, feels or sees something.

    Args:
        out_dir: outputs of `tinykit run`, or a sketch's own folder.
        recording: a file of sound or motion, a phone's recording of motion (folder or zip), a
            picture, or a folder of pictures, each of which is seen for some frames; None takes
            words, gestures or pictures of the bundled data for a sketch that the kit generated,
            and silence, rest and darkness for any other.
        board: name of the board.
        rows: rows of each take in a file of motion with nothing between the takes.

    Raises TinykitError when there is no sketch or it does not compile, and when the recording
    cannot be read.
    """
    from tinykit.board import VirtualBoard

    virtual = VirtualBoard(board)
    sketch = _sketch_in(out_dir)
    if sketch == out_dir:
        purpose = Purpose.of_sketch(sketch.parent if sketch.suffix == ".ino" else sketch)
    else:
        purpose = Purpose.of_model(TinyModel.load(out_dir))
    if recording is not None:
        sensed = senses.given(recording, purpose, virtual.board, rows)
    elif rows is not None:
        raise TinykitError("--rows belongs to a file of motion. Name it with --input.")
    else:
        sensed = senses.bundled(purpose, virtual.board) if purpose else senses.NOTHING
    run = virtual.run(sketch, **sensed.arguments)
    facts = _facts(run, sketch, board) | {"input": sensed.to_dict(run)}
    if sensed.files:
        seen = sensed.timed(run)
        facts["pictures"] = [{"seconds": seconds, "file": file} for seconds, file in seen]
    return Emulation(facts, f"{run}\n{sensed.text(run)}", run.fault is None)


def _facts(run: BoardRun, sketch: Path, board: str) -> dict:
    return {
        "board": board,
        "sketch": str(sketch),
        "seconds": run.seconds,
        "serial": [asdict(line) for line in run.serial],
        "leds": [asdict(change) for change in run.leds],
        "busy": run.busy,
        "lost_samples": run.lost_samples,
        "lost_motion": run.lost_motion,
        "inferences": len(run.inferences),
        "instructions": run.instructions,
        "cycles": run.cycles,
        "correction": run.correction,
        **_memory(run),
        "fault": None if run.fault is None else str(run.fault),
    }


def _memory(run) -> dict[str, int]:
    names = ("ram_bytes", "static_bytes", "stack_bytes", "flash_bytes")
    return {name: getattr(run, name) for name in names}


def _sketch_in(folder: Path) -> Path:
    """The sketch in the outputs of a run, or the folder (or .ino file) itself when it is one."""
    if folder.suffix == ".ino" and folder.is_file():
        return folder
    for place in (folder, *sorted((folder / "sketch").glob("*/"))):
        if (place / f"{place.resolve().name}.ino").is_file():
            return place
    raise TinykitError(
        f"{folder} holds no sketch. Give a sketch's folder, a .tflite file, or the outputs of a "
        f"lesson: `{started_as()} run keyword_spotting` makes build/keyword_spotting."
    )
