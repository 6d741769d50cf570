"""PAD folded into the convolution behind it, which knows how to leave out pixels itself.

Keras' ZeroPadding2D in front of a convolution with stride 2 becomes a PAD: a larger copy of the
image. The convolution can pad by itself, with the same result, as padding is zero in both.
"""

from dataclasses import replace

import numpy as np

from tinykit.compiler.graph import Conv, Depthwise, Graph, GroupedConv, Op, Pad


def fold_padding(graph: Graph) -> Graph:
    """The same network without the PADs that only convolutions read."""
    for op in graph.ops:
        if isinstance(op, Pad):
            readers = graph.readers(op.output)
            if op.output not in graph.outputs and all(
                _can_pad(graph, op, each) for each in readers
            ):
                graph = _folded(graph, op, readers)
    return graph


def _can_pad(graph: Graph, pad: Pad, reader: Op) -> bool:
    if (
        not isinstance(reader, Conv | Depthwise | GroupedConv)
        or pad.fill != reader.input_zero_point
    ):
        return False
    source, target = graph.input_of(pad).shape, graph.output_of(reader).shape
    if len(source) != 4 or any(pad.before[axis] or pad.after[axis] for axis in (0, 3)):
        return False
    # Each window sees at least one pixel: kernels need not think of lines that are all padding.
    for axis in (0, 1):
        before = reader.padding[axis] + pad.before[axis + 1]
        first = np.arange(target[axis + 1]) * reader.strides[axis] - before
        seen = first[:, None] + np.arange(reader.kernel[axis]) * reader.dilation[axis]
        if not ((seen >= 0) & (seen < source[axis + 1])).any(axis=1).all():
            return False
    return True


def _folded(graph: Graph, pad: Pad, readers: list[Op]) -> Graph:
    ops = []
    for op in graph.ops:
        if op in readers:
            top, left = (op.padding[axis] + pad.before[axis + 1] for axis in (0, 1))
            op = replace(op, inputs=pad.inputs, padding=(top, left))
        if op is not pad:
            ops.append(op)
    return graph.with_ops(ops)
