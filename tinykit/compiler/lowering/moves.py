"""Layers that only move bytes."""

import numpy as np

from tinykit.compiler.graph import Concatenation, Copy, Graph, Pad
from tinykit.compiler.lowering.text import struct
from tinykit.compiler.steps import LoweredStep


def pad(graph: Graph, op: Pad) -> LoweredStep:
    x = graph.input_of(op).shape
    shape = (1,) * (4 - len(x)) + x
    lists = {"shape": shape, "before": op.before, "after": op.after}
    fields = {name: f"{{{', '.join(map(str, values))}}}" for name, values in lists.items()}
    return LoweredStep(
        call=struct("Pad", **fields, fill=op.fill) + "  nn::pad(p, {in0}, {out});\n",
        includes=("Copy.h",),
        overlap=(None,),
    )


def concatenation(graph: Graph, op: Concatenation) -> LoweredStep | None:
    y = graph.output_of(op).shape
    rows = int(np.prod(y[: op.axis]))
    step = int(np.prod(y[op.axis :]))
    call, offset, in_place = "", 0, op.in_place or (False,) * len(op.inputs)
    for position, value in enumerate(op.inputs):
        size = int(np.prod(graph.values[value].shape[op.axis :]))
        sizes = f"{rows}, {size}, {size}, {step}"
        if not in_place[position]:
            call += f"  nn::copyRows({sizes}, {{in{position}}}, {{out}} + {offset});\n"
        offset += size
    if all(in_place):
        return None
    return LoweredStep(
        call=call,
        includes=("Copy.h",),
        # A single row is moved first, and may be moved down over itself.
        overlap=(0 if rows == 1 else None, *[None] * (len(op.inputs) - 1)),
        comment="some inputs are computed in place" if any(in_place) else "",
    )


def copy(graph: Graph, op: Copy) -> LoweredStep:
    size = graph.output_of(op).n_bytes
    return LoweredStep(
        call=f"  nn::copyRows(1, {size}, {size}, {size}, {{in0}}, {{out}});\n",
        includes=("Copy.h",),
        overlap=(None,),
        comment="to or from what lasts between inferences",
    )
