"""`tk.compile`: what it takes, what it refuses, and the C++ it writes."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from compiled_build import Builder, run_on_board
from cpp_build import compile_cpp
from tflite_writer import ACTIVATION, PADDING, TfliteWriter

import tinykit as tk
import tinykit.quantization.tflite as tflite_file
from tinykit.common.errors import TinykitError
from tinykit.compiler import CompiledModel


def refusal(function, *arguments, **named) -> str:
    """The error's text, which must be one line a student can act on."""
    with pytest.raises(TinykitError) as caught:
        function(*arguments, **named)
    message = str(caught.value)
    assert "\n" not in message and message.endswith("."), message
    assert len(message) < 400, message
    return message


class Net:
    """A chain of operators on int8 values of scale 0.1, written one after the other."""

    def __init__(self, *shape: int) -> None:
        self.writer = TfliteWriter()
        self.input = self.last = self.writer.tensor(shape, 0.1, 3)

    def then(self, op: str, shape, *others: int, scale=0.1, zero_point=3, dtype="int8", **options):
        """Append an operator that reads the last value and `others`."""
        output = self.writer.tensor(shape, scale, zero_point, dtype)
        self.writer.operator(op, [self.last, *others], [output], **options)
        self.last = output
        return self

    def conv(self, shape, weights: np.ndarray, weight_scale=0.02, op="CONV_2D", **options):
        """A convolution with stride 1 and padding SAME unless `options` say otherwise."""
        options = {"padding": PADDING["SAME"], "stride_w": 1, "stride_h": 1} | options
        axis = 0 if op == "CONV_2D" else 3
        bias = self.writer.constant(np.arange(weights.shape[axis], dtype=np.int32))
        constant = self.writer.constant(weights, weight_scale, axis)
        return self.then(op, shape, constant, bias, **options)

    def tflite(self) -> bytes:
        """The file."""
        return self.writer.to_bytes([self.input], [self.last])


def weights(*shape: int) -> np.ndarray:
    """int8 weights, no channel of them dead."""
    return np.random.default_rng(sum(shape)).integers(-127, 128, shape).astype(np.int8)


@pytest.fixture(scope="module")
def small() -> bytes:
    """Convolution, depthwise convolution, pooling and softmax on 8x8 pixels."""
    net = Net(1, 8, 8, 3).conv((1, 8, 8, 4), weights(4, 3, 3, 3))
    net.conv((1, 8, 8, 4), weights(1, 3, 3, 4), op="DEPTHWISE_CONV_2D", depth_multiplier=1)
    window = {"filter_w": 8, "filter_h": 8, "stride_w": 8, "stride_h": 8}
    net.then("AVERAGE_POOL_2D", (1, 1, 1, 4), padding=PADDING["VALID"], **window)
    net.then("RESHAPE", (1, 4), net.writer.constant(np.array([1, 4], np.int32)))
    return net.then("SOFTMAX", (1, 4), scale=1 / 256, zero_point=-128, beta=1.0).tflite()


def test_a_model_is_taken_in_every_form(small, tmp_path):
    """File, path, bytes and what was read of them give the same sources."""
    path = tmp_path / "tiny_net.tflite"
    path.write_bytes(small)
    forms = [path, str(path), small, tflite_file.read(small)]
    compiled = [tk.compile(form, name="same") for form in forms]
    assert all(each.sources() == compiled[0].sources() for each in compiled)
    assert tk.compile(path).name == "tiny_net"


def test_a_tiny_model_brings_its_labels(small_tiny):
    compiled = tk.compile(small_tiny)
    assert compiled.labels == tuple(small_tiny.labels)
    assert compiled.name == small_tiny.name
    header, source = compiled.sources()["model.h"], compiled.sources()["model.cpp"]
    assert f"kLabels = {len(small_tiny.labels)};" in header
    assert all(f'"{label}"' in source for label in small_tiny.labels)


def test_steps_are_the_layers_in_order(small):
    compiled = tk.compile(small)
    assert [step.name for step in compiled.steps] == [
        "conv_2d_1",
        "depthwise_conv_2d_1",
        "average_pool_2d_1",
        "softmax_1",
    ]
    assert compiled.steps[0].input_shape == (1, 8, 8, 3)
    assert compiled.macs == tflite_file.read(small).macs and compiled.removed_macs == 0
    assert compiled.input_shape == (8, 8, 3) and compiled.output_shape == (4,)
    assert (compiled.input_scale, compiled.input_zero_point) == (np.float32(0.1), 3)
    assert (compiled.output_scale, compiled.output_zero_point) == (1 / 256, -128)


