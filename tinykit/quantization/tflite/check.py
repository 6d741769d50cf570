"""Refusing a .tflite file that is no int8 network, with the reason."""

from collections.abc import Callable, Iterator
from pathlib import Path

from tinykit.common.errors import TinykitError
from tinykit.quantization.tflite.ends import int8_ends
from tinykit.quantization.tflite.file import STATEFUL, WITH_MACS, Operator, TfliteFile
from tinykit.quantization.tflite.float_moves import int8_moves
from tinykit.quantization.tflite.reader import DAMAGED, load, read

_FLOAT = ("float32", "float16", "float64", "bfloat16")
_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")  # lead into and out of what is computed in float
_QUANTIZE = "Quantize it to full int8 first (tinykit.quantize)"


def check(model: bytes | Path | str, source: str | None = None) -> TfliteFile:
    """Read a .tflite file and refuse what is no int8 network with one input and one output.

    Accepted is a batch of 1, fixed shapes and int8 arithmetic throughout. A QUANTIZE at the
    beginning and a DEQUANTIZE at the end are taken away, see `ends`. Whether TFLM has every
    operator is found out by TFLM itself (`tinykit.verify`). Arguments as in `read`.

    Raises TinykitError with one sentence for everything else.
    """
    return _checked(model, source, problems)


def check_int8(model: bytes | Path | str, source: str | None = None) -> TfliteFile:
    """As `check`, for networks of any number of inputs and outputs, with or without a state."""
    return _checked(model, source, int8_problems)


def check_streaming(model: bytes | Path | str, source: str | None = None) -> TfliteFile:
    """As `check`, for a network that keeps a state (`tinykit.streaming_form` makes one)."""
    return _checked(model, source, _streaming_problems)


def _checked(
    model: bytes | Path | str, source: str | None, reasons: Callable[[TfliteFile], Iterator[str]]
) -> TfliteFile:
    data, source = load(model, source)
    file = int8_moves(int8_ends(read(data, source)))
    for problem in reasons(file):
        raise TinykitError(f"{source} {problem}")
    return file


def problems(file: TfliteFile) -> Iterator[str]:
    """Why a file is no full-int8 network with one input and one output, and no state.

    Each is the rest of a sentence that begins with the file's name, the most telling first.
    """
    stateful = [op for op in STATEFUL if op in file.ops] or file.remembering
    if stateful:
        yield (
            f"keeps a state from one inference to the next ({', '.join(stateful)}), where one "
            "input makes one prediction. tinykit verify, compile and emulate run it."
        )
    yield from _streaming_problems(file)


def _streaming_problems(file: TfliteFile) -> Iterator[str]:
    """Why a file is no full-int8 network with one input and one output."""
    if len(file.inputs) != 1 or len(file.outputs) != 1:
        yield (
            f"has {len(file.inputs)} inputs and {len(file.outputs)} outputs, where a prediction "
            "has one of each. tinykit verify, compile and emulate run it."
        )
    yield from int8_problems(file)


def int8_problems(file: TfliteFile) -> Iterator[str]:
    """Why a well-formed file is not a full-int8 network; the most telling reason first.

    Conversions at the ends that `int8_ends` would take away count as float or uint8.
    """
    custom = [op for op in file.ops if op.startswith("CUSTOM")]
    if custom:
        yield f"uses the custom operator {custom[0][7:]}. Build the network from built-in layers."
    if problem := _float_problem(file):
        yield problem
    inputs, outputs = ([file.tensors[i] for i in side] for side in (file.inputs, file.outputs))
    for where, tensor in (*(("input", t) for t in inputs), *(("output", t) for t in outputs)):
        if tensor.dtype != "int8":
            yield _of_another_type(file, where, tensor.dtype)
        if where == "input" and (not tensor.shape or tensor.shape[0] != 1):
            yield f"has an {where} of shape {tensor.shape}. Convert it again with a batch of 1."
        if -1 in tensor.shape_signature[1:]:
            yield f"has an {where} of varying size. Convert it again with a fixed input shape."
        if not tensor.quantization or len(tensor.quantization.scale) != 1:
            yield f"has an {where} without a scale. Quantize it again (tinykit.quantize)."
        elif not tensor.quantization.scale[0] > 0:
            yield f"has an {where} with a scale of 0. Quantize it again (tinykit.quantize)."
    yield from _layer_problems(file)


