"""Values that are only moved in floating point between int8 and int8, as converters write it."""

import numpy as np
import pytest
import tflm_batch
from tflite_writer import ACTIVATION, TfliteWriter

import tinykit as tk
from tinykit.quantization.tflite import read
from tinykit.quantization.tflite.float_moves import int8_moves


def split_in_float(scales=((0.05, 3), (0.02, -7)), also_added: bool = False) -> bytes:
    """DEQUANTIZE, SPLIT, a QUANTIZE for each half, and the sum of both; or the floats are added."""
    writer = TfliteWriter()
    x = writer.tensor((1, 8), 0.03, 11)
    real, *halves = (writer.tensor(shape, dtype="float32") for shape in ((1, 8), (1, 4), (1, 4)))
    writer.operator("DEQUANTIZE", [x], [real])
    axis = writer.constant(np.int32(1))
    writer.operator("SPLIT", [axis, real], halves, num_splits=2)
    y = writer.tensor((1, 4), 0.07, 0)
    if also_added:
        both = writer.tensor((1, 4), dtype="float32")
        writer.operator("ADD", halves, [both], activation=ACTIVATION["NONE"])
        writer.operator("QUANTIZE", [both], [y])
        return writer.to_bytes([x], [y])
    parts = [writer.tensor((1, 4), *scale) for scale in scales]
    for half, part in zip(halves, parts, strict=True):
        writer.operator("QUANTIZE", [half], [part])
    writer.operator("ADD", parts, [y], activation=ACTIVATION["NONE"])
    return writer.to_bytes([x], [y])


@pytest.mark.tflm
def test_moves_in_float_give_the_bytes_of_tflm():
    """All 256 values go through each half; float arithmetic rounds otherwise than a QUANTIZE of
    int8 would, which the second pair of scales shows: halves lie exactly between two steps."""
    q = np.arange(-128, 128, dtype=np.int8)
    x = np.stack([np.roll(q, n) for n in range(8)], axis=1)
    for scales in (((0.05, 3), (0.02, -7)), ((0.06, 0), (0.12, 5))):
        tflite = split_in_float(scales)
        [expected] = tflm_batch.run([tflite], [x])
        run = tk.VirtualBoard().run_model(tk.compile(tflite), x)
        np.testing.assert_array_equal(run.outputs, expected)


def test_nothing_is_left_in_float():
    file = int8_moves(read(split_in_float()))
    assert {tensor.dtype for tensor in file.tensors} == {"int8", "int32"}
    assert file.ops == ["RESHAPE", "SPLIT", "QUANTIZE", "QUANTIZE", "ADD"]


def test_what_is_computed_in_float_stays_and_is_refused():
    file = read(split_in_float(also_added=True))
    assert int8_moves(file) == file
    with pytest.raises(tk.TinykitError, match=r"computes .* in floating point"):
        tk.compile(split_in_float(also_added=True))
