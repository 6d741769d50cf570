"""The packed weights hold the matrix: sums taken from the stream as the kernels take them."""

import numpy as np
import pytest

from tinykit.compiler.arithmetic import multiply
from tinykit.compiler.graph import Conv, FullyConnected
from tinykit.compiler.lowering import matrix
from tinykit.compiler.packing import pack_few, pack_tile, pack_vector


def layer(kind, weights, bias=None, right=8, **options):
    channels = len(weights)
    zeros = np.zeros(channels, np.int32)
    common = {
        "name": "layer",
        "kind": "",
        "inputs": (0,),
        "output": 1,
        "weights": weights,
        "bias": zeros if bias is None else np.asarray(bias, np.int32),
        "multipliers": zeros + 2**30 + 12_345,
        "shifts": zeros - right,
        "input_zero_point": 3,
        "output_zero_point": -7,
    }
    return kind(**common | options)


def random_weights(*shape, seed=0):
    return np.random.default_rng(seed).integers(-127, 128, shape).astype(np.int8)


def requantized(total, multiplier, factor, *rest):
    """What SMMLAR, SMMLSR and the step between them make of a sum."""
    *any_scale, zero_point = rest
    shift, mask = any_scale or (0, 0)
    total = signed(total << shift)
    y = total + ((total * multiplier + 2**31) >> 32)
    whole = y & mask
    y -= y < 0  # a half is rounded away from zero
    return zero_point + ((2**31 - y * factor) >> 32) + whole


def stream_outputs(op, packed, x, rows_per_block=2):
    """Outputs computed from the stream, with sums that wrap at 32 bits as on the processor."""
    words = packed.words.astype(np.int64)
    pairs, quads = rows_per_block // 2, len(x) // 4
    scale_words = 4 if packed.any_scale else 2
    block_words = 2 * pairs + 2 * pairs * quads + 2 * scale_words * pairs
    outputs = []
    for block in words.reshape(-1, block_words):
        starts, body, scales = np.split(block, [2 * pairs, 2 * pairs * (1 + quads)])
        body, scales = body.reshape(quads, pairs, 2), scales.reshape(pairs, 2, scale_words)
        for pair in range(pairs):
            sums = pair_sums(starts[2 * pair : 2 * pair + 2], body[:, pair], x, packed.wide)
            for total, scale in zip(sums, scales[pair], strict=True):
                outputs.append(requantized(total, *map(signed, scale), op.output_zero_point))
    return outputs


def pair_sums(starts, words, x, wide):
    """Sums of two rows from the words of their weights, (columns / 4, 2)."""
    halves = np.stack([x.reshape(-1, 4)[:, [0, 2]], x.reshape(-1, 4)[:, [1, 3]]], axis=1)
    both = np.stack([words & 0xFFFF, words >> 16], axis=-1)
    both = (both ^ 0x8000) - 0x8000
    low = ((both & 0xFF) ^ 0x80) - 0x80
    low_sum = (starts[0] + (low * halves).sum()) & 0xFFFFFFFF
    if wide:
        return signed(low_sum), signed(starts[1] + ((both >> 8) * halves).sum())
    both_sum = (starts[1] + (both * halves).sum()) & 0xFFFFFFFF
    return signed(low_sum), signed(both_sum - low_sum) >> 8