def float_model_problem(file: TfliteFile) -> str:
    """The rest of the sentence why a file is a float model; "" when its weights meet integers.

    A float model may have its weights as int8, or begin with a QUANTIZE: its convolutions and dense
    layers compute in floating point.
    """
    with_weights = [operator for operator in file.operators if operator.op in WITH_MACS]
    if not with_weights or not all(_is_float(file, operator) for operator in with_weights):
        return ""
    if all(_has_int8_weights(file, operator) for operator in with_weights):
        return f"computes in floating point; only its weights are int8. {_QUANTIZE}."
    return f"is a float model: it computes {with_weights[0].op} in floating point. {_QUANTIZE}."


def _float_problem(file: TfliteFile) -> str:
    """Why a network does not compute in integers throughout; "" when it does."""
    computing = [operator for operator in file.operators if _is_float(file, operator)]
    if computing and not (problem := float_model_problem(file)):
        problem = (
            f"computes {computing[0].op} in floating point. Use layers that have an int8 form, "
            "and quantize it to full int8 (tinykit.quantize)."
        )
    return problem if computing else ""


def _is_float(file: TfliteFile, operator: Operator) -> bool:
    types = {file.tensors[i].dtype for i in (*operator.inputs, *operator.outputs) if i >= 0}
    return bool(types.intersection(_FLOAT)) and operator.op not in _CONVERSIONS


def _has_int8_weights(file: TfliteFile, operator: Operator) -> bool:
    """Whether the file holds a layer's weights as int8, if only for a DEQUANTIZE to read."""
    made = {i: o.inputs[0] for o in file.operators if o.op == "DEQUANTIZE" for i in o.outputs}
    indices = [made.get(i, i) for i in operator.inputs[1:2]]
    return any(i >= 0 and file.tensors[i].dtype == "int8" for i in indices)


def _of_another_type(file: TfliteFile, where: str, dtype: str) -> str:
    article = "an" if dtype.startswith("int") else "a"
    inner = {file.tensors[i].dtype for o in file.operators for i in o.outputs if i >= 0}
    if dtype == "int16" or (dtype in _FLOAT and "int16" in inner):
        return (
            f"has {article} {dtype} {where}: its activations are int16. Convert it again with "
            "int8 activations (tinykit.quantize)."
        )
    return (
        f"has {article} {dtype} {where}, and no QUANTIZE layer that makes int8 of it. "
        "Convert it again with int8 inputs and outputs (tinykit.quantize)."
    )


def damage(file: TfliteFile) -> str:
    """The rest of the sentence what in a file cannot be meant so; "" for a sound one."""
    return next(_layer_problems(file), "")


def _layer_problems(file: TfliteFile) -> Iterator[str]:
    ready = {i for i, t in enumerate(file.tensors) if t.data is not None or t.is_variable}
    ready |= set(file.inputs)
    for operator in file.operators:
        missing = [i for i in operator.inputs if i >= 0 and i not in ready]
        if missing or ready & set(operator.outputs):
            yield f"is damaged (its layers at {operator.name} do not follow each other). " + (
                f"{DAMAGED}."
            )
            return
        ready |= set(operator.outputs)
        problem = _shape_problem(file, operator)
        if problem:
            yield f"is damaged ({operator.name}: {problem}). {DAMAGED}."
            return
    if not set(file.outputs) <= {i for operator in file.operators for i in operator.outputs}:
        yield f"is damaged (nothing computes its output). {DAMAGED}."


def _shape_problem(file: TfliteFile, operator: Operator) -> str | None:
    """Shapes that would make a convolution or a fully connected layer read beyond its weights."""
    if operator.op not in WITH_MACS:
        return None
    if len(operator.inputs) < 2 or min(operator.inputs[:2]) < 0 or not operator.outputs:
        return "an input or output is missing"
    x, weights = (file.tensors[i] for i in operator.inputs[:2])
    output = file.tensors[operator.outputs[0]]
    if operator.op == "FULLY_CONNECTED":
        units = weights.shape[0] if len(weights.shape) == 2 else 0
        fits = units and weights.size and x.size % weights.shape[1] == 0
        fits = fits and output.shape[-1:] == (units,)
    else:
        fits = len(x.shape) == len(weights.shape) == len(output.shape) == 4
        fits = fits and 0 not in (*x.shape, *weights.shape)
        units = output.shape[-1] if fits else 0
        if operator.op == "CONV_2D":
            fits = fits and weights.shape[0] == units and x.shape[3] % weights.shape[3] == 0
        else:
            fits = fits and weights.shape[3] == units and units % x.shape[3] == 0
    if not fits:
        return f"weights of shape {weights.shape} do not fit {x.shape} -> {output.shape}"
    if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        bias = file.tensors[operator.inputs[2]]
        if bias.size != units:
            return f"{bias.size} biases for {units} outputs"
    return None
