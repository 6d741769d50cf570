"""Each operator as a call of a kernel.

Convolutions and fully connected layers take the fast kernels where those can represent them
(`tinykit.compiler.matrix`), else the general ones.
"""

from collections.abc import Callable
from dataclasses import fields as dataclass_fields

import numpy as np

from tinykit.compiler import matrix
from tinykit.compiler.graph import (
    Add,
    Concatenation,
    Conv,
    Depthwise,
    FullyConnected,
    Graph,
    Lookup,
    Matrix,
    Mean,
    Mul,
    Op,
    Pad,
    Pool,
    Softmax,
    macs,
)
from tinykit.compiler.steps import Constant, LoweredStep


def lower(graph: Graph, op: Op) -> LoweredStep:
    """The statements and constants of one operator (any but a Reshape, which needs none)."""
    return _LOWERINGS[type(op)](graph, op)


def has_fast_kernel(graph: Graph, op: Conv) -> bool:
    """Whether a convolution, with its fused ADD, can be lowered."""
    return matrix.lower_conv(graph, op) is not None


def _struct(ctype: str, **fields: object) -> str:
    """A constant struct, its fields in the order of the header and each with its name."""
    values = ",\n".join(f"      /*{name}=*/{value}" for name, value in fields.items())
    return f"  static const nn::{ctype} p = {{\n{values},\n  }};\n"


def _conv(graph: Graph, op: Conv) -> LoweredStep:
    sizes = (op.weights.shape[3], op.channels)
    return matrix.lower_conv(graph, op) or _general(graph, op, "convGeneral", sizes)


def _depthwise(graph: Graph, op: Depthwise) -> LoweredStep:
    if graph.input_of(op).channels == 1:  # all filters see the same channel: a convolution
        return _conv(graph, _as_conv(op))
    sizes = (op.channels, op.depth_multiplier)
    return matrix.lower_depthwise(graph, op) or _general(graph, op, "depthwiseGeneral", sizes)


def _as_conv(op: Depthwise) -> Conv:
    fields = {field.name: getattr(op, field.name) for field in dataclass_fields(op)}
    del fields["depth_multiplier"]
    return Conv(**fields | {"weights": np.moveaxis(op.weights, 2, 0)[..., None]})


