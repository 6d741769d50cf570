"""Random small int8 networks, as .tflite files, for comparing what runs them byte by byte.

Every choice that a converter can make, and some it never makes, is made at random: operators and
how they branch, shapes, strides, padding, dilation, scales, zero points, activations, biases, dead
channels. Scales are chosen so that most values stay inside int8, or one saturated layer would hide
every error before it. `random_model(seed)` is the same network on every machine.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from random_layers import Value
from random_states import StatefulLayers
from tflite_writer import TfliteWriter

_MOST_VALUES = 4_000  # of one activation


@dataclass(frozen=True)
class RandomModel:
    """A network and what a test says about it when it fails.

    `input_shape`: with the batch of 1; of several inputs (1, bytes of all of them).
    """

    seed: int
    tflite: bytes
    input_shape: tuple[int, ...]
    ops: tuple[str, ...]

    def __str__(self) -> str:
        return f"random_model({self.seed}) = {' '.join(self.ops)} of {self.input_shape}"

    def inputs(self, n: int) -> np.ndarray:
        """int8 (n, *input_shape[1:]): noise of all sizes, flat images, extremes."""
        rng = np.random.default_rng([self.seed, n])
        shape = (n, *self.input_shape[1:])
        column = (n, *[1] * (len(shape) - 1))
        centre = rng.integers(-128, 128, column)
        spread = rng.choice([0, 1, 10, 60, 300], column, p=[0.1, 0.1, 0.2, 0.3, 0.3])
        noise = centre + spread * rng.normal(size=shape)
        x = np.where(spread == 300, rng.integers(-128, 128, shape), noise.round())
        return x.clip(-128, 127).astype(np.int8)


class _Net(StatefulLayers):
    """Layers that belong together, and what can follow what."""

    def residual(self, x: Value) -> Value:
        """Two branches of one shape, added or multiplied; either may be `x` itself."""
        branches = [self.same_shape(x) for _ in range(2)]
        if self.chance(0.6):
            branches[self.rng.integers(2)] = x
        return self.binary(self.pick("ADD", "ADD", "ADD", "MUL"), *branches)

    def peers(self, x: Value) -> list[Value]:
        """Earlier values of the shape of `x`."""
        return [v for v in self.values if v.shape == x.shape and v is not x]

    def skip(self, x: Value) -> Value:
        """`x` and something from further up, which had to be kept until here."""
        peers = self.peers(x)
        earlier = peers[self.rng.integers(len(peers))]
        pair = (x, earlier) if self.chance(0.5) else (earlier, x)
        return self.binary(self.pick("ADD", "ADD", "MUL", "SUB"), *pair)

    def same_shape(self, x: Value) -> Value:
        for _ in range(self.pick(1, 1, 2)):
            kind = self.pick("conv", "conv", "depthwise", "relu", "logistic", "quantize")
            if len(x.shape) != 4 or kind in ("relu", "quantize", "logistic"):
                x = self.pick(self.relu, self.quantize, self.logistic)(x)
            elif kind == "depthwise":
                x = self.depthwise(x, same_size=True)
            else:
                x = self.conv(x, x.shape[3], same_size=True)
            return x

    def inception(self, x: Value) -> Value:
        """Two to four branches of one scale, side by side."""
        branches = [x] if self.chance(0.6) else []
        first = None if not branches else x
        for _ in range(self.pick(1, 2, 3) if branches else self.pick(2, 3)):
            conv = self.depthwise if self.chance(0.3) else self.conv
            branches.append(conv(x, same_size=True, like=first))
            first = first or branches[0]
        if self.chance(0.2):
            branches.append(self.pick(*branches))
        return self.concatenation([branches[i] for i in self.rng.permutation(len(branches))], 3)

    def separable(self, x: Value) -> Value:
        """MobileNet's and DS-CNN's block."""
        return self.conv(self.depthwise(x), int(self.pick(4, 8, 8, 16, 16, 12, 5)))

    def padded(self, x: Value) -> Value:
        """How Keras writes a convolution with a stride: the padding apart."""
        return self.pick(self.conv, self.depthwise)(self.pad(x, picture=True))

    def head(self, x: Value) -> Value:
        """What ends most networks."""
        if len(x.shape) == 4 and self.chance(0.5):
            x = self.pick(self.mean, self.average_pool)(x)
        if len(x.shape) != 2 and self.chance(0.5):
            x = self.reshape(x, (1, x.size))
        x = self.fully_connected(x)
        return self.pick(self.softmax, self.logistic, lambda y: y)(x)

    # -- the whole

    def steps(self, x: Value) -> list[Callable[[Value], Value]]:
        """What can follow `x`, the likelier the more often."""
        anywhere = [self.fully_connected, self.pad, self.reshape, self.relu, self.quantize]
        anywhere += [self.residual, self.relu6, self.curve, self.with_constant]
        if self.peers(x):
            anywhere += [self.skip] * 3
        if self.streams:
            anywhere += [self.running_sum, self.delayed, self.remembered] * 3
        if 0.2 < x.scale * x.spread < 8 or self.chance(0.1):  # elsewhere they say 0 or 1
            anywhere.append(self.logistic)
            anywhere += [self.softmax] * (x.shape[-1] <= 500)  # TFLM aborts at sums of 512
        if len(x.shape) != 4:
            return [*anywhere, self.fully_connected, self.fully_connected, self.joined]
        pictures = [self.conv] * 5 + [self.depthwise] * 4 + [self.separable] * 2
        pictures += [self.average_pool, self.max_pool, self.mean, self.joined, self.head]
        pictures += [self.padded] * 2
        return anywhere + pictures + [self.residual] * 2 + [self.inception] * 2

    def joined(self, x: Value) -> Value:
        """`x` beside itself, or beside its largest neighbours, along any axis but the batch."""
        axis = int(self.rng.integers(1, len(x.shape)))
        other = self.pick(self.relu6, lambda y: y)(x)
        return self.concatenation([x, other] if self.chance(0.5) else [other, x, x], axis)

    def second_input(self, x: Value) -> Value:
        """The sum of `x` and another input of its shape."""
        other = self.value(x.shape, self.scale(), self.zero_point(), 80)
        self.inputs.append(other)
        return self.binary("ADD", *((x, other) if self.chance(0.5) else (other, x)))

    def all_outputs(self, x: Value) -> list[Value]:
        """`x`, and now and then something that was computed on the way."""
        made = [v for v in self.values if v.tensor in self.computed and v is not x]
        if self.chance(0.8) or not made:
            return [x]
        others = self.rng.choice(len(made), min(len(made), self.pick(1, 1, 2)), replace=False)
        outputs = [x, *(made[i] for i in others)]
        return outputs[::-1] if self.chance(0.5) else outputs

    def input(self) -> Value:
        kind = self.pick("picture", "picture", "picture", "row", "column", "vector", "sequence")
        h, w = self.rng.integers(1, 18, 2)
        c = int(self.pick(1, 1, 2, 3, 3, 4, 5, 8, 16))
        shape = {
            "picture": (1, h, w, c),
            "row": (1, 1, w, c),
            "column": (1, h, 1, c),
            "vector": (1, int(self.pick(1, 3, 16, 40, 101))),
            "sequence": (1, h, c),
        }[kind]
        self.inputs = [self.value(shape, self.scale(), self.zero_point(), 80)]
        return self.inputs[0]


def random_model(seed: int, writer: TfliteWriter | None = None) -> RandomModel:
    """The random network of this seed: 1 to 6 blocks of layers, at most some thousand values.

    `writer`: writes the file, default a faithful one.
    """
    net = _Net(seed, writer or TfliteWriter())
    first = x = net.input()
    net.streams = net.chance(0.2)
    if net.streams:
        net.writer.operator("CALL_ONCE", [], [], graph=1)
    if net.chance(0.1):
        x = net.second_input(x)
    blocks = net.pick(1, 1, 2, 3, 4, 5, 6)
    while blocks > 0 or x is first:
        step = net.pick(*net.steps(x))
        if x.size > _MOST_VALUES:
            step = net.average_pool if len(x.shape) == 4 else net.fully_connected
        x = step(x)
        blocks -= 1
    ends = [[v.tensor for v in side] for side in (net.inputs, net.all_outputs(x))]
    if net.streams:
        net.writer.end_graph(*ends)
        net.write_states()
        ends = [[], []]
    shape = first.shape if len(net.inputs) == 1 else (1, sum(v.size for v in net.inputs))
    return RandomModel(seed, net.writer.to_bytes(*ends), shape, tuple(net.ops))
