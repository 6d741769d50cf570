"""The network as the compiler sees it: a list of operators on int8 values.

`tinykit.compiler.reading` makes a Graph of a .tflite file; the passes rewrite it; the lowering
turns each operator into a call of a C++ kernel. All shapes include the batch, which is always 1.
All arithmetic is that of TensorFlow Lite Micro's reference kernels, in integers.
"""

from dataclasses import dataclass, field, replace
from math import prod

import numpy as np


@dataclass(frozen=True)
class Value:
    """An int8 activation: real value = scale * (q - zero_point)."""

    shape: tuple[int, ...]
    scale: float
    zero_point: int

    @property
    def size(self) -> int:
        """Number of elements, which is its size in bytes."""
        return prod(self.shape)

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
        output: id of the value it writes.
    """

    name: str
    kind: str
    inputs: tuple[int, ...]
    output: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Activation(Op):
    """An operator with a fused activation: its result is clamped to act_min ... act_max."""

    act_min: int = -128
    act_max: int = 127


ADD_SHIFT = 20  # fixed, because the Cortex-M4 shifts and saturates in one instruction then


@dataclass(frozen=True, eq=False, kw_only=True)
class Add(Activation):
    """inputs[0] + inputs[1] (SUB: minus); one of them may be a vector of one value per channel.

    Attributes:
        table: int8 (256, 256), the result for each pair of inputs, [q0 + 128, q1 + 128]; clamped.
        linear: (m0, m1, bias), see `tinykit.compiler.add`; None when no such numbers exist.
        exact: the parameters of TensorFlow Lite's arithmetic, by their names in nn/AddExact.h.
    """

    table: np.ndarray
    linear: tuple[int, int, int] | None
    exact: dict[str, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class Matrix(Activation):
    """What CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED have in common.

    For each output channel c: acc = bias[c] + sum((x - input_zero_point) * weights[c]);
    q = multiplyByQuantizedMultiplier(acc, multipliers[c], shifts[c]) + output_zero_point, clamped.

    Attributes:
        weights: int8; their layout is the subclass's.
        bias: int32 (channels,); zeros when the file has none.
        multipliers: int32 (channels,): 0, or 2^30 ... 2^31 - 1.
        shifts: int32 (channels,): TensorFlow Lite's convention, positive = to the left; -31 ... 31.
        add: an ADD that is applied to the result before it is stored (already clamped to act_min
            ... act_max): `inputs` is then (x, skip), add.table[result + 128, skip + 128].
            `add.linear` is never None here.
    """

    weights: np.ndarray
    bias: np.ndarray
    multipliers: np.ndarray
    shifts: np.ndarray
    input_zero_point: int
    output_zero_point: int
    add: Add | None = None

    @property
    def channels(self) -> int:
        """Number of output channels."""
        return len(self.bias)


@dataclass(frozen=True, eq=False, kw_only=True)
class Conv(Matrix):
    """CONV_2D. Weights (out, kernel height, kernel width, in).

    Output pixel (y, x) reads input rows y * strides[0] - padding[0] + i * dilation[0], likewise
    columns; pixels outside the input count as input_zero_point. Bottom and right padding follow
    from the shapes.
    """

    strides: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width."""
        return self.weights.shape[1:3]


@dataclass(frozen=True, eq=False, kw_only=True)
class Depthwise(Matrix):
    """DEPTHWISE_CONV_2D. Weights (kernel height, kernel width, out); the rest as Conv.

    Output channel c reads input channel c // depth_multiplier.
    """

    strides: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    depth_multiplier: int

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width."""
        return self.weights.shape[:2]


@dataclass(frozen=True, eq=False, kw_only=True)
class FullyConnected(Matrix):
    """FULLY_CONNECTED. Weights (out, in), applied to each row of `in` input values."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool(Activation):
    """AVERAGE_POOL_2D or MAX_POOL_2D; padding is (top, left), pixels outside do not count."""

    filter: tuple[int, int]
    strides: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class Mean(Op):
    """MEAN over the middle of (rows, count, channels), such as height and width of an image.

    q = (sum - input_zero_point * count) requantized by multiplier and shift (which contain the
    division by count) + output_zero_point, clamped to int8.
    """

    rows: int
    count: int

    multiplier: int
    shift: int
    input_zero_point: int
    output_zero_point: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Mul(Activation):
    """inputs[0] * inputs[1]; one of them may be a vector of one value per channel.

    Attributes:
        multiplier, shift: as of Matrix.
        zero_points: of the inputs and the output.
    """

    multiplier: int
    shift: int
    zero_points: tuple[int, int, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class Lookup(Op):
    """Any function of one int8 (LOGISTIC, RELU, QUANTIZE, ...): table int8 (256,) by q + 128."""

    table: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Softmax(Op):
    """SOFTMAX over the last dimension; tables as made by `arithmetic.softmax_exponentials`."""

    exponentials: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Pad(Op):
    """PAD: `before` and `after` in each of the four dimensions, filled with `fill`."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    fill: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Concatenation(Op):
    """CONCATENATION along `axis` (from the front); all inputs have the output's quantization."""

    axis: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Reshape(Op):
    """RESHAPE, SQUEEZE, EXPAND_DIMS: another shape for the same bytes. Costs nothing."""


@dataclass(frozen=True)
class Graph:
    """Operators in the order they run.

    Attributes:
        values: all activations by id; also the constants.
        constants: int8 arrays of values that are known (an ADD of a constant, say), by id.
        input, output: id of the network's input and output.
    """

    ops: tuple[Op, ...]
    values: dict[int, Value]
    input: int
    output: int
    constants: dict[int, np.ndarray] = field(default_factory=dict)

    def readers(self, value: int) -> list[Op]:
        """The operators that read a value."""
        return [op for op in self.ops if value in op.inputs]

    def writer(self, value: int) -> Op | None:
        """The operator that writes a value; None for the network's input and for constants."""
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


def macs(graph: Graph, op: Op) -> int:
    """Multiply-accumulates: each output value costs one for each weight that it meets."""
    size = graph.output_of(op).size
    if isinstance(op, Conv):
        return size * prod(op.weights.shape[1:])
    if isinstance(op, Depthwise):
        return size * prod(op.weights.shape[:2])
    if isinstance(op, FullyConnected):
        return size * op.weights.shape[1]
    return 0