def _fully_connected(graph: Graph, op: FullyConnected) -> LoweredStep:
    sizes = (graph.input_of(op).size // op.weights.shape[1], op.weights.shape[1], op.channels)
    return matrix.lower_fully_connected(graph, op) or _general(
        graph, op, "fullyConnectedGeneral", sizes
    )


def _general(graph: Graph, op: Matrix, kernel: str, sizes: tuple[int, ...]) -> LoweredStep:
    """A kernel of General.h."""
    structs = (
        "  static const nn::Requantization output = {\n"
        "      {bias}, {multipliers}, {shifts},\n"
        f"      /*inputZero=*/{op.input_zero_point}, /*outputZero=*/{op.output_zero_point}, "
        f"/*min=*/{op.act_min}, /*max=*/{op.act_max},\n"
        "  };\n"
    )
    arguments = ["output", *map(str, sizes), "{weights}", "{in0}", "{out}"]
    if isinstance(op, Conv | Depthwise):
        structs = _window(graph, op) + structs
        arguments.insert(0, "window")
    return LoweredStep(
        call=f"{structs}  nn::{kernel}({', '.join(arguments)});\n",
        includes=("General.h",),
        constants=(
            Constant("weights", "int8_t", op.weights),
            Constant("bias", "int32_t", op.bias),
            Constant("multipliers", "int32_t", op.multipliers),
            Constant("shifts", "int8_t", op.shifts.astype(np.int8)),
        ),
        overlap=(None,),
        comment="the general one, for shapes and scales that the fast ones leave out",
        macs=macs(graph, op),
    )


def _window(graph: Graph, op: Conv | Depthwise) -> str:
    x, y = graph.input_of(op).shape, graph.output_of(op).shape
    return (
        "  static const nn::Window window = {\n"
        f"      /*in=*/{x[1]}, {x[2]}, /*out=*/{y[1]}, {y[2]}, /*size=*/{_pair(op.kernel)},\n"
        f"      /*stride=*/{_pair(op.strides)}, /*pad=*/{_pair(op.padding)}, "
        f"/*dilation=*/{_pair(op.dilation)},\n"
        "  };\n"
    )


def _pair(pair: tuple[int, int]) -> str:
    return f"{pair[0]}, {pair[1]}"


def add_struct(op: Add) -> str:
    """`static const nn::Add p = ...`, for the kernel of Add.h."""
    m0, m1, bias = op.linear
    return _struct("Add", multiplierA=m0, multiplierB=m1, bias=bias, min=op.act_min, max=op.act_max)


def _binary(graph: Graph, op: Add | Mul, struct: str, kernel: str, **more: object) -> LoweredStep:
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
    return LoweredStep(call=struct + call, overlap=overlap, **more)


def _add(graph: Graph, op: Add) -> LoweredStep:
    if op.linear:
        comment = "one multiplication for each input"
        return _binary(graph, op, add_struct(op), "add", includes=("Add.h",), comment=comment)
    names = ("multiplierA", "multiplierB", "multiplier", "shiftA", "shiftB", "shift")
    names += ("zeroA", "zeroB", "zeroOut", "sign")
    fields = {name: op.exact[name] for name in names}
    struct = _struct("AddExact", **fields, min=op.act_min, max=op.act_max)
    comment = "rounded three times, as TensorFlow Lite does"
    return _binary(graph, op, struct, "addExact", includes=("AddExact.h",), comment=comment)


def _mul(graph: Graph, op: Mul) -> LoweredStep:
    zeros = dict(zip(("zeroA", "zeroB", "zeroOut"), op.zero_points, strict=True))
    fields = {"multiplier": op.multiplier, "shift": op.shift, **zeros}
    struct = _struct("Multiply", **fields, min=op.act_min, max=op.act_max)
    return _binary(graph, op, struct, "multiply", includes=("Multiply.h",))


def _lookup(graph: Graph, op: Lookup) -> LoweredStep:
    return LoweredStep(
        call=f"  nn::lookup({{table}}, {{in0}}, {{out}}, {graph.output_of(op).size});\n",
        includes=("Lookup.h",),
        constants=(Constant("table", "int8_t", op.table, comment="for -128 ... 127"),),
        overlap=(0,),
        comment="a table",
    )


def _pool(graph: Graph, op: Pool) -> LoweredStep:
    x, y = graph.input_of(op).shape, graph.output_of(op).shape
    struct = (
        "  static const nn::Pool p = {\n"
        f"      /*in=*/{x[1]}, {x[2]}, /*out=*/{y[1]}, {y[2]}, /*size=*/{_pair(op.filter)},\n"
        f"      /*stride=*/{_pair(op.strides)}, /*pad=*/{_pair(op.padding)}, "
        f"/*min=*/{op.act_min}, /*max=*/{op.act_max},\n"
        "  };\n"
    )
    kernel = "averagePool" if op.kind == "AVERAGE_POOL_2D" else "maxPool"
    return LoweredStep(
        call=f"{struct}  nn::{kernel}(p, {x[3]}, {{in0}}, {{out}});\n",
        includes=("Pool.h",),
        overlap=(None,),
    )


def _mean(graph: Graph, op: Mean) -> LoweredStep:
    struct = _struct(
        "Mean",
        multiplier=op.multiplier,
        shift=op.shift,
        inputZero=op.input_zero_point,
        outputZero=op.output_zero_point,
    )
    channels = graph.output_of(op).size // op.rows
    arguments = f"p, {op.rows}, {op.count}, {channels}"
    return LoweredStep(
        call=f"{struct}  nn::mean({arguments}, {{in0}}, {{out}});\n",
        includes=("Mean.h",),
        overlap=(None,),
    )


def _softmax(graph: Graph, op: Softmax) -> LoweredStep:
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


def _pad(graph: Graph, op: Pad) -> LoweredStep:
    x = graph.input_of(op).shape
    shape = (1,) * (4 - len(x)) + x
    lists = {"shape": shape, "before": op.before, "after": op.after}
    fields = {name: f"{{{', '.join(map(str, values))}}}" for name, values in lists.items()}
    return LoweredStep(
        call=_struct("Pad", **fields, fill=op.fill) + "  nn::pad(p, {in0}, {out});\n",
        includes=("Copy.h",),
        overlap=(None,),
    )


def _concatenation(graph: Graph, op: Concatenation) -> LoweredStep:
    y = graph.output_of(op).shape
    rows = int(np.prod(y[: op.axis]))
    step = int(np.prod(y[op.axis :]))
    call, offset = "", 0
    for position, value in enumerate(op.inputs):
        size = int(np.prod(graph.values[value].shape[op.axis :]))
        sizes = f"{rows}, {size}, {size}, {step}"
        call += f"  nn::copyRows({sizes}, {{in{position}}}, {{out}} + {offset});\n"
        offset += size
    return LoweredStep(call=call, includes=("Copy.h",), overlap=(None,) * len(op.inputs))


_LOWERINGS: dict[type[Op], Callable[..., LoweredStep]] = {
    Add: _add,
    Concatenation: _concatenation,
    Conv: _conv,
    Depthwise: _depthwise,
    FullyConnected: _fully_connected,
    Lookup: _lookup,
    Mean: _mean,
    Mul: _mul,
    Pad: _pad,
    Pool: _pool,
    Softmax: _softmax,
}
