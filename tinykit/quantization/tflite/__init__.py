"""Reading a .tflite file, field by field, and refusing what cannot run on a board."""

from tinykit.quantization.tflite.check import check, damage, float_model_problem, problems
from tinykit.quantization.tflite.ends import End, ends, int8_ends, quantized, with_int8_ends
from tinykit.quantization.tflite.file import Layer, Operator, Quantization, Tensor, TfliteFile
from tinykit.quantization.tflite.reader import read

__all__ = [
    "End",
    "Layer",
    "Operator",
    "Quantization",
    "Tensor",
    "TfliteFile",
    "check",
    "damage",
    "ends",
    "float_model_problem",
    "int8_ends",
    "problems",
    "quantized",
    "read",
    "with_int8_ends",
]
