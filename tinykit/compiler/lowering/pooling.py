"""Layers that look at neighbours: pooling, means, largest values."""

from tinykit.compiler.graph import Extremes, Graph, Mean, Pool
from tinykit.compiler.lowering.text import pair, struct
from tinykit.compiler.steps import LoweredStep


def pool(graph: Graph, op: Pool) -> LoweredStep:
    x, y = graph.input_of(op).shape, graph.output_of(op).shape
    p = (
        "  static const nn::Pool p = {\n"
        f"      /*in=*/{x[1]}, {x[2]}, /*out=*/{y[1]}, {y[2]}, /*size=*/{pair(op.filter)},\n"
        f"      /*stride=*/{pair(op.strides)}, /*pad=*/{pair(op.padding)}, "
        f"/*min=*/{op.act_min}, /*max=*/{op.act_max},\n"
        "  };\n"
    )
    kernel = "averagePool" if op.kind == "AVERAGE_POOL_2D" else "maxPool"
    return LoweredStep(
        call=f"{p}  nn::{kernel}(p, {x[3]}, {{in0}}, {{out}});\n",
        includes=("Pool.h",),
        overlap=(None,),
    )


def mean(graph: Graph, op: Mean) -> LoweredStep:
    p = struct(
        "Mean",
        multiplier=op.multiplier,
        shift=op.shift,
        inputZero=op.input_zero_point,
        outputZero=op.output_zero_point,
    )
    channels = graph.output_of(op).size // op.rows
    arguments = f"p, {op.rows}, {op.count}, {channels}"
    return LoweredStep(
        call=f"{p}  nn::mean({arguments}, {{in0}}, {{out}});\n",
        includes=("Mean.h",),
        overlap=(None,),
    )


def extremes(graph: Graph, op: Extremes) -> LoweredStep:
    kernel = "largest" if op.kind == "REDUCE_MAX" else "smallest"
    channels = graph.output_of(op).size // op.rows
    return LoweredStep(
        call=f"  nn::{kernel}({op.rows}, {op.count}, {channels}, {{in0}}, {{out}});\n",
        includes=("Extremes.h",),
        overlap=(None,),
    )
