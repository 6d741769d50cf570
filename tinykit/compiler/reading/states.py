"""What lasts from one inference to the next: resource variables become states of the graph.

A streaming network keeps the last rows of what a layer saw. TensorFlow writes that as VAR_HANDLE
(the name of a variable), READ_VARIABLE and ASSIGN_VARIABLE; a graph of its own, which CALL_ONCE
runs before the first inference, assigns what the variables are at the start.
"""

import numpy as np

from tinykit.compiler.graph import Copy, Op, Value
from tinykit.compiler.reading.reader import CONVERT, DAMAGED, Reader, RefusalError
from tinykit.quantization.tflite.file import Operator

_STATES = "Convert it again from a streaming model with its states set to zero"


def call_once(reader: Reader, operator: Operator, named: dict) -> tuple[Op, ...]:
    """What the graph that runs once assigns to variables."""
    number = operator.options["init_subgraph_index"]
    if not 1 <= number <= len(reader.file.others):
        raise RefusalError(f"graph {number} of {1 + len(reader.file.others)}", DAMAGED)
    graph, names = reader.file.others[number - 1], {}
    for each in graph.operators:
        if each.op == "VAR_HANDLE" and len(each.outputs) == 1:
            names[each.outputs[0]] = _name(each)
        elif each.op == "ASSIGN_VARIABLE" and len(each.inputs) == 2:
            variable, value = each.inputs
            data = graph.tensors[value].data if value >= 0 else None
            if variable not in names or data is None:
                raise RefusalError("a start that is computed while it runs", _STATES)
            reader.at_start[names[variable]] = data[: graph.tensors[value].n_bytes]
        else:
            raise RefusalError(f"{each.op} before the first inference", _STATES)
    return ()


def var_handle(reader: Reader, operator: Operator, named: dict) -> tuple[Op, ...]:
    """The name of a variable, for whoever reads or assigns it."""
    if len(operator.outputs) != 1:
        raise RefusalError(f"{len(operator.outputs)} outputs", DAMAGED)
    reader.handles[operator.outputs[0]] = _name(operator)
    return ()


def read_variable(reader: Reader, operator: Operator, named: dict) -> Op:
    if len(operator.inputs) != 1 or len(operator.outputs) != 1:
        raise RefusalError(f"{len(operator.inputs)} inputs", DAMAGED)
    value = reader.value(operator.outputs[0])
    state = _state(reader, operator.inputs[0], value)
    return Copy(**named, inputs=(state,), output=operator.outputs[0])


def assign_variable(reader: Reader, operator: Operator, named: dict) -> Op:
    if len(operator.inputs) != 2 or min(operator.inputs) < 0:
        raise RefusalError(f"{len(operator.inputs)} inputs", DAMAGED)
    handle, value = operator.inputs
    state = _state(reader, handle, reader.values[reader.operand(value)])
    return Copy(**named, inputs=(value,), output=state)


def _name(operator: Operator) -> tuple[str, str]:
    return operator.options["container"], operator.options["shared_name"]


def _state(reader: Reader, handle: int, value: Value) -> int:
    """The graph's id of a variable that holds as much as `value`."""
    name = reader.handles.get(handle)
    if name is None:
        raise RefusalError("a variable without a name", DAMAGED)
    if name not in reader.variables:
        data = reader.at_start.get(name, b"")
        if len(data) != value.n_bytes:
            given = f"{len(data)} bytes at the start" if data else "nothing at the start"
            raise RefusalError(f"the variable {name[1][:40]!r} with {given}", _STATES)
        reader.variables[name] = reader.inner(value)
        reader.states[reader.variables[name]] = np.frombuffer(data, np.int8).reshape(value.shape)
    state = reader.variables[name]
    if reader.values[state].n_bytes != value.n_bytes:
        raise RefusalError(f"the variable {name[1][:40]!r} in two sizes", CONVERT)
    return state
