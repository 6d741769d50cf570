"""What all layers are read with: activations, scales, windows - and the way to refuse a layer."""

import math

import numpy as np

from tinykit.compiler import arithmetic
from tinykit.compiler.graph import Value
from tinykit.quantization.tflite.file import Operator, Tensor, TfliteFile

_MAX_VALUE_BYTES = 1 << 23  # an activation of 8 MB: more than any board of the kit has
_LEAST_SCALE, _LARGEST_SCALE = 2.0**-30, 2.0**20  # what TensorFlow Lite computes with safely


class RefusalError(Exception):
    """Why a layer cannot be compiled, and what to do; `read_graph` adds the layer's name."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what, todo)
        self.what, self.todo = what, todo


CONVERT = "Convert it again to full int8 (tinykit.quantize)"
DAMAGED = "Export or download it again"


class Reader:
    """Gives the tensors that operators name.

    `values`, `constants` and `states` are the Graph's and grow with each. Variables have names,
    (container, name): `handles` are the tensors that stand for one, `at_start` what is assigned
    before the first inference, `variables` their states.
    """

    def __init__(self, file: TfliteFile) -> None:
        self.file = file
        self.values: dict[int, Value] = {}
        self.constants: dict[int, np.ndarray] = {}
        self.states: dict[int, np.ndarray] = {}
        self.handles: dict[int, tuple[str, str]] = {}
        self.at_start: dict[tuple[str, str], bytes] = {}
        self.variables: dict[tuple[str, str], int] = {}

    def value(self, index: int) -> Value:
        """The int8 activation of a tensor; known from then on."""
        tensor = self.file.tensors[index]
        if tensor.dtype != "int8":
            raise RefusalError(f"a tensor of type {tensor.dtype}, where int8 is needed", CONVERT)
        if tensor.size > _MAX_VALUE_BYTES:
            raise RefusalError(f"a tensor of {tensor.size:,} bytes", "Use smaller inputs or layers")
        if -1 in tensor.shape_signature[1:]:
            raise RefusalError("a tensor of varying size", "Convert it again with fixed shapes")
        scale, zero_point = self.scale(tensor)
        value = Value(tensor.shape, scale, zero_point)
        self.values[index] = value
        return value

    def scale(self, tensor: Tensor) -> tuple[float, int]:
        """Scale and zero point of an activation."""
        quantization = tensor.quantization
        if quantization is None or len(quantization.scale) != 1:
            raise RefusalError("an activation without a scale of its own", CONVERT)
        if not -128 <= quantization.zero_point[0] <= 127:
            raise RefusalError(f"a zero point of {quantization.zero_point[0]}", DAMAGED)
        if not _LEAST_SCALE <= quantization.scale[0] <= _LARGEST_SCALE:
            raise RefusalError(f"a scale of {quantization.scale[0]:g}", CONVERT)
        return quantization.scale[0], quantization.zero_point[0]

    def operand(self, index: int) -> int:
        """A value that may be a constant, by its id."""
        tensor = self.file.tensors[index]
        self.value(index)
        if tensor.data is not None:
            self.constants[index] = tensor.array()
        return index

    def one_to_one(self, operator: Operator) -> tuple[Value, Value]:
        """Input and output of an operator that reads one activation."""
        if self.file.tensors[operator.inputs[0]].data is not None:
            raise RefusalError("its input is a constant", "Build the network without that layer")
        return self.value(operator.inputs[0]), self.value(operator.outputs[0])

    def whole_numbers(self, operator: Operator, position: int, what: str) -> np.ndarray:
        """A constant input of integers: axes, paddings."""
        index = operator.inputs[position] if position < len(operator.inputs) else -1
        tensor = self.file.tensors[index] if index >= 0 else None
        if tensor is None or tensor.data is None or tensor.dtype not in ("int32", "int64"):
            raise RefusalError(f"its {what} are computed while it runs", "Make them constant")
        if tensor.size > 64:
            raise RefusalError(f"{tensor.size} {what}", DAMAGED)
        return tensor.array().astype(np.int64)


def factor_of(real: float) -> tuple[int, int]:
    """A real factor as multiplier and shift."""
    try:
        return arithmetic.quantized_multiplier(real)
    except ValueError as error:
        raise RefusalError(f"its scales do not fit each other ({error})", CONVERT) from None


def activation_bounds(operator: Operator, output: Value) -> dict[str, int]:
    """The fused activation as act_min and act_max."""
    activation = operator.options["activation"]
    limits = {"NONE": (None, None), "RELU": (0, None), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1)}
    if activation not in limits:
        raise RefusalError(f"a fused {activation}", "Use RELU, RELU6 or a layer of its own")
    low, high = limits[activation]
    return {
        "act_min": -128 if low is None else max(-128, quantized(low, output)),
        "act_max": 127 if high is None else min(127, quantized(high, output)),
    }


def quantized(real: float, output: Value) -> int:
    """A real number in the steps of a value, rounded as TensorFlow Lite does."""
    steps = float(np.float32(real) / np.float32(output.scale))
    if abs(steps) >= 1 << 31:
        raise RefusalError(f"an output scale of {output.scale:g}", CONVERT)
    return output.zero_point + int(math.copysign(math.floor(abs(steps) + 0.5), steps))


def window_geometry(
    operator: Operator, x: Value, y: Value, kernel: tuple[int, int], dilated: bool
) -> dict[str, tuple[int, int]]:
    """Strides, padding (top, left) and dilation of a window, checked against the shapes."""
    if len(x.shape) != 4 or len(y.shape) != 4 or x.shape[0] != 1 or y.shape[0] != 1:
        raise RefusalError(f"shapes {x.shape} -> {y.shape}", "Give it one image at a time")
    options = operator.options
    strides = (options["stride_height"], options["stride_width"])
    dilation = (1, 1)
    if dilated:
        dilation = (options["dilation_height"], options["dilation_width"])
    if not all(1 <= n <= 1 << 15 for n in (*strides, *dilation, *kernel)):
        what = f"a kernel of {kernel} with strides {strides} and dilation {dilation}"
        raise RefusalError(what, DAMAGED)
    padding = []
    for size, out, k, stride, step in zip(
        x.shape[1:3], y.shape[1:3], kernel, strides, dilation, strict=True
    ):
        reach = (k - 1) * step + 1
        free = size if options["padding"] == "SAME" else size - reach + 1
        if free < 1 or -(-free // stride) != out:
            raise RefusalError(f"shapes {x.shape} -> {y.shape} do not fit its kernel", DAMAGED)
        padding.append(max(0, (out - 1) * stride + reach - size) // 2)
    geometry = {"strides": strides, "padding": tuple(padding)}
    return geometry | ({"dilation": dilation} if dilated else {})


def one_input(operator: Operator) -> dict:
    """Inputs and output of an operator on one activation, as arguments of its Op."""
    return {"inputs": operator.inputs[:1], "output": operator.outputs[0]}
