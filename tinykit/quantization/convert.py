"""From a Keras model to full int8: weights, activations, input and output. Taught in notebook 01.

An int8 number q stands for the real number scale * (q - zero_point). The converter picks a scale
and a zero point for each tensor by watching the values that calibration inputs, taken from the
training data only, produce in it.
"""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

import tinykit.quantization.tflite as tflite_file
from tinykit.common.backend import load_keras
from tinykit.common.errors import TinykitError
from tinykit.common.kinds import AUDIO, IMAGE, MOTION, kind_of
from tinykit.common.quiet import captured_output
from tinykit.quantization.tiny_model import TinyModel, batch_of, checked_labels

# A model is named by its lesson. Whoever names none gets that of the project of this kind.
_PROJECTS = {
    AUDIO: "keyword_spotting",
    MOTION: "gesture_recognition",
    IMAGE: "visual_wake_words",
}


def quantize(
    model: Any,
    calibration: np.ndarray,
    frontend: Any,
    labels: Sequence[str],
    *,
    name: str | None = None,
    calibration_size: int = 500,
    resting: Sequence[str] | None = None,
) -> TinyModel:
    """Convert a Keras model to full int8, input and output included.

    The same model and calibration give the same bytes. Tensor names are left out of the file:
    they depend on how many layers Keras has made before, and cost flash on the board.

    Args:
        model: Keras 3 model of one input, features as the front end gives them with or without a
            last axis of 1, and one softmax output (classes).
        calibration: float32 features of TRAINING data, (n, *frontend.shape).
        frontend: the front end that computed them; kept in the result.
        labels: class names in output order.
        name: of the lesson, and so of its sketch; by default that of the project with such a front
            end: keyword_spotting, gesture_recognition or visual_wake_words.
        resting: those of the labels that a sketch never reports; by default "unknown", "silence",
            "none" and "background", where a label is called so.
        calibration_size: at most this many of the calibration inputs are used, evenly spaced.

    Raises TinykitError when calibration or labels do not fit the model, a weight or feature is NaN,
    or the converter refuses a layer.
    """
    shape = tuple(model.input_shape[1:])
    if None in shape:
        raise TinykitError(f"The model's input shape {shape} varies. Build it with a fixed shape.")
    labels = checked_labels(labels, math.prod(model.output_shape[1:]))
    inputs = _calibration_inputs(calibration, shape, calibration_size)
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise TinykitError("The model's weights hold NaN: training diverged. Train it again.")
    _refuse_loops(model)
    tflite = _converted(model, inputs)
    tflite_file.check(tflite, source="The converted model")
    name = name or _PROJECTS.get(kind_of(frontend), "model")
    if strangers := sorted(set(resting or ()) - set(labels)):
        raise TinykitError(
            f"resting names {', '.join(strangers)}, and the labels are {', '.join(labels)}. "
            "Name labels of the model."
        )
    resting = None if resting is None else tuple(resting)
    return TinyModel(tflite, labels, frontend, name, resting=resting)


def _calibration_inputs(calibration: np.ndarray, shape: tuple[int, ...], count: int) -> np.ndarray:
    calibration = np.asarray(calibration)
    if len(calibration) == 0 or count < 1:
        raise TinykitError("There is no calibration input. Give features of training clips.")
    chosen = np.linspace(0, len(calibration) - 1, min(count, len(calibration))).round().astype(int)
    inputs = batch_of(calibration[chosen].astype(np.float32), shape)
    if not np.isfinite(inputs).all():
        raise TinykitError("The calibration features hold NaN or infinity. Look for bad clips.")
    return inputs


def _refuse_loops(model: Any) -> None:
    """A recurrent layer as a loop over time ends TensorFlow's converter, and Python with it."""
    keras = load_keras()
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.RNN) and not layer.unroll:
            raise TinykitError(
                f"The layer {layer.name} is a loop, which TensorFlow cannot convert to int8. "
                "Build it with unroll=True."
            )


def _converted(model: Any, inputs: np.ndarray) -> bytes:
    keras = load_keras()
    with captured_output(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow as tf
        from tensorflow.lite.tools import flatbuffer_utils

        # A batch of exactly 1: what a board computes, and no shape arithmetic in the file.
        one = keras.Input(batch_shape=(1, *inputs.shape[1:]), name="features")
        fixed = keras.Model(one, model(one, training=False))
        converter = tf.lite.TFLiteConverter.from_keras_model(fixed)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([x[None]] for x in inputs)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
        try:
            content = converter.convert()
        except Exception as error:
            reason = _first_line(error)
            raise TinykitError(
                f"TensorFlow could not convert the model to int8 ({reason}). "
                "Use layers that have an int8 form, such as Conv2D, DepthwiseConv2D and ReLU."
            ) from error
        named = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
        flatbuffer_utils.strip_strings(named)
        return bytes(flatbuffer_utils.convert_object_to_bytearray(named))


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]
