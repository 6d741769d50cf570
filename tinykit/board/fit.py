"""The fit check: does this model fit on that board, and if not, what to change.

Taught in notebook 01. Sizes are in bytes. Rows that are estimates say so.
"""

import contextlib
import math
from dataclasses import dataclass, field

import numpy as np

from tinykit.board.profiles import Board, find_board
from tinykit.board.sensing.cost import sensing_cost
from tinykit.board.sensing.result import Pace
from tinykit.board.virtual.board import estimate
from tinykit.common.errors import TinykitError
from tinykit.common.kinds import kind_of_model
from tinykit.common.tables import Table
from tinykit.compiler import CompiledModel, compile

ENGINES = ("compiled", "tflm")

# Measured with GCC 12 on a Cortex-M4: TFLM with CMSIS-NN, ordinary registrations, error strings
# kept, for the six ops of the MLPerf Tiny keyword model. A further op adds a few thousand bytes.
# (84,440 bytes without the error strings; 53,656, as in tests/benchmarks/README.md, when int8
# kernels alone are registered, too. A sketch built with Arduino's core was between the two.)
_TFLM_CODE = 107_152
_TFLM_OPS = 6
_CODE_PER_OP = 6_000
# Where the virtual board cannot run: what it counted for the course's keyword model.
_COMPILED_CODE = 9_500
_CYCLES_PER_MAC, _WAITS_PER_MAC = 1.69, 0.23
_SKETCH_CODE = 8_192  # front end, decider, microphone or segmenter (estimate)
_INTERPRETER_RAM = 1_024  # MicroInterpreter and op resolver (estimate)
_ARENA_ALIGNMENT = 16
_ARENA_MARGIN = 512
_ARENA_MARGIN_PER_LAYER = 32
_TOO_BUSY = 0.5  # share of the processor's time from which on it is worth a word


def measured_arena_bytes(tiny) -> int:
    """Bytes of the smallest arena that works under TFLM on the host.

    Where TFLM has no package (macOS, Windows, Linux on ARM), an estimate on the safe side instead:
    what the activations need at most at a time, a third more for gaps between them, and 1024 bytes,
    300 per layer and 8 per channel of a convolution for what lasts. It is 2 to 32 % too much on the
    MLPerf Tiny models.
    """
    from tinykit.quantization import process

    if process.tflm_missing():
        return _estimated_arena_bytes(tiny)
    silence = np.zeros((1, *tiny.input_shape), np.int8)
    return process.run(tiny.tflite, silence, "tflm").arena_bytes


