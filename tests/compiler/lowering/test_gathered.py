"""Grouped and transposed convolutions, and weights of four bits: packing, phases, cost."""

import numpy as np
import pytest
import tflm_batch
from compiled_build import Builder
from graph_interpreter import run
from tflite_writer import ACTIVATION, PADDING, TfliteWriter

import tinykit as tk
from tinykit.compiler.graph import macs
from tinykit.compiler.lowering.gathered import _packed, _phases
from tinykit.compiler.reading import read_graph
from tinykit.quantization import tflite as tflite_file

RNG = np.random.default_rng(5)


def layer(op: str, x_shape, y_shape, weights: np.ndarray, bits: int = 8, **options) -> bytes:
    """A network of one layer, with one scale for each output channel where TFLM has that."""
    writer = TfliteWriter()
    x, y = writer.tensor(x_shape, 0.1, 3), writer.tensor(y_shape, 0.4, -5)
    axis = 3 if op == "DEPTHWISE_CONV_2D" else 0
    channels = weights.shape[axis]
    scales = np.linspace(0.01, 0.02, channels) * (16 if bits == 4 else 1)
    scales = scales[:1] if op == "FULLY_CONNECTED" else scales
    write = writer.constant_int4 if bits == 4 else writer.constant
    bias = writer.constant(np.arange(channels, dtype=np.int32), 0.1 * scales)
    tensors = [x, write(weights, scales, axis), bias]
    if op == "TRANSPOSE_CONV":
        tensors = [writer.constant(np.int32(y_shape)), tensors[1], x, tensors[2]]
    if op != "FULLY_CONNECTED":
        options = {"padding": PADDING["SAME"], "stride_h": 1, "stride_w": 1} | options
    writer.operator(op, tensors, [y], activation=ACTIVATION["NONE"], **options)
    return writer.to_bytes([x], [y])


def random_weights(*shape: int, bits: int = 8) -> np.ndarray:
    most = 127 if bits == 8 else 7
    return RNG.integers(-most - 1, most + 1, shape).astype(np.int8)


def grouped(channels: int, groups: int, kernel: int = 3, size: int = 12) -> bytes:
    shape = (1, size, size, channels)
    weights = random_weights(channels, kernel, kernel, channels // groups)
    return layer("CONV_2D", shape, shape, weights)


def transposed(kernel=(3, 3), stride=(2, 2), padding="SAME") -> bytes:
    x = (1, 5, 4, 6)
    sides = zip(x[1:3], kernel, stride, strict=True)
    y = [n * s if padding == "SAME" else (n - 1) * s + k for n, k, s in sides]
    options = {"padding": PADDING[padding], "stride_h": stride[0], "stride_w": stride[1]}
    weights = random_weights(5, *kernel, 6)
    return layer("TRANSPOSE_CONV", x, (1, *y, 5), weights, **options)


def int4(op: str) -> bytes:
    x, conv = (1, 6, 6, 5), (1, 6, 6, 7)
    if op == "FULLY_CONNECTED":
        return layer(op, (1, 37), (1, 9), random_weights(9, 37, bits=4), 4)
    if op == "DEPTHWISE_CONV_2D":
        return layer(op, x, x, random_weights(1, 3, 3, 5, bits=4), 4, depth_multiplier=1)
    return layer(op, x, conv, random_weights(7, 3, 3, 5, bits=4), 4)


MODELS = {
    "two groups": lambda: grouped(8, 2),
    "groups of one channel": lambda: grouped(6, 6),
    "groups of three": lambda: grouped(9, 3, kernel=2),
    "backwards": transposed,
    "backwards, with gaps": lambda: transposed((1, 2), (3, 2)),
    "backwards, VALID": lambda: transposed((4, 3), (2, 1), "VALID"),
    "int4 convolution": lambda: int4("CONV_2D"),
    "int4 depthwise": lambda: int4("DEPTHWISE_CONV_2D"),
    "int4 fully connected": lambda: int4("FULLY_CONNECTED"),
}


@pytest.mark.tflm
@pytest.mark.parametrize("name", MODELS)
def test_bytes_are_those_of_tflm_and_of_numpy(name, tmp_path):
    """Three ways to compute the same layer: our kernel, TFLM's, and NumPy on the graph."""
    model = MODELS[name]()
    compiled = tk.compile(model)
    x = RNG.integers(-128, 128, (8, *compiled.input_shape)).astype(np.int8)
    [host], [expected] = Builder(tmp_path).libraries([compiled]), tflm_batch.run([model], [x])
    assert expected is not None, f"TFLM refuses the {name}"
    assert np.array_equal(host.run(x), expected), f"{name}: other bytes than TFLM's"
    graph = read_graph(tflite_file.read(model))
    for one, y in zip(x, expected, strict=True):
        assert np.array_equal(run(graph, one[None])[graph.outputs[0]].reshape(y.shape), y)


def test_phases_of_a_transposed_convolution_meet_every_pair_once():
    """Input i meets tap t at output i * stride - padding + t: each such triple is in one phase."""
    inputs = 5
    for outputs, kernel, stride, padding in ((10, 3, 2, 0), (10, 4, 2, 1), (13, 1, 3, 0)):
        met = []
        for phase in _phases(outputs, kernel, stride, padding):
            for n in range(phase.count):
                seen = zip(range(n - phase.before, inputs), phase.taps, strict=False)
                output = phase.first + n * stride
                met += [(output, i, tap) for i, tap in seen if 0 <= i < inputs]
        pairs = [
            (i * stride - padding + tap, i, tap) for i in range(inputs) for tap in range(kernel)
        ]
        wanted = [triple for triple in pairs if 0 <= triple[0] < outputs]
        assert sorted(met) == sorted(wanted), f"{outputs} outputs, {kernel} taps, stride {stride}"


def test_four_bits_take_half_the_flash():
    """64 x 100 weights: 3,200 bytes and a little for whole words."""
    weights = random_weights(64, 100, bits=4)
    packed = _packed(weights, 4)
    assert len(packed) == 64 * 52, "100 weights are 13 words of 8"
    compiled = tk.compile(layer("FULLY_CONNECTED", (1, 100), (1, 64), weights, 4))
    others = 64 * (4 + 4 + 1)  # biases, multipliers, shifts
    assert compiled.constant_bytes == len(packed) + others


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: grouped(8, 2), 12 * 12 * 8 * 9 * 4),
        (transposed, 5 * 4 * 6 * 9 * 5),
        (lambda: int4("CONV_2D"), 6 * 6 * 7 * 9 * 5),
    ],
)
def test_macs_are_counted_alike_in_the_file_and_in_the_graph(make, expected):
    """Each output of a group meets the weights of its group; backwards, each input its own."""
    file = tflite_file.read(make())
    graph = read_graph(file)
    assert file.macs == expected
    assert sum(macs(graph, op) for op in graph.ops) == expected


@pytest.mark.parametrize(
    ("make", "most"),
    [(lambda: grouped(32, 4), 3), (lambda: grouped(16, 4), 5), (lambda: grouped(8, 4), 6)],
)
def test_instructions_for_a_mac(make, most):
    """On the virtual board: groups of eight channels, of four, and of two, which are joined."""
    compiled = tk.compile(make())
    ran = tk.VirtualBoard().run_model(compiled, np.zeros((1, *compiled.input_shape), np.int8))
    assert ran.instructions / compiled.macs <= most
