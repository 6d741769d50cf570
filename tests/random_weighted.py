"""Random layers with weights that are not in every network; a part of random_layers.py's Layers."""

import math

import numpy as np
from tflite_writer import ACTIVATION, PADDING


class WeightedLayers:
    """Grouped and transposed convolutions, weights of four bits, LSTM and SVDF."""

    def grouped(self, x):
        """A convolution whose output channels see only some input channels each."""
        groups = self.pick(*[n for n in range(2, x.shape[3] + 1) if x.shape[3] % n == 0])
        options, kernel, size = self.window(x, False, self.chance(0.5))
        channels = groups * int(self.pick(1, 1, 2, 3, 4, 5, 8))
        weights = self.weights((channels, *kernel, x.shape[3] // groups), 0)
        return self.layer("CONV_2D", x, weights, (1, *size, channels), None, **options)

    def transposed(self, x):
        """A convolution backwards: the output is larger than the input."""
        kernel = [int(self.pick(1, 2, 3, 3, 4, 5)) for _ in range(2)]
        strides = [int(self.pick(1, 2, 2, 3)) for _ in range(2)]
        padding = self.pick("SAME", "VALID")
        size = [
            n * s if padding == "SAME" else (n - 1) * s + k
            for n, s, k in zip(x.shape[1:3], strides, kernel, strict=True)
        ]
        channels = int(self.pick(1, 2, 3, 4, 5, 8))
        options = {"padding": PADDING[padding], "stride_h": strides[0], "stride_w": strides[1]}
        weights = self.weights((channels, *kernel, x.shape[3]), 0)
        return self.layer("TRANSPOSE_CONV", x, weights, (1, *size, channels), None, **options)

    def four_bits(self, x):
        """A layer whose weights take four bits each."""
        self.int4 = True
        one = self.pick(self.conv, self.conv, self.depthwise, self.grouped_or_conv)
        y = one(x) if len(x.shape) == 4 else self.fully_connected(x)
        self.int4 = False
        return y

    def grouped_or_conv(self, x):
        return self.grouped(x) if x.shape[3] > 1 else self.conv(x)

    def sequence(self, x):
        """An LSTM over the rows of a picture or of a sequence."""
        shape = (1, x.size // x.shape[-1], x.shape[-1])
        time_major = self.chance(0.2)
        if time_major:
            shape = (shape[1], 1, shape[2])
        y = self.lstm(x if x.shape == shape else self.reshape(x, shape), time_major)
        return self.reshape(y, (1, y.size // y.shape[-1], y.shape[-1])) if time_major else y

    def lstm(self, x, time_major: bool):
        units = int(self.pick(1, 2, 3, 4, 5, 8, 11))
        hidden_scale = float(self.rounded(2 ** self.rng.uniform(-8, -6)))
        hidden_zero = int(self.pick(0, 0, -3, 10, -128, 127))
        exponent = int(self.pick(-11, -11, -12, -12, -13, -14, -15, -9, -7))
        tensors = [-1] * 24
        reach = 4096 / self.pick(1, 1, 1, 4, 0.3)
        for first, size, scale, spread in (
            (1, x.shape[-1], x.scale, x.spread),
            (5, units, hidden_scale, 60),
        ):
            for gate in range(4):
                weights = self.weights((units, size), 0)
                sums = max(1.0, spread * math.sqrt(size) * (weights.astype(float).std() + 0.1))
                weight_scale = float(self.rounded(reach * 2**-12 / (sums * scale)))
                tensors[first + gate] = self.writer.constant(weights, weight_scale)
                if first == 1:
                    bias = self.rng.normal(0, sums * self.pick(0.2, 1, 4), units)
                    bias = bias.round().clip(-(2**24), 2**24).astype(np.int32)
                    tensors[12 + gate] = self.writer.constant(bias, weight_scale * scale)
        tensors[0] = x.tensor
        states = (("int8", hidden_scale, hidden_zero, 18), ("int16", 2.0**exponent, 0, 19))
        for dtype, scale, zero, at in states:
            tensors[at] = self.writer.tensor((1, units), scale, zero, dtype, is_variable=True)
        y = self.value((*x.shape[:2], units), hidden_scale, hidden_zero, 60)
        clip = self.pick(0.0, 0.0, 1.5, 10.0)
        options = {"activation": ACTIVATION["TANH"], "cell_clip": clip, "time_major": time_major}
        return self.append("UNIDIRECTIONAL_SEQUENCE_LSTM", tensors, y, **options)

    def svdf(self, x):
        """Filters over time; a fully connected layer that remembers its last results."""
        if x.shape != (1, x.size):
            x = self.reshape(x, (1, x.size))
        rank, units = int(self.pick(1, 1, 2, 3)), int(self.pick(1, 2, 3, 4, 8))
        filters, memory = rank * units, int(self.pick(1, 2, 3, 8, 10))
        dtype, most = self.pick(("int8", 127), ("int16", 32767))
        weights = self.weights((filters, x.size), 0)
        time = self.rng.integers(-most, most + 1, (filters, memory)).astype(dtype)
        sums = max(1.0, x.spread * math.sqrt(x.size) * (weights.astype(float).std() + 0.1))
        state_spread = most * self.pick(0.1, 0.3, 0.3, 2)
        scale, spread = self.scale(), self.spread()
        # Real values: weights of about 1, states whose spread fits their type.
        weight_scale = float(self.rounded(1 / 64))
        state_scale = float(self.rounded(x.scale * weight_scale * sums / state_spread))
        total = state_spread * time.astype(float).std() * math.sqrt(rank * memory)
        time_scale = float(self.rounded(scale * spread / (state_scale * max(total, 1))))
        zero = int(self.pick(0, 0, 0, 5, -20)) if dtype == "int8" else 0
        bias = self.rng.normal(0, total * 0.3, units).round().clip(-(2**28), 2**28)
        tensors = [
            x.tensor,
            self.writer.constant(weights, weight_scale),
            self.writer.constant(time, time_scale),
            self.writer.constant(bias.astype(np.int32), state_scale * time_scale),
            self.writer.tensor((1, filters * memory), state_scale, zero, dtype, is_variable=True),
        ]
        y = self.value((1, units), scale, self.zero_point(), min(spread, 70))
        return self.append("SVDF", tensors, y, rank=rank, activation=0)

    def weighted_steps(self, x) -> list:
        """Which of these can follow `x`."""
        steps = [self.svdf, self.four_bits]
        if x.size // x.shape[-1] <= 64:
            steps.append(self.sequence)
        if len(x.shape) == 4:
            steps.append(self.transposed)
            steps += [self.grouped] * (x.shape[3] > 1)
        return steps
