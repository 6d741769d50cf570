"""`tinykit emulate`: a project's sketch, or one model, on the virtual board."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.common.kinds import AUDIO, IMAGE, MOTION, kind_of_model
from tinykit.datasets.files.readers import check_rotation, files_in
from tinykit.quantization.tiny_model import TinyModel

if TYPE_CHECKING:
    from tinykit.board import Board, BoardRun

_SCENE_SECONDS = {AUDIO: 10, MOTION: 60}  # when no recording is given
_SCENE_FRAMES = 48
_MOST_PICTURES = 100  # of a folder; the virtual board sees each for two seconds
_LARGEST_FRAME = 240, 320  # rows and columns, of the cameras that the kit knows


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
        inputs: .npy file, int8 (n, *input_shape) or float features; None takes a random input.
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
    x = random_inputs(file, 1, 0) if inputs is None else given_inputs(inputs, file, content)
    first, last = tflite.ends(file)  # there are: the model is compiled
    q = first.inside(x[0])
    run = VirtualBoard(board).run_model(compiled, q)
    identical = None
    if not process.tflm_missing():
        expected = process.run_engines({"tflm": content}, x, source=str(path))["tflm"].outputs
        identical = last.outside(run.outputs).tobytes() == expected.tobytes()
    inputs_run = "1 input" if len(q) == 1 else f"{len(q):,} inputs"
    said = {
        True: f"PASS  the same bytes as TFLM for {inputs_run}",
        False: f"FAIL  other bytes than TFLM for {inputs_run}",
        None: "SKIP  not compared with TFLM, which has no package for this system",
    }[identical]
    facts = {
        "board": board,
        "inputs": len(q),
        "identical": identical,
        "instructions": run.instructions,
        "cycles": run.cycles,
        "milliseconds": round(run.milliseconds, 3),
        **_memory(run),
        "layers": [
            {
                "name": layer.name,
                "op": layer.op,
                "instructions": layer.instructions,
                "cycles": layer.cycles,
                "macs": layer.macs,
            }
            for layer in run.layers
        ],
    }
    return Emulation(facts, f"{run}\n{said}", identical is not False)


def run_sketch(
    out_dir: Path, recording: Path | None, board: str = "nano33ble", rows: int | None = None
) -> Emulation:
    """The sketch of a project on the virtual board, which hears, feels or sees something.

    Args:
        out_dir: outputs of `tinykit run`, or a sketch's own folder.
        recording: a file of sound or motion, a picture, or a folder of pictures, each of which is
            seen for some frames; None takes words, gestures or pictures of the bundled data for a
            project's outputs, and silence, rest or darkness for a sketch's own folder.
        board: name of the board.
        rows: rows of each take in a file of motion with nothing between the takes.

    Raises TinykitError when there is no sketch or it does not compile, and when the recording
    cannot be read.
    """
    from tinykit.board import VirtualBoard

    virtual = VirtualBoard(board)
    sketch = _sketch_in(out_dir)
    alone = sketch == out_dir  # what it is for is not known
    tiny = None if alone else TinyModel.load(out_dir)
    senses, files = {}, []
    if recording is not None and _is_seen(recording):
        senses, files = _shown(recording, rows, tiny)
    elif recording is not None:
        senses = _played(recording, virtual.board, rows, tiny)
    elif rows is not None:
        raise TinykitError("--rows belongs to a file of motion. Name it with --input.")
    elif tiny is not None:
        senses = _scene(tiny, virtual.board)
    run = virtual.run(sketch, **senses)
    facts, text = _facts(run, sketch, board), str(run)
    if files:
        facts["pictures"] = _appearances(files, run.pictures)
        lines = [f"  {seen['seconds']:9.3f} s  {seen['file']}" for seen in facts["pictures"]]
        text = "\n".join([text, "before the camera", *lines])
    return Emulation(facts, text, run.fault is None)


def _is_seen(recording: Path) -> bool:
    """Whether --input is a picture, or a folder of them."""
    from tinykit.datasets import IMAGE_SUFFIXES

    return recording.is_dir() or recording.suffix.lower() in IMAGE_SUFFIXES


def _shown(recording: Path, rows: int | None, tiny: TinyModel | None) -> tuple[dict, list[Path]]:
    """Pictures for VirtualBoard.run, and the file of each; TinykitError when there are none.

    Each is seen for a few frames more than must agree.
    """
    from tinykit.datasets import IMAGE_SUFFIXES, load_image
    from tinykit.streaming.image import DEFAULT_DECISION

    _check_wanted(recording, IMAGE, tiny)
    if rows is not None:
        raise TinykitError(f"--rows belongs to motion, {recording} is not. Leave it out.")
    files = files_in(recording, IMAGE_SUFFIXES) if recording.is_dir() else [recording]
    if not files:
        raise TinykitError(f"{recording} holds no picture files. Give a folder that has some.")
    if len(files) > _MOST_PICTURES:
        raise TinykitError(
            f"{recording} holds {len(files):,} pictures, too many for the virtual board. "
            f"Give a folder of at most {_MOST_PICTURES}."
        )
    decision = DEFAULT_DECISION | (tiny.decision if tiny else {})
    times = decision["agree"] + 2
    frames = [frame for file in files for frame in [_as_seen(load_image(file), tiny)] * times]
    return {"images": frames}, [file for file in files for _ in range(times)]


def _appearances(files: list[Path], taken: list[float]) -> list[dict]:
    """When each file was seen first, from the file of each frame and the time it was taken at."""
    return [
        {"seconds": seconds, "file": str(file)}
        for index, (file, seconds) in enumerate(zip(files, taken, strict=False))
        if index == 0 or file != files[index - 1]
    ]


def _as_seen(photo: np.ndarray, tiny: TinyModel | None) -> np.ndarray:
    """A photo before the camera: all of it, or as much as fills the camera's picture.

    A network that was trained on squeezed pictures gets them squeezed, as in training.
    """
    from tinykit.features.image import area_mean

    height, width = photo.shape[:2]
    if tiny is not None and tiny.frontend.crop:
        high, wide = min(height, width * 3 // 4), min(width, height * 4 // 3)
        top, left = (height - high) // 2, (width - wide) // 2
        photo = photo[top : top + high, left : left + wide]
    return area_mean(photo[None], *_LARGEST_FRAME)[0]  # so that many fit into memory


def _check_wanted(recording: Path, kind: str, tiny: TinyModel | None) -> None:
    """Raise TinykitError when the model `tiny`, if known, is for another kind of recording."""
    wanted = kind if tiny is None else kind_of_model(tiny)
    if wanted != kind:
        what = {
            AUDIO: "a file of sound, such as word.wav",
            MOTION: "a file of motion, such as circle.csv",
            IMAGE: "a picture, such as photo.jpg, or a folder of them",
        }[wanted]
        raise TinykitError(f"{recording} is not for this sketch. Give it {what}.")


def _played(recording: Path, board: Board, rows: int | None, tiny: TinyModel | None) -> dict:
    """A file for VirtualBoard.run; TinykitError when it is nothing that the model `tiny` knows."""
    from tinykit.board.virtual.playback import played
    from tinykit.datasets import load_motion
    from tinykit.datasets.files.motion import SUFFIXES

    kind = MOTION if recording.suffix.lower() in SUFFIXES else AUDIO
    _check_wanted(recording, kind, tiny)
    if kind == AUDIO:
        if rows is not None:
            raise TinykitError(f"--rows belongs to motion, {recording} is sound. Leave it out.")
        return {"audio": recording}
    motion = load_motion(recording, rows=rows)
    if tiny is not None:
        check_rotation(motion, tiny.frontend, recording)
    return {"motion": played(motion, board.imu_rate)}


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
        f"{folder} holds no sketch. Give the outputs of `tinykit run`, such as "
        "build/keyword_spotting, a sketch's folder, or a .tflite file."
    )


def _scene(tiny: TinyModel, board: Board) -> dict[str, np.ndarray]:
    """What the model `tiny` knows, by bundled test people, with pauses: for VirtualBoard.run.

    Words for a model of sound, gestures among everyday motion for one of motion, pictures with and
    without people in turn for one of pictures.
    """
    kind = kind_of_model(tiny)
    known = [label for label in tiny.labels if label not in ("unknown", "silence", "none")]
    try:
        return {AUDIO: _spoken, MOTION: _moved, IMAGE: _seen}[kind](known, board)
    except TinykitError as error:
        raise TinykitError(
            f"There is no bundled recording of {', '.join(known)}. "
            "Give a recording of your own with --input."
        ) from error


def _spoken(words: list[str], _: Board) -> dict[str, np.ndarray]:
    from tinykit.datasets import keyword_spotting, scene

    data = keyword_spotting(words=words)
    return {"audio": scene(data, seconds=_SCENE_SECONDS[AUDIO], seed=1)[0]}


def _moved(gestures: list[str], board: Board) -> dict[str, np.ndarray]:
    from tinykit.datasets import gesture_recognition, motion_scene
    from tinykit.datasets.motion import resampled

    data = gesture_recognition(gestures=gestures)
    motion, _ = motion_scene(data, seconds=_SCENE_SECONDS[MOTION], seed=1)
    return {"motion": resampled(motion, data.sample_rate, board.imu_rate)}


def _seen(labels: list[str], _: Board) -> dict[str, np.ndarray]:
    from tinykit.datasets import picture_scene, visual_wake_words

    data = visual_wake_words()
    if data.labels != labels:
        raise TinykitError(f"The bundled pictures show {', '.join(data.labels)}. Give others.")
    return {"images": picture_scene(data, _SCENE_FRAMES, seed=1)[0]}
