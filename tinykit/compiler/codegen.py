"""The text of model.h and model.cpp, and the kernel files that go with them."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.compiler import cpp
from tinykit.compiler.graph import Graph, Matrix, Op, Pool, Value
from tinykit.compiler.plan import Placement
from tinykit.compiler.steps import Constant, LoweredStep, Step

_LIBRARY = Path(__file__).parents[2] / "arduino" / "TinyKit" / "src" / "nn"
_TEMPLATES = Path(__file__).parent / "templates"
_FOLDER = "src/tinykit/nn"  # where the kernels are, seen from model.cpp
# Kernel files that earlier versions wrote: a folder with them is one of the kit's.
_FORMER = ("Conv.cpp", "Conv.h", "ConvCortexM4.cpp", "ConvInner.h", "ConvPortable.cpp")
_FORMER += ("General.cpp", "General.h")


def kernel_names() -> list[str]:
    """Paths, as in `CompiledModel.sources`, of all kernel files there are and have been."""
    return [f"{_FOLDER}/{name}" for name in (*(file.name for file in _LIBRARY.iterdir()), *_FORMER)]


def kernel_files(lowered: Sequence[LoweredStep]) -> dict[str, str]:
    """Text of the kernel files that the steps need, by their path from model.cpp."""
    if not _LIBRARY.is_dir():
        raise TinykitError(
            f"The C++ library {_LIBRARY} is missing. Use tinykit from its repository (kit.py)."
        )
    waiting = {name for step in lowered for name in (*step.includes, *step.sources)}
    files: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        text = (_LIBRARY / name).read_text(encoding="utf-8")
        files[name] = text
        needed = set(re.findall(r'^#include "([\w.]+)"', text, re.MULTILINE))
        source = name.removesuffix(".h") + ".cpp"
        if (_LIBRARY / source).is_file():
            needed.add(source)
        waiting |= needed - files.keys()
    return {f"{_FOLDER}/{name}": files[name] for name in sorted(files)}


def header(
    inputs: Sequence[Value], outputs: Sequence[Value], labels: Sequence[str], has_state: bool
) -> str:
    """model.h; the same for every engine."""
    facts = {"inputs": inputs, "outputs": outputs, "labels": labels, "has_state": has_state}
    templates = cpp.templates(_TEMPLATES)
    templates.filters["size"] = _size
    return templates.get_template("model.h.j2").render(facts)


def _size(value: Value) -> str:
    """The number of elements as a product, without the batch of 1."""
    shape = value.shape[1:] if value.shape[:1] == (1,) else value.shape
    return " * ".join(map(str, shape)) or "1"


def source(
    name: str,
    graph: Graph,
    lowered: Sequence[LoweredStep | None],
    steps: Sequence[Step],
    placement: Placement,
    labels: Sequence[str],
) -> str:
    """model.cpp.

    Args:
        name: of the model.
        graph: after the passes.
        lowered: one per operator; None for one that has nothing to do.
        steps: one per operator that has something to do.
        placement: from `plan_memory`.
        labels: class names, may be empty.
    """
    ops = [op for op, step in zip(graph.ops, lowered, strict=True) if step]
    made = [step for step in lowered if step]
    scratch = [s for s, step in zip(placement.scratch, lowered, strict=True) if step]
    constants = [_constant(value, data, graph) for value, data in sorted(graph.constants.items())]
    states = [_state(*state, placement.values) for state in graph.states.items()]
    constants += [state["constant"] for state in states if state["constant"]]
    for step, low in zip(steps, made, strict=True):
        constants += [_prepared(constant, step) for constant in low.constants]
    facts = {
        "name": cpp.string(name)[1:-1],
        "includes": sorted({name for step in made for name in step.includes}),
        "arena_bytes": placement.plan.arena_bytes,
        "macs": sum(step.macs for step in steps),
        "constant_bytes": sum(constant["bytes"] for constant in constants),
        "constants": constants,
        "labels": [cpp.string(label) for label in labels],
        "steps": [
            {
                "function": step.function,
                "comments": _comments(graph, op, step),
                "body": _body(graph, op, low, step, placement.values, offset),
            }
            for op, low, step, offset in zip(ops, made, steps, scratch, strict=True)
        ],
        "states": states,
        "inputs": [f"arena + {placement.values[value]}" for value in graph.inputs],
        "outputs": [_place(graph, value, placement.values) for value in graph.outputs],
    }
    return cpp.templates(_TEMPLATES).get_template("model.cpp.j2").render(facts)


def _constant(value: int, data: np.ndarray, graph: Graph) -> dict:
    reader = graph.readers(value)[0].name
    return {
        "name": f"kConstant{value}",
        "ctype": "int8_t",
        "alignment": 4,
        "comment": f"{reader}: a constant input, {_shape(graph.values[value].shape)}",
        "numbers": [str(number) for number in data.reshape(-1).tolist()],
        "bytes": data.nbytes,
    }


def _state(state: int, data: np.ndarray, offsets: dict[int, int]) -> dict:
    """What a state is set to: the same byte throughout, or an array."""
    content = np.frombuffer(data.tobytes(), np.int8)
    constant = None
    if content.min() != content.max():
        constant = {
            "name": f"kState{state}",
            "ctype": "int8_t",
            "alignment": 4,
            "comment": "what a state is at the start",
            "numbers": [str(number) for number in content.tolist()],
            "bytes": content.nbytes,
        }
    filled = {"place": f"arena + {offsets[state]}", "bytes": content.nbytes}
    return filled | {"value": int(content[0]), "constant": constant}


def _prepared(constant: Constant, step: Step) -> dict:
    shape = _shape(constant.data.shape)
    comment = f", {constant.comment}" if constant.comment else ""
    words = constant.data.dtype == np.uint32
    numbers = constant.data.reshape(-1).tolist()
    return {
        "name": _constant_name(step, constant),
        "ctype": constant.ctype,
        "alignment": constant.alignment,
        "comment": f"{step.name}: {constant.name}, {shape}{comment}",
        "numbers": [f"0x{number:08x}" if words else _number(number) for number in numbers],
        "bytes": constant.data.nbytes,
    }


def _number(number: int) -> str:
    # -2147483648 is no literal in C++: the minus is applied to a number that does not fit.
    return str(number) if number != -(1 << 31) else "(-2147483647 - 1)"


def _constant_name(step: Step, constant: Constant) -> str:
    words = f"{step.function}_{constant.name}".split("_")
    return "k" + "".join(word.capitalize() for word in words)


def _body(
    graph: Graph,
    op: Op,
    lowered: LoweredStep,
    step: Step,
    offsets: dict[int, int],
    scratch: int | None,
) -> str:
    """The call with its placeholders filled in."""
    places = {f"in{i}": _place(graph, value, offsets) for i, value in enumerate(op.inputs)}
    places |= {f"state{i}": f"arena + {offsets[value]}" for i, value in enumerate(op.states)}
    places["out"] = f"arena + {offsets[op.output]}"
    places["scratch"] = "nullptr" if scratch is None else f"arena + {scratch}"
    places |= {constant.name: _constant_name(step, constant) for constant in lowered.constants}
    body = lowered.call
    for name, text in places.items():
        body = body.replace(f"{{{name}}}", text)
    return body if body.endswith("\n") else body + "\n"


def _place(graph: Graph, value: int, offsets: dict[int, int]) -> str:
    return f"kConstant{value}" if value in graph.constants else f"arena + {offsets[value]}"


def _comments(graph: Graph, op: Op, step: Step) -> list[str]:
    """What a reader wants to know of a layer: shapes, geometry, quantization, kernel."""
    inputs = " and ".join(_shape(graph.values[value].shape) for value in op.inputs)
    what = f"{step.name}: {step.op}, {inputs} -> {_shape(graph.output_of(op).shape)}"
    for name in ("kernel", "filter"):
        if hasattr(op, name):
            size = "x".join(map(str, getattr(op, name)))
            what += f", {name} {size}, stride {'x'.join(map(str, op.strides))}"
    if isinstance(op, Matrix | Pool):
        what += {(-128, 127): ""}.get((op.act_min, op.act_max), f", {op.act_min} ... {op.act_max}")
    if step.macs:
        what += f", {step.macs:,} MACs"
    y = graph.output_of(op)
    x = graph.input_of(op)
    scales = f"  in: {_real(x)}; out: {_real(y)}"
    return [what, scales, *([f"  Kernel: {step.comment}."] if step.comment else [])]


def _real(value: Value) -> str:
    sign = "+" if value.zero_point < 0 else "-"
    q = f"(q {sign} {abs(value.zero_point)})" if value.zero_point else "q"
    return f"real = {value.scale:.6g} * {q}"


def _shape(shape: tuple[int, ...]) -> str:
    """Without the batch of 1: 49x10x1."""
    return "x".join(map(str, shape[1:] if len(shape) > 1 and shape[0] == 1 else shape)) or "1"
