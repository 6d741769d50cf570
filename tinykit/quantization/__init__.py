"""From a Keras model to full int8, and running what came of it."""

from tinykit.quantization.convert import quantize
from tinykit.quantization.tiny_model import LayerTable, TinyModel

__all__ = ["LayerTable", "TinyModel", "quantize"]
