"""Per-channel scales along an axis that the tensor does not have.

Some converters write the weights' quantized_dimension, 3, on the biases, too, which have one axis.
TensorFlow Lite Micro does not look at it there; TensorFlow Lite refuses the file.
"""

import struct

from tinykit.quantization.tflite.flatbuffer import FlatBuffer, Table


def with_sound_axes(tflite: bytes) -> bytes:
    """The same network with such an axis corrected, where only one axis is meant; of a sound file.

    The number is overwritten where it stands.
    """
    data = bytearray(tflite)
    for graph in FlatBuffer(tflite).table(0).tables(2):
        for tensor in graph.tables(0):
            quantization = tensor.table(4)
            axis = _meant(tensor.vector(0, "i"), quantization) if quantization else None
            if axis is not None:
                struct.pack_into("<i", data, quantization.field(6), axis)
    return bytes(data)


def _meant(shape: tuple[int, ...], quantization: Table) -> int | None:
    """The axis that has as many places as there are scales; None if the file's own has, too."""
    scales, axis = len(quantization.vector(2, "f")), quantization.number(6, "<i")
    if scales < 2 or quantization.field(6) is None:
        return None
    if 0 <= axis < len(shape) and shape[axis] == scales:
        return None
    fitting = [i for i, size in enumerate(shape) if size == scales]
    return fitting[0] if len(fitting) == 1 else None
