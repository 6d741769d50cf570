"""Runs a compiled model on the virtual board: its outputs, and what every layer costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tinykit.board.corrections import corrected_by, saved_correction
from tinykit.board.profiles import Board
from tinykit.board.virtual.build import Memory, build
from tinykit.board.virtual.machine import Machine, MachineError
from tinykit.board.virtual.program import RAM_START, Program
from tinykit.board.virtual.toolchain import CompileError
from tinykit.common.errors import TinykitError
from tinykit.common.tables import Table

_INVOKE = "_ZN5model6invokeEv"
_ROOTS = ("_ZN5model4initEv", "_ZN5model5inputEv", _INVOKE, "_ZN5model6outputEv")
_INPUT_I, _OUTPUT_I = "_ZN5model5inputEi", "_ZN5model6outputEi"
_START_UP = ("boardExit", "boardConstruct")


class TooBigError(TinykitError):
    """The board has no room for a model."""


@dataclass(frozen=True)
class LayerRun:
    """What one layer of a model took in one inference.

    Attributes:
        name, op: of the layer, as in `CompiledModel.steps`.
        instructions: executed, with all functions that the layer calls; exact.
        cycles: estimate.
        waits: part of them in which the processor waits for its flash.
        macs: multiply-accumulates.
    """

    name: str
    op: str
    instructions: int
    cycles: int
    waits: int
    macs: int

    @property
    def instructions_per_mac(self) -> float:
        """Instructions per multiply-accumulate; NaN for a layer without."""
        return self.instructions / self.macs if self.macs else float("nan")


@dataclass(frozen=True)
class ModelRun:
    """A model that was executed on the virtual board. Print it, or show it in a notebook.

    Attributes:
        board: the board's profile.
        every_output: int8, (n, *output shape), of all inputs; one array for each output.
        instructions: of one inference, exact; the slowest one, should inputs differ.
        cycles: of the same inference (estimate; counter.c and flash.c have the cycle model).
        waits: part of them in which the processor waits for its flash.
        correction: what a measurement on a real board has multiplied all cycles by; 1 without.
        layers: what each layer took of that.
        static_bytes: RAM of the model's variables: activations and scratch.
        stack_bytes: deepest stack during an inference, from the call of invoke() on.
        flash_bytes: everything the model needs in flash: code, constants, library functions.
        constant_bytes: part of it that is weights, biases and tables.
    """

    board: Board
    every_output: tuple[np.ndarray, ...] = field(repr=False)
    instructions: int
    cycles: int
    waits: int
    correction: float
    layers: tuple[LayerRun, ...]
    static_bytes: int
    stack_bytes: int
    flash_bytes: int
    constant_bytes: int

    @property
    def outputs(self) -> np.ndarray:
        """int8, (n, *output shape), of all inputs; of several outputs, the first."""
        return self.every_output[0]

    @property
    def ram_bytes(self) -> int:
        """Static RAM and deepest stack."""
        return self.static_bytes + self.stack_bytes

    @property
    def code_bytes(self) -> int:
        """Flash without the model's constants."""
        return self.flash_bytes - self.constant_bytes

    @property
    def milliseconds(self) -> float:
        """Estimated time of one inference."""
        return 1000 * self.cycles / self.board.clock

    @property
    def headline(self) -> str:
        """The result in one line."""
        return (
            f"{self.board.title}: {self.instructions:,} instructions, about "
            f"{self.milliseconds:.1f} ms per inference"
        )

    @property
    def table(self) -> Table:
        """One row a layer, and what the whole takes."""
        rows = []
        for layer in self.layers:
            ratio = f"{layer.instructions_per_mac:.2f}" if layer.macs else ""
            counts = (layer.instructions, layer.cycles, layer.waits, layer.macs)
            rows.append((layer.name, layer.op, *(f"{count:,}" for count in counts), ratio))
        return Table(
            rows,
            header=("layer", "op", "instructions", "cycles*", "waits*", "MACs", "instr./MAC"),
            title=self.headline,
            footer=(
                f"RAM {self.ram_bytes:,} bytes: {self.static_bytes:,} static, "
                f"{self.stack_bytes:,} stack at its deepest",
                f"Flash {self.flash_bytes:,} bytes: {self.constant_bytes:,} constants, "
                f"{self.code_bytes:,} code",
                f"* an estimate for {self.board.clock / 1e6:.0f} MHz{self._corrected}; "
                f"instructions are exact. {self._waiting}",
            ),
            right=(2, 3, 4, 5, 6),
            indent=2,
        )

    @property
    def _corrected(self) -> str:
        return f", {corrected_by(self.correction)}" if self.correction != 1 else ""

    @property
    def _waiting(self) -> str:
        if self.board.flash_waits is None:
            return "Waits for the flash are not counted."
        share = self.waits / self.cycles
        return f"Waits for the flash: {self.waits:,} of {self.cycles:,} cycles, {share:.0%}."

    def __str__(self) -> str:
        return str(self.table)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def run_model(
    board: Board,
    compiled,
    inputs: np.ndarray | Sequence[np.ndarray],
    correction: float | None = None,
) -> ModelRun:
    """Execute a CompiledModel on int8 `inputs`; see `VirtualBoard.run_model`.

    `correction` multiplies all cycles; None takes what has been measured and saved for the board.
    """
    batch = _batches(compiled, inputs)
    program = _built(board, compiled)
    correction = saved_correction(board) if correction is None else correction
    machine = Machine(program, board.stack, board.clock, board.flash_waits, correction)
    try:
        return _measured(board, compiled, machine, batch, correction)
    except MachineError as fault:
        raise TinykitError(
            f"The compiled model {compiled.name} went wrong on the virtual board: {fault}. "
            "This is a mistake in tinykit's compiler, please report it."
        ) from fault


