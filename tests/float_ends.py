"""Small int8 networks with QUANTIZE and DEQUANTIZE at their ends, as converters write them."""

import warnings

import numpy as np
from tflite_writer import TfliteWriter


def dense_with_ends(first: str, last: str, outer_scale: float | None = None) -> bytes:
    """A .tflite file: 8 values of type `first` -> int8 -> 4 values -> type `last` (int8: itself).

    The int8 input has scale 0.1 and zero point 3, the int8 output 0.3 and -5. `outer_scale`: of
    uint8 ends, in place of the same.
    """
    writer = TfliteWriter()

    def end(shape, dtype: str, scale: float, zero_point: int) -> int:
        if dtype == "float32":
            return writer.tensor(shape, dtype=dtype)
        return writer.tensor(shape, outer_scale or scale, zero_point + 128, dtype)

    inner, result = writer.tensor((1, 8), 0.1, 3), writer.tensor((1, 4), 0.3, -5)
    outer = inner if first == "int8" else end((1, 8), first, 0.1, 3)
    shown = result if last == "int8" else end((1, 4), last, 0.3, -5)
    weights = np.random.default_rng(1).integers(-127, 128, (4, 8)).astype(np.int8)
    if outer != inner:
        writer.operator("QUANTIZE", [outer], [inner])
    writer.operator(
        "FULLY_CONNECTED", [inner, writer.constant(weights, 0.02), -1], [result], activation=0
    )
    if shown != result:
        writer.operator("DEQUANTIZE" if last == "float32" else "QUANTIZE", [result], [shown])
    return writer.to_bytes([outer], [shown])


def converted(end_type, free_batch: bool = False) -> bytes:
    """A small convolutional network by TensorFlow's own converter, with ends of a tf.DType.

    With `free_batch` the batch is left open, as Keras does: Flatten then asks for it at run time.
    """
    import keras
    import tensorflow as tf

    from tinykit.common.quiet import captured_output

    keras.utils.set_random_seed(0)
    shape = (16, 16, 1)
    inputs = keras.Input(shape) if free_batch else keras.Input(batch_shape=(1, *shape))
    x = keras.layers.Conv2D(4, 3, 2, activation="relu")(inputs)
    x = keras.layers.Flatten()(x)
    model = keras.Model(inputs, keras.layers.Softmax()(keras.layers.Dense(3)(x)))
    samples = np.random.default_rng(0).normal(size=(20, 1, *shape)).astype(np.float32)
    with captured_output(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([sample] for sample in samples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = end_type
        return converter.convert()
