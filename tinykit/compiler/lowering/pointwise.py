"""Layers that look at one value, or at two in the same place."""

from tinykit.compiler.graph import (
    Add,
    Graph,
    Lookup,
    Maximum,
    Mul,
    Op,
    Prelu,
    Softmax,
    SquaredDifference,
)
from tinykit.compiler.lowering import broadcasting
from tinykit.compiler.lowering.text import struct
from tinykit.compiler.steps import Constant, LoweredStep

# Fields of AddExact.h and SquaredDifference.h, in their order.
_EXACT = ("multiplierA", "multiplierB", "multiplier", "shiftA", "shiftB", "shift")
_EXACT += ("zeroA", "zeroB", "zeroOut")


def add_struct(op: Add) -> str:
    """`static const nn::Add p = ...`, for the kernel of Add.h."""
    m0, m1, bias = op.linear
    return struct("Add", multiplierA=m0, multiplierB=m1, bias=bias, min=op.act_min, max=op.act_max)


def add(graph: Graph, op: Add) -> LoweredStep:
    if op.linear:
        comment = "one multiplication for each input"
        return _binary(graph, op, add_struct(op), "add", includes=("Add.h",), comment=comment)
    fields = {name: op.exact[name] for name in (*_EXACT, "sign")}
    p = struct("AddExact", **fields, min=op.act_min, max=op.act_max)
    comment = "rounded three times, as TensorFlow Lite does"
    return _binary(graph, op, p, "addExact", includes=("AddExact.h",), comment=comment)


def mul(graph: Graph, op: Mul) -> LoweredStep:
    zeros = dict(zip(("zeroA", "zeroB", "zeroOut"), op.zero_points, strict=True))
    fields = {"multiplier": op.multiplier, "shift": op.shift, **zeros}
    p = struct("Multiply", **fields, min=op.act_min, max=op.act_max)
    return _binary(graph, op, p, "multiply", includes=("Multiply.h",))


def maximum(graph: Graph, op: Maximum) -> LoweredStep:
    return _binary(graph, op, "", op.kind.lower(), includes=("Extremes.h",))


def squared_difference(graph: Graph, op: SquaredDifference) -> LoweredStep:
    p = struct("SquaredDifference", **{name: op.exact[name] for name in _EXACT})
    return _binary(graph, op, p, "squaredDifference", includes=("SquaredDifference.h",))


def prelu(graph: Graph, op: Prelu) -> LoweredStep:
    pairs = {"Above": op.above, "Below": op.below}
    fields = {f"multiplier{name}": multiplier for name, (multiplier, _) in pairs.items()}
    fields |= {f"shift{name}": shift for name, (_, shift) in pairs.items()}
    zeros = dict(zip(("zero", "zeroAlpha", "zeroOut"), op.zero_points, strict=True))
    return _binary(graph, op, struct("Prelu", **fields, **zeros), "prelu", includes=("Prelu.h",))


def _binary(graph: Graph, op: Op, p: str, kernel: str, **more: object) -> LoweredStep:
    """A kernel on two inputs, once for all, or in loops where one of them is repeated."""
    y = graph.output_of(op)
    x = [graph.values[value] for value in op.inputs]
    counts, steps = broadcasting.loops([value.shape for value in x], y.shape)
    call, scratch = broadcasting.call(kernel, "p" if p else "", counts, steps)
    if scratch:
        more["includes"] = (*more["includes"], "Move.h")
    overlap = tuple(0 if value.size == y.size else None for value in x)
    return LoweredStep(call=p + call, overlap=overlap, scratch_bytes=scratch, **more)


def lookup(graph: Graph, op: Lookup) -> LoweredStep:
    return LoweredStep(
        call=f"  nn::lookup({{table}}, {{in0}}, {{out}}, {graph.output_of(op).size});\n",
        includes=("Lookup.h",),
        constants=(Constant("table", "int8_t", op.table, comment="for -128 ... 127"),),
        overlap=(0,),
        comment="a table",
    )


def softmax(graph: Graph, op: Softmax) -> LoweredStep:
    y = graph.output_of(op)
    arguments = f"{{exponentials}}, {len(op.exponentials)}, {y.size // y.channels}, {y.channels}"
    return LoweredStep(
        call=f"  nn::softmax({arguments}, {{in0}}, {{out}});\n",
        includes=("Softmax.h",),
        constants=(
            Constant("exponentials", "int32_t", op.exponentials, comment="exp(-d) in 2^-31"),
        ),
        overlap=(0,),
    )
