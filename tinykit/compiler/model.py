"""`tk.compile`: a model as plain C++, and what there is to know of it."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import tinykit.quantization.tflite as tflite_file
from tinykit.common.errors import TinykitError
from tinykit.common.files import refuse_strangers, write_folder
from tinykit.common.tables import Table
from tinykit.compiler import codegen
from tinykit.compiler.dead_channels import remove_dead_channels
from tinykit.compiler.fusion import fuse_additions
from tinykit.compiler.graph import Graph, Matrix, Op, macs
from tinykit.compiler.homes import Homes, computed_in_place
from tinykit.compiler.lowering import lower
from tinykit.compiler.padding import fold_padding
from tinykit.compiler.plan import MemoryPlan, Placement, plan_memory
from tinykit.compiler.reading import read_graph
from tinykit.compiler.reading.folding import fold_constants
from tinykit.compiler.steps import LoweredStep, Step
from tinykit.quantization.tflite.file import Ends, TfliteFile
from tinykit.quantization.tflite.float_moves import int8_moves


@dataclass(frozen=True)
class CompiledModel(Ends):
    """A model as C++ source; made by `tk.compile`.

    Attributes:
        name: of the model.
        file: the .tflite file's content.
        labels: class names in output order; () for a bare .tflite file.
        steps: one per generated layer function, in the order they run.
        graph: the network after the compiler's passes.
        lowered: the kernel call of each operator in it; None for a RESHAPE and whatever else
            needs none.
        placement: where each activation is in the arena.
    """

    name: str
    file: TfliteFile
    labels: tuple[str, ...]
    steps: tuple[Step, ...]
    graph: Graph = field(repr=False)
    lowered: tuple[LoweredStep | None, ...] = field(repr=False)
    placement: Placement = field(repr=False)

    @property
    def plan(self) -> MemoryPlan:
        """What lives where in the arena."""
        return self.placement.plan

    @property
    def arena_bytes(self) -> int:
        """RAM of activations and scratch buffers: all the static RAM of the model."""
        return self.plan.arena_bytes

    @property
    def constant_bytes(self) -> int:
        """Flash of weights, biases and tables."""
        constants = sum(data.nbytes for data in self.graph.constants.values())
        return constants + sum(step.constant_bytes for step in self.steps)

    @property
    def macs(self) -> int:
        """Multiply-accumulates that one inference executes."""
        return sum(step.macs for step in self.steps)

    @property
    def removed_macs(self) -> int:
        """Multiply-accumulates of the .tflite file that need not be executed."""
        return self.file.macs - self.macs

    def sources(self) -> dict[str, str]:
        """Text of every file by its path: model.h, model.cpp, src/tinykit/nn/...

        Complete: `c++ -I. -c model.cpp src/tinykit/nn/*.cpp` in the folder compiles it.
        """
        return dict(self._sources)

    @cached_property
    def _sources(self) -> dict[str, str]:
        graph = self.graph
        inputs, outputs = (
            [graph.values[value] for value in ends] for ends in (graph.inputs, graph.outputs)
        )
        return {
            "model.h": codegen.header(inputs, outputs, self.labels, bool(graph.states)),
            "model.cpp": codegen.source(
                self.name, self.graph, self.lowered, self.steps, self.placement, self.labels
            ),
            **codegen.kernel_files([step for step in self.lowered if step]),
        }

    def write(self, out: Path | str) -> Path:
        """Write the sources into the folder `out`, in place of an earlier model.

        Raises TinykitError when the folder holds anything else or cannot be written.
        """
        path = Path(out)
        if path.is_file():
            raise TinykitError(f"{path} is a file. Choose a folder for the model.")
        refuse_strangers(path, {"model.h", "model.cpp", *codegen.kernel_names()})
        write_folder(path, self.sources())
        return path

    @property
    def headline(self) -> str:
        """One line: MACs, flash, RAM."""
        removed = f" ({self.removed_macs:,} removed)" if self.removed_macs else ""
        return (
            f"{self.name}: {self.macs:,} MACs{removed}, {self.constant_bytes:,} bytes of "
            f"constants, {self.arena_bytes:,} bytes of RAM"
        )

    @property
    def table(self) -> Table:
        """One row a step."""
        rows = [
            (
                step.name,
                step.op,
                _shape(step.input_shape),
                _shape(step.output_shape),
                f"{step.macs:,}",
                f"{step.constant_bytes:,}",
                step.comment,
            )
            for step in self.steps
        ]
        header = ("layer", "op", "input", "output", "MACs", "constants", "kernel")
        return Table(rows, header, title=self.headline, right=(4, 5))

    def __str__(self) -> str:
        return str(self.table)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def compile(model: object, *, name: str | None = None) -> CompiledModel:
    """Turn an int8 model into C++ that computes the same bytes as TensorFlow Lite Micro.

    Of a model that begins with QUANTIZE and ends with DEQUANTIZE, what is between them: input() and
    output() are int8, and model.h has their scales and zero points.

    Args:
        model: a TinyModel, a .tflite file's path or bytes, or a TfliteFile.
        name: what the model is called; default its own name, or the file's.

    Raises TinykitError when the file is damaged, is no int8 model, or has a layer for which there
    is no kernel; the message names the layer and what to use instead.
    """
    file, own_name, labels, source = _opened(model)
    graph = read_graph(fold_constants(file), source)
    graph = fold_padding(graph)
    graph = remove_dead_channels(graph)
    graph = fuse_additions(graph)
    graph = computed_in_place(graph)
    lowered = [lower(graph, op) for op in graph.ops]
    homes = Homes(graph, lowered)
    lowered = tuple(
        None if homes.is_free(op) else step for op, step in zip(graph.ops, lowered, strict=True)
    )
    placement = plan_memory(graph, lowered, homes)
    steps = tuple(
        _step(graph, op, step) for op, step in zip(graph.ops, lowered, strict=True) if step
    )
    return CompiledModel(name or own_name, file, labels, steps, graph, lowered, placement)


def _opened(model: object) -> tuple[TfliteFile, str, tuple[str, ...], str]:
    """File, name and labels of whatever `compile` was given, and what errors call it."""
    if isinstance(model, TfliteFile):
        file = int8_moves(tflite_file.int8_ends(model))
        for problem in tflite_file.int8_problems(file):
            raise TinykitError(f"The model {problem}")
        return file, "model", (), "The model"
    if isinstance(model, str | Path):
        return tflite_file.check_int8(model), Path(model).stem, (), str(model)
    if isinstance(model, bytes | bytearray | memoryview):
        return tflite_file.check_int8(bytes(model)), "model", (), "The model"
    tflite = getattr(model, "tflite", None)
    if not isinstance(tflite, bytes):
        raise TinykitError(
            f"A {type(model).__name__} cannot be compiled. Give a TinyModel or a .tflite file."
        )
    source = f"The model {model.name}"
    return tflite_file.check_int8(tflite, source), model.name, tuple(model.labels), source


def _step(graph: Graph, op: Op, lowered: LoweredStep) -> Step:
    added = isinstance(op, Matrix) and op.add is not None
    return Step(
        name=op.name,
        op=f"{op.kind}+ADD" if added else op.kind,
        function=op.name.replace("+", "_"),
        input_shape=graph.input_of(op).shape,
        output_shape=graph.output_of(op).shape,
        macs=macs(graph, op),
        constant_bytes=lowered.constant_bytes,
        scratch_bytes=lowered.scratch_bytes,
        comment=lowered.comment,
        inputs=op.inputs,
        output=op.output,
    )


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape[1:] if len(shape) > 1 else shape)) or str(math.prod(shape))
