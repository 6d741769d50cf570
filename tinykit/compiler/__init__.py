"""Compiler: an int8 .tflite model as plain C++, without an interpreter.

The stages, in the order in which a model goes through them:

    reading        the file becomes a graph of operators with integer arithmetic
    padding, dead_channels, fusion      passes: each makes the graph smaller, and no byte different
    lowering, matrix, packing           each operator becomes a call of a kernel and its constants
    plan           where each activation lives in memory
    codegen        the text

The kernels are in arduino/TinyKit/src/nn. What they have to compute, to the byte, is what
TensorFlow Lite Micro's reference kernels compute.
"""

from tinykit.compiler.model import CompiledModel, compile
from tinykit.compiler.plan import Box, MemoryPlan
from tinykit.compiler.steps import Step

__all__ = ["Box", "CompiledModel", "MemoryPlan", "Step", "compile"]
