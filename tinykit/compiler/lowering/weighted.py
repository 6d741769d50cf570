"""Layers with weights: the first kernel of the table in compiler/kernels.py that can do them."""

from tinykit.compiler import kernels
from tinykit.compiler.graph import Conv, Graph, Matrix
from tinykit.compiler.steps import LoweredStep


def has_fast_kernel(graph: Graph, op: Conv) -> bool:
    """Whether a convolution, with its fused ADD, can be lowered: any can."""
    return True


def lower(graph: Graph, op: Matrix) -> LoweredStep:
    """CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED."""
    return kernels.lower(graph, op)
