"""A .tflite file as a Graph: every scale turned into the integers that the kernels compute with.

What the compiler cannot translate is refused here, in one sentence that names the layer.
"""

from collections.abc import Callable

from tinykit.common.errors import TinykitError
from tinykit.compiler.graph import Graph, Op
from tinykit.compiler.reading import pointwise, shapes, states, weighted
from tinykit.compiler.reading.reader import DAMAGED, Reader, RefusalError
from tinykit.quantization.tflite.file import STATEFUL, Operator, TfliteFile

_MAX_OPERATORS = 2000


def read_graph(file: TfliteFile, source: str = "The model") -> Graph:
    """Make a graph of a file that `tflite_file.check` has accepted.

    Raises TinykitError for every operator, type, shape or option that has no kernel.
    """
    if len(file.operators) > _MAX_OPERATORS:
        raise TinykitError(
            f"{source} has {len(file.operators):,} layers; the compiler takes {_MAX_OPERATORS:,}. "
            "Build a smaller network."
        )
    reader = Reader(file)
    where, ops = "the input", []
    try:
        for index in file.inputs:
            reader.value(index)
        for operator in file.operators:
            where = f"{operator.name} ({operator.op})"
            made = _read(reader, operator)
            ops += made if isinstance(made, tuple) else [made]
    except RefusalError as refusal:
        raise TinykitError(f"{source}, {where}: {refusal.what}. {refusal.todo}.") from None
    made = reader.values, file.inputs, file.outputs, reader.constants, reader.states
    return Graph(tuple(ops), *made)


def _read(reader: Reader, operator: Operator) -> Op | tuple[Op, ...]:
    read = _READERS.get(operator.op)
    if read is None:
        raise RefusalError(
            "the compiler has no such operator",
            f"Build the network from {_LAYERS}, or export the sketch with engine='tflm'",
        )
    is_plain = len(operator.outputs) == 1 and operator.inputs and operator.inputs[0] >= 0
    if not is_plain and operator.op not in STATEFUL:
        numbers = f"{len(operator.inputs)} inputs and {len(operator.outputs)} outputs"
        raise RefusalError(numbers, DAMAGED)
    return read(reader, operator, {"name": operator.name, "kind": operator.op})


_READERS: dict[str, Callable[[Reader, Operator, dict], Op | tuple[Op, ...]]] = {
    "ADD": pointwise.binary,
    "ASSIGN_VARIABLE": states.assign_variable,
    "AVERAGE_POOL_2D": shapes.pool,
    "CALL_ONCE": states.call_once,
    "CONCATENATION": shapes.concatenation,
    "CONV_2D": weighted.conv,
    "DEPTHWISE_CONV_2D": weighted.depthwise,
    "EXPAND_DIMS": shapes.reshape,
    "FULLY_CONNECTED": weighted.fully_connected,
    "HARD_SWISH": pointwise.unary(pointwise.hard_swish),
    "LEAKY_RELU": pointwise.unary(pointwise.leaky_relu),
    "LOGISTIC": pointwise.unary(pointwise.logistic),
    "MAX_POOL_2D": shapes.pool,
    "MEAN": shapes.mean,
    "MUL": pointwise.binary,
    "PAD": shapes.pad,
    "QUANTIZE": pointwise.unary(pointwise.quantize),
    "READ_VARIABLE": states.read_variable,
    "RELU": pointwise.unary(pointwise.relu),
    "RELU6": pointwise.unary(pointwise.relu6),
    "RESHAPE": shapes.reshape,
    "SOFTMAX": pointwise.softmax,
    "SQUEEZE": shapes.reshape,
    "SUB": pointwise.binary,
    "TANH": pointwise.unary(pointwise.tanh),
    "VAR_HANDLE": states.var_handle,
}
_LAYERS = "convolutions, dense layers, pooling, Add, Multiply, Concatenate, ReLU and softmax"
