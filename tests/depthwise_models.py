"""Networks of one depthwise convolution (or one on a single channel), as .tflite files."""

from dataclasses import dataclass, replace

import numpy as np
from tflite_writer import ACTIVATION, PADDING, TfliteWriter


@dataclass(frozen=True)
class DepthwiseModel:
    """What there is to choose; the weights, scales and biases are random.

    Attributes:
        picture: height, width, channels of the input.
        kernel: height, width.
        multiplier: output channels per input channel.
        activation: a key of ACTIVATION; with RELU the output's zero point is -128.
        gain: the outputs' spread, in multiples of a usual one: 0.01 leaves one or two values, 100
            saturates nearly all.
        conv: as a CONV_2D with `multiplier` filters; the picture has one channel.
        odd: with what few networks have: tiny weights, filters of zeros, any zero point.
        pads: a PAD in front, which the compiler folds into the layer: rows above and below, columns
            left and right.
    """

    picture: tuple[int, int, int]
    kernel: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    multiplier: int = 1
    padding: str = "SAME"
    activation: str = "RELU"
    gain: float = 1.0
    conv: bool = False
    odd: bool = False
    seed: int = 0
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)

    def __str__(self) -> str:
        def by(sizes):
            return "x".join(map(str, sizes))

        strides, dilation = by(self.strides), by(self.dilation)
        kind = "conv" if self.conv else "depthwise"
        return (
            f"{kind} {by(self.kernel)} on {by(self.picture)}, strides {strides}, "
            f"dilation {dilation}, times {self.multiplier}, {self.padding}, {self.activation}, "
            f"gain {self.gain:.3g}" + f", padded by {self.pads}" * any(self.pads)
        )

    @property
    def padded(self) -> tuple[int, int, int]:
        """The picture with what PAD adds."""
        top, bottom, left, right = self.pads
        height, width, channels = self.picture
        return (height + top + bottom, width + left + right, channels)

    @property
    def size(self) -> list[int]:
        """Height and width of the output; below 1 where the kernel is larger than the picture."""
        reach = [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True)]
        room = [
            n if self.padding == "SAME" else n - r + 1
            for n, r in zip(self.padded[:2], reach, strict=True)
        ]
        return [-(-n // s) for n, s in zip(room, self.strides, strict=True)]

    def tflite(self) -> bytes:
        """The file."""
        rng, writer = np.random.default_rng(self.seed), TfliteWriter()
        channels = self.picture[2] * self.multiplier
        zero_point = int(rng.integers(-128, 128))
        source = x = writer.tensor((1, *self.picture), 1.0, zero_point)
        if any(self.pads):
            x = writer.tensor((1, *self.padded), 1.0, zero_point)
            pads = np.int32([(0, 0), self.pads[:2], self.pads[2:], (0, 0)])
            writer.operator("PAD", [source, writer.constant(pads)], [x])
        shape = (1, *self.kernel, channels)
        weights = rng.integers(-127, 128, shape)
        if self.odd:
            weights = weights.clip(*rng.choice([(-127, 127), (-9, 9)], p=[0.8, 0.2]))
            weights = weights * (rng.random(channels) < rng.choice([0.7, 1, 1, 1]))
            weights = np.where(rng.random() < 0.05, -128, weights)
        usual = 60 * (weights.std() + 1) * np.sqrt(np.prod(self.kernel)) / 60
        scales = np.float32(2 ** rng.uniform(-1.5, 1, channels) * self.gain / usual)
        bias = rng.normal(0, usual * 20, channels) * rng.choice([0, 1, 1, 10])
        y = writer.tensor((1, *self.size, channels), 1.0, self._zero_point(rng))
        weights = weights.astype(np.int8)
        if self.conv:
            weights = np.moveaxis(weights[0], 2, 0)[..., None]
        axis = 0 if self.conv else 3
        inputs = [x, writer.constant(weights, scales, axis)]
        inputs.append(writer.constant(bias.round().astype(np.int32), scales))
        options = {"padding": PADDING[self.padding], "activation": ACTIVATION[self.activation]}
        for axis, name in enumerate("hw"):
            options[f"stride_{name}"] = self.strides[axis]
            options[f"dilation_{name}"] = self.dilation[axis]
        if not self.conv:
            options["depth_multiplier"] = self.multiplier
        kind = "CONV_2D" if self.conv else "DEPTHWISE_CONV_2D"
        writer.operator(kind, inputs, [y], **options)
        return writer.to_bytes([source], [y])

    def _zero_point(self, rng: np.random.Generator) -> int:
        if self.activation.startswith("RELU") and (not self.odd or rng.random() < 0.8):
            return -128
        return int(rng.integers(-128, 100))

    def inputs(self, n: int) -> np.ndarray:
        """int8 (n, *picture): extremes, then noise."""
        rng = np.random.default_rng(self.seed + 1)
        x = rng.integers(-128, 128, (n, *self.picture))
        x[0], x[1] = -128, 127
        x[2::3] = np.sign(x[2::3]) * 127
        return x.astype(np.int8)


def random_depthwise(seed: int) -> DepthwiseModel:
    """The layer of this seed: small ones, in which every kind of window and scale is met."""
    rng = np.random.default_rng([7, seed])

    def pick(*choices):
        return choices[rng.integers(len(choices))]

    while True:
        height, width = (int(n) for n in rng.integers(1, 17, 2))
        height, width = pick((height, width), (height, width), (1, width * 2), (height * 2, 1))
        channels = int(pick(1, 2, 3, 4, 5, 6, 7, 8, 12, 16))
        kernel = pick((3, 3), (int(rng.integers(1, 8)),) * 2, tuple(rng.integers(1, 8, 2).tolist()))
        kernel = (min(kernel[0], pick(1, height, 20)), min(kernel[1], pick(1, width, 20)))
        strides = pick((1, 1), (1, 1), (2, 2), tuple(rng.integers(1, 4, 2).tolist()))
        dilation = pick((1, 1), (1, 1), (1, 1), (2, 2), tuple(rng.integers(1, 4, 2).tolist()))
        model = DepthwiseModel(
            (height, width, channels),
            kernel,
            strides if dilation == (1, 1) else (1, 1),  # TFLite knows either, not both
            dilation,
            int(pick(1, 1, 1, 2, 3, 8)),
            pick("SAME", "VALID"),
            pick("NONE", "RELU", "RELU", "RELU", "RELU6"),
            float(2 ** rng.normal(0, pick(1, 1, 4))),
            odd=True,
            seed=seed,
        )
        model = replace(model, conv=channels == 1 and pick(True, False))
        if pick(True, False, False):
            model = replace(model, pads=tuple(rng.integers(0, 4, 4).tolist()))
        if min(model.size) >= 1:
            return model