def test_each_layer_is_a_function_of_its_own(small, tmp_path):
    """A profiler finds every layer in the symbol table, so none may be inlined or merged."""
    if not shutil.which("nm"):
        pytest.skip("needs nm (binutils)")
    compiled = tk.compile(small)
    folder = compiled.write(tmp_path / "model")
    compile_cpp(["-O2", "-I", folder, "-c", folder / "model.cpp", "-o", folder / "model.o"])
    symbols = subprocess.run(["nm", "-C", folder / "model.o"], capture_output=True, text=True)
    for step in compiled.steps:
        assert f"T model::{step.function}()" in symbols.stdout, step.function


def test_sources_are_complete(small):
    """Every file that is included is there: the folder compiles on any machine."""
    sources = tk.compile(small).sources()
    for path, text in sources.items():
        for included in re.findall(r'^#include "(.*)"', text, re.MULTILINE):
            folder = path.rpartition("/")[0]
            beside = f"{folder}/{included}" if folder else included
            assert beside in sources or included in sources, f"{path} includes {included}"
    assert not any("Mean" in path for path in sources), "kernels that nobody calls are left out"


def test_the_source_says_what_each_layer_is(small):
    source = tk.compile(small).sources()["model.cpp"]
    assert "// conv_2d_1: CONV_2D, 8x8x3 -> 8x8x4, kernel 3x3, stride 1x1, 6,912 MACs" in source
    assert "in: real = 0.1 * (q - 3); out: real = 0.1 * (q - 3)" in source
    assert all(len(line) <= 120 for line in source.splitlines())


def test_constants_are_counted(small):
    """The bytes of flash that the arrays in the source take, added up from its text."""
    compiled = tk.compile(small)
    sizes = {"int8_t": 1, "uint8_t": 1, "int16_t": 2, "int32_t": 4, "uint32_t": 4}
    arrays = re.findall(r"const (\w+) k\w+\[(\d+)\]", compiled.sources()["model.cpp"])
    assert compiled.constant_bytes == sum(sizes[ctype] * int(n) for ctype, n in arrays)


def test_writing_replaces_a_model_and_nothing_else(small, tmp_path):
    compiled = tk.compile(small)
    folder = compiled.write(tmp_path / "model")
    assert compiled.write(folder) == folder  # again
    written = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    assert {name: p.read_text(encoding="utf-8") for name, p in written.items()} == (
        compiled.sources()
    )
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    assert "holds thesis.txt" in refusal(compiled.write, tmp_path / "mine")
    for name in ("notes.txt", "src/notes.txt", "model.cpp"):  # the last one is handwritten
        (folder / name).write_text("mine")
        assert f"holds {name}" in refusal(compiled.write, folder)
        assert (folder / name).read_text() == "mine"
        (folder / name).unlink()
    assert "is a file" in refusal(compiled.write, folder / "model.h")


def test_tables_show_layers_and_totals(small):
    compiled = tk.compile(small, name="a <b>")
    text, page = str(compiled), compiled._repr_html_()
    assert "depthwise_conv_2d_1" in text and f"{compiled.arena_bytes:,} bytes of RAM" in text
    assert "a &lt;b&gt;" in page and "a <b>" not in page


def test_names_cannot_break_the_source(small, tmp_path):
    """A name with a line break or a quote stays inside its comment."""
    compiled = tk.compile(small, name='evil\n#error "\\')
    (model,) = Builder(tmp_path).libraries([compiled])
    assert model.run(np.zeros((1, 8, 8, 3), np.int8)).shape == (1, 4)


