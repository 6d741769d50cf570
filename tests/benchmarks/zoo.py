"""Thirty networks of the kinds that people put on microcontrollers: who runs them, and how fast.

    python tests/benchmarks/zoo.py [--keep FOLDER] [NAME ...]

Each is made in Keras with random weights, converted by TensorFlow's own converter with its defaults
(float32 at the ends, or as the row says), then checked as `tinykit verify MODEL --board nano33ble`
does: TFLM = TensorFlow Lite, and the compiled C++ on the virtual board = TFLM, byte by byte; a
network with a state as a sequence of 64 steps. Recurrent layers are unrolled: on their loops the
converter ends Python.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import tensorflow as tf
from keras import layers as L  # noqa: N812

import tinykit as tk
from tinykit.verification.model_file import verify_file

NETWORKS: dict[str, Callable] = {}


def network(function: Callable) -> Callable:
    """One row of the table: a function that gives the inputs and the outputs of a Keras model."""
    NETWORKS[function.__name__] = function
    return function


def _normal(x, relu: bool | str = "relu"):
    x = L.BatchNormalization()(x)
    return L.Activation(relu)(x) if relu else x


def _separable(x, channels: int, stride: int = 1, act: str = "relu", size: int = 3):
    x = _normal(L.DepthwiseConv2D(size, stride, "same", use_bias=False)(x), act)
    return _normal(L.Conv2D(channels, 1, use_bias=False)(x), act)


@network
def hello_world():
    x = keras.Input((1,))
    return x, L.Dense(1)(L.Dense(16, "relu")(L.Dense(16, "relu")(x)))


@network
def micro_speech():
    x = keras.Input((49, 40, 1))
    y = L.Conv2D(8, (10, 8), 2, "same", activation="relu")(x)
    return x, L.Dense(4, "softmax")(L.Flatten()(y))


@network
def magic_wand():
    x = keras.Input((128, 3, 1))
    y = L.MaxPool2D((3, 3))(L.Conv2D(8, (4, 3), padding="same", activation="relu")(x))
    y = L.MaxPool2D((3, 1))(L.Conv2D(16, (4, 1), padding="same", activation="relu")(y))
    return x, L.Dense(4, "softmax")(L.Dense(16, "relu")(L.Flatten()(y)))


@network
def person_detect():
    x = y = keras.Input((96, 96, 1))
    y = _normal(L.Conv2D(8, 3, 2, "same", use_bias=False)(y), "relu6")
    for channels, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1)):
        y = _separable(y, channels, stride, "relu6")
    return x, L.Dense(2, "softmax")(L.GlobalAveragePooling2D()(y))


@network
def inverted_residuals(act: str = "relu6", squeeze: bool = False):
    x = y = keras.Input((48, 48, 3))
    y = _normal(L.Conv2D(8, 3, 2, "same", use_bias=False)(y), act)
    for channels, stride, size in ((8, 1, 3), (16, 2, 5), (16, 1, 3), (24, 2, 5), (24, 1, 3)):
        z = _normal(L.Conv2D(3 * y.shape[-1], 1, use_bias=False)(y), act)
        z = _normal(L.DepthwiseConv2D(size, stride, "same", use_bias=False)(z), act)
        if squeeze:
            s = L.GlobalAveragePooling2D(keepdims=True)(z)
            s = L.Conv2D(z.shape[-1], 1, activation="hard_sigmoid")(
                L.Conv2D(4, 1, activation="relu")(s)
            )
            z = L.Multiply()([z, s])
        z = _normal(L.Conv2D(channels, 1, use_bias=False)(z), False)
        y = L.Add()([y, z]) if y.shape == z.shape else z
    return x, L.Dense(5, "softmax")(L.GlobalAveragePooling2D()(y))


@network
def mobilenet_v3():
    return inverted_residuals("hard_silu", True)


@network
def silu():
    return inverted_residuals("silu")


@network
def edge_impulse_1d():
    x = keras.Input((33 * 13,))
    y = L.Reshape((33, 13))(x)
    for channels in (8, 16):
        y = L.MaxPool1D(2, padding="same")(
            L.Conv1D(channels, 3, padding="same", activation="relu")(y)
        )
    return x, L.Dense(3, "softmax")(L.Flatten()(y))


@network
def fomo():
    x = y = keras.Input((48, 48, 1))
    for channels, stride in ((8, 2), (16, 1), (16, 2), (24, 1), (24, 2)):
        y = (
            _separable(y, channels, stride, "relu6")
            if channels > 8
            else _normal(L.Conv2D(8, 3, stride, "same", use_bias=False)(y), "relu6")
        )
    return x, L.Softmax()(L.Conv2D(3, 1)(y))


@network
def autoencoder():
    x = y = keras.Input((64,))
    for units in (32, 8, 32):
        y = L.ReLU()(L.BatchNormalization()(L.Dense(units)(y)))
    return x, L.Dense(64)(y)


@network
def conv_autoencoder():
    x = y = keras.Input((16, 16, 1))
    y = L.Conv2D(8, 3, 2, "same", activation="relu")(y)
    y = L.Conv2D(4, 3, 2, "same", activation="relu")(y)
    y = L.Conv2DTranspose(8, 3, 2, "same", activation="relu")(y)
    return x, L.Conv2DTranspose(1, 3, 2, "same", activation="sigmoid")(y)


@network
def unet():
    x = keras.Input((32, 32, 1))
    a = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    b = L.Conv2D(8, 3, padding="same", activation="relu")(L.MaxPool2D()(a))
    up = L.UpSampling2D(2, interpolation="bilinear")(b)
    y = L.Concatenate()([up, a])
    return x, L.Conv2D(2, 1, activation="softmax")(
        L.Conv2D(4, 3, padding="same", activation="relu")(y)
    )


@network
def unet_nearest():
    x = keras.Input((32, 32, 1))
    a = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    b = L.Conv2D(8, 3, padding="same", activation="relu")(L.MaxPool2D()(a))
    y = L.Concatenate()([L.UpSampling2D(2)(b), a])
    return x, L.Conv2D(2, 1, activation="sigmoid")(y)


@network
def detector():
    x = y = keras.Input((64, 64, 3))
    y = L.Conv2D(8, 3, 2, "same", activation="relu6")(y)
    fine = _separable(_separable(y, 16, 2, "relu6"), 16, 1, "relu6")
    coarse = _separable(fine, 24, 2, "relu6")
    boxes = [L.Reshape((-1, 4))(L.Conv2D(8, 3, padding="same")(z)) for z in (fine, coarse)]
    classes = [L.Reshape((-1, 2))(L.Conv2D(4, 3, padding="same")(z)) for z in (fine, coarse)]
    y = L.Activation("sigmoid")(L.Concatenate(axis=1)(classes))
    return x, [L.Concatenate(axis=1)(boxes), y]


@network
def face_prelu():
    x = y = keras.Input((48, 48, 3))
    for channels in (8, 16, 16):
        y = L.PReLU(shared_axes=[1, 2])(L.Conv2D(channels, 3)(y))
        y = L.MaxPool2D(2, padding="same")(y)
    y = L.PReLU()(L.Dense(32)(L.Flatten()(y)))
    return x, [L.Dense(2, "softmax")(y), L.Dense(4)(y), L.Dense(10)(y)]


@network
def leaky():
    x = y = keras.Input((32, 32, 3))
    for channels in (8, 16, 16):
        y = L.LeakyReLU(negative_slope=0.1)(L.Conv2D(channels, 3, 2, "same")(y))
    return x, L.Conv2D(10, 1)(y)


@network
def shuffle():
    x = y = keras.Input((32, 32, 8))
    for _ in range(2):
        a, b = L.Lambda(lambda z: tf.split(z, 2, axis=3), output_shape=[(32, 32, 4)] * 2)(y)
        b = L.Conv2D(4, 1, activation="relu")(L.DepthwiseConv2D(3, padding="same")(b))
        y = L.Concatenate()([a, b])
        y = L.Permute((1, 2, 4, 3))(L.Reshape((32, 32, 2, 4))(y))
        y = L.Reshape((32, 32, 8))(y)
    return x, L.Dense(4, "softmax")(L.GlobalMaxPooling2D()(y))


@network
def grouped():
    x = y = keras.Input((16, 16, 8))
    y = L.Conv2D(16, 3, padding="same", groups=4, activation="relu")(y)
    return x, L.Dense(4, "softmax")(L.Flatten()(L.Conv2D(8, 3, 2, groups=2, activation="relu")(y)))


@network
def dilated():
    x = y = keras.Input((64, 8))
    for rate in (1, 2, 4, 8):
        z = L.Conv1D(8, 3, padding="causal", dilation_rate=rate, activation="relu")(y)
        y = L.Add()([y, z])
    return x, L.Dense(3, "softmax")(L.GlobalAveragePooling1D()(y))


@network
def dilated_2d():
    x = y = keras.Input((24, 24, 3))
    for rate in (1, 2, 3):
        y = L.Conv2D(8, 3, padding="same", dilation_rate=rate, activation="relu")(y)
        y = L.DepthwiseConv2D(3, padding="same", dilation_rate=rate, activation="relu")(y)
    return x, L.Conv2D(2, 1)(y)


@network
def gru_unrolled():
    x = keras.Input((8, 6), batch_size=1)
    return x, L.Dense(4, "softmax")(L.GRU(8, unroll=True)(x))


@network
def simple_rnn_unrolled():
    x = keras.Input((8, 6), batch_size=1)
    return x, L.Dense(4, "softmax")(L.SimpleRNN(8, unroll=True)(x))


@network
def lstm_unrolled():
    x = keras.Input((6, 4), batch_size=1)
    return x, L.Dense(4, "softmax")(L.LSTM(8, unroll=True)(x))


@network
def attention():
    x = keras.Input((12, 8), batch_size=1)
    y = L.MultiHeadAttention(2, 4)(x, x)
    return x, L.Dense(3, "softmax")(L.GlobalAveragePooling1D()(L.Add()([x, y])))


@network
def layer_norm():
    x = keras.Input((24,))
    return x, L.Dense(3, "softmax")(L.LayerNormalization()(L.Dense(16, "relu")(x)))


@network
def mixer():
    x = keras.Input((16, 8), batch_size=1)
    y = L.Permute((2, 1))(L.Dense(16, "relu")(L.Permute((2, 1))(x)))
    y = L.Add()([x, y])
    return x, L.Dense(3, "softmax")(L.GlobalMaxPooling1D()(y))


@network
def tc_resnet():
    x = keras.Input((49, 40))
    y = L.Reshape((49, 1, 40))(x)
    y = _normal(L.Conv2D(16, (3, 1), padding="same", use_bias=False)(y))
    for channels in (24, 32):
        z = _normal(L.Conv2D(channels, (9, 1), (2, 1), "same", use_bias=False)(y))
        z = _normal(L.Conv2D(channels, (9, 1), 1, "same", use_bias=False)(z), False)
        s = _normal(L.Conv2D(channels, 1, (2, 1), "same", use_bias=False)(y))
        y = L.ReLU()(L.Add()([z, s]))
    return x, L.Dense(12, "softmax")(L.GlobalAveragePooling2D()(y))


@network
def wakeword():
    x = keras.Input((30, 1, 40))
    y = _normal(L.DepthwiseConv2D((3, 1), use_bias=False)(x))
    y = _normal(L.Conv2D(128, 1, use_bias=False)(y))
    for _ in range(2):
        y = _normal(L.DepthwiseConv2D((5, 1), use_bias=False)(y))
        y = _normal(L.Conv2D(64, 1, use_bias=False)(y))
    return x, L.Dense(3, "softmax")(L.Flatten()(L.AveragePooling2D((y.shape[1], 1))(y)))


def _streaming() -> tf.Module:
    """A convolution that keeps its last rows, as ESPHome's wake words do."""

    class Net(tf.Module):
        def __init__(self) -> None:
            random = np.random.default_rng(0)
            self.rows = tf.Variable(tf.zeros((1, 4, 1, 16)), name="rows")
            self.a = tf.constant(random.normal(0, 0.2, (1, 1, 40, 16)), tf.float32)
            self.b = tf.constant(random.normal(0, 0.2, (5, 1, 16, 1)), tf.float32)
            self.c = tf.constant(random.normal(0, 0.2, (16, 2)), tf.float32)

        @tf.function(input_signature=[tf.TensorSpec((1, 1, 1, 40), tf.float32)])
        def __call__(self, x: tf.Tensor) -> tf.Tensor:
            y = tf.nn.relu(tf.nn.conv2d(x, self.a, 1, "VALID"))
            y = tf.concat([self.rows, y], 1)
            self.rows.assign(y[:, 1:])
            y = tf.nn.relu(tf.nn.depthwise_conv2d(y, self.b, [1, 1, 1, 1], "VALID"))
            return tf.sigmoid(tf.reshape(y, (1, 16)) @ self.c)

    return Net()


