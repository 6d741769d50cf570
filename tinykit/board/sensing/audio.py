"""What listening takes of a board."""

from __future__ import annotations

import math

from tinykit.board.profiles import Board
from tinykit.board.sensing.result import Pace, Sensing
from tinykit.board.sensors import MICROPHONES
from tinykit.streaming.audio import decision_of

_BUSY = 0.45  # share of the processor's time to ask the model as often as possible with
_SLOWEST_SECONDS = 0.25  # a keyword of half a second is heard twice


def cost(tiny, board: Board, inference: float) -> Sensing:
    frontend, how_often = tiny.frontend, pace(tiny, board, inference)
    weights = int((frontend.filterbank != 0).sum())
    text = f", every {how_often.seconds * 1000:.0f} ms: with the front end "
    return Sensing(
        ram={
            # int16 samples and float32 work space of a frame, the model's int8 input
            "front end": 6 * frontend.frame_length + math.prod(tiny.input_shape),
            "sample ring": 2 * ring_samples(frontend.sample_rate, inference),
            "sensor driver": MICROPHONES[board.microphone].ram_bytes + _decider_bytes(tiny),
        },
        flash={
            # float32 window, twiddles and mel weights; two uint16 per band
            "front-end tables": 8 * frontend.frame_length + 4 * (weights + frontend.n_mels),
        },
        how_often=f"{text}{how_often.busy:.0%} of the processor's time",
        pace=how_often,
    )


def _decider_bytes(tiny) -> int:
    """RAM of KeywordDecider: int sums, and the uint8 scores of the inferences in the average."""
    return len(tiny.labels) * (4 + decision_of(tiny)["window"])


def ring_samples(sample_rate: int, inference: float) -> int:
    """Samples to queue between microphone and loop(): one and a half inferences' worth.

    A power of two, at least a quarter of a second and at most two seconds. `inference`: seconds.
    """
    wanted = min(max(1.5 * inference, 0.25), 2.0) * sample_rate
    return 2 ** math.floor(math.log2(2 * wanted - 1))


def pace(tiny, board: Board, inference: float) -> Pace:
    """How often to ask a keyword model whose inference takes so many seconds.

    As often as `tiny.decision` wants, or as 45 % of the processor's time allow; but at least every
    quarter of a second, and so that two inferences still make an average over the same time. One
    that streams is asked whenever it has been given frames, and is given all of them.
    """
    decision = decision_of(tiny)
    frontend, wanted = tiny.frontend, decision["stride_frames"]
    frame_seconds = frontend.hop_length / frontend.sample_rate
    listening = min(_frame_cycles(frontend, board) / board.clock / frame_seconds, 0.99)
    if tiny.is_streaming:
        seconds = wanted * frame_seconds
        return Pace(wanted, seconds, min(1, listening + inference / seconds))
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
