"""The virtual board: a Cortex-M4F in software that executes what the real board would execute.

Taught in notebook 01. What is exact: instructions, memory, every byte computed. What is estimated:
cycles and with them time (tinykit/board/virtual/counter.c has the model and its source).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Real
from pathlib import Path

import numpy as np

from tinykit.board.corrections import saved_correction
from tinykit.board.profiles import Board, boards, find_board
from tinykit.board.sensors import camera_driver, motion_driver
from tinykit.board.virtual.board_run import BoardRun
from tinykit.board.virtual.model_run import ModelRun, run_model
from tinykit.board.virtual.playback import played
from tinykit.board.virtual.sketch_run import run_sketch
from tinykit.common.errors import TinykitError
from tinykit.compiler import compile


class VirtualBoard:
    """A board made of software: `VirtualBoard("nano33ble").run(sketch, audio=recording)`.

    It has Arduino's core functions, Serial, PDM (microphone), Arduino_LSM9DS1 or
    Arduino_BMI270_BMM150 (motion) and Arduino_OV767X (camera); no Wire, SPI, Bluetooth. The first
    run on a computer compiles all that, which takes some ten seconds; later ones find it in a cache
    folder (the environment variable TINYKIT_CACHE names another).

    Args:
        board: name of the profile, or a Board: one with a Cortex-M4F.

    Raises TinykitError for boards with another processor.
    """

    def __init__(self, board: str | Board = "nano33ble") -> None:
        self.board = find_board(board)
        if not _emulated(self.board):
            known = ", ".join(emulated_boards())
            raise TinykitError(
                f"There is no virtual {self.board.title}: its processor ({self.board.processor}) "
                f"cannot be emulated. Choose one of: {known}."
            )

    def run(
        self,
        sketch: object,
        *,
        audio: np.ndarray | Path | str | None = None,
        motion: np.ndarray | Path | str | None = None,
        images: np.ndarray | Sequence[np.ndarray] | None = None,
        seconds: float | None = None,
        typed: Sequence[tuple[float, str]] = (),
        inputs: Mapping[str, int] | None = None,
    ) -> BoardRun:
        """Compile a sketch for the board and execute it.

        Args:
            sketch: a Sketch from `tk.export_sketch`, its folder, an .ino file, or the text of one.
            audio: what the microphone hears: a recording's path, or int16 samples (n,) at 16 kHz.
                It begins when the board does; after its end there is silence.
            motion: what the motion sensor feels: float (n, 6), acceleration in g and rotation in
                degrees per second, at the sensor's rate (119 Hz, Rev2 99.84 Hz); or the path of a
                recording, whose takes are played at that rate with rests between. It begins when
                the sketch switches the sensor on. Without, the board lies still.
            images: what the camera sees, one picture after the other: uint8 (n, height, width) or
                (n, height, width, 3), or a list of pictures of several sizes, which are squeezed
                into the camera's; the run ends when the sketch wants one more.
            seconds: how long to run on the board's clock; default: as long as the inputs last (2 s
                for a picture, at most) and half a second more, else 5 s.
            typed: pairs (seconds, text) that arrive on Serial.
            inputs: levels of input pins by name, {"D2": 0}; for analogRead, {"A0": 512} of 1023.

        Raises TinykitError when there is no sketch, it does not compile, does not fit, or an input
        is not as it should be. What goes wrong while it runs is in `BoardRun.fault`.
        """
        made_for = getattr(sketch, "board", self.board)
        if not _emulated(made_for):
            raise TinykitError(
                f"This sketch was made for the {made_for.title}, which cannot be emulated. "
                f'Export it again with board="{self.board.name}".'
            )
        _check_sensors(sketch, self.board)
        if seconds is not None:
            _check_seconds(seconds)
        samples = _audio(audio)
        rate = self.board.imu_rate
        rows = None if motion is None else _motion(motion, rate)
        frames = None if images is None else _images(images)
        if seconds is None:
            lasting = [samples.size / 16_000]
            lasting.append(len(rows) / rate if rows is not None else 0)
            lasting.append(2.0 * len(frames) + 10 if frames is not None else 0)  # at the most
            seconds = max(lasting) + 0.5 if max(lasting) else 5.0
        return run_sketch(
            self.board,
            sketch,
            seconds,
            audio=samples,
            motion=rows,
            motion_rate=rate,
            images=frames,
            typed=list(typed),
            inputs=dict(inputs or {}),
        )

    def run_model(self, compiled, inputs: np.ndarray | Sequence[np.ndarray]) -> ModelRun:
        """Execute a compiled model and measure it.

        Args:
            compiled: a CompiledModel, from `tk.compile`.
            inputs: int8, one input or a batch (n, *input shape); for a network with several inputs
                a list with an array for each. A network with a state sees the batch as a sequence.

        Raises TinykitError when shape or type differ or the model does not fit on the board.
        """
        return run_model(self.board, compiled, inputs)

    def infer(self, tflite: bytes, q: np.ndarray) -> np.ndarray:
        """Compile a .tflite file and run it: what makes the board an engine of `TinyModel.predict`.

        Returns int8 (n, *output shape) of inputs int8 (n, *input shape). Raises TinykitError as
        `tk.compile` and `run_model` do.
        """
        return self.run_model(compile(tflite), q).outputs


def estimate(
    board: Board, compiled, inputs: np.ndarray, correction: float | None = None
) -> ModelRun:
    """A model on any board, one that cannot be emulated included: what each layer would take.

    For such a board, a Cortex-M4F whose flash answers at once executes the model, and its cycles
    are multiplied by `Board.slowdown`. In both cases also by `correction`; None takes what has
    been measured and saved for the board.
    Raises TinykitError as `VirtualBoard.run_model` does.
    """
    if _emulated(board):
        return run_model(board, compiled, inputs, correction)
    correction = saved_correction(board) if correction is None else correction
    stand_in = replace(find_board("nano33ble"), flash_waits=None)
    run = run_model(stand_in, compiled, inputs, board.slowdown * correction)
    return replace(run, board=board, correction=correction)


def emulated_boards() -> list[str]:
    """Names of the boards that can be emulated."""
    return [name for name, board in boards.items() if _emulated(board)]


def _emulated(board: Board) -> bool:
    return board.processor.startswith("Cortex-M4F")


def _check_sensors(sketch: object, board: Board) -> None:
    """Refuse a generated sketch for another sensor: on the real board it would not start."""
    path = getattr(sketch, "path", sketch)
    if isinstance(path, str) and "\n" not in path:
        path = Path(path)
    if not isinstance(path, Path):
        return  # the text of a sketch
    folder = path.parent if path.suffix == ".ino" else path
    for name, drivers, own in (
        ("motion sensor", "MotionSensor*.h", motion_driver(board.imu)),
        ("camera", "Camera*.h", camera_driver(board.camera)),
    ):
        used = {file.name for file in (folder / "src" / "tinykit").glob(drivers)}
        if used and own not in used:
            raise TinykitError(
                f"This sketch was made for another {name} than that of the {board.title}. "
                f'Export it again with board="{board.name}".'
            )


def _audio(audio: object) -> np.ndarray:
    """int16 samples at 16 kHz."""
    if audio is None:
        return np.zeros(0, np.int16)
    if isinstance(audio, str | Path):
        from tinykit.datasets.files.audio import to_samples  # here, because it imports librosa

        try:
            audio, _ = to_samples(Path(audio).read_bytes(), str(audio), 16_000)
        except OSError as error:
            raise TinykitError(
                f"{audio} cannot be read ({error.strerror}). Check the path."
            ) from error
    samples = np.asarray(audio)
    if samples.dtype != np.int16 or samples.ndim != 1:
        raise TinykitError(
            f"audio is {samples.dtype} of shape {samples.shape}. "
            "Give int16 samples (n,) at 16 kHz, or the path of a recording."
        )
    return samples


def _check_seconds(seconds: object) -> None:
    number = isinstance(seconds, Real) and not isinstance(seconds, bool)
    if not number or not 0 < seconds < float("inf"):
        raise TinykitError(f"seconds is {seconds!r}. Give a number above 0, for example 5.")


def _motion(motion: object, rate: float) -> np.ndarray:
    """float32 (n, 6) at the sensor's rate."""
    if isinstance(motion, str | Path):
        from tinykit.datasets import load_motion  # here, because it imports a good deal

        return played(load_motion(motion), rate)
    rows = np.asarray(motion, np.float32)
    if rows.ndim != 2 or rows.shape[1] != 6 or len(rows) == 0:
        raise TinykitError(
            f"motion has the shape {rows.shape}. Give (n, 6): acceleration in g, rotation in "
            "degrees per second."
        )
    return rows


def _images(images: object) -> list[np.ndarray]:
    """Pictures, each uint8 (height, width) or (height, width, 3)."""
    one = not np.iterable(images) or (isinstance(images, np.ndarray) and images.ndim < 3)
    frames = [np.asarray(image) for image in ([images] if one else images)]
    for frame in frames:
        is_picture = frame.ndim == 2 or (frame.ndim == 3 and frame.shape[2] == 3)
        if one or not is_picture or frame.dtype != np.uint8 or not frame.size:
            raise TinykitError(
                f"images holds {frame.dtype} of shape {frame.shape}. "
                "Give uint8 (n, height, width) or (n, height, width, 3), or a list of pictures."
            )
    return frames
