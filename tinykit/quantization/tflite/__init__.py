"""Reading a .tflite file, field by field, and refusing what cannot run on a board."""

from tinykit.quantization.tflite.check import (
    check,
    check_int8,
    damage,
    float_model_problem,
    int8_problems,
    problems,
)
from tinykit.quantization.tflite.ends import (
    End,
    ends,
    every_end,
    int8_ends,
    quantized,
    with_int8_ends,
)
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
    "check_int8",
    "damage",
    "ends",
    "every_end",
    "float_model_problem",
    "int8_ends",
    "int8_problems",
    "problems",
    "quantized",
    "read",
    "with_int8_ends",
]
