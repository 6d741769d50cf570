"""Refusing a .tflite file that cannot run on a board, with the reason."""

from collections.abc import Iterator
from pathlib import Path

from tinykit.common.errors import TinykitError
from tinykit.quantization.tflite.file import WITH_MACS, Operator, TfliteFile
from tinykit.quantization.tflite.reader import DAMAGED, load, read

_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")  # lead into and out of what is computed in float


def check(model: bytes | Path | str, source: str | None = None) -> TfliteFile:
    """Read a .tflite file and refuse what the kit cannot run on a board.

    Accepted is a network with one int8 input, one int8 output, a batch of 1, fixed shapes and
    int8 arithmetic throughout. Whether TFLM has every operator is found out by TFLM itself
    (`tinykit.verify`). Arguments as in `read`.

    Raises TinykitError with one sentence for everything else.
    """
    data, source = load(model, source)
    file = read(data, source)
    for problem in problems(file):
        raise TinykitError(f"{source} {problem}")
    return file


def problems(file: TfliteFile) -> Iterator[str]:
    """Why a well-formed file is not a full-int8 network; the most telling reason first.

    Each is the rest of a sentence that begins with the file's name.
    """
    if len(file.inputs) != 1 or len(file.outputs) != 1:
        yield (
            f"has {len(file.inputs)} inputs and {len(file.outputs)} outputs. "
            "The kit runs networks with one of each."
        )
        return
    custom = [op for op in file.ops if op.startswith("CUSTOM")]
    if custom:
        yield (
            f"uses the operator {custom[0]}, which TensorFlow Lite Micro does not have. "
            "Build the network from built-in layers."
        )
    for where, tensor in (("input", file.input), ("output", file.output)):
        if tensor.dtype in ("float32", "float16", "float64"):
            yield (
                f"has a {tensor.dtype} {where}: it is a float model, or only its weights were "
                "shrunk. Quantize it to full int8 first (tinykit.quantize)."
            )
        elif tensor.dtype != "int8":
            article = "an" if tensor.dtype.startswith("int") else "a"
            yield (
                f"has {article} {tensor.dtype} {where}. Convert it again with int8 inputs and "
                "outputs (tinykit.quantize)."
            )
        if not tensor.shape or tensor.shape[0] != 1:
            yield f"has an {where} of shape {tensor.shape}. Convert it again with a batch of 1."
        if -1 in tensor.shape_signature[1:]:
            yield f"has an {where} of varying size. Convert it again with a fixed input shape."
        if not tensor.quantization or len(tensor.quantization.scale) != 1:
            yield f"has an {where} without a scale. Quantize it again (tinykit.quantize)."
    yield from _layer_problems(file)


def _layer_problems(file: TfliteFile) -> Iterator[str]:
    for operator in file.operators:
        types = {file.tensors[i].dtype for i in (*operator.inputs, *operator.outputs) if i >= 0}
        if {"float32", "float16", "float64"} & types and operator.op not in _CONVERSIONS:
            yield (
                f"computes {operator.op} in floating point. Use layers that have an int8 form, "
                "and quantize it to full int8 (tinykit.quantize)."
            )
    ready = {i for i, tensor in enumerate(file.tensors) if tensor.data is not None}
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
    if len(operator.inputs) < 2 or min(operator.inputs[:2]) < 0:
        return "an input is missing"
    x, weights = (file.tensors[i] for i in operator.inputs[:2])
    output = file.tensors[operator.outputs[0]]
    if operator.op == "FULLY_CONNECTED":
        units = weights.shape[0] if len(weights.shape) == 2 else 0
        fits = units and x.size % weights.shape[1] == 0 and output.shape[-1:] == (units,)
    else:
        fits = len(x.shape) == len(weights.shape) == len(output.shape) == 4
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
