"""The kernels of CONV_2D and FULLY_CONNECTED against TFLM, where their sizes and scales end."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tflm_batch
from compiled_build import Builder, run_on_board
from tflite_writer import ACTIVATION, PADDING, TfliteWriter

import tinykit as tk
from tinykit.board.virtual import model_run
from tinykit.board.virtual.machine import Machine
from tinykit.compiler.lowering.depthwise import WAYS
from tinykit.compiler.lowering.kernels import KERNELS

README = Path(tk.__file__).parent / "compiler" / "README.md"
N_INPUTS = 4


@dataclass(frozen=True)
class Layer:
    """A network of one layer.

    Attributes:
        source: shape of the input without the batch.
        weights: their shape: (out, height, width, in), or (out, in).
        kind: of weights: "wide"; "extreme", some of one sign; "few", of which
            hardly any is not zero, so that a scale of 1 and more makes sense.
        scale: of a row: the outputs' spread decides; "large", also above 1; "none", some are 0.
    """

    source: tuple[int, ...]
    weights: tuple[int, ...]
    kind: str = "wide"
    scale: str = "usual"
    strides: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: str = "SAME"
    activation: str = "NONE"

    def __str__(self) -> str:
        sizes = ["x".join(map(str, shape)) for shape in (self.source, self.weights)]
        return " ".join([*sizes, self.kind, self.scale, self.padding, self.activation])


FULLY_CONNECTED = [
    *(Layer((64,), (outputs, 64)) for outputs in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
    *(Layer((inputs,), (3, inputs)) for inputs in (1, 2, 3, 4, 5, 7, 8, 9, 12, 30, 65, 100)),
    *(Layer((inputs,), (11, inputs)) for inputs in (1, 3, 4, 8, 12, 30, 100)),
    *(Layer((700,), (outputs, 700), "extreme") for outputs in (1, 2, 3, 5, 6, 7, 9, 12)),
    Layer((4000,), (4, 4000)),
    Layer((4003,), (7, 4003), "extreme"),
    *(Layer((40,), (outputs, 40), "few", "large") for outputs in (1, 2, 3, 5, 6, 7, 9, 16)),
    *(Layer((40,), (outputs, 40), "wide", "none") for outputs in (1, 2, 5, 11)),
    Layer((2, 36), (6, 36)),
    Layer((7, 37), (5, 37), "extreme", activation="RELU"),
    Layer((5, 12), (6, 12), "few", "large"),
    Layer((90,), (8, 90), activation="RELU"),
    Layer((90,), (5, 90), activation="RELU6"),
    Layer((90,), (10, 90), activation="RELU6"),
    Layer((90,), (10, 90), activation="RELU_N1_TO_1"),
]
CONVOLUTION = [
    *(Layer((1, pixels, 16), (8, 1, 1, 16)) for pixels in range(1, 9)),
    *(Layer((3, 3, channels), (6, 1, 1, channels)) for channels in (1, 2, 3, 4, 5, 8, 28, 36, 66)),
    *(Layer((5, 4, 8), (channels, 3, 3, 8)) for channels in (1, 2, 3, 7)),
    Layer((7, 7, 120), (24, 1, 1, 120), "extreme", activation="RELU"),
    Layer((3, 5, 700), (5, 1, 1, 700), "extreme"),
    Layer((1, 1, 700), (5, 1, 1, 700), "extreme"),
    Layer((4, 4, 70), (3, 3, 3, 70), "extreme"),
    Layer((5, 5, 12), (6, 3, 3, 12), "few", "large"),
    Layer((5, 5, 12), (7, 3, 3, 12), "few", "large", strides=(2, 2)),
    Layer((1, 2, 12), (7, 1, 1, 12), "few", "large"),
    Layer((5, 5, 12), (6, 1, 1, 12), "wide", "none", activation="RELU"),
    Layer((9, 8, 5), (4, 3, 3, 5), dilation=(2, 2)),
    Layer((9, 8, 5), (5, 3, 3, 5), dilation=(2, 3), padding="VALID"),
    Layer((1, 20, 8), (6, 1, 3, 8), dilation=(1, 4)),
    Layer((20, 1, 8), (6, 3, 1, 8), dilation=(8, 1), activation="RELU6"),
    Layer((6, 7, 3), (4, 2, 5, 3), dilation=(1, 2)),
    Layer((6, 7, 400), (2, 3, 3, 400), strides=(2, 2)),  # a pixel at a time
    Layer((9, 7, 6), (4, 1, 1, 6), strides=(3, 2), activation="RELU_N1_TO_1"),
    Layer((3, 3, 16), (10, 3, 3, 16), padding="VALID"),  # as large as its input
    Layer((2, 1, 9), (3, 5, 5, 9)),
]
LAYERS = FULLY_CONNECTED + CONVOLUTION


def model(layer: Layer, seed: int) -> bytes:
    rng, writer = np.random.default_rng(seed), TfliteWriter()
    weights = rng.integers(-127, 128, layer.weights)
    if layer.kind == "extreme":
        weights = rng.choice([-128, -127, 127], layer.weights)
        weights[::2] = np.abs(weights[::2])  # of which sums may be as large as possible
    if layer.kind == "few":
        weights = rng.integers(-1, 2, layer.weights) * (
            rng.random(layer.weights) < 2 / weights[0].size
        )
    channels, zero_point = len(weights), int(rng.integers(-20, 20))
    reach = 70 * np.sqrt(np.square(weights.astype(float)).reshape(channels, -1).sum(axis=1).mean())
    scales = 2 ** rng.uniform(-1, 1, channels) * 45 / max(reach, 1)
    if layer.scale == "large":
        scales = 2 ** rng.uniform(-2, 3, channels)
    bias = (rng.normal(0, 20, channels) / scales).astype(np.int32)
    if layer.scale == "none":
        scales[0::2] *= 2.0**-45
    x = writer.tensor((1, *layer.source), 1.0, zero_point)
    output_zero = -128 if layer.activation in ("RELU", "RELU6") else int(rng.integers(-40, 20))
    w = writer.constant(weights.astype(np.int8), scales)
    b = writer.constant(bias, scales)
    shape = target_shape(layer)
    y = writer.tensor(shape, 1.0, output_zero)
    options = {"activation": ACTIVATION[layer.activation]}
    if len(layer.weights) == 2:
        writer.operator("FULLY_CONNECTED", [x, w, b], [y], keep_dims=len(shape) > 2, **options)
    else:
        options |= {"padding": PADDING[layer.padding]}
        options |= {"stride_h": layer.strides[0], "stride_w": layer.strides[1]}
        options |= {"dilation_h": layer.dilation[0], "dilation_w": layer.dilation[1]}
        writer.operator("CONV_2D", [x, w, b], [y], **options)
    return writer.to_bytes([x], [y])


def target_shape(layer: Layer) -> tuple[int, ...]:
    channels = layer.weights[0]
    if len(layer.weights) == 2:
        return (1, *layer.source[:-1], channels)
    sizes = []
    for axis in (0, 1):
        reach = (layer.weights[1 + axis] - 1) * layer.dilation[axis] + 1
        inside = layer.source[axis] - (reach - 1) * (layer.padding == "VALID")
        sizes.append(-(-inside // layer.strides[axis]))
    return (1, *sizes, channels)


@pytest.fixture(scope="module")
def models() -> list[bytes]:
    return [model(layer, seed) for seed, layer in enumerate(LAYERS)]


@pytest.fixture(scope="module")
def compiled(models) -> list:
    return [tk.compile(tflite) for tflite in models]


@pytest.fixture(scope="module")
def inputs() -> list[np.ndarray]:
    """Noise, and all values at an end: then sums are as large as they can be."""
    rng, made = np.random.default_rng(5), []
    for layer in LAYERS:
        x = rng.integers(-128, 128, (N_INPUTS, *layer.source))
        x[1], x[2] = 127, -128
        made.append(x.astype(np.int8))
    return made


@pytest.fixture(scope="module")
def expected(models, inputs) -> list[np.ndarray]:
    return tflm_batch.run(models, inputs)


def assert_same(got, expected) -> None:
    wrong = [
        f"{layer} ({np.count_nonzero(x != y.reshape(x.shape))} of {y.size} bytes)"
        for layer, x, y in zip(LAYERS, got, expected, strict=True)
        if not np.array_equal(x, y.reshape(x.shape))
    ]
    assert not wrong, f"{len(wrong)} of {len(LAYERS)} layers differ from TFLM: {wrong}"


@pytest.mark.tflm
def test_layers_are_no_constants(expected):
    """Nearly all of them answer differently to different inputs, or nothing would be compared."""
    assert all(y is not None for y in expected), "TFLM refuses a layer"
    dull = [
        str(layer)
        for layer, y in zip(LAYERS, expected, strict=True)
        if len(np.unique(y.reshape(N_INPUTS, -1), axis=0)) == 1
    ]
    assert len(dull) < len(LAYERS) // 10, dull


@pytest.mark.tflm
def test_each_layer_gives_the_bytes_of_tflm(compiled, inputs, expected, tmp_path):
    built = Builder(tmp_path).libraries(compiled)
    assert_same([host.run(x) for host, x in zip(built, inputs, strict=True)], expected)


@pytest.mark.tflm
def test_each_layer_gives_the_bytes_of_tflm_on_the_virtual_board(compiled, inputs, expected):
    assert_same(run_on_board(compiled, inputs), expected)


def test_kernels_read_only_where_the_real_processor_can(compiled):
    """A board stops at an LDRD or LDM of an address that is no multiple of 4."""
    board = tk.boards["nano33ble"]
    for one in compiled[:: len(compiled) // 16]:
        machine = Machine(model_run._built(board, one), board.stack)
        machine.refuse_unaligned()
        for name in ("init", "invoke"):
            machine.call(f"_ZN5model{len(name)}{name}Ev")


BARS = [  # most instructions per multiply-accumulate, calls and all
    (Layer((64,), (2, 64)), 1.5),
    (Layer((64,), (10, 64)), 1.5),
    (Layer((250,), (1, 250)), 1.5),
    (Layer((4000,), (4, 4000), "extreme"), 1.5),
    (Layer((700,), (12, 700), "extreme"), 1.3),
    (Layer((2, 64), (8, 64)), 1.5),
    (Layer((30, 64), (8, 64)), 1.2),
    (Layer((7, 7, 120), (24, 1, 1, 120), "extreme"), 1.0),
    (Layer((1, 5, 276), (64, 1, 1, 276)), 0.9),
    (Layer((1, 40, 64), (64, 1, 3, 64), dilation=(1, 4)), 0.9),
]


@pytest.mark.parametrize("layer, most", BARS, ids=lambda value: str(value))
def test_no_layer_is_slow(layer, most):
    compiled = tk.compile(model(layer, 0))
    x = np.zeros((1, *layer.source), np.int8)
    [step] = tk.VirtualBoard().run_model(compiled, x).layers
    assert step.instructions / step.macs <= most, f"{layer}: {compiled.steps[0].comment}"


def test_weights_take_hardly_more_flash_than_they_have_bytes(compiled):
    """Biases and scales take 12 bytes a row, 20 for scales of any size; the rest is padding."""
    for layer, one in zip(LAYERS, compiled, strict=True):
        rows, size = layer.weights[0], int(np.prod(layer.weights[1:]))
        if size >= 64 and rows >= 8:
            assert one.constant_bytes <= (rows + 3) * (size + 3 * 4 + 20), str(layer)


def test_the_readme_shows_the_table_of_kernels():
    shown = README.read_text(encoding="utf-8")
    lines = [
        f"| {_NAMES[op.__name__]} | `{kernel.name}` | {kernel.does} |"
        for op, kernels in KERNELS.items()
        for kernel in kernels
    ]
    lines += [f"| `{way.kernel}` | {way.does} |" for way in WAYS]
    missing = [line for line in lines if line not in shown]
    assert not missing, "tinykit/compiler/README.md lacks:\n" + "\n".join(missing)
    table = [
        line
        for line in shown.split("## Which kernel")[1].splitlines()
        if line.startswith("| ") and not line.startswith(("| layer", "| kernel"))
    ]
    assert table == lines, "the rows stand in the order in which kernels are tried"


_NAMES = {
    "Conv": "CONV_2D",
    "Depthwise": "DEPTHWISE_CONV_2D",
    "FullyConnected": "FULLY_CONNECTED",
}
