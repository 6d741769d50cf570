"""Whole numbers computed of shapes are constants on a board; the layers that computed them go."""

import numpy as np
import pytest
from float_ends import converted
from tflite_writer import TfliteWriter

import tinykit as tk
import tinykit.quantization.tflite as tflite_file
from tinykit.common.errors import TinykitError
from tinykit.compiler.reading.folding import fold_constants


class Numbers:
    """Whole numbers on their way to a RESHAPE of int8 values: (1, 2, 3, 4) -> (1, 24)."""

    def __init__(self) -> None:
        self.writer = TfliteWriter()
        self.input = self.writer.tensor((1, 2, 3, 4), 0.1, 3, signature=(-1, 2, 3, 4))

    def constant(self, *numbers: int) -> int:
        return self.writer.constant(np.array(numbers, np.int32))

    def number(self, value: int) -> int:
        return self.writer.tensor((), dtype="int32", data=np.array([value], np.int32))

    def shape(self, of: int, rank: int) -> int:
        return self.then("SHAPE", [of], (rank,), out_type=2)  # int32

    def then(self, op: str, inputs: list[int], shape: tuple[int, ...], **options) -> int:
        output = self.writer.tensor(shape, dtype="int32")
        self.writer.operator(op, inputs, [output], **options)
        return output

    def tflite(self, shape: int) -> bytes:
        output = self.writer.tensor((1, 24), 0.1, 3, signature=(-1, 24))
        self.writer.operator("RESHAPE", [self.input, shape], [output])
        return self.writer.to_bytes([self.input], [output])


def flatten() -> tuple[bytes, list[int]]:
    """As Keras's Flatten: the batch, and a number."""
    net = Numbers()
    shape = net.shape(net.input, 4)
    places = [net.constant(0), net.constant(1), net.constant(1)]
    batch = net.then("STRIDED_SLICE", [shape, *places], (), shrink_axis=1)
    return net.tflite(net.then("PACK", [batch, net.number(24)], (2,), values_count=2)), [1, 24]


def multiplied() -> tuple[bytes, list[int]]:
    """As others do it: the product of all sizes but the first, joined to the batch."""
    net = Numbers()
    shape = net.shape(net.input, 4)
    rest = net.then(
        "STRIDED_SLICE", [shape, net.constant(1), net.constant(0), net.constant(1)], (3,), end=1
    )
    size = net.then("REDUCE_PROD", [rest, net.constant(0)], (1,), keep_dims=True)
    batch = net.then("GATHER", [shape, net.constant(0)], (1,))
    return net.tflite(net.then("CONCATENATION", [batch, size], (2,), axis=0)), [1, 24]


def doubled() -> tuple[bytes, list[int]]:
    net = Numbers()
    shape = net.shape(net.input, 4)
    last = net.then("GATHER", [shape, net.number(3)], ())
    six = net.then("MUL", [last, net.number(6)], ())
    return net.tflite(net.then("PACK", [net.number(1), six], (2,), values_count=2)), [1, 24]


@pytest.mark.parametrize("net", [flatten, multiplied, doubled])
def test_the_shape_is_what_tensorflow_lite_computes(net):
    """Its reference kernels compute the numbers when the network runs; here they are constants."""
    from tinykit.quantization.engines import ReferenceEngine

    content, expected = net()
    folded = fold_constants(tflite_file.read(content))
    assert folded.ops == ["RESHAPE"], "all that computed the shape is gone"
    shape = folded.tensors[folded.operators[0].inputs[1]]
    assert shape.array().tolist() == expected
    engine = ReferenceEngine(content)
    assert list(engine.run(np.zeros((1, 2, 3, 4), np.int8)).shape) == expected


def test_what_depends_on_the_values_stays():
    """A shape that is an input of its own, or of a tensor of free size, is not known."""
    net = Numbers()
    free = net.writer.tensor((1, 5), 0.1, 3, signature=(1, -1))
    shape = net.shape(free, 2)
    unused = net.then("MUL", [shape, net.constant(1, 2)], (2,))
    output = net.writer.tensor((1, 24), 0.1, 3)
    net.writer.operator("RESHAPE", [net.input, net.constant(1, 24)], [output])
    file = tflite_file.read(net.writer.to_bytes([net.input, free], [output, unused]))
    assert fold_constants(file).ops == ["SHAPE", "MUL", "RESHAPE"]


def test_axes_that_are_computed_are_known_to_the_layer_that_reads_them(tmp_path):
    """MEAN over axis 1, which is the batch."""
    net = Numbers()
    shape = net.shape(net.input, 4)
    axis = net.then("GATHER", [shape, net.constant(0)], (1,))
    output = net.writer.tensor((1, 3, 4), 0.1, 3)
    net.writer.operator("MEAN", [net.input, axis], [output], keep_dims=False)
    compiled = tk.compile(net.writer.to_bytes([net.input], [output]))
    assert [step.op for step in compiled.steps] == ["MEAN"]


@pytest.mark.tflm
def test_keras_flatten_with_a_free_batch_compiles(tmp_path):
    """By TensorFlow's converter, and byte for byte on the virtual board."""
    import tensorflow as tf

    path = tmp_path / "flatten.tflite"
    path.write_bytes(converted(tf.int8, free_batch=True))
    file = tflite_file.read(path)
    assert file.input.shape_signature[0] == -1
    report = tk.verification.verify_file(path, samples=20, board="nano33ble")
    assert report.passed and report.board.identical, str(report)


def test_a_strangers_model_with_a_free_batch_compiles(real_faults):
    compiled = tk.compile(real_faults / "cnn_dynbatch.tflite")
    fixed = tk.compile(real_faults / "cnn_floatio.tflite")
    assert [step.op for step in compiled.steps] == [step.op for step in fixed.steps]


def test_folding_wrong_numbers_ends_in_one_sentence():
    """Places outside the shape, steps of 0: the layer stays, and is refused by its name."""
    for first, step in ((9, 1), (0, 0)):
        net = Numbers()
        shape = net.shape(net.input, 4)
        places = [net.constant(first), net.constant(first + 1), net.constant(step)]
        batch = net.then("STRIDED_SLICE", [shape, *places], (), shrink_axis=int(step == 1))
        axes = net.then("PACK", [batch, net.number(1)], (2,), values_count=2)
        output = net.writer.tensor((1, 4), 0.1, 3)
        net.writer.operator("MEAN", [net.input, axes], [output], keep_dims=False)
        with pytest.raises(TinykitError, match="STRIDED_SLICE"):
            tk.compile(net.writer.to_bytes([net.input], [output]))
