"""What a .tflite file says: tensors, operators, layers and their costs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from tinykit.quantization.tflite.schema import BYTES

#: Operators whose multiply-accumulates are counted.
WITH_MACS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_WEIGHTED = (*WITH_MACS, "TRANSPOSE_CONV", "PRELU", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM")


@dataclass(frozen=True)
class Quantization:
    """real value = scale * (q - zero_point), one pair for the tensor or one per channel."""

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int


@dataclass(frozen=True)
class Tensor:
    """One tensor. `data` holds the bytes of a constant (weights), None for an activation."""

    name: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    dtype: str
    quantization: Quantization | None
    data: bytes | None

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def n_bytes(self) -> int:
        """Bytes the tensor takes in memory."""
        return (self.size + 1) // 2 if self.dtype == "int4" else self.size * BYTES[self.dtype]

    def array(self) -> np.ndarray:
        """A constant's values in its own shape. Raises ValueError for an activation or int4."""
        if self.data is None or self.dtype == "int4":
            raise ValueError(f"tensor {self.name!r} holds no plain constant")
        return np.frombuffer(self.data, np.dtype(self.dtype).newbyteorder("<")).reshape(self.shape)


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
    """What a .tflite file says: its tensors, and its operators in the order they run."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

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
        first = next((i for i in operator.inputs if self.tensors[i].data is None), 0)
        constants = {i for i in operator.inputs if i >= 0 and self.tensors[i].data is not None}
        return Layer(
            name=operator.name,
            op=operator.op,
            input_shape=self.tensors[first].shape,
            output_shape=self.tensors[operator.outputs[0]].shape,
            weight_bytes=sum(self.tensors[i].n_bytes for i in constants),
            macs=self._macs(operator),
        )

    def _macs(self, operator: Operator) -> int:
        """Each output value of a layer costs one MAC per weight that it meets."""
        if operator.op not in WITH_MACS:
            return 0
        weights = self.tensors[operator.inputs[1]]
        output = self.tensors[operator.outputs[0]]
        if operator.op == "CONV_2D":  # weights (out, height, width, in)
            return output.size * math.prod(weights.shape[1:])
        if operator.op == "DEPTHWISE_CONV_2D":  # weights (1, height, width, out)
            return output.size * math.prod(weights.shape[1:3])
        return output.size * weights.shape[-1]  # FULLY_CONNECTED: weights (out, in)