@pytest.mark.parametrize("op", ["TANH", "LEAKY_RELU", "HARD_SWISH", "LOGISTIC", "RELU", "RELU6"])
@pytest.mark.tflm
def test_tables_are_those_of_tflm(op, tmp_path):
    """Every int8 through every one-value operator, at three scales each, against TFLM."""
    import tflm_batch

    models, x = [], np.arange(-128, 128, dtype=np.int8).reshape(1, 256)
    for scale, zero_point in ((0.02, 0), (0.1, -30), (0.3, 100)):
        writer = TfliteWriter()
        source = writer.tensor((1, 256), scale, zero_point)
        out = {"TANH": (1 / 128, 0), "LOGISTIC": (1 / 256, -128), "RELU6": (scale, zero_point)}
        target = writer.tensor((1, 256), *out.get(op, (scale * 0.8, -10)))
        options = {"alpha": 0.2} if op == "LEAKY_RELU" else {}
        writer.operator(op, [source], [target], **options)
        models.append(writer.to_bytes([source], [target]))
    expected = tflm_batch.run(models, [x] * len(models))
    built = Builder(tmp_path).libraries([tk.compile(model) for model in models])
    for host, outputs in zip(built, expected, strict=True):
        assert outputs is not None, f"TFLM refuses {op}"
        np.testing.assert_array_equal(host.run(x), outputs.reshape(1, 256))


def conv_of(weight_scale=0.02, shape=(1, 8, 8, 4), kernel=(4, 3, 3, 3), **options) -> bytes:
    return Net(1, 8, 8, 3).conv(shape, weights(*kernel), weight_scale, **options).tflite()


def binary_of(op: str, shape: tuple[int, ...]) -> bytes:
    net = Net(1, 4, 4, 2)
    net.conv((1, 4, 4, 2), weights(2, 1, 1, 2))
    other = net.writer.constant(np.ones(shape, np.int8), 0.1)
    return net.then(op, (1, 4, 4, 2), other, activation=ACTIVATION["NONE"]).tflite()


def float_inside() -> bytes:
    net = Net(1, 4).then("RELU", (1, 4), dtype="int16")
    return net.then("RELU", (1, 4)).tflite()


def huge_sums() -> bytes:
    net = Net(1, 70_000)
    constant = net.writer.constant(np.full((1, 70_000), 127, np.int8), 0.01)
    return net.then("FULLY_CONNECTED", (1, 1), constant, -1).tflite()


UNSUPPORTED = {
    "16-bit activations": (float_inside, "relu_1 (RELU): a tensor of type int16"),
    "groups that do not come out even": (
        lambda: conv_of(kernel=(4, 3, 3, 1)),
        "weights of shape (4, 3, 3, 1) for 3 channels",
    ),
    "shapes that do not fit the kernel": (lambda: conv_of(shape=(1, 7, 8, 4)), "do not fit"),
    "a stride of zero": (lambda: conv_of(stride_w=0), "strides (1, 0)"),
    "a dilation below zero": (lambda: conv_of(dilation_h=-3), "dilation (-3, 1)"),
    "a scale that overflows": (lambda: conv_of(weight_scale=1e30), "do not fit each other"),
    "sums beyond 32 bits": (huge_sums, "32 bits"),
    "a scale next to nothing": (
        lambda: Net(1, 4).then("RELU", (1, 4), scale=1e-12).tflite(),
        "1e-12",
    ),
    "a row of another width": (lambda: binary_of("ADD", (1, 1, 3, 2)), "shapes (1, 4, 4, 2) and"),
    "three channels for two": (lambda: binary_of("MUL", (1, 4, 4, 3)), "shapes (1, 4, 4, 2) and"),
    "a bad softmax": (
        lambda: Net(1, 4).then("SOFTMAX", (1, 4), scale=0.1, beta=1.0).tflite(),
        "expected 1/256",
    ),
}


@pytest.mark.parametrize("what", UNSUPPORTED)
def test_what_is_not_supported_is_refused_in_one_sentence(what):
    """The message names the layer and what is wrong with it."""
    make, words = UNSUPPORTED[what]
    message = refusal(tk.compile, make())
    assert words in message and re.search(r"\w+_\d+ \(\w+\):", message), message


def test_an_unknown_operator_is_named_with_what_to_use_instead(small):
    """SOFTMAX renamed to TILE, which tinykit has no kernel for, in the file's bytes."""
    softmax, tile = 25, 69
    changed = bytes(small).replace(bytes([softmax, 0, 0, 0]), bytes([tile, 0, 0, 0]))
    message = refusal(tk.compile, changed)
    assert "TILE" in message, message


def test_a_loop_is_refused_with_what_to_use_instead(small):
    """Keras writes a GRU as a WHILE, unless its steps are written out."""
    softmax, loop = 25, 119
    changed = bytes(small).replace(bytes([softmax, 0, 0, 0]), bytes([loop, 0, 0, 0]))
    message = refusal(tk.compile, changed)
    assert "WHILE" in message and "unroll=True" in message, message


