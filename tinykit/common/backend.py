"""TensorFlow and Keras, brought in quietly and set to be repeatable."""

from __future__ import annotations

import os
from functools import cache
from types import ModuleType


@cache
def load_keras() -> ModuleType:
    """Import Keras on TensorFlow without its start-up messages.

    Operations are made deterministic: the same machine, packages and seed give the same model.
    """
    from tinykit.common.quiet import silent_descriptors

    # Both must be set before the first import.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever the shell or ~/.keras/keras.json says
    with silent_descriptors():
        import keras
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        tf.get_logger().setLevel("ERROR")
        tf.zeros(1)  # starts the runtime, which announces itself on stderr
    return keras