INT8_ENDS = {"person_detect", "wakeword", "fomo", "shuffle"}
UINT8_ENDS = {"micro_speech", "detector"}


def converted(name: str) -> bytes:
    """The .tflite file of one network, quantized on noise."""
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    if name == "streaming":
        net = _streaming()
        shapes = [(1, 1, 1, 40)]
        function = net.__call__.get_concrete_function()
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], net)
        converter.experimental_enable_resource_variables = True
        converter._experimental_variable_quantization = True
    else:
        model = keras.Model(*NETWORKS[name]())
        shapes = [(1, *x.shape[1:]) for x in model.inputs]
        for layer in model.layers:  # as if trained: normalized values of all sizes
            if isinstance(layer, L.BatchNormalization):
                n = layer.gamma.shape[0]
                ranges = [random.uniform(0.5, 1.5, n), random.normal(0, 0.3, n)]
                ranges += [random.normal(0, 0.2, n), random.uniform(0.2, 1, n)]
                layer.set_weights(ranges)
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
    samples = [[random.normal(size=s).astype(np.float32) for s in shapes] for _ in range(20)]
    converter.representative_dataset = lambda: iter(samples)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    ends = tf.int8 if name in INT8_ENDS else tf.uint8 if name in UINT8_ENDS else tf.float32
    converter.inference_input_type = converter.inference_output_type = ends
    return converter.convert()