def test_other_things_are_refused(tmp_path):
    assert "cannot be compiled" in refusal(tk.compile, 3.14)
    assert "cannot be read" in refusal(tk.compile, tmp_path / "none.tflite")
    assert "not a .tflite file" in refusal(tk.compile, b"PK\3\4" + bytes(100))


def test_an_activation_larger_than_any_board_is_refused_at_once():
    """A file of a few hundred bytes may claim gigabytes: nothing of that size is ever made."""
    net = Net(1, 4000, 4000, 1).then("RELU", (1, 4000, 4000, 1))
    assert "16,000,000 bytes" in refusal(tk.compile, net.tflite())


def test_a_model_without_any_arithmetic_compiles(tmp_path):
    net = Net(1, 2, 3)
    net.then("RESHAPE", (1, 6), net.writer.constant(np.array([1, 6], np.int32)))
    compiled = tk.compile(net.tflite())
    assert isinstance(compiled, CompiledModel) and compiled.steps == ()
    (host,) = Builder(tmp_path).libraries([compiled])
    x = np.arange(6, dtype=np.int8).reshape(1, 2, 3)
    np.testing.assert_array_equal(host.run(x), x.reshape(1, 6))


@pytest.mark.parametrize(("op", "q"), [("ADD", 1), ("SUB", -7), ("MUL", 20)])
@pytest.mark.tflm
def test_a_constant_number_becomes_a_table(op, q, tmp_path):
    """x + 0.1, on TFLM and compiled: no constant is left in the code but the table."""
    import tflm_batch

    writer = TfliteWriter()
    source, target = writer.tensor((1, 256), 0.1, 3), writer.tensor((1, 256), 0.15, -9)
    number = writer.constant(np.array([q], np.int8), 0.3)
    writer.operator(op, [source, number], [target], activation=ACTIVATION["RELU"])
    model = writer.to_bytes([source], [target])
    x = np.arange(-128, 128, dtype=np.int8).reshape(1, 256)
    compiled = tk.compile(model)
    (host,), (expected,) = Builder(tmp_path).libraries([compiled]), tflm_batch.run([model], [x])
    np.testing.assert_array_equal(host.run(x), expected)
    assert "nn::lookup" in compiled.sources()["model.cpp"]


def padded_model(op: str, stride: int, pads: tuple[int, int], inside: int = 9) -> bytes:
    """ZeroPadding2D and a convolution without padding of its own, as Keras' MobileNet has them."""
    size = inside + sum(pads)
    net = Net(1, inside, inside, 4)
    paddings = np.array([[0, 0], pads, pads, [0, 0]], np.int32)
    net.then("PAD", (1, size, size, 4), net.writer.constant(paddings))
    out = (size - 3) // stride + 1
    options = {"padding": PADDING["VALID"], "stride_w": stride, "stride_h": stride}
    if op == "DEPTHWISE_CONV_2D":
        options["depth_multiplier"] = 1
    kernel = weights(1, 3, 3, 4) if op == "DEPTHWISE_CONV_2D" else weights(4, 3, 3, 4)
    return net.conv((1, out, out, 4), kernel, 0.005, op=op, **options).tflite()


@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.tflm
def test_padding_costs_no_copy(op, tmp_path):
    """PAD is left to the convolution, with TFLM's bytes, where a window reaches as far."""
    import tflm_batch

    cases = [(stride, pads) for stride in (1, 2) for pads in ((0, 1), (1, 1), (2, 0), (3, 3))]
    models = [padded_model(op, *case) for case in cases]
    x = np.random.default_rng(0).integers(-128, 128, (8, 9, 9, 4)).astype(np.int8)
    expected = tflm_batch.run(models, [x] * len(models))
    compiled = [tk.compile(model) for model in models]
    for (stride, pads), model in zip(cases, compiled, strict=True):
        folded = len(model.steps) == 1
        assert folded == (max(pads) < 3), f"stride {stride}, padding {pads}"
    for host, outputs in zip(Builder(tmp_path).libraries(compiled), expected, strict=True):
        np.testing.assert_array_equal(host.run(x), outputs)


