"""What the packed scales make of a sum is what TensorFlow Lite's two roundings make of it."""

import numpy as np
import pytest

from tinykit.compiler.arithmetic import multiply_each
from tinykit.compiler.graph import Depthwise
from tinykit.compiler.packing_depthwise import pack_3x3, pack_lines, pack_planes, pack_taps


def layer(weights, right, bias=0, multiplier=None, zero_point=-128, seed=0) -> Depthwise:
    """Depthwise with one multiplier per channel; `weights` (height, width, channels)."""
    rng, channels = np.random.default_rng(seed), weights.shape[-1]
    multipliers = rng.integers(2**30, 2**31, channels) if multiplier is None else multiplier
    return Depthwise(
        name="layer",
        kind="",
        inputs=(0,),
        output=1,
        weights=weights.astype(np.int8),
        bias=np.zeros(channels, np.int32) + np.int32(bias),
        multipliers=np.zeros(channels, np.int64) + multipliers,
        shifts=np.zeros(channels, np.int32) - right,
        input_zero_point=3,
        output_zero_point=zero_point,
        act_min=zero_point if zero_point == -128 else -128,
        act_max=127,
        strides=(1, 1),
        padding=(0, 0),
        dilation=(1, 1),
        depth_multiplier=1,
    )


def wide(channels, taps=(3, 3), seed=0):
    return np.random.default_rng(seed).integers(-127, 128, (*taps, channels))


def signed(words):
    return np.asarray(words, np.uint32).astype(np.int32).astype(np.int64)


def halves(words):
    return np.stack([words << 16 >> 16, words >> 16], axis=-1).astype(np.int16).astype(np.int64)


def outputs(op, x):
    """int64 (n, channels) of the taps x, int8 (n, taps), by the stream of the tap kernel."""
    packed, taps = pack_taps(op), x.shape[1]
    groups = packed.words.reshape(-1, 12 + 2 * taps)
    bias, middle, scales = np.split(signed(groups), [4, 4 + 2 * taps], axis=1)
    weights = halves(middle.astype(np.int32).reshape(-1, taps, 2))  # group, tap, word, half
    weights = weights.swapaxes(2, 3).reshape(-1, taps, 4)
    sums = bias[:, None] + np.einsum("nt,gtc->gnc", x.astype(np.int64), weights)
    first, second = scales[:, None, :4], scales[:, None, 4:]
    if packed.rounding == "once":
        q = (second + (sums * first >> 32)) >> 10
    elif packed.rounding == "twice":
        y = sums + (sums * first + 2**31 >> 32)
        q = (2**31 - (y - (y < 0)) * second >> 32) + op.output_zero_point
    else:
        each = zip(*np.broadcast_arrays(sums, first, second), strict=True)
        q = np.stack([multiply_each(*group) for group in each])
        q += op.output_zero_point
    return packed.rounding, q.transpose(1, 0, 2).reshape(len(x), -1)[:, : op.channels]


def expected(op, x):
    """The same as TensorFlow Lite says it."""
    weights = op.weights.reshape(-1, op.channels).astype(np.int64)
    sums = op.bias + (x.astype(np.int64) - op.input_zero_point) @ weights
    scaled = [multiply_each(row, op.multipliers, op.shifts) for row in sums]
    return np.clip(np.array(scaled) + op.output_zero_point, op.act_min, op.act_max)


def some_inputs(taps, n=3_000):
    """Noise of all sizes: sums of a few units as well as the largest."""
    rng = np.random.default_rng(1)
    x = rng.normal(0, 1, (n, taps)) * 2 ** rng.uniform(0, 8, (n, 1))
    x[:2] = [[-128], [127]]
    return x.round().clip(-128, 127).astype(np.int8)


@pytest.mark.parametrize("right", range(3, 10))
def test_rectified_sums_are_rounded_once(right):
    op, x = layer(wide(12), right, bias=100 * right), some_inputs(9)
    rounding, got = outputs(op, x)
    assert rounding == "once"
    assert np.array_equal(got.clip(-128, 127), expected(op, x))


