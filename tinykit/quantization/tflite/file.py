"""What a .tflite file says: tensors, operators, layers and their costs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from tinykit.quantization.tflite.schema import BITS

#: Operators whose multiply-accumulates are counted.
WITH_MACS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
#: Operators that read and write what lasts from one inference to the next.
STATEFUL = ("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE")
_IN_NUMPY = {name for name, bits in BITS.items() if bits >= 8 and name != "bfloat16"}
_WEIGHTED = (*WITH_MACS, "TRANSPOSE_CONV", "PRELU", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM")


@dataclass(frozen=True)
class Quantization:
    """real value = scale * (q - zero_point), one pair for the tensor or one per channel."""

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int


@dataclass(frozen=True)
class Tensor:
    """One tensor.

    `data` holds the bytes of a constant (weights), None for an activation. `is_variable`: what the
    network keeps in it lasts from one inference to the next.
    """

    name: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    dtype: str
    quantization: Quantization | None
    data: bytes | None
    is_variable: bool = False

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def n_bytes(self) -> int:
        """Bytes the tensor takes in memory; 0 for types whose elements have no fixed size."""
        return -(-self.size * BITS[self.dtype] // 8)

    def array(self) -> np.ndarray:
        """A constant's values in its own shape.

        Raises ValueError for an activation, and for types that NumPy does not have (int4, ...).
        """
        if self.data is None or self.dtype not in _IN_NUMPY or len(self.data) < self.n_bytes:
            raise ValueError(f"tensor {self.name!r} holds no plain constant")
        dtype = np.dtype(self.dtype).newbyteorder("<")
        return np.frombuffer(self.data, dtype, self.size).reshape(self.shape)


@dataclass(frozen=True)
class Operator:
    """One step of the network: `op` applied to tensors (indices; -1 = left out).

    `options` holds what else the file says of it, by the names of TensorFlow Lite's schema:
    "padding" ("SAME", "VALID"), "stride_height", "activation" ("NONE", "RELU6", ...), "beta", ...
    Numbers are as in the file, unchecked.
    """

    name: str
    op: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, int | float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """One row of the layer table: shapes include the batch dimension of 1."""

    name: str
    op: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    weight_bytes: int
    macs: int


@dataclass(frozen=True)
class TfliteFile:
    """What a .tflite file says: its tensors, and its operators in the order they run.

    `others` are further graphs in the file, which operators such as CALL_ONCE, IF and WHILE run.
    """

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    others: tuple["TfliteFile", ...] = ()

    @property
    def input(self) -> Tensor:
        """The network's (first) input."""
        return self.tensors[self.inputs[0]]

    @property
    def output(self) -> Tensor:
        """The network's (first) output."""
        return self.tensors[self.outputs[0]]

    @property
    def ops(self) -> list[str]:
        """Operator names in the order they run, with repetitions."""
        return [operator.op for operator in self.operators]

    @property
    def is_stateful(self) -> bool:
        """Whether an output may depend on earlier inputs."""
        variable = any(tensor.is_variable for tensor in self.tensors)
        return variable or any(op in STATEFUL for op in self.ops)

    @cached_property
    def layers(self) -> list[Layer]:
        """One row per operator."""
        return [self._layer(operator) for operator in self.operators]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference, in convolutions and fully connected layers."""
        return sum(layer.macs for layer in self.layers)

    @property
    def n_parameters(self) -> int:
        """Weights and biases: the constants that the layers with MACs, PRELU, ... hold."""
        used = {i for o in self.operators for i in o.inputs[1:] if i >= 0 and o.op in _WEIGHTED}
        return sum(self.tensors[i].size for i in used if self.tensors[i].data is not None)

    def _layer(self, operator: Operator) -> Layer:
        given = [i for i in operator.inputs if i >= 0]
        first = next((i for i in given if self.tensors[i].data is None), None)
        constants = {i for i in given if self.tensors[i].data is not None}
        return Layer(
            name=operator.name,
            op=operator.op,
            input_shape=() if first is None else self.tensors[first].shape,
            output_shape=self._output_shape(operator),
            weight_bytes=sum(self.tensors[i].n_bytes for i in constants),
            macs=self._macs(operator),
        )

    def _output_shape(self, operator: Operator) -> tuple[int, ...]:
        """Of the first output; () for an operator without (ASSIGN_VARIABLE)."""
        first = operator.outputs[0] if operator.outputs else -1
        return self.tensors[first].shape if first >= 0 else ()

    def _macs(self, operator: Operator) -> int:
        """Each output value of a layer costs one MAC per weight that it meets."""
        if operator.op not in WITH_MACS or len(operator.inputs) < 2:
            return 0
        weights = self.tensors[operator.inputs[1]].shape
        size = math.prod(self._output_shape(operator))
        if operator.op == "CONV_2D":  # weights (out, height, width, in)
            return size * math.prod(weights[1:])
        if operator.op == "DEPTHWISE_CONV_2D":  # weights (1, height, width, out)
            return size * math.prod(weights[1:3])
        return size * math.prod(weights[-1:])  # FULLY_CONNECTED: weights (out, in)


def inner_shape(tensor: Tensor) -> tuple[int, ...]:
    """Shape of one input or output without the batch, where there is one."""
    return tensor.shape[1:] if tensor.shape[:1] == (1,) else tensor.shape


class Ends:
    """Shape, scale and zero point of the input and the output of an int8 network, `file`.

    Of several inputs or outputs, those of the first.
    """

    file: TfliteFile

    @property
    def input_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of all inputs, without the batch dimension."""
        return [inner_shape(self.file.tensors[index]) for index in self.file.inputs]

    @property
    def output_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of all outputs, without the batch dimension."""
        return [inner_shape(self.file.tensors[index]) for index in self.file.outputs]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input, without the batch dimension."""
        return self.input_shapes[0]

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of one output, without the batch dimension."""
        return self.output_shapes[0]

    @property
    def input_scale(self) -> float:
        """Real units per step of the int8 input (a float32 value)."""
        return self.file.input.quantization.scale[0]

    @property
    def input_zero_point(self) -> int:
        """The int8 input that stands for 0."""
        return self.file.input.quantization.zero_point[0]

    @property
    def output_scale(self) -> float:
        """Real units per step of the int8 output (1/256 after a softmax)."""
        return self.file.output.quantization.scale[0]

    @property
    def output_zero_point(self) -> int:
        """The int8 output that stands for 0 (-128 after a softmax)."""
        return self.file.output.quantization.zero_point[0]
