"""Small .tflite files that TensorFlow Lite Micro runs, though they are no plain int8 network."""

from collections.abc import Sequence

import numpy as np
from tflite_writer import ACTIVATION, PADDING, TfliteWriter


def weights(*shape: int) -> np.ndarray:
    """int8."""
    return np.random.default_rng(sum(shape)).integers(-127, 128, shape).astype(np.int8)


def running_sum(signature: Sequence[int] | None = None) -> bytes:
    """Keeps a state, as streaming models do: output = state = state + input, from 3 on.

    4 values, all of scale 0.1 and zero point 3. A second graph sets the state, once.
    """
    writer = TfliteWriter()
    x, handle = writer.tensor((1, 4), 0.1, 3), writer.tensor((), dtype="resource")
    before, after = (writer.tensor((1, 4), 0.1, 3) for _ in range(2))
    name = {"container": "", "shared_name": "sum"}
    writer.operator("CALL_ONCE", [], [], graph=1)
    writer.operator("VAR_HANDLE", [], [handle], **name)
    writer.operator("READ_VARIABLE", [handle], [before])
    writer.operator("ADD", [x, before], [after], activation=ACTIVATION["NONE"])
    writer.operator("ASSIGN_VARIABLE", [handle, after], [])
    writer.end_graph([x], [after])
    handle = writer.tensor((), dtype="resource")
    start = writer.tensor((1, 4), 0.1, 3, data=np.full((1, 4), 3, np.int8))
    writer.operator("VAR_HANDLE", [], [handle], **name)
    writer.operator("ASSIGN_VARIABLE", [handle, start], [])
    return writer.to_bytes([], [])


def largest() -> bytes:
    """The place of the largest of four values, an int32: what the compiler has no output for."""
    writer = TfliteWriter()
    x, y = writer.tensor((1, 4), 0.1, 3), writer.tensor((1,), dtype="int32")
    writer.operator("ARG_MAX", [x, writer.constant(np.int32([1]))], [y], output_type=2)
    return writer.to_bytes([x], [y])


def strange_axis() -> bytes:
    """A convolution whose int32 biases have one scale per channel along axis 3, of one axis."""
    writer = TfliteWriter()
    x, y = writer.tensor((1, 4, 4, 3), 0.1, 3), writer.tensor((1, 4, 4, 4), 0.3, -5)
    scales = np.linspace(0.01, 0.02, 4)
    kernel = writer.constant(weights(4, 3, 3, 3), scales)
    biases = writer.constant(np.arange(4, dtype=np.int32), 0.1 * scales, axis=3)
    same = {"padding": PADDING["SAME"], "stride_w": 1, "stride_h": 1}
    writer.operator("CONV_2D", [x, kernel, biases], [y], activation=ACTIVATION["NONE"], **same)
    return writer.to_bytes([x], [y])


def two_of_each() -> bytes:
    """Two int8 inputs; a float output, their sum, and an int8 output, a layer of the first."""
    writer = TfliteWriter()
    a, b = writer.tensor((1, 8), 0.1, 3), writer.tensor((1, 8), 0.2, -3)
    total, shown = writer.tensor((1, 8), 0.3, 3), writer.tensor((1, 8), dtype="float32")
    writer.operator("ADD", [a, b], [total], activation=ACTIVATION["NONE"])
    writer.operator("DEQUANTIZE", [total], [shown])
    kernel = writer.constant(weights(2, 1, 1, 8), 0.01)
    biases = writer.constant(np.zeros(2, np.int32), 0.001)
    image, scores = writer.tensor((1, 1, 1, 8), 0.1, 3), writer.tensor((1, 1, 1, 2), 0.1, 0)
    writer.operator("RESHAPE", [a, writer.constant(np.array([1, 1, 1, 8], np.int32))], [image])
    same = {"padding": PADDING["SAME"], "stride_w": 1, "stride_h": 1}
    writer.operator("CONV_2D", [image, kernel, biases], [scores], **same)
    return writer.to_bytes([a, b], [shown, scores])


def moved(dtype: str) -> bytes:
    """(1, 8) values of a type, given another shape."""
    writer = TfliteWriter()
    x, y = writer.tensor((1, 8), dtype=dtype), writer.tensor((8,), dtype=dtype)
    writer.operator("RESHAPE", [x, writer.constant(np.array([8], np.int32))], [y])
    return writer.to_bytes([x], [y])


def with_custom_operator() -> bytes:
    """Uses an operator by somebody, "TheirOwn", that no interpreter has."""
    writer = TfliteWriter()
    x, y = (writer.tensor((1, 8), 0.1, 3) for _ in range(2))
    writer.operator("TheirOwn", [x], [y])
    return writer.to_bytes([x], [y])


def crashing_arena() -> bytes:
    """Three dense layers 32 -> 16 -> 4 -> 32 without biases: in arenas of a few sizes just below
    what they need, TensorFlow Lite Micro does not say no, it crashes."""
    writer = TfliteWriter()
    value = first = writer.tensor((1, 32), 0.03, 15)
    for units, inputs in ((16, 32), (4, 16), (32, 4)):
        kernel = writer.constant(weights(units, inputs), np.linspace(0.002, 0.003, units))
        output = writer.tensor((1, units), 0.05, -128)
        writer.operator("FULLY_CONNECTED", [value, kernel, -1], [output], activation=1)
        value = output
    return writer.to_bytes([first], [value])