@pytest.mark.parametrize("right", [10, 12, 14, 17, 20])
def test_small_scales_are_rounded_once_where_that_gives_the_same_outputs(right):
    """One channel at a time, because a single one that does not makes all be rounded twice."""
    x, once = some_inputs(9), 0
    for seed in range(30):
        bias = np.random.default_rng(seed).integers(0, 2 ** (right + 5))
        op = layer(wide(1, seed=seed), right, bias, seed=seed)
        rounding, got = outputs(op, x)
        assert np.array_equal(got.clip(-128, 127), expected(op, x)), f"seed {seed}, {rounding}"
        once += rounding == "once"
    assert once > 0 or right == 10


@pytest.mark.parametrize("right", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("zero_point", [-128, -7])
def test_large_scales_have_room_where_weights_are_small(right, zero_point):
    op, x = layer(wide(8) // 40, right, zero_point=zero_point), some_inputs(9) // 4
    rounding, got = outputs(op, x)
    assert rounding == ("once" if zero_point == -128 or right < 1 else "twice")
    assert np.array_equal(got.clip(-128, 127), expected(op, x))


@pytest.mark.parametrize("right", [1, 2, 7, 12])
def test_other_sums_are_rounded_twice(right):
    op, x = layer(wide(8), right, zero_point=5), some_inputs(9)
    rounding, got = outputs(op, x)
    assert rounding == "twice"
    assert np.array_equal(got.clip(-128, 127), expected(op, x))


def test_scales_of_all_sizes_in_one_layer():
    op, x = layer(wide(8), np.array([-3, 0, 1, 5, 9, 14, 20, 31]), zero_point=5), some_inputs(9)
    rounding, got = outputs(op, x)
    assert rounding == "any"
    assert np.array_equal(got.clip(-128, 127), expected(op, x))
    assert pack_3x3(op, False) is pack_planes(op, False) is pack_lines(op) is None


@pytest.mark.parametrize("zero_point", [-128, 5])
@pytest.mark.parametrize("multiplier", [None, 0])
def test_filters_of_zeros_and_scales_of_zero_give_a_constant(zero_point, multiplier):
    weights = wide(8)
    weights[..., :5] = 0
    bias = np.array([0, 5, -5, 900, 99_999, 1, 2, 3])
    op, x = layer(weights, 6, bias, multiplier, zero_point), some_inputs(9)
    assert np.array_equal(outputs(op, x)[1].clip(-128, 127), expected(op, x))


def test_the_bytes_of_the_plane_kernels_are_the_filters():
    op = layer(wide(5), 7)
    rows = pack_3x3(op, False).words.reshape(5, 6)[:, 3:].copy().view(np.int8).reshape(5, 3, 4)
    assert np.array_equal(rows[..., :3], op.weights.transpose(2, 0, 1))
    swapped = pack_3x3(op, True).words.reshape(5, 6)[:, 3:].copy().view(np.int8).reshape(5, 3, 4)
    assert np.array_equal(swapped[..., :3], op.weights.transpose(2, 1, 0))
    assert (rows[..., 3] == 11 - 7).all(), "by how many bits they are raised"
    op = layer(wide(5, taps=(5, 2)), 7)
    words = pack_planes(op, False).words.reshape(5, -1)
    flat = words[:, 3:].copy().view(np.int8).reshape(5, -1)
    assert np.array_equal(flat[:, 1:11], op.weights.transpose(2, 0, 1).reshape(5, 10))


@pytest.mark.parametrize("taps", [1, 2, 3, 4])
def test_the_words_of_lines_are_raised_weights(taps):
    op = layer(wide(5, taps=(1, taps)), 7)
    words = halves(signed(pack_lines(op).words.reshape(5, 5)[:, :2]).astype(np.int32))
    wanted = (op.weights[0].T.astype(int) << 4).tolist()
    first = 1 if taps == 1 else 0
    assert words.reshape(5, 4)[:, first : first + taps].tolist() == wanted