@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.tflm
def test_a_padded_picture_of_the_size_of_the_kernel_is_not_taken_for_a_vector(op, tmp_path):
    """One output pixel, and as many weights as inputs; but they do not lie on each other."""
    import tflm_batch

    models = [padded_model(op, *case, inside=3) for case in [(2, (1, 0)), (3, (1, 1))]]
    x = np.random.default_rng(0).integers(-128, 128, (8, 3, 3, 4)).astype(np.int8)
    expected = tflm_batch.run(models, [x] * len(models))
    libraries = Builder(tmp_path).libraries([tk.compile(model) for model in models])
    for host, outputs in zip(libraries, expected, strict=True):
        np.testing.assert_array_equal(host.run(x), outputs)


@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.tflm
def test_sums_that_lose_but_one_bit_need_no_general_kernel(op, tmp_path):
    """Sums times 0.25 to 0.5: small weights, as depthwise layers have them after training."""
    import tflm_batch

    def model(scale: float, **options) -> bytes:
        shape = (4, 3, 3, 4) if op == "CONV_2D" else (1, 3, 3, 4)
        kernel = np.random.default_rng(1).integers(-6, 7, shape).astype(np.int8)
        if op == "DEPTHWISE_CONV_2D":
            options["depth_multiplier"] = 1
        return Net(1, 8, 8, 4).conv((1, 8, 8, 4), kernel, scale, op=op, **options).tflite()

    relu = {"activation": ACTIVATION["RELU"], "zero_point": -128}
    models = [model(0.26), model(0.4999), model(0.4, **relu)]
    x = np.random.default_rng(0).integers(-128, 128, (32, 8, 8, 4)).astype(np.int8)
    expected = tflm_batch.run(models, [x] * len(models))
    compiled = [tk.compile(each) for each in models]
    assert not any("General" in each.sources()["model.cpp"] for each in compiled)
    on_board = run_on_board(compiled, [x] * len(models))
    on_host = [host.run(x) for host in Builder(tmp_path).libraries(compiled)]
    for outputs, *answers in zip(expected, on_host, on_board, strict=True):
        for answer in answers:
            np.testing.assert_array_equal(answer, outputs)


@pytest.mark.parametrize("op", ["ADD", "SUB", "MUL"])
@pytest.mark.parametrize("shape", [(1, 1, 1, 6), (6,)])
@pytest.mark.tflm
def test_a_number_per_channel_is_spread_over_the_image(op, shape, tmp_path):
    """What is left of batch normalization where no layer takes it in: constants, before or behind;
    also a vector that the network computes itself (squeeze and excite)."""
    import tflm_batch

    models = []
    for constant_first in (True, False):
        net = Net(1, 5, 3, 6)
        values = np.array([-100, -3, 0, 1, 50, 127], np.int8).reshape(shape)
        constant = net.writer.constant(values, 0.02)
        target = net.writer.tensor((1, 5, 3, 6), 0.15, -9)
        pair = [constant, net.input] if constant_first else [net.input, constant]
        net.writer.operator(op, pair, [target], activation=ACTIVATION["RELU"])
        models.append(net.writer.to_bytes([net.input], [target]))
    net = Net(1, 5, 3, 6)
    axes = net.writer.constant(np.array([1, 2], np.int32))
    net.then("MEAN", (1, 1, 1, 6), axes, keep_dims=True)
    target = net.writer.tensor((1, 5, 3, 6), 0.15, -9)
    net.writer.operator(op, [net.input, net.last], [target], activation=ACTIVATION["NONE"])
    models.append(net.writer.to_bytes([net.input], [target]))
    x = np.random.default_rng(1).integers(-128, 128, (20, 5, 3, 6)).astype(np.int8)
    expected = tflm_batch.run(models, [x] * len(models))
    built = Builder(tmp_path).libraries([tk.compile(model) for model in models])
    for host, outputs in zip(built, expected, strict=True):
        np.testing.assert_array_equal(host.run(x), outputs)


def test_a_softmax_over_many_equal_values_is_flat(tmp_path):
    """1,000 classes at 0.1 % each: below half a step of 1/256. (TFLM gives up on more than 512.)"""
    net = Net(1, 1000).then("SOFTMAX", (1, 1000), scale=1 / 256, zero_point=-128, beta=1.0)
    (host,) = Builder(tmp_path).libraries([tk.compile(net.tflite())])
    assert (host.run(np.full((1, 1000), 5, np.int8)) == -128).all()
