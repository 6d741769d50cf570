"""What sensing and the front end take of a board, by kind of data: part of the fit check.

Sizes are in bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tinykit.board.profiles import Board
from tinykit.kinds import AUDIO, IMAGE, MOTION
from tinykit.streaming import DEFAULT_DECISION

if TYPE_CHECKING:
    from tinykit.features import Motion

_BUSY = 0.45  # share of the processor's time to ask the model as often as possible with
_SLOWEST_SECONDS = 0.25  # a keyword of half a second is heard twice

# Driver and I2C: no measurement. The BMI270's driver carries 8 kB of firmware for the sensor.
_SENSOR_CODE = {"LSM9DS1": 8_192, "BMI270_BMM150": 24_576}

# For each pixel of the camera and channel of the network: 43 in grey and 38 in colour, counted on
# the virtual board.
_RESIZE_CYCLES = 43


@dataclass(frozen=True)
class _Camera:
    """How a sketch uses a camera (CameraOv7675.h, CameraGc2145.h).

    `width` and `height` in pixels; `gives_grey`: a byte a pixel for a network without colour;
    `frames` per second; `code`: bytes of the driver, no measurement.
    """

    width: int
    height: int
    gives_grey: bool
    frames: float
    code: int


_CAMERAS = {
    "OV7675": _Camera(160, 120, True, 5, 8_192),
    "GC2145": _Camera(320, 240, False, 30, 16_384),  # 30 a second: asked for, not measured
}


@dataclass(frozen=True)
class Pace:
    """How often a board asks the model, and how busy that keeps it. Estimates.

    Attributes:
        stride_frames: new frames of sound from one inference to the next.
        seconds: from one inference to the next; more than those frames last when the board is slow.
        busy: share of the processor's time for front end and model, 0 ... 1.
    """

    stride_frames: int
    seconds: float
    busy: float


@dataclass(frozen=True)
class Sensing:
    """What sensor and front end take.

    Attributes:
        ram: bytes by part.
        flash: bytes by part.
        how_often: how often the model is asked, the end of a sentence.
        pace: the same in numbers; None for all but sound.
    """

    ram: dict[str, int]
    flash: dict[str, int]
    how_often: str
    pace: Pace | None = None


def sensing_cost(kind: str, tiny, board: Board, inference: float) -> Sensing:
    """What the sketch of `tiny`, a model of this kind, takes besides the model.

    `inference`: seconds.
    """
    return {AUDIO: _audio, MOTION: _motion, IMAGE: _image}[kind](tiny, board, inference)


def _audio(tiny, board: Board, inference: float) -> Sensing:
    frontend, how_often = tiny.frontend, pace(tiny, board, inference)
    weights = int((frontend.filterbank != 0).sum())
    text = f", every {how_often.seconds * 1000:.0f} ms: with the front end "
    return Sensing(
        ram={
            # int16 samples and float32 work space of a frame, int8 window of features
            "front end": 6 * frontend.frame_length + math.prod(frontend.shape),
            "sample ring": 2 * ring_samples(frontend.sample_rate, inference),
        },
        flash={
            # float32 window, twiddles and mel weights; two uint16 per band
            "front-end tables": 8 * frontend.frame_length + 4 * (weights + frontend.n_mels),
        },
        how_often=f"{text}{how_often.busy:.0%} of the processor's time",
        pace=how_often,
    )


def _motion(tiny, board: Board, inference: float) -> Sensing:
    frontend = frontend_on(tiny, board)
    return Sensing(
        ram={
            "front end": 4 * math.prod(frontend.shape),  # float32 frames
            "sample ring": 2 * frontend.axes * frontend.constants["longest"],
        },
        flash={"sensor driver": _SENSOR_CODE.get(board.imu, 8_192)},
        how_often=", once for each movement",
    )


def _image(tiny, board: Board, inference: float) -> Sensing:
    frontend = tiny.frontend
    camera = _CAMERAS.get(board.camera, _CAMERAS["OV7675"])  # one has to be connected
    pixels = camera.width * camera.height
    is_grey = frontend.channels == 1 and camera.gives_grey
    resizing = pixels * frontend.channels * _RESIZE_CYCLES * board.slowdown / board.clock
    # Frames that go by while one is dealt with, and the one that is read after them.
    frames = math.ceil((inference + resizing) * camera.frames) + 1
    return Sensing(
        ram={
            "front end": 4 * frontend.size * frontend.channels,  # uint32 sums of a row
            "camera frame": pixels * (1 if is_grey else 2),
        },
        flash={"sensor driver": camera.code},
        how_often=f", {camera.frames / frames:.1f} pictures a second",
    )


def frontend_on(tiny, board: Board) -> Motion:
    """A motion model's front end at the rate of the board's sensor; its features are the same."""
    return replace(tiny.frontend, sample_rate=board.imu_rate or tiny.frontend.sample_rate)


def ring_samples(sample_rate: int, inference: float) -> int:
    """Samples to queue between microphone and loop(): one and a half inferences' worth.

    A power of two, at least a quarter of a second and at most two seconds. `inference`: seconds.
    """
    wanted = min(max(1.5 * inference, 0.25), 2.0) * sample_rate
    return 2 ** math.floor(math.log2(2 * wanted - 1))


def pace(tiny, board: Board, inference: float) -> Pace:
    """How often to ask a keyword model whose inference takes so many seconds.

    As often as `tiny.decision` wants, or as 45 % of the processor's time allow; but at least every
    quarter of a second, and so that two inferences still make an average over the same time.
    """
    decision = DEFAULT_DECISION | tiny.decision
    frontend, wanted = tiny.frontend, decision["stride_frames"]
    frame_seconds = frontend.hop_length / frontend.sample_rate
    listening = min(_frame_cycles(frontend, board) / board.clock / frame_seconds, 0.99)
    slowest = min(int(decision["window"] * wanted / 1.5), int(_SLOWEST_SECONDS / frame_seconds))
    relaxed = slowest
    if listening < _BUSY:
        relaxed = math.ceil(inference / (_BUSY - listening) / frame_seconds)
    stride = max(wanted, min(relaxed, slowest))
    seconds = max(stride * frame_seconds, inference / (1 - listening))
    return Pace(stride, seconds, min(1, listening + inference / seconds))


def _frame_cycles(frontend, board: Board) -> float:
    """Cycles of one frame: a Fourier transform takes n log n steps."""
    size = frontend.frame_length
    return board.frame_cycles * size * math.log2(size) / (512 * math.log2(512))
