"""Single int8 layers at random, for a .tflite file; random_models.py puts them together."""

from dataclasses import dataclass

import numpy as np
from tflite_writer import ACTIVATION, PADDING, TfliteWriter

_MOST_MACS = 150_000  # a layer; TFLM's reference kernels do some 200 million a second


@dataclass(frozen=True)
class Value:
    """An activation: its tensor's number, and how large its values are, in quantization steps."""

    tensor: int
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    spread: float  # root mean square of q - zero_point, roughly

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


class Layers:
    """A network that grows operator by operator."""

    def __init__(self, seed: int, writer: TfliteWriter) -> None:
        self.rng = np.random.default_rng(seed)
        self.writer = writer
        self.ops: list[str] = []
        self.values: list[Value] = []  # what there is so far
        self.computed: set[int] = set()  # tensors that an operator wrote
        self.powers_of_two = self.chance(0.2)  # as scales: then many results lie halfway

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def value(self, shape, scale: float, zero_point: int, spread: float) -> Value:
        scale = float(self.rounded(scale))
        tensor = self.writer.tensor(shape, scale, zero_point)
        value = Value(tensor, tuple(int(n) for n in shape), scale, zero_point, spread)
        self.values.append(value)
        return value

    def rounded(self, scales):
        """float32 scales, for the file."""
        return np.float32(2 ** np.log2(scales).round() if self.powers_of_two else scales)

    def zero_point(self, activation: str = "NONE") -> int:
        if activation in ("RELU", "RELU6"):
            return -128 if self.chance(0.7) else int(self.rng.integers(-128, 30))
        if self.chance(0.1):
            return int(self.pick(-128, -128, 127))
        return int(self.rng.integers(-70, 70)) if self.chance(0.8) else 0

    def spread(self) -> float:
        """How large a layer's results shall be: mostly well inside int8, sometimes not."""
        if self.chance(0.08):
            return float(self.pick(2, 400))
        return float(self.pick(20, 30, 45, 60, 90))

    def scale(self) -> float:
        """Real values of about 1, as in trained networks, so that 6 and -1 ... 1 mean something."""
        return (
            2 ** self.rng.uniform(-6.5, -4) if self.chance(0.9) else 2 ** self.rng.uniform(-12, 3)
        )

    def activation(self, scale: float) -> str:
        """A fused activation; those with an upper end only where it lies within int8."""
        kinds = ["NONE", "NONE", "NONE", "RELU", "RELU"]
        kinds += ["RELU6", "RELU6"] if scale > 0.02 or self.chance(0.1) else []
        kinds += ["RELU_N1_TO_1"] if scale < 0.05 or self.chance(0.1) else []
        return self.pick(*kinds)

    def append(self, op: str, inputs: list[int], output: Value, **options) -> Value:
        self.ops.append(op)
        self.computed.add(output.tensor)
        self.writer.operator(op, inputs, [output.tensor], **options)
        return output

    # -- layers with weights

    def weights(self, shape: tuple[int, ...], out_axis: int) -> np.ndarray:
        kind = self.pick("wide", "wide", "bell", "small", "extreme", "sparse")
        if kind == "bell":
            weights = self.rng.normal(0, 35, shape).round()
        elif kind == "small":
            weights = self.rng.integers(-3, 4, shape)
        elif kind == "extreme":
            weights = self.rng.choice([-128, -127, 127], shape)
        else:
            weights = self.rng.integers(-127, 128, shape)
        if kind == "sparse":
            weights *= self.rng.random(shape) < 0.3
        weights = np.moveaxis(weights.clip(-128, 127).astype(np.int8), out_axis, 0).copy()
        if self.chance(0.3):  # dead channels: nothing of the input reaches the output
            weights[self.rng.random(len(weights)) < self.pick(0.1, 0.3, 0.3, 0.6)] = 0
        weights = np.moveaxis(weights, 0, out_axis)
        if self.chance(0.15) and weights.ndim > 1:  # inputs that nobody reads
            weights = weights * (self.rng.random(weights.shape[-1]) < 0.6)
        return weights.astype(np.int8)

    def weight_scales(self, channels: int) -> np.ndarray:
        """float32 (channels,) of about 1, or (1,): one for all."""
        if self.chance(0.3):
            return np.ones(1, np.float32)
        scales = 2 ** self.rng.uniform(-1.5, 0.5, channels)
        if self.chance(0.1):  # a channel whose multiplier is next to nothing, or nothing
            scales[self.rng.integers(channels)] *= 2.0 ** -self.pick(12, 24, 45)
        return np.float32(scales)

    def bias(self, channels: int, reach: float) -> np.ndarray | None:
        """int32 (channels,) or None. `reach`: root mean square of the sums it is added to."""
        kind = self.pick("none", "small", "small", "large", "large", "some huge")
        if kind == "none":
            return None
        bias = self.rng.normal(0, reach * (1 if kind == "large" else 0.2), channels)
        if kind == "some huge":  # saturates the channel: dead, although its weights are not zero
            bias += (self.rng.random(channels) < 0.3) * self.rng.choice([-30, 30], channels) * reach
        return bias.round().clip(-(2**24), 2**24).astype(np.int32)

    def layer(
        self, op: str, x: Value, weights: np.ndarray, shape, like: Value | None, **options
    ) -> Value:
        """Append a layer with `weights` as the file has them; `like`: whose scale it shall have."""
        out_axis = 3 if op == "DEPTHWISE_CONV_2D" else 0
        channels = weights.shape[out_axis]
        terms = weights.size / channels
        reach = max(1.0, x.spread * np.sqrt(terms) * (weights.astype(float).std() + 0.1))
        spread, scale = self.spread(), like.scale if like else self.scale()
        scales = self.weight_scales(channels) * (scale * spread / (x.scale * reach))
        scales = self.rounded(scales)
        bias = self.bias(channels, reach)
        if bias is None and op == "DEPTHWISE_CONV_2D":  # TFLM crashes without
            bias = np.zeros(channels, np.int32)
        activation = self.activation(scale)
        zero_point = like.zero_point if like else self.zero_point(activation)
        y = self.value(shape, scale, zero_point, min(spread, 70))
        tensors = [x.tensor, self.writer.constant(weights, scales, out_axis)]
        if bias is not None:
            tensors.append(self.writer.constant(bias, scales * np.float32(x.scale)))
        elif op == "FULLY_CONNECTED" or self.chance(0.5):
            tensors.append(-1)
        return self.append(op, tensors, y, activation=ACTIVATION[activation], **options)

    def window(self, x: Value, same_size: bool, dilate: bool) -> tuple[dict, tuple, tuple]:
        """Options, kernel (height, width) and output (height, width) of a sliding window."""
        while True:
            kernel = [self.pick(1, 1, 2, 3, 3, 3, 4, 5) for _ in range(2)]
            if self.chance(0.6):
                kernel[1] = kernel[0]
            strides = [1, 1] if same_size else [self.pick(1, 1, 2, 2, 3) for _ in range(2)]
            if self.chance(0.7):
                strides[1] = strides[0]
            dilation = [self.pick(1, 2), self.pick(1, 2)] if dilate and self.chance(0.2) else [1, 1]
            if dilation != [1, 1]:  # TFLite knows either, not both
                strides = [1, 1]
            padding = "SAME" if same_size or self.chance(0.5) else "VALID"
            reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
            inside = x.shape[1:3] if padding == "SAME" else np.subtract(x.shape[1:3], reach) + 1
            if min(inside) >= 1:
                break
        size = tuple(-(-int(n) // s) for n, s in zip(inside, strides, strict=True))
        options = {"padding": PADDING[padding], "stride_h": strides[0], "stride_w": strides[1]}
        if dilate:
            options |= {"dilation_h": dilation[0], "dilation_w": dilation[1]}
        return options, tuple(kernel), size

    def conv(
        self, x: Value, channels: int = 0, same_size: bool = False, like: Value | None = None
    ) -> Value:
        fixed = channels > 0
        channels = channels or int(self.pick(1, 2, 3, 4, 5, 7, 8, 8, 8, 12, 16, 16, 17, 24, 32))
        if self.chance(0.35):  # 1x1, the commonest of all
            options, kernel, size = self.window(x, True, True)
            kernel, options = (1, 1), options | {"dilation_h": 1, "dilation_w": 1}
        else:
            options, kernel, size = self.window(x, same_size, self.chance(0.5))
        if np.prod([*size, *kernel, x.shape[3], channels]) > _MOST_MACS:
            kernel = (1, 1) if options["padding"] == PADDING["SAME"] else kernel
            channels = channels if fixed else 4
        weights = self.weights((channels, *kernel, x.shape[3]), 0)
        return self.layer("CONV_2D", x, weights, (1, *size, channels), like, **options)

    def depthwise(self, x: Value, same_size: bool = False, like: Value | None = None) -> Value:
        options, kernel, size = self.window(x, same_size, self.chance(0.5))
        if self.chance(0.5) and min(x.shape[1:3]) > 1:  # 3x3, by far the commonest
            strides = options["stride_h"], options["stride_w"]
            kernel, options["padding"] = (3, 3), PADDING["SAME"]
            size = tuple(-(-n // s) for n, s in zip(x.shape[1:3], strides, strict=True))
        multiplier = 1 if same_size or self.chance(0.85) else 2
        channels = x.shape[3] * multiplier
        weights = self.weights((1, *kernel, channels), 3)
        options["depth_multiplier"] = multiplier
        shape = (1, *size, channels)
        return self.layer("DEPTHWISE_CONV_2D", x, weights, shape, like, **options)

    def fully_connected(self, x: Value) -> Value:
        units = int(self.pick(1, 2, 3, 4, 5, 8, 10, 12, 12, 17, 32))
        rows = len(x.shape) > 2 and self.chance(0.3)  # of each pixel, or of all there is
        inside = x.shape[-1] if rows else x.size
        shape = (*x.shape[:-1], units) if rows else (1, units)
        weights = self.weights((units, inside), 0)
        return self.layer("FULLY_CONNECTED", x, weights, shape, None, keep_dims=rows)

    # -- layers without

    def pool(self, x: Value, op: str) -> Value:
        options, kernel, size = self.window(x, False, False)
        if self.chance(0.2):  # the whole picture
            kernel, size = x.shape[1:3], (1, 1)
            options["padding"] = PADDING["VALID"]
        activation = ACTIVATION[self.activation(x.scale) if self.chance(0.3) else "NONE"]
        options |= {"filter_h": kernel[0], "filter_w": kernel[1], "activation": activation}
        y = self.value((1, *size, x.shape[3]), x.scale, x.zero_point, x.spread)
        return self.append(op, [x.tensor], y, **options)

    def average_pool(self, x: Value) -> Value:
        return self.pool(x, "AVERAGE_POOL_2D")

    def max_pool(self, x: Value) -> Value:
        return self.pool(x, "MAX_POOL_2D")

    def mean(self, x: Value) -> Value:
        keep = self.chance(0.5)
        axes = self.writer.constant(np.int32(self.pick([1, 2], [2, 1], [-3, -2])))
        shape = (1, 1, 1, x.shape[3]) if keep else (1, x.shape[3])
        y = (
            self.rescaled(x, shape)
            if self.chance(0.5)
            else self.value(shape, x.scale, x.zero_point, x.spread)
        )
        return self.append("MEAN", [x.tensor, axes], y, keep_dims=keep)

    def rescaled(self, x: Value, shape=None, activation: str = "NONE") -> Value:
        """A value for the same numbers, in steps of another size."""
        factor = (
            2 ** self.rng.uniform(-1.5, 1) if self.chance(0.9) else 2 ** self.rng.uniform(-6, 6)
        )
        spread = min(x.spread / factor, 90)
        return self.value(shape or x.shape, x.scale * factor, self.zero_point(activation), spread)

    def binary(self, op: str, a: Value, b: Value, shape=None) -> Value:
        if op == "MUL":
            real = a.scale * a.spread * b.scale * b.spread
        else:
            real = np.hypot(a.scale * a.spread, b.scale * b.spread)
        spread = self.spread() * (16 if self.chance(0.1) else 1)  # 16: fine steps, most saturate
        scale = max(real, 1e-6) / spread
        activation = self.activation(scale)
        zero_point = self.zero_point(activation)
        y = self.value(shape or a.shape, scale, zero_point, min(spread, 70))
        return self.append(op, [a.tensor, b.tensor], y, activation=ACTIVATION[activation])

    def pad(self, x: Value, picture: bool = False) -> Value:
        """Zeros around `x`; `picture`: only above, below, left and right."""
        pads = np.zeros((len(x.shape), 2), np.int32)
        pads[1:] = self.rng.choice([0, 1, 2, 3], (len(x.shape) - 1, 2), p=[0.4, 0.3, 0.2, 0.1])
        if len(x.shape) == 4 and (picture or self.chance(0.7)):
            pads[3] = 0
        shape = tuple(np.add(x.shape, pads.sum(1)))
        y = self.value(shape, x.scale, x.zero_point, x.spread)
        return self.append("PAD", [x.tensor, self.writer.constant(pads)], y)

    def reshape(self, x: Value, shape: tuple[int, ...] | None = None) -> Value:
        if shape is None:
            whole, last = x.size, x.shape[-1]
            shape = self.pick((1, whole), (1, whole // last, last), (1, 1, whole // last, last))
        y = self.value(shape, x.scale, x.zero_point, x.spread)
        return self.append("RESHAPE", [x.tensor, self.writer.constant(np.int32(shape))], y)

    def concatenation(self, values: list[Value], axis: int) -> Value:
        """`values` have one scale and zero point, as TFLM demands."""
        shape = list(values[0].shape)
        shape[axis] = sum(value.shape[axis] for value in values)
        y = self.value(shape, values[0].scale, values[0].zero_point, values[0].spread)
        axis = axis if self.chance(0.7) else axis - len(shape)
        return self.append("CONCATENATION", [v.tensor for v in values], y, axis=axis, activation=0)

    def softmax(self, x: Value) -> Value:
        beta = float(self.pick(1.0, 1.0, 1.0, 0.5, 2.0))
        y = self.value(x.shape, 1 / 256, -128, 40)
        return self.append("SOFTMAX", [x.tensor], y, beta=beta)

    def logistic(self, x: Value) -> Value:
        return self.append("LOGISTIC", [x.tensor], self.value(x.shape, 1 / 256, -128, 100))

    def relu(self, x: Value) -> Value:
        return self.append("RELU", [x.tensor], self.rescaled(x, activation="RELU"))

    def relu6(self, x: Value) -> Value:
        y = self.value(x.shape, x.scale, x.zero_point, x.spread)
        return self.append("RELU6", [x.tensor], y)

    def quantize(self, x: Value) -> Value:
        return self.append("QUANTIZE", [x.tensor], self.rescaled(x))

    def curve(self, x: Value) -> Value:
        """One of the functions that are not in every network."""
        op = self.pick("TANH", "LEAKY_RELU", "HARD_SWISH")
        if op == "TANH":
            return self.append(op, [x.tensor], self.value(x.shape, 1 / 128, 0, 60))
        options = {"alpha": float(self.pick(0.1, 0.3, 1.5))} if op == "LEAKY_RELU" else {}
        y = self.value(x.shape, x.scale * self.pick(0.7, 1.0, 1.6), self.zero_point(), x.spread)
        return self.append(op, [x.tensor], y, **options)

    def with_constant(self, x: Value) -> Value:
        """Plus, minus or times a number, a number per channel, or a whole picture."""
        channels = x.shape[-1]
        shape = self.pick((1,), (channels,), (*[1] * (len(x.shape) - 1), channels), x.shape)
        data = self.rng.integers(-128, 128, shape).astype(np.int8)
        scale, zero_point = self.rounded(self.scale()), self.zero_point()
        tensor = self.writer.tensor(shape, scale, zero_point, data=data)
        constant = Value(tensor, shape, float(scale), zero_point, 70)
        pair = (x, constant) if self.chance(0.7) else (constant, x)
        return self.binary(self.pick("ADD", "SUB", "MUL", "MUL"), *pair, shape=x.shape)
