"""Layers that look at one value, or at two in the same place."""

from tinykit.compiler.graph import Add, Graph, Lookup, Mul, Softmax
from tinykit.compiler.lowering.text import struct
from tinykit.compiler.steps import Constant, LoweredStep


def add_struct(op: Add) -> str:
    """`static const nn::Add p = ...`, for the kernel of Add.h."""
    m0, m1, bias = op.linear
    return struct("Add", multiplierA=m0, multiplierB=m1, bias=bias, min=op.act_min, max=op.act_max)


def add(graph: Graph, op: Add) -> LoweredStep:
    if op.linear:
        comment = "one multiplication for each input"
        return _binary(graph, op, add_struct(op), "add", includes=("Add.h",), comment=comment)
    names = ("multiplierA", "multiplierB", "multiplier", "shiftA", "shiftB", "shift")
    names += ("zeroA", "zeroB", "zeroOut", "sign")
    fields = {name: op.exact[name] for name in names}
    p = struct("AddExact", **fields, min=op.act_min, max=op.act_max)
    comment = "rounded three times, as TensorFlow Lite does"
    return _binary(graph, op, p, "addExact", includes=("AddExact.h",), comment=comment)


def mul(graph: Graph, op: Mul) -> LoweredStep:
    zeros = dict(zip(("zeroA", "zeroB", "zeroOut"), op.zero_points, strict=True))
    fields = {"multiplier": op.multiplier, "shift": op.shift, **zeros}
    p = struct("Multiply", **fields, min=op.act_min, max=op.act_max)
    return _binary(graph, op, p, "multiply", includes=("Multiply.h",))


def _binary(graph: Graph, op: Add | Mul, p: str, kernel: str, **more: object) -> LoweredStep:
    """A kernel on two inputs of one shape, or, where one is a vector, once for each pixel."""
    y = graph.output_of(op)
    whole = [graph.values[value].size == y.size for value in op.inputs]
    if all(whole):
        call = f"  nn::{kernel}(p, {{in0}}, {{in1}}, {{out}}, {y.size});\n"
    else:
        a, b = (f"{{in{i}}} + i" if is_whole else f"{{in{i}}}" for i, is_whole in enumerate(whole))
        call = (
            f"  for (int i = 0; i < {y.size}; i += {y.channels}) {{\n"
            f"    nn::{kernel}(p, {a}, {b}, {{out}} + i, {y.channels});\n"
            "  }\n"
        )
    overlap = tuple(0 if is_whole else None for is_whole in whole)
    return LoweredStep(call=p + call, overlap=overlap, **more)


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