def _estimated_arena_bytes(tiny) -> int:
    layers = tiny.layers
    channels = sum(layer.output_shape[-1] for layer in layers if "CONV" in layer.op)
    lasting = 1024 + 300 * len(layers) + 8 * channels
    return _round_up(_most_activations(tiny.file) * 4 // 3 + lasting, _ARENA_ALIGNMENT)


def _most_activations(file) -> int:
    """Bytes of the activations that are alive at the same time, at the worst layer."""
    first, last = {}, {}  # layer that makes a tensor, last one that reads it
    for index, operator in enumerate(file.operators):
        for tensor in (*operator.inputs, *operator.outputs):
            if tensor >= 0 and file.tensors[tensor].data is None:
                first.setdefault(tensor, index)
                last[tensor] = index
    return max(
        sum(file.tensors[t].n_bytes for t in first if first[t] <= index <= last[t])
        for index in range(len(file.operators))
    )


def target_arena_bytes(tiny, host_arena_bytes: int) -> int:
    """Tensor arena for the 32-bit board, from the arena measured on the host.

    The host's arena is an upper bound of the same kernels' arena on the board (the host's pointers
    are twice as wide), but the board's CMSIS-NN kernels work in extra scratch memory. It is used by
    one layer at a time, so the largest is added:

        CONV_2D            2 * ceil4(kernel_height * kernel_width * channels_in) * 2, 1x1: 0
                           (arm_convolve_s8_get_buffer_size)
        DEPTHWISE_CONV_2D  2 * kernel_height * kernel_width * channels_in
                           (arm_depthwise_conv_s8_opt_get_buffer_size_dsp)
        AVERAGE_POOL_2D    4 * channels_in (arm_avgpool_s8_get_buffer_size_dsp)
        others             0

    plus a margin of 512 bytes and 32 per layer, for the kernels' own records and alignment.

    Args:
        tiny: a TinyModel.
        host_arena_bytes: smallest arena that works under TFLM on the host (`Report.arena_bytes`).
    """
    layers = tiny.layers
    scratch = max((_cmsis_scratch_bytes(layer) for layer in layers), default=0)
    margin = _ARENA_MARGIN + _ARENA_MARGIN_PER_LAYER * len(layers)
    return _round_up(host_arena_bytes + scratch + margin, _ARENA_ALIGNMENT)


def _cmsis_scratch_bytes(layer) -> int:
    """Scratch memory that the CMSIS-NN kernel of one layer asks for on a Cortex-M4."""
    channels_in = layer.input_shape[-1]
    outputs = math.prod(layer.output_shape)
    if layer.op == "CONV_2D":
        column = layer.macs // outputs  # kernel_height * kernel_width * channels_in
        return 0 if column == channels_in else 2 * _round_up(column, 4) * 2
    if layer.op == "DEPTHWISE_CONV_2D":
        return 2 * layer.macs // outputs * channels_in
    if layer.op == "AVERAGE_POOL_2D":
        return 4 * channels_in
    return 0


@dataclass(frozen=True)
class Fit:
    """What a model takes of a board's memory. Print it, or show it in a notebook.

    Attributes:
        board: the board's profile.
        engine: what runs the model, "compiled" or "tflm".
        ram: bytes of RAM by part, in the order a memory map shows them.
        flash: bytes of flash by part.
        seconds: estimated time of one inference.
        pace: how often a sound model is asked; None for others.
        how_often: the same in words, the end of a sentence.
        compiled: the model as C++, for the engine "compiled"; the exporter writes it down.
    """

    board: Board
    engine: str
    ram: dict[str, int]
    flash: dict[str, int]
    seconds: float
    pace: Pace | None
    how_often: str = ""
    compiled: CompiledModel | None = field(default=None, repr=False)

    @property
    def headline(self) -> str:
        """The verdict in a few words."""
        return f"{self.board.title}: {'it fits' if self.passed else 'it does not fit'}"

    @property
    def passed(self) -> bool:
        """Whether both memories are large enough."""
        return all(used <= limit for _, used, limit in self._totals())

    @property
    def advice(self) -> list[str]:
        """What to change when it does not fit, or is slow; empty when all is well."""
        advice = []
        for memory, used, limit in self._totals():
            if used > limit:
                parts = getattr(self, memory.lower())
                largest = max((part for part in parts if part in _REMEDIES), key=parts.get)
                advice.append(
                    f"{memory}: {used - limit:,} bytes too many. The {largest} is the largest "
                    f"part that can change: {_REMEDIES[largest]}"
                )
        if self.pace and self.pace.busy > _TOO_BUSY:
            advice.append("Speed: a smaller model answers more often and spares the battery.")
        return advice

    def _totals(self) -> list[tuple[str, int, int]]:
        return [
            ("RAM", sum(self.ram.values()), self.board.ram),
            ("Flash", sum(self.flash.values()), self.board.flash),
        ]

    @property
    def over_empty_sketch(self) -> dict[str, int]:
        """Bytes by memory, "RAM" and "Flash", without those of Arduino's core and its stack."""
        core = ("core", "stack")
        return {
            memory: sum(size for part, size in parts.items() if part not in core)
            for memory, parts in (("RAM", self.ram), ("Flash", self.flash))
        }

    @property
    def table(self) -> Table:
        """The parts and totals of both memories."""
        rows = []
        for memory, used, limit in self._totals():
            for part, size in getattr(self, memory.lower()).items():
                shown = memory if not rows or rows[-1][1].startswith(("PASS", "FAIL")) else ""
                rows.append((shown, part + "*" * (part in _ESTIMATED), f"{size:,}"))
            verdict = "PASS" if used <= limit else "FAIL"
            rows.append(("", f"{verdict}: {used / limit:.0%} of {limit:,}", f"{used:,}"))
        return Table(rows, title=self.headline, footer=self._footer(), right=(2,), indent=2)

    def _footer(self) -> list[str]:
        ms = self.seconds * 1000
        speed = f"About {ms:.{0 if ms >= 10 else 1}f} ms per inference{self.how_often}"
        own = self.over_empty_sketch
        notes = [
            f"{speed} (estimate).",
            f"Over an empty sketch (without core and stack): RAM {own['RAM']:,}, flash "
            f"{own['Flash']:,} bytes. The Arduino IDE counts the core, too.",
            "* an estimate: read off other builds",
        ]
        return [*notes, *self.advice]

    def __str__(self) -> str:
        return str(self.table)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


_REMEDIES = {
    "tensor arena": "fewer channels in the first layers or a larger stride make it smaller.",
    "front end": "shorter or fewer frames, or smaller pictures, make it smaller.",
    "camera frame": "a network that sees grey needs only half of it on some boards.",
    "sample ring": "a faster (smaller) model, or a shorter longest gesture, needs a shorter ring.",
    "model": "fewer channels or layers make it smaller.",
    "weights": "fewer channels or layers make them smaller.",
    "front-end tables": "a shorter frame makes them smaller.",
    "interpreter": "a model with fewer kinds of layers makes it smaller.",
}
_ESTIMATED = ("interpreter", "model code", "sensor driver", "core", "sketch code")


def check_fit(
    tiny,
    board: str | Board = "nano33ble",
    engine: str = "compiled",
    *,
    arena_bytes: int | None = None,
) -> Fit:
    """Compare what the sketch of `tiny` takes with what `board` has.

    Args:
        tiny: a TinyModel, with or without a front end.
        board: a name from `boards`, or a Board.
        engine: what runs the model: "compiled", C++ made from it (`tk.compile`), whose memory is
            known to the byte; or "tflm", TensorFlow Lite Micro's interpreter.
        arena_bytes: for "tflm": smallest arena on the host (`Report.arena_bytes`; measured when
            left out); what the board needs is computed by `target_arena_bytes`.

    Raises TinykitError when the board or the engine is not known, and when the compiled engine
    lacks an operator of the model.
    """
    board = find_board(board)
    check_engine(engine)
    if engine == "compiled":
        compiled = compile(tiny)
        ram, flash, cycles = _compiled_parts(compiled, board)
    else:
        compiled = None
        ram, flash, cycles = _tflm_parts(tiny, board, arena_bytes)
    seconds, pace, how_often = cycles / board.clock, None, ""
    if tiny.frontend is not None:
        taken = sensing_cost(kind_of_model(tiny), tiny, board, seconds)
        ram |= taken.ram
        flash |= taken.flash
        pace, how_often = taken.pace, taken.how_often
    ram |= {"core": board.core_ram, "stack": board.stack}
    flash |= {"sketch code": _SKETCH_CODE, "core": board.core_flash}
    return Fit(board, engine, ram, flash, seconds, pace, how_often, compiled)


def check_engine(engine: str) -> None:
    """Raise TinykitError when a sketch cannot be made with this engine."""
    if engine not in ENGINES:
        raise TinykitError(f'There is no engine "{engine}". Choose one of: {", ".join(ENGINES)}.')


def _compiled_parts(
    compiled: CompiledModel, board: Board
) -> tuple[dict[str, int], dict[str, int], float]:
    """RAM, flash, and cycles of an inference of the compiled model."""
    waits = _WAITS_PER_MAC if board.flash_waits else 0
    code, cycles = _COMPILED_CODE, (_CYCLES_PER_MAC + waits) * compiled.macs * board.slowdown
    with contextlib.suppress(TinykitError):  # it has no compiler, or the model does not fit on it
        run = estimate(board, compiled, np.zeros(compiled.input_shape, np.int8))
        code, cycles = run.code_bytes, run.cycles
    flash = {"weights": compiled.constant_bytes, "model code": code}
    return {"tensor arena": compiled.arena_bytes}, flash, cycles


def _tflm_parts(
    tiny, board: Board, arena_bytes: int | None
) -> tuple[dict[str, int], dict[str, int], float]:
    """RAM, flash, and cycles of an inference under TensorFlow Lite Micro."""
    if arena_bytes is None:
        arena_bytes = measured_arena_bytes(tiny)
    further_ops = max(0, len(set(tiny.ops)) - _TFLM_OPS)
    ram = {"tensor arena": target_arena_bytes(tiny, arena_bytes), "interpreter": _INTERPRETER_RAM}
    code = _TFLM_CODE + further_ops * _CODE_PER_OP
    return ram, {"model": tiny.size, "interpreter": code}, tiny.macs * board.tflm_cycles_per_mac


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