def measure(name: str, folder: Path) -> tuple[str, ...]:
    """One row of the table."""
    path = folder / f"{name}.tflite"
    try:
        if not path.exists():
            with contextlib.redirect_stdout(io.StringIO()):  # Keras lists what it saved
                path.write_bytes(converted(name))
    except Exception as error:
        return name, "", "", "", "", f"the converter refuses it: {str(error).splitlines()[0][:60]}"
    try:
        report = verify_file(path, samples=64, board="nano33ble")
    except tk.TinykitError as error:
        return name, "", "", "", "", f"TFLM: {error}"
    macs, board = f"{report.macs:,}", report.board
    if board is None:
        return name, report.verdict, "no", macs, "", report.board_missing
    ratio = f"{board.instructions / report.macs:.2f}" if report.macs else ""
    same = "yes" if board.identical else f"{board.different} of {board.samples} differ"
    return name, report.verdict, same, macs, ratio, ""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="which networks; default all")
    parser.add_argument("--keep", type=Path, help="a folder to keep the .tflite files in")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tinykit-", ignore_cleanup_errors=True) as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        print(f"{'network':<20} TFLM  board           MACs  per MAC  why not")
        for name in arguments.names or [*NETWORKS, "streaming"]:
            row = measure(name, folder)
            print(f"{row[0]:<20} {row[1]:<5} {row[2]:<6} {row[3]:>13} {row[4]:>8}  {row[5][:140]}")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
