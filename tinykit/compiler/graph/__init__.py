"""The network as the compiler sees it: a list of operators on int8 values.

`tinykit.compiler.reading` makes a Graph of a .tflite file; the passes rewrite it; the lowering
turns each operator into a call of a C++ kernel. All shapes include the batch, which is always 1.
All arithmetic is that of TensorFlow Lite Micro's reference kernels, in integers.
"""

from tinykit.compiler.graph.core import Activation, Graph, Op, Value
from tinykit.compiler.graph.costs import macs
from tinykit.compiler.graph.moves import (
    Concatenation,
    Copy,
    Extremes,
    Mean,
    Move,
    Pad,
    Pick,
    Pool,
    Reshape,
    ResizeBilinear,
    View,
)
from tinykit.compiler.graph.pointwise import (
    ADD_SHIFT,
    Add,
    LogSoftmax,
    Lookup,
    Maximum,
    Mul,
    Normalize,
    Prelu,
    Softmax,
    SquaredDifference,
)
from tinykit.compiler.graph.sequences import GATES, Lstm, Svdf
from tinykit.compiler.graph.weighted import (
    Conv,
    Depthwise,
    FullyConnected,
    GroupedConv,
    Matrix,
    TransposeConv,
)

__all__ = [
    "ADD_SHIFT",
    "GATES",
    "Activation",
    "Add",
    "Concatenation",
    "Conv",
    "Copy",
    "Depthwise",
    "Extremes",
    "FullyConnected",
    "Graph",
    "GroupedConv",
    "LogSoftmax",
    "Lookup",
    "Lstm",
    "Matrix",
    "Maximum",
    "Mean",
    "Move",
    "Mul",
    "Normalize",
    "Op",
    "Pad",
    "Pick",
    "Pool",
    "Prelu",
    "Reshape",
    "ResizeBilinear",
    "Softmax",
    "SquaredDifference",
    "Svdf",
    "TransposeConv",
    "Value",
    "View",
    "macs",
]
