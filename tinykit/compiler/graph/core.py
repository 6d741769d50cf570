"""What a network is made of: values, operators, and the graph of both."""

from dataclasses import dataclass, field, replace
from math import prod

import numpy as np


@dataclass(frozen=True)
class Value:
    """An activation: real value = scale * (q - zero_point).

    `dtype` is "int8"; "int16" only for what an operator keeps inside (the cells of an LSTM).
    """

    shape: tuple[int, ...]
    scale: float
    zero_point: int
    dtype: str = "int8"

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def n_bytes(self) -> int:
        """Bytes in memory."""
        return self.size * np.dtype(self.dtype).itemsize

    @property
    def channels(self) -> int:
        """The last dimension."""
        return self.shape[-1] if self.shape else 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Op:
    """One operator.

    Attributes:
        name: unique in the graph, "conv_2d_1"; two fused operators: "conv_2d_3+add_1".
        kind: the operator's name in TensorFlow Lite, "CONV_2D".
        inputs: ids of the values it reads (weights are not values).
        output: id of the value it writes. A Copy may write a state of the graph; every other
            value is written once.
        states: ids of the graph's states that it reads and changes by itself (LSTM, SVDF).
    """

    name: str
    kind: str
    inputs: tuple[int, ...]
    output: int
    states: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Activation(Op):
    """An operator with a fused activation: its result is clamped to act_min ... act_max."""

    act_min: int = -128
    act_max: int = 127


@dataclass(frozen=True)
class Graph:
    """Operators in the order they run.

    Attributes:
        values: all activations by id; also the constants and the states.
        inputs, outputs: ids of the network's inputs and outputs.
        constants: int8 arrays of values that are known (an ADD of a constant, say), by id.
        states: values that last from one inference to the next, and what they are at the start, by
            id; arrays of the value's shape and dtype.
    """

    ops: tuple[Op, ...]
    values: dict[int, Value]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    constants: dict[int, np.ndarray] = field(default_factory=dict)
    states: dict[int, np.ndarray] = field(default_factory=dict)

    def readers(self, value: int) -> list[Op]:
        """The operators that read a value."""
        return [op for op in self.ops if value in op.inputs]

    def writer(self, value: int) -> Op | None:
        """The operator that writes a value; None for the network's inputs and for constants."""
        return next((op for op in self.ops if op.output == value), None)

    def with_ops(self, ops: list[Op]) -> "Graph":
        """The same graph with other operators."""
        return replace(self, ops=tuple(ops))

    def input_of(self, op: Op) -> Value:
        """The value an operator reads first."""
        return self.values[op.inputs[0]]

    def output_of(self, op: Op) -> Value:
        """The value an operator writes."""
        return self.values[op.output]
