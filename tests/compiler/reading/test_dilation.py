"""Convolutions between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND become one with a dilation."""

import numpy as np
import pytest
import tflm_batch
from compiled_build import Builder
from odd_models import weights
from tflite_writer import PADDING, TfliteWriter

import tinykit as tk

WINDOW = {"stride_h": 1, "stride_w": 1, "activation": 0}


def one_layer(op: str, dilation: int) -> bytes:
    """3x3 over a 9x10 picture of 4 channels, the output as large."""
    writer = TfliteWriter()
    x, y = writer.tensor((1, 9, 10, 4), 0.1, 3), writer.tensor((1, 9, 10, 4), 0.6, -5)
    options = WINDOW | {"padding": PADDING["SAME"]}
    options |= {"dilation_h": dilation, "dilation_w": dilation}
    _convolution(writer, op, x, y, options)
    return writer.to_bytes([x], [y])


def three_layers(op: str, dilation: int) -> bytes:
    """The same network as TensorFlow writes it: the sides are made multiples of the dilation."""
    writer = TfliteWriter()
    x, y = writer.tensor((1, 9, 10, 4), 0.1, 3), writer.tensor((1, 9, 10, 4), 0.6, -5)
    extra = [-(n + 2 * dilation) % dilation for n in (9, 10)]
    sizes = [(n + 2 * dilation + e) // dilation for n, e in zip((9, 10), extra, strict=True)]
    parts = writer.tensor((dilation**2, *sizes, 4), 0.1, 3)
    results = writer.tensor((dilation**2, *(n - 2 for n in sizes), 4), 0.6, -5)
    block = writer.constant(np.full(2, dilation, np.int32))
    paddings = np.array([[dilation, dilation + e] for e in extra], np.int32)
    writer.operator("SPACE_TO_BATCH_ND", [x, block, writer.constant(paddings)], [parts])
    _convolution(writer, op, parts, results, WINDOW | {"padding": PADDING["VALID"]})
    crops = writer.constant(np.array([[0, e] for e in extra], np.int32))
    writer.operator("BATCH_TO_SPACE_ND", [results, block, crops], [y])
    return writer.to_bytes([x], [y])


def _convolution(writer: TfliteWriter, op: str, x: int, y: int, options: dict) -> None:
    depthwise = op == "DEPTHWISE_CONV_2D"
    kernel = weights(1, 3, 3, 4) if depthwise else weights(4, 3, 3, 4)
    options = options | ({"depth_multiplier": 1} if depthwise else {})
    biases = writer.constant(np.arange(4, dtype=np.int32) * 100, 0.001)
    writer.operator(op, [x, writer.constant(kernel, 0.01), biases], [y], **options)


@pytest.mark.tflm
@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize("dilation", [2, 3])
def test_three_layers_are_one_with_the_same_bytes(op, dilation, tmp_path):
    """TFLM runs the one layer; of the three it fills the padding with what was in its memory."""
    compiled = tk.compile(three_layers(op, dilation))
    assert [step.op for step in compiled.steps] == [op]
    inputs = np.random.default_rng(1).integers(-128, 128, (5, 9, 10, 4)).astype(np.int8)
    [expected] = tflm_batch.run([one_layer(op, dilation)], [inputs])
    [host] = Builder(tmp_path).libraries([compiled])
    np.testing.assert_array_equal(host.run(inputs), expected)
