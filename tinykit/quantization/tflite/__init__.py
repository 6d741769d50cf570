"""Reading a .tflite file, field by field, and refusing what cannot run on a board."""

from tinykit.quantization.tflite.check import check, problems
from tinykit.quantization.tflite.file import Layer, Operator, Quantization, Tensor, TfliteFile
from tinykit.quantization.tflite.reader import read

__all__ = [
    "Layer",
    "Operator",
    "Quantization",
    "Tensor",
    "TfliteFile",
    "check",
    "problems",
    "read",
]
