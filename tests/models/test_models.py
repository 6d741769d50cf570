"""The networks: what they compute, what they cost, and that a seed repeats them."""

import itertools

import numpy as np
import pytest

from tinykit.features import LogMel, Motion
from tinykit.models.audio import band_cnn, ds_cnn
from tinykit.models.image import mobilenet
from tinykit.models.motion import gesture_cnn
from tinykit.quantization.convert import quantize

LABELS = ["yes", "no", "unknown", "silence"]
# After each convolution: Keras counts mean, variance, scale and offset of batch normalization.
NORMALIZATION = 4


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.default_rng(0).gamma(1.0, 1.0, (32, 49, 40)).astype(np.float32)


def test_outputs_are_probabilities_of_the_labels(noise):
    model = ds_cnn((49, 40), LABELS, channels=8, blocks=2)
    scores = model.predict(noise[..., None], verbose=0)
    assert scores.shape == (32, 4)
    assert scores.min() >= 0
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=4 * np.finfo(np.float32).eps)


@pytest.mark.parametrize(("channels", "blocks"), [(64, 4), (8, 1), (5, 2)])
def test_size_is_what_the_paper_and_pencil_give(channels, blocks):
    model = ds_cnn((49, 40), LABELS, channels=channels, blocks=blocks)
    expected = (10 * 4 + NORMALIZATION) * (channels // 2)
    for inputs in [channels // 2] + [channels] * (blocks - 1):
        expected += (3 * 3 + NORMALIZATION) * inputs  # depthwise
        expected += (inputs + NORMALIZATION) * channels  # pointwise
    assert model.count_params() == expected + channels * 4 + 4


@pytest.mark.parametrize(("shape", "channels", "blocks"), [((49, 40), 8, 2), ((30, 13), 6, 3)])
def test_int8_cost_is_what_pencil_and_paper_give(shape, channels, blocks):
    """Each output value of a convolution costs one multiplication per weight that it sees."""
    noise = np.random.default_rng(0).gamma(1.0, 1.0, (8, *shape)).astype(np.float32)
    model = ds_cnn(shape, LABELS, channels=channels, blocks=blocks)
    tiny = quantize(model, noise, LogMel(), LABELS)
    halved = [-(-size // 2) for size in shape]  # stride 2 rounds up with "same" padding
    quartered = [-(-size // 2) for size in halved]
    inputs = [channels // 2] + [channels] * (blocks - 1)  # of each block
    first = np.prod(halved) * channels // 2 * 10 * 4
    depthwise = np.prod(quartered) * 3 * 3 * sum(inputs)
    pointwise = np.prod(quartered) * channels * sum(inputs)
    last = channels * 4
    by_op = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 0}
    for layer in tiny.layers:
        if layer.op in by_op:
            by_op[layer.op] += layer.macs
    assert by_op == {"CONV_2D": first + pointwise + last, "DEPTHWISE_CONV_2D": depthwise}
    # Batch normalization vanishes into the weights; what it leaves is one bias per channel.
    weights = 40 * channels // 2 + sum(9 * n + n * channels for n in inputs) + 4 * channels
    biases = channels // 2 + sum(n + channels for n in inputs) + 4
    assert tiny.n_parameters == weights + biases


def test_int8_needs_few_operators(noise):
    """Each further operator costs the board flash, and FULLY_CONNECTED rounds unlike TFLM."""
    tiny = quantize(ds_cnn((49, 40), LABELS, channels=8, blocks=2), noise, LogMel(), LABELS)
    assert set(tiny.ops) <= {"CONV_2D", "DEPTHWISE_CONV_2D", "MEAN", "RESHAPE", "SOFTMAX"}
    assert tiny.output_scale == 1 / 256 and tiny.output_zero_point == -128
    assert tiny.input_shape == (49, 40, 1)


@pytest.mark.parametrize("make", [ds_cnn, band_cnn, gesture_cnn])
def test_the_same_seed_gives_the_same_weights(make):
    once, again, other = (make((49, 40), LABELS, seed=seed).get_weights() for seed in (3, 3, 4))
    for a, b in zip(once, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(once, other, strict=True))


def test_a_band_cnn_has_one_filter_bank_and_one_layer_of_weights(noise):
    """8 filters of 4 frames by 40 bands, at every second of 49 - 3 places; then 8 x 4 weights."""
    model = band_cnn((49, 40), LABELS, filters=8)
    normalization = 4 * 8  # mean, variance, scale and shift of each filter
    assert model.count_params() == 4 * 40 * 8 + normalization + (8 * 4 + 4)
    tiny = quantize(model, noise, LogMel(), LABELS)
    assert set(tiny.ops) <= {"CONV_2D", "MEAN", "RESHAPE", "SOFTMAX"}
    macs = sum(layer.macs for layer in tiny.layers if layer.op == "CONV_2D")
    assert macs == 23 * 4 * 40 * 8 + 8 * 4
    scores = model.predict(noise[..., None], verbose=0)
    assert scores.shape == (32, 4)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=4 * np.finfo(np.float32).eps)


GESTURES = ["circle", "horizontal", "vertical", "punch", "flex", "wing", "none"]


@pytest.fixture(scope="module")
def motion() -> np.ndarray:
    """Pictures of no gestures: float32 (32, 48, 6) of unit strength."""
    return np.random.default_rng(0).normal(size=(32, 48, 6)).astype(np.float32)


@pytest.mark.parametrize(("channels", "axes"), [(24, 6), (24, 3), (9, 6)])
def test_a_gesture_cnn_is_what_pencil_and_paper_give(channels, axes):
    """Three filter banks of five frames; 48 - 4 places, then half as many, then a quarter."""
    model = gesture_cnn((48, axes), GESTURES, channels=channels)
    more, most = channels * 4 // 3, channels * 2
    weights = [5 * axes * channels, 5 * channels * more, 5 * more * most, most * 7]
    outputs = channels + more + most
    assert model.count_params() == sum(weights) + NORMALIZATION * outputs + 7
    noise = np.random.default_rng(0).normal(size=(8, 48, axes)).astype(np.float32)
    tiny = quantize(model, noise, Motion(axes=axes), GESTURES)
    macs = sum(layer.macs for layer in tiny.layers if layer.op == "CONV_2D")
    assert macs == np.dot(weights, [44, 22, 11, 1])
    assert tiny.n_parameters == sum(weights) + outputs + 7


def test_a_gesture_cnn_as_int8_is_at_most_20_000_bytes(motion):
    """What the course promises, for its seven labels; and it needs few operators."""
    model = gesture_cnn(Motion().shape, GESTURES)
    scores = model.predict(motion[..., None], verbose=0)
    assert scores.shape == (32, 7)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=7 * np.finfo(np.float32).eps)
    tiny = quantize(model, motion, Motion(), GESTURES)
    assert len(tiny.tflite) <= 20_000, f"{len(tiny.tflite):,} bytes"
    assert tiny.input_shape == (48, 6, 1)
    assert set(tiny.ops) <= {"CONV_2D", "MEAN", "RESHAPE", "SOFTMAX"}
    assert tiny.output_scale == 1 / 256 and tiny.output_zero_point == -128


@pytest.mark.parametrize(("width", "blocks"), [(0.25, 3), (0.5, 1)])
def test_a_mobilenet_is_what_pencil_and_paper_give(width, blocks):
    model = mobilenet((96, 96, 1), ["no", "yes"], width=width, blocks=blocks)
    channels = [int(width * full) for full in (32, 128, 128, 256, 256, *[512] * (1 + blocks))]
    channels.append(int(width * 1024))
    expected = (3 * 3 + NORMALIZATION) * channels[0]
    for inputs, outputs in itertools.pairwise(channels):
        expected += (3 * 3 + NORMALIZATION) * inputs  # depthwise
        expected += (inputs + NORMALIZATION) * outputs  # pointwise
    assert model.count_params() == expected + 2 * channels[-1] + 2


@pytest.mark.parametrize(("size", "last"), [(96, 6), (64, 4), (112, 7)])
def test_a_mobilenet_halves_the_picture_four_times(size, last):
    model = mobilenet((size, size, 3), ["no", "yes"])
    assert model.get_layer("pooled").input.shape[1:] == (last, last, 320)


def test_what_keeps_its_shape_in_a_mobilenet_is_added_to():
    """Two blocks at larger sizes, and the equal ones in the middle."""
    model = mobilenet((96, 96, 1), ["no", "yes"], blocks=3)
    sums = [layer for layer in model.layers if type(layer).__name__ == "Add"]
    shapes = [tuple(layer.output.shape[1:]) for layer in sums]
    assert shapes == [(24, 24, 40), (12, 12, 80), *[(6, 6, 160)] * 3]
