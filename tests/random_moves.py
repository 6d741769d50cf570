"""Layers that move, compare, reduce and broadcast, at random."""

import math

import numpy as np
from random_layers import Layers, Value
from tflite_writer import PADDING

_MOST_VALUES = 3_000


class MovingLayers(Layers):
    """Each method appends one layer, or what it takes to have one, to a value of 2 to 4 dimensions.

    The batch stays 1 and in front, as of whatever a network can end with.
    """

    def moving_steps(self, x: Value) -> list:
        """What of these can follow `x`."""
        steps = [self.transpose, self.split, self.split_v, self.slice_, self.strided_slice]
        steps += [self.gather, self.reverse, self.mirror_pad, self.reduced, self.reduced]
        steps += [self.with_reduced, self.with_reduced, self.with_broadcast_constant, self.prelu]
        steps += [self.absolute, self.elu, self.rsqrt, self.padded_with]
        steps += [self.normalize, self.log_softmax] if x.shape[-1] < 500 else []
        if len(x.shape) > 2:
            steps += [self.unpack, self.crossed]
        if len(x.shape) < 4:
            steps.append(self.pack)
        if len(x.shape) == 4:
            steps += [self.space_to_depth, self.depth_to_space, self.batches, self.dilated]
            steps += [self.resize_nearest, self.resize_bilinear]
        return steps

    def like(self, x: Value, shape) -> Value:
        """A value of another shape and the same quantization."""
        return self.value(shape, x.scale, x.zero_point, x.spread)

    def axis(self, x: Value) -> int:
        return int(self.rng.integers(1, len(x.shape)))

    def front_or_back(self, axis: int, x: Value) -> int:
        """An axis counted from the front, or from the end."""
        return axis if self.chance(0.6) else axis - len(x.shape)

    def numbers(self, *numbers) -> int:
        return self.writer.constant(np.array(numbers, np.int32))

    def parts(self, op: str, inputs: list[int], parts: list[Value], **options) -> Value:
        """An operator with several outputs; one of them is gone on with."""
        self.ops.append(op)
        self.computed.update(part.tensor for part in parts)
        self.writer.operator(op, inputs, [part.tensor for part in parts], **options)
        return self.pick(*parts)

    # -- layers that move

    def transpose(self, x: Value) -> Value:
        order = [0, *(1 + self.rng.permutation(len(x.shape) - 1))]
        y = self.like(x, [x.shape[axis] for axis in order])
        return self.append("TRANSPOSE", [x.tensor, self.numbers(*order)], y)

    def split(self, x: Value) -> Value:
        axis = self.axis(x)
        size = x.shape[axis]
        n = self.pick(*(i for i in range(1, min(size, 6) + 1) if size % i == 0))
        shape = [*x.shape[:axis], size // n, *x.shape[axis + 1 :]]
        tensor = self.writer.constant(np.array(self.front_or_back(axis, x), np.int32))
        parts = [self.like(x, shape) for _ in range(n)]
        return self.parts("SPLIT", [tensor, x.tensor], parts, num_splits=n)

    def split_v(self, x: Value) -> Value:
        axis = self.axis(x)
        cuts = sorted({0, x.shape[axis], *self.rng.integers(1, x.shape[axis] + 1, 2)})
        sizes = np.diff(cuts).astype(np.int32)
        parts = [self.like(x, [*x.shape[:axis], n, *x.shape[axis + 1 :]]) for n in sizes]
        if self.chance(0.3):
            sizes[self.rng.integers(len(sizes))] = -1
        tensors = [self.writer.constant(sizes), self.numbers(self.front_or_back(axis, x))]
        return self.parts("SPLIT_V", [x.tensor, *tensors], parts, num_splits=len(sizes))

    def unpack(self, x: Value) -> Value:
        axis = self.axis(x)
        shape = [*x.shape[:axis], *x.shape[axis + 1 :]]
        parts = [self.like(x, shape) for _ in range(x.shape[axis])]
        axis = self.front_or_back(axis, x)
        return self.parts("UNPACK", [x.tensor], parts, num=len(parts), axis=axis)

    def pack(self, x: Value) -> Value:
        other = self.relu6(x)
        inputs = self.pick([x, other], [other, x, x], [other])
        axis = int(self.rng.integers(1, len(x.shape) + 1))
        y = self.like(x, [*x.shape[:axis], len(inputs), *x.shape[axis:]])
        axis = self.front_or_back(axis, y)
        tensors = [value.tensor for value in inputs]
        return self.append("PACK", tensors, y, values_count=len(inputs), axis=axis)

    def slice_(self, x: Value) -> Value:
        begin = self.rng.integers(0, np.maximum(1, np.array(x.shape) // 2))
        size = self.rng.integers(1, np.array(x.shape) - begin + 1)
        y = self.like(x, size)
        rest = (begin + size == x.shape) & (self.rng.random(len(size)) < 0.5)
        tensors = [self.numbers(*begin), self.numbers(*np.where(rest, -1, size))]
        return self.append("SLICE", [x.tensor, *tensors], y)

    def strided_slice(self, x: Value) -> Value:
        """Forwards and backwards, with masks; a dimension may go."""
        rank = len(x.shape)
        bounds, shape = np.zeros((3, rank), np.int64), []
        masks = {"begin": 0, "end": 0, "ellipsis": 0, "new_axis": 0, "shrink_axis": 0}
        for i, size in enumerate(x.shape):
            step = int(self.pick(1, 1, 1, 2, 3, -1, -2)) if i else 1
            first = int(self.rng.integers(0, (size + 1) // 2))
            first, last = (first, size) if step > 0 else (size - 1 - first, -size - 1)
            if self.chance(0.3):
                first -= size
            if i and rank - bin(masks["shrink_axis"]).count("1") > 2 and self.chance(0.2):
                masks["shrink_axis"] |= 1 << i
                bounds[:, i] = first, last, 1
                continue
            for name in ("begin", "end"):
                masks[name] |= self.chance(0.25) << i
            bounds[:, i] = first, last, step
            begin = None if masks["begin"] >> i & 1 else first
            end = None if masks["end"] >> i & 1 else last
            shape.append(len(range(size)[begin:end:step]))
        tensors = [self.numbers(*row) for row in bounds]
        return self.append("STRIDED_SLICE", [x.tensor, *tensors], self.like(x, shape), **masks)

    def gather(self, x: Value) -> Value:
        axis = self.axis(x)
        indices = self.rng.integers(0, x.shape[axis], self.rng.integers(1, 6))
        y = self.like(x, [*x.shape[:axis], len(indices), *x.shape[axis + 1 :]])
        axis = self.front_or_back(axis, x)
        return self.append("GATHER", [x.tensor, self.numbers(*indices)], y, axis=axis)

    def reverse(self, x: Value) -> Value:
        axis = self.axis(x)
        return self.append("REVERSE_V2", [x.tensor, self.numbers(axis)], self.like(x, x.shape))

    def mirror_pad(self, x: Value) -> Value:
        mode = int(self.chance(0.5))  # 0: without the border itself
        most = np.minimum(np.array(x.shape) - (mode == 0), 3)
        pads = self.rng.integers(0, np.stack([most, most], 1) + 1).astype(np.int32)
        pads[0] = 0
        y = self.like(x, pads.sum(1) + x.shape)
        return self.append("MIRROR_PAD", [x.tensor, self.writer.constant(pads)], y, mode=mode)

    def padded_with(self, x: Value) -> Value:
        """PADV2: filled with any number."""
        pads = self.rng.integers(0, 3, (len(x.shape), 2)).astype(np.int32)
        pads[0] = 0
        data = self.rng.integers(-128, 128, ()).astype(np.int8)
        fill = self.writer.tensor((), x.scale, x.zero_point, data=data)
        y = self.like(x, pads.sum(1) + x.shape)
        return self.append("PADV2", [x.tensor, self.writer.constant(pads), fill], y)

    def space_to_depth(self, x: Value) -> Value:
        _, height, width, channels = x.shape
        block = self.pick(*(i for i in (1, 2, 3) if height % i == 0 and width % i == 0))
        y = self.like(x, (1, height // block, width // block, channels * block**2))
        return self.append("SPACE_TO_DEPTH", [x.tensor], y, block_size=block)

    def depth_to_space(self, x: Value) -> Value:
        _, height, width, channels = x.shape
        block = self.pick(*(i for i in (1, 2, 3) if channels % i**2 == 0))
        y = self.like(x, (1, height * block, width * block, channels // block**2))
        return self.append("DEPTH_TO_SPACE", [x.tensor], y, block_size=block)

    def batches(self, x: Value) -> Value:
        """SPACE_TO_BATCH_ND and back. Without padding, which TFLM fills with whatever was in its
        memory."""
        _, height, width, channels = x.shape
        high, wide = (self.pick(*(i for i in (1, 2, 3) if n % i == 0)) for n in (height, width))
        none = self.writer.constant(np.zeros((2, 2), np.int32))
        shape = (high * wide, height // high, width // wide, channels)
        between = [self.writer.tensor(shape, x.scale, x.zero_point) for _ in range(2)]
        blocks = self.numbers(high, wide)
        crops = np.array([self.rng.integers(0, [n, 2]).clip(0, n - 1) for n in (height, width)])
        crops[crops.sum(axis=1) >= (height, width)] = 0
        self.ops.append("SPACE_TO_BATCH_ND")
        self.writer.operator("SPACE_TO_BATCH_ND", [x.tensor, blocks, none], between[:1])
        self.writer.operator("RELU6", between[:1], between[1:])
        y = self.like(x, (1, *(np.array([height, width]) - crops.sum(axis=1)), channels))
        crops = self.writer.constant(crops.astype(np.int32))
        return self.append("BATCH_TO_SPACE_ND", [between[1], blocks, crops], y)

    def dilated(self, x: Value) -> Value:
        """A convolution between SPACE_TO_BATCH_ND and back, as TensorFlow writes dilated ones."""
        blocks = [self.pick(*(i for i in (1, 2, 3) if n % i == 0)) for n in x.shape[1:3]]
        small = [n // block for n, block in zip(x.shape[1:3], blocks, strict=True)]
        kernel = [int(self.rng.integers(1, min(n, 3) + 1)) for n in small]
        out = [n - k + 1 for n, k in zip(small, kernel, strict=True)]
        shape, op = (
            (math.prod(blocks), *small, x.shape[3]),
            self.pick("CONV_2D", "DEPTHWISE_CONV_2D"),
        )
        between = Value(
            self.writer.tensor(shape, x.scale, x.zero_point), shape, x.scale, x.zero_point, x.spread
        )
        tensors = [self.numbers(*blocks), self.writer.constant(np.zeros((2, 2), np.int32))]
        self.ops.append("SPACE_TO_BATCH_ND")
        self.writer.operator("SPACE_TO_BATCH_ND", [x.tensor, *tensors], [between.tensor])
        channels = 4 if op == "CONV_2D" else x.shape[3]
        first = channels if op == "CONV_2D" else 1
        weights = self.weights((first, *kernel, x.shape[3]), 0 if op == "CONV_2D" else 3)
        options = {"padding": PADDING["VALID"], "stride_h": 1, "stride_w": 1}
        options |= {"dilation_h": 1, "dilation_w": 1}
        options |= {} if op == "CONV_2D" else {"depth_multiplier": 1}
        result = self.layer(op, between, weights, (shape[0], *out, channels), None, **options)
        self.values.remove(result)
        self.computed.remove(result.tensor)
        size = [n * block for n, block in zip(out, blocks, strict=True)]
        y = self.like(result, (1, *size, channels))
        tensors = [self.numbers(*blocks), self.writer.constant(np.zeros((2, 2), np.int32))]
        return self.append("BATCH_TO_SPACE_ND", [result.tensor, *tensors], y)

    def new_size(self, x: Value) -> tuple[list[int], dict]:
        """Height and width of a resized picture, and the options."""
        options = self.pick((0, 0), (0, 1), (1, 0))
        size = [int(self.pick(n, 2 * n, 3 * n, self.rng.integers(1, 20))) for n in x.shape[1:3]]
        if math.prod(size) * x.shape[3] > _MOST_VALUES:
            size = [int(n) for n in x.shape[1:3]]
        return size, {"align_corners": bool(options[0]), "half_pixel": bool(options[1])}

    def resize_nearest(self, x: Value) -> Value:
        size, options = self.new_size(x)
        y = self.like(x, (1, *size, x.shape[3]))
        return self.append("RESIZE_NEAREST_NEIGHBOR", [x.tensor, self.numbers(*size)], y, **options)

    def resize_bilinear(self, x: Value) -> Value:
        size, options = self.new_size(x)
        y = self.like(x, (1, *size, x.shape[3]))
        return self.append("RESIZE_BILINEAR", [x.tensor, self.numbers(*size)], y, **options)

    # -- layers that reduce

    def reduced(self, x: Value, keep: bool | None = None, op: str = "") -> Value:
        """MEAN, SUM, REDUCE_MAX or REDUCE_MIN over any axes but the batch's."""
        rank = len(x.shape)
        axes = self.rng.permutation(np.arange(1, rank))[: self.rng.integers(1, rank)]
        op = op or self.pick("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")
        keep = self.chance(0.5) if keep is None else keep
        keep = keep or rank - len(axes) < 2
        shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keep or i not in axes]
        count = math.prod(x.shape[axis] for axis in axes)
        if op.startswith("REDUCE") or (op == "MEAN" and self.chance(0.5)):
            y = self.like(x, shape)
        elif op == "MEAN":
            y = self.rescaled(x, shape)
        else:
            scale = x.scale * math.sqrt(count) * 2 ** self.rng.uniform(-1, 1.5)
            y = self.value(shape, scale, self.zero_point(), x.spread)
        axes = [self.front_or_back(int(axis), x) for axis in axes]
        return self.append(op, [x.tensor, self.numbers(*axes)], y, keep_dims=keep)

    # -- layers of two values, broadcast

    def pair(self, a: Value, b: Value, shape, same: bool) -> Value:
        """`same`: both have one quantization, which MAXIMUM and MINIMUM ask for."""
        kinds = ["ADD", "SUB", "MUL", "SQUARED_DIFFERENCE"] + ["MAXIMUM", "MINIMUM"] * 2 * same
        op = self.pick(*kinds)
        if op in ("MAXIMUM", "MINIMUM"):
            return self.append(op, [a.tensor, b.tensor], self.like(a, shape))
        if op == "SQUARED_DIFFERENCE":
            real = (a.scale * a.spread) ** 2 + (b.scale * b.spread) ** 2
            y = self.value(shape, real / self.spread(), self.zero_point(), 40)
            return self.append(op, [a.tensor, b.tensor], y)
        return self.binary(op, a, b, shape=tuple(int(n) for n in shape))

    def with_reduced(self, x: Value) -> Value:
        """`x` and what is left of it after a reduction, or of itself."""
        small = self.reduced(x, keep=True, op=self.pick("REDUCE_MAX", "REDUCE_MIN", "MEAN"))
        same = (small.scale, small.zero_point) == (x.scale, x.zero_point)
        pair = (x, small) if self.chance(0.5) else (small, x)
        return self.pair(*pair, x.shape, same)

    def crossed(self, x: Value) -> Value:
        """Two values that are broadcast both, along different axes."""
        rank = len(x.shape)
        axes = self.rng.permutation(np.arange(1, rank))[:2]
        sides = []
        for axis in axes:
            shape = [1 if i == axis else n for i, n in enumerate(x.shape)]
            y = self.like(x, shape)
            sides.append(
                self.append("REDUCE_MAX", [x.tensor, self.numbers(axis)], y, keep_dims=True)
            )
        return self.pair(*sides, x.shape, same=True)

    def with_broadcast_constant(self, x: Value) -> Value:
        same = self.chance(0.5)
        scale, zero_point = self.rounded(self.scale()), self.zero_point()
        if same:
            scale, zero_point = x.scale, x.zero_point
        shape = self.broadcast_shape(x)
        data = self.rng.integers(-128, 128, shape).astype(np.int8)
        tensor = self.writer.tensor(shape, scale, zero_point, data=data)
        constant = Value(tensor, shape, float(scale), zero_point, 70)
        pair = (x, constant) if self.chance(0.7) else (constant, x)
        return self.pair(*pair, x.shape, same)

    def broadcast_shape(self, x: Value) -> tuple[int, ...]:
        """Any shape that is broadcast to that of `x`."""
        shape = tuple(1 if self.chance(0.5) else int(n) for n in x.shape)
        return shape[self.pick(0, 0, 1, len(shape) - 1) :]

    def prelu(self, x: Value) -> Value:
        shape = self.pick((x.shape[-1],), (1,), self.broadcast_shape(x))
        data = self.rng.integers(-128, 128, shape).astype(np.int8)
        alpha = self.writer.tensor(shape, self.rounded(0.01), self.zero_point(), data=data)
        return self.append("PRELU", [x.tensor, alpha], self.rescaled(x))

    # -- functions of one value

    def absolute(self, x: Value) -> Value:
        y = self.rescaled(x) if self.chance(0.5) else self.like(x, x.shape)
        return self.append("ABS", [x.tensor], y)

    def normalize(self, x: Value) -> Value:
        y = self.value(x.shape, 1 / 128, 0, 40)
        return self.append("L2_NORMALIZATION", [x.tensor], y, activation=0)

    def log_softmax(self, x: Value) -> Value:
        return self.append("LOG_SOFTMAX", [x.tensor], self.value(x.shape, 1 / 16, 127, 40))

    def rsqrt(self, x: Value) -> Value:
        """Of squares: TFLM stops at numbers below 0."""
        scale = (x.scale * x.spread) ** 2 / 40
        square = self.value(x.shape, scale, -128, 60)
        self.append("SQUARED_DIFFERENCE", [x.tensor, self.like_zero(x)], square)
        scale = float(square.scale) ** -0.5 / self.pick(20, 60, 200)
        return self.append("RSQRT", [square.tensor], self.value(x.shape, scale, -128, 60))

    def like_zero(self, x: Value) -> int:
        data = np.full(x.shape[-1:], x.zero_point, np.int8)
        return self.writer.tensor(data.shape, x.scale, x.zero_point, data=data)

    def elu(self, x: Value) -> Value:
        return self.append("ELU", [x.tensor], self.rescaled(x))