def signed(word):
    return ((int(word) & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000


def expected_outputs(op, x):
    sums = op.bias + op.weights.astype(np.int64) @ (x - op.input_zero_point)
    scaled = [multiply(*row) for row in zip(sums, op.multipliers, op.shifts, strict=True)]
    return [int(value) + op.output_zero_point for value in scaled]


@pytest.mark.parametrize("rows", [1, 2, 4, 7])
@pytest.mark.parametrize("right", [-3, 0, 1, 2, 7, 12])
def test_the_stream_gives_the_outputs_of_the_matrix(rows, right):
    weights = random_weights(rows, 36, seed=rows)
    op = layer(FullyConnected, weights, bias=range(-900, -900 + 300 * rows, 300), right=right)
    x = np.random.default_rng(1).integers(-128, 128, 36)
    assert stream_outputs(op, pack_tile(op), x)[:rows] == expected_outputs(op, x)


@pytest.mark.parametrize("rows", [4, 5, 6, 7, 8])
def test_the_last_of_the_blocks_of_four_holds_the_last_four_rows(rows):
    op = layer(FullyConnected, random_weights(rows, 36, seed=rows))
    x = np.random.default_rng(1).integers(-128, 128, 36)
    got, expected = stream_outputs(op, pack_vector(op), x, 4), expected_outputs(op, x)
    assert got[: rows // 4 * 4] == expected[: rows // 4 * 4]
    assert got[-4:] == expected[-4:]


@pytest.mark.parametrize("rows", [1, 3])
def test_a_row_without_a_partner_has_weights_of_16_bits(rows):
    weights = random_weights(rows, 8)
    *_, last = np.split(pack_few(layer(FullyConnected, weights)).words, [-7])
    numbers = last[1:5].copy().view(np.int16).reshape(2, 4)  # behind the bias
    assert np.array_equal(numbers, weights[-1].reshape(2, 4)[:, [0, 2, 1, 3]])


def test_the_largest_sums_of_a_high_row_still_come_out():
    # 516 columns of 127 * 127 are just below 2^23, where 256 times the sum fills 32 bits.
    weights = np.full((2, 516), 127, np.int8)
    weights[0] = -127
    op = layer(FullyConnected, weights, right=16, input_zero_point=0)
    # Of -128, which no weight meets here, the sum would be larger.
    for x in (np.full(516, 127), np.full(516, -127)):
        packed = pack_tile(op)
        assert not packed.wide
        assert stream_outputs(op, packed, x) == expected_outputs(op, x)


WIDE = {
    "a sum of 2^23 and more": (np.full((2, 600), 127, np.int8), 0),
    "a bias of 2^23 and more": (np.full((2, 4), 127, np.int8), 2**24),
    "two weights of -128 at once": (np.full((2, 4), -128, np.int8), 0),
}


@pytest.mark.parametrize("reason", WIDE)
def test_rows_too_large_for_24_bits_are_packed_wide(reason):
    weights, bias = WIDE[reason]
    op = layer(FullyConnected, weights, bias=[bias, bias], right=16)
    packed = pack_tile(op)
    assert packed.wide
    for value in (-128, 127):
        x = np.full(weights.shape[1], value)
        assert stream_outputs(op, packed, x) == expected_outputs(op, x)
    fits = np.array([[1, 2, 3, 4], [-128] * 4], np.int8)
    assert not pack_tile(layer(FullyConnected, fits)).wide


@pytest.mark.parametrize("bias", [-70_000, -300, 0, 1_000, 9_999_999])
def test_a_row_of_zeros_gives_its_constant_whatever_its_scale(bias):
    weights = random_weights(2, 8)
    weights[1] = 0
    op = layer(FullyConnected, weights, bias=[5, bias], right=0)
    op.shifts[0] = -8
    x = np.arange(8)
    got = stream_outputs(op, pack_tile(op), x)
    assert np.array_equal(np.clip(got, -128, 127), np.clip(expected_outputs(op, x), -128, 127))


GEOMETRIES = [  # input, filters, kernel, strides, SAME?
    ((25, 5, 8), 8, (1, 1), (1, 1), True),
    ((25, 5, 4), 12, (1, 1), (1, 1), True),
    ((9, 7, 12), 5, (1, 1), (2, 2), True),
    ((9, 7, 3), 8, (3, 3), (2, 2), True),
    ((9, 7, 4), 4, (3, 3), (1, 1), True),
    ((8, 8, 4), 9, (5, 3), (1, 2), False),
    ((12, 6, 1), 16, (10, 4), (2, 2), True),
]


@pytest.mark.parametrize("source, filters, kernel, strides, same", GEOMETRIES)
def test_the_overlap_of_a_convolution_is_the_smallest_that_is_safe(
    source, filters, kernel, strides, same
):
    sizes = zip(source, kernel, strides, strict=False)
    out = [-(-n // s) if same else (n - k) // s + 1 for n, k, s in sizes]
    wide = [
        max(0, (o - 1) * s + k - n) // 2
        for n, k, s, o in zip(source, kernel, strides, out, strict=False)
    ]
    weights = random_weights(filters, *kernel, source[2])
    op = layer(Conv, weights, strides=strides, padding=tuple(wide), dilation=(1, 1))
    distance = matrix._conv_overlap(op, (1, *source), (1, *out, filters))
    assert not clashes(op, source, out, distance), "bytes are overwritten before they are read"
    assert clashes(op, source, out, distance - 1), "the output could begin later"


def clashes(op, source, out, distance):
    """Whether some tile reads bytes of the input that an earlier tile has overwritten."""
    height, width, channels = source
    written = 0  # bytes of the output, which begins `distance` bytes before the input
    pixels = [(y, x) for y in range(out[0]) for x in range(out[1])]
    whole = len(pixels) // matrix.TILE_PIXELS * matrix.TILE_PIXELS
    tiles = [pixels[i : i + matrix.TILE_PIXELS] for i in range(0, whole, matrix.TILE_PIXELS)]
    for tile in [*tiles, *([pixel] for pixel in pixels[whole:])]:
        for y, x in tile:
            rows = y * op.strides[0] - op.padding[0] + np.arange(op.kernel[0])
            columns = x * op.strides[1] - op.padding[1] + np.arange(op.kernel[1])
            rows, columns = rows[(rows >= 0) & (rows < height)], columns[columns >= 0]
            first = (rows.min() * width + columns.min()) * channels
            if written and distance + first < written:
                return True
        written += len(tile) * op.channels
    return False
