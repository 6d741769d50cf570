"""Changing a .tflite file with the classes that TensorFlow makes of its own schema."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from tinykit.common.quiet import captured_output
from tinykit.quantization.tflite.file import Operator

_TIME = 1  # the axis of rows, behind the batch
_VERSIONS = {"CONCATENATION": 2, "STRIDED_SLICE": 2}  # from which on they take int8; others: 1


class Surgery:
    """Builds a network's streaming form out of its layers, in the order they run.

    Tensors keep their numbers. What is kept of tensor 23 is called "rows of 23".

    Args:
        tflite: the file's bytes; they stay as they are.
    """

    def __init__(self, tflite: bytes) -> None:
        self._fb = _schema()
        self._model = self._fb.ModelT.InitFromObj(self._fb.Model.GetRootAsModel(tflite, 0))
        self._graph = self._model.subgraphs[0]
        self._layers = list(self._graph.operators)
        self._graph.operators = []
        self._first = self._new_graph()  # what runs once, before the first step
        self._handles: list[Any] = []
        self._joined: dict[tuple[int, int], int] = {}

    def set_rows(self, index: int, rows: int) -> None:
        """An activation has so many rows from now on."""
        tensor = self._graph.tensors[index]
        tensor.shape = _with_rows(tensor.shape, rows)
        tensor.shapeSignature = None

    def copy(self, operator: Operator, inputs: Sequence[int] | None = None) -> None:
        """Take over the next layer, with other inputs."""
        layer = self._layers.pop(0)
        if inputs is not None:
            layer.inputs = np.array(inputs, np.int32)
        if operator.op == "RESHAPE":
            self._reshape(layer)
        self._graph.operators.append(layer)

    def with_kept(self, index: int, kept: int) -> int:
        """An activation behind its last `kept` rows of earlier steps.

        READ_VARIABLE gives what was kept, CONCATENATION puts the new rows behind it; the last
        `kept` of all those are what STRIDED_SLICE cuts out and ASSIGN_VARIABLE keeps.
        """
        if kept == 0:
            return index
        if (index, kept) not in self._joined:
            self._joined[index, kept] = self._keep(index, kept)
        return self._joined[index, kept]

    def finished(self) -> bytes:
        """The new file."""
        import flatbuffers

        fb = self._fb
        once = self._operator("CALL_ONCE", [], [], fb.CallOnceOptionsT())
        once.builtinOptions.initSubgraphIndex = len(self._model.subgraphs)
        self._graph.operators[:0] = [once, *self._handles]
        self._model.subgraphs.append(self._first)
        self._model.signatureDefs = None
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self._model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _keep(self, index: int, kept: int) -> int:
        fb, graph, name = self._fb, self._graph, f"rows of {index}"
        if any(kept != other for i, other in self._joined if i == index):
            name += f", {kept}"
        new = graph.tensors[index].shape[_TIME]
        old = self._like(index, kept)
        joined = self._like(index, kept + new)
        last = self._like(index, kept)
        handle = self._handle(graph, name, self._handles)
        self._add("READ_VARIABLE", [handle], [old], fb.ReadVariableOptionsT())
        joining = fb.ConcatenationOptionsT()
        joining.axis = _TIME
        self._add("CONCATENATION", [old, index], [joined], joining)
        shape = graph.tensors[joined].shape
        begin = np.zeros(len(shape), np.int32)
        begin[_TIME] = new
        bounds = [self._constant(graph, x) for x in (begin, shape, np.ones_like(begin))]
        self._add("STRIDED_SLICE", [joined, *bounds], [last], fb.StridedSliceOptionsT())
        self._add("ASSIGN_VARIABLE", [handle, last], [], fb.AssignVariableOptionsT())
        self._start(index, name, kept)
        return joined

    def _start(self, index: int, name: str, kept: int) -> None:
        """Before the first step, what is kept is 0: the zero point of what it will hold."""
        tensor = self._graph.tensors[index]
        zero = int(tensor.quantization.zeroPoint[0])
        values = np.full(_with_rows(tensor.shape, kept), zero, np.int8)
        start = self._constant(self._first, values)
        self._first.tensors[start].quantization = tensor.quantization
        handle = self._handle(self._first, name, self._first.operators)
        options = self._fb.AssignVariableOptionsT()
        self._first.operators.append(
            self._operator("ASSIGN_VARIABLE", [handle, start], [], options)
        )

    def _handle(self, graph: Any, name: str, operators: list[Any]) -> int:
        """A new tensor that stands for the variable of this name."""
        tensor = self._tensor(graph, [], self._fb.TensorType.RESOURCE)
        options = self._fb.VarHandleOptionsT()
        options.container, options.sharedName = "", name
        operators.append(self._operator("VAR_HANDLE", [], [tensor], options))
        return tensor

    def _reshape(self, layer: Any) -> None:
        """The new shape as a constant of its own: another layer may share the old one."""
        shape = np.array(self._graph.tensors[layer.outputs[0]].shape, np.int32)
        layer.inputs = np.array([layer.inputs[0], self._constant(self._graph, shape)], np.int32)
        if layer.builtinOptions is not None:
            layer.builtinOptions.newShape = shape

    def _like(self, index: int, rows: int) -> int:
        """A new activation that is like another one, with so many rows."""
        model = self._graph.tensors[index]
        made = self._tensor(self._graph, _with_rows(model.shape, rows), model.type)
        self._graph.tensors[made].quantization = model.quantization
        return made

    def _constant(self, graph: Any, values: np.ndarray) -> int:
        values = np.asarray(values)
        types = self._fb.TensorType
        made = self._tensor(
            graph, values.shape, types.INT8 if values.dtype == np.int8 else types.INT32
        )
        buffer = self._fb.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        graph.tensors[made].buffer = len(self._model.buffers)
        self._model.buffers.append(buffer)
        return made

    def _tensor(self, graph: Any, shape: Sequence[int], dtype: int) -> int:
        tensor = self._fb.TensorT()
        tensor.shape, tensor.type = np.array(shape, np.int32), dtype
        tensor.buffer, tensor.name = 0, ""  # buffer 0 is empty, by convention
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    def _add(self, op: str, inputs: list[int], outputs: list[int], options: Any) -> None:
        self._graph.operators.append(self._operator(op, inputs, outputs, options))

    def _operator(self, op: str, inputs: list[int], outputs: list[int], options: Any) -> Any:
        made = self._fb.OperatorT()
        made.opcodeIndex = self._code(op)
        made.inputs, made.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        kind = type(options).__name__.removesuffix("T")
        made.builtinOptionsType = getattr(self._fb.BuiltinOptions, kind)
        made.builtinOptions = options
        return made

    def _code(self, op: str) -> int:
        """The place of an operator in the file's list of those it uses."""
        codes, number = self._model.operatorCodes, getattr(self._fb.BuiltinOperator, op)
        for place, code in enumerate(codes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == number:
                code.version = max(code.version, _VERSIONS.get(op, 1))
                return place
        code = self._fb.OperatorCodeT()
        code.builtinCode, code.version = number, _VERSIONS.get(op, 1)
        code.deprecatedBuiltinCode = min(number, 127)  # larger ones: see builtinCode
        codes.append(code)
        return len(codes) - 1

    def _new_graph(self) -> Any:
        graph = self._fb.SubGraphT()
        graph.tensors, graph.operators, graph.name = [], [], ""
        graph.inputs = graph.outputs = np.array([], np.int32)
        return graph


def _with_rows(shape: Sequence[int], rows: int) -> np.ndarray:
    shape = np.array(shape, np.int32)
    shape[_TIME] = rows
    return shape


def _schema() -> ModuleType:
    """TensorFlow's classes of the .tflite format."""
    with captured_output():
        from tensorflow.lite.python import schema_py_generated
    return schema_py_generated