def _batches(compiled, inputs: np.ndarray | Sequence[np.ndarray]) -> list[np.ndarray]:
    """Each input of the network as (n, values per input), checked."""
    shapes = compiled.input_shapes
    given = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    if len(given) != len(shapes):
        raise TinykitError(
            f"{compiled.name} has {len(shapes)} inputs, and {len(given)} were given. Give a list "
            "with an array for each."
        )
    batches = [_batch(compiled, *pair) for pair in zip(given, shapes, strict=True)]
    if len({len(batch) for batch in batches}) > 1:
        raise TinykitError(
            f"The inputs of {compiled.name} are {[len(batch) for batch in batches]} in number. "
            "Give as many of each."
        )
    return batches


def _batch(compiled, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """One input as (n, values per input), checked."""
    batch = np.asarray(values)
    if batch.shape == shape:
        batch = batch[np.newaxis]
    if batch.shape[1:] != shape or batch.dtype != np.int8 or len(batch) == 0:
        raise TinykitError(
            f"{compiled.name} wants int8 inputs of shape (n, {', '.join(map(str, shape))}), not "
            f"{batch.dtype} of shape {batch.shape}. Quantize them as in training."
        )
    return np.ascontiguousarray(batch.reshape(len(batch), -1))


def _built(board: Board, compiled) -> Program:
    """The program that `run_model` executes: the model's functions, and nothing that calls them."""
    try:
        memory = Memory(board.flash, board.ram, board.stack)
        return build(compiled.sources(), memory, roots=roots(compiled))
    except CompileError as error:
        if "will not fit in region" in error.messages:
            raise TooBigError(
                f"{compiled.name} is too big for the {board.title} ({board.ram:,} bytes of RAM, "
                f"{board.flash:,} of flash). Make the model smaller."
            ) from error
        raise TinykitError(
            f"The compiled model {compiled.name} does not compile: "
            f"{error.messages.strip().splitlines()[0]}. Please report it."
        ) from error


def roots(compiled) -> list[str]:
    """Symbols of the functions of model.h that are called from outside."""
    several = []
    if len(compiled.input_shapes) > 1:
        several.append(_INPUT_I)
    if len(compiled.output_shapes) > 1:
        several.append(_OUTPUT_I)
    return [*_ROOTS, *several]


def addresses(machine: Machine, compiled) -> tuple[list[int], list[int]]:
    """Where the inputs and the outputs of a model are in the board's memory."""
    found = []
    for count, one, several in (
        (len(compiled.input_shapes), _ROOTS[1], _INPUT_I),
        (len(compiled.output_shapes), _ROOTS[3], _OUTPUT_I),
    ):
        alone = count == 1
        found.append(
            [machine.call(one) if alone else machine.call(several, i) for i in range(count)]
        )
    return found[0], found[1]


def _measured(
    board: Board, compiled, machine: Machine, batch: list[np.ndarray], correction: float
) -> ModelRun:
    program = machine.program
    machine.call("boardConstruct")
    problem = machine.call(_ROOTS[0])
    if problem:
        raise TinykitError(f"{compiled.name} cannot be set up: {machine.text(problem)}")
    sources, targets = addresses(machine, compiled)
    _mark_layers(machine, compiled)
    outputs = [np.empty((len(batch[0]), *shape), np.int8) for shape in compiled.output_shapes]
    slowest = None
    machine.repaint_stack()
    for row in range(len(batch[0])):
        machine.forget_calls()
        for address, values in zip(sources, batch, strict=True):
            machine.memory(address, values[row].size)[:] = values[row].view(np.uint8)
        machine.call(_INVOKE)
        for address, made in zip(targets, outputs, strict=True):
            result = machine.memory(address, made[row].size).view(np.int8)
            made[row] = result.reshape(made.shape[1:])
        calls = machine.calls
        if slowest is None or calls[-1]["instructions"] > slowest[-1]["instructions"]:
            slowest = calls.copy()
    start_up = sum(f.size for f in program.functions if f.symbol in _START_UP)
    return ModelRun(
        board=board,
        every_output=tuple(outputs),
        instructions=int(slowest[-1]["instructions"]),
        cycles=int(slowest[-1]["cycles"]),
        waits=round(correction * int(slowest[-1]["waits"])),
        correction=correction,
        layers=tuple(_layers(compiled, slowest, correction)),
        static_bytes=program.static_bytes,
        stack_bytes=machine.stack_depth,
        flash_bytes=program.flash_bytes - start_up,
        constant_bytes=_constant_bytes(program),
    )


def _mark_layers(machine: Machine, compiled) -> None:
    """Measure every layer's function, marks from 1 on, and the whole inference, mark 0."""
    addresses = {function.name: function.address for function in machine.program.functions}
    machine.mark(addresses["model::invoke"], 0)
    for number, step in enumerate(compiled.steps, 1):
        machine.mark(addresses[f"model::{step.function}"], number)


def _layers(compiled, calls: np.ndarray, correction: float) -> list[LayerRun]:
    layers = []
    for number, step in enumerate(compiled.steps, 1):
        own = calls[calls["mark"] == number]
        instructions, cycles = int(own["instructions"].sum()), int(own["cycles"].sum())
        waits = round(correction * int(own["waits"].sum()))
        layers.append(LayerRun(step.name, step.op, instructions, cycles, waits, step.macs))
    return layers


def _constant_bytes(program: Program) -> int:
    """Bytes of the constant arrays of namespace model (their symbols begin with _ZN5model)."""
    return sum(
        size
        for symbol, address, size in program.objects
        if address < RAM_START and symbol.startswith(("_ZN5model", "_ZN12_GLOBAL__N_1"))
    )
