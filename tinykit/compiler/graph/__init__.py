"""The network as the compiler sees it: a list of operators on int8 values.

`tinykit.compiler.reading` makes a Graph of a .tflite file; the passes rewrite it; the lowering
turns each operator into a call of a C++ kernel. All shapes include the batch, which is always 1.
All arithmetic is that of TensorFlow Lite Micro's reference kernels, in integers.
"""

from tinykit.compiler.graph.core import Activation, Graph, Op, Value
from tinykit.compiler.graph.costs import macs
from tinykit.compiler.graph.moves import Concatenation, Copy, Mean, Pad, Pool, Reshape, View
from tinykit.compiler.graph.pointwise import ADD_SHIFT, Add, Lookup, Mul, Softmax
from tinykit.compiler.graph.weighted import Conv, Depthwise, FullyConnected, Matrix

__all__ = [
    "ADD_SHIFT",
    "Activation",
    "Add",
    "Concatenation",
    "Conv",
    "Copy",
    "Depthwise",
    "FullyConnected",
    "Graph",
    "Lookup",
    "Matrix",
    "Mean",
    "Mul",
    "Op",
    "Pad",
    "Pool",
    "Reshape",
    "Softmax",
    "Value",
    "View",
    "macs",
]
