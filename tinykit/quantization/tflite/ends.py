"""Models whose first layer is QUANTIZE and whose last is DEQUANTIZE, as converters write them.

Between the two, everything is int8. TensorFlow's converter does this by default, so that programs
can give floats; with inference_input_type=tf.uint8 it writes two QUANTIZE that shift by 128. On a
board the two layers are not needed: the front end makes int8, and the scores are compared as int8.
What they knew, scale and zero point, is written beside the int8 tensors, too.
"""

import struct
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from tinykit.quantization.tflite.file import Operator, Quantization, TfliteFile
from tinykit.quantization.tflite.flatbuffer import FlatBuffer, Table
from tinykit.quantization.tflite.reader import read

_SHIFT = 128  # between a uint8 and the int8 of the same meaning


@dataclass(frozen=True)
class End:
    """One end of a network: its own type outside, int8 inside.

    Attributes:
        dtype: of the file's input or output: "float32", "uint8", or "int8" where both are the same.
        quantization: of the int8 values.
    """

    dtype: str
    quantization: Quantization

    def inside(self, x: np.ndarray) -> np.ndarray:
        """int8 of values from outside, as TensorFlow Lite Micro's QUANTIZE computes them.

        float32: round(x / scale) + zero point in float32, a half away from zero. No NaN.
        """
        if self.dtype == "float32":
            return quantized(x, self.quantization)
        return (x.astype(np.int16) - _SHIFT * (self.dtype == "uint8")).astype(np.int8)

    def outside(self, q: np.ndarray) -> np.ndarray:
        """What int8 values are outside, as DEQUANTIZE computes it; `inside` gives them back."""
        if self.dtype == "float32":
            steps = q.astype(np.float32) - np.float32(self.quantization.zero_point[0])
            return steps * np.float32(self.quantization.scale[0])
        return (q.astype(np.int16) + _SHIFT * (self.dtype == "uint8")).astype(self.dtype)


def quantized(x: np.ndarray, quantization: Quantization) -> np.ndarray:
    """int8 of float values, bit for bit as TensorFlow Lite Micro's QUANTIZE.

    Beyond 2^31 steps, where C++ does not say what a conversion to int32 gives, the nearest int8.
    """
    with np.errstate(over="ignore"):
        steps = np.asarray(x, np.float32) / np.float32(quantization.scale[0])
    steps = steps.clip(-100_000, 100_000)
    whole = np.trunc(steps)
    whole += np.where(np.abs(steps - whole) >= 0.5, np.sign(steps), 0)
    q = whole.astype(np.int64) + quantization.zero_point[0]
    return q.clip(-128, 127).astype(np.int8)


def ends(file: TfliteFile) -> tuple[End, End] | None:
    """Input and output of a network that `int8_ends` makes int8; None for any other network, and
    for one with several inputs or outputs."""
    found = every_end(file)
    if found is None or len(file.inputs) != 1 or len(file.outputs) != 1:
        return None
    return found[0][0], found[1][0]


def every_end(file: TfliteFile) -> tuple[tuple[End, ...], tuple[End, ...]] | None:
    """All inputs and all outputs of a network that `int8_ends` makes int8; None for any other."""
    core = int8_ends(file)
    sides = []
    for outer, inner in ((file.inputs, core.inputs), (file.outputs, core.outputs)):
        pairs = [(file.tensors[o], core.tensors[i]) for o, i in zip(outer, inner, strict=True)]
        if any(i.dtype != "int8" or not i.quantization for _, i in pairs):
            return None
        sides.append(tuple(End(o.dtype, i.quantization) for o, i in pairs))
    return sides[0], sides[1]


def int8_ends(file: TfliteFile) -> TfliteFile:
    """The same network from int8 to int8, without the conversions at its ends.

    What is no such conversion stays: the file may be float from end to end.
    """
    first, last = _first_layers(file), _last_layers(file)
    inputs = {index: operator.outputs[0] for index, operator in first.items()}
    outputs = {index: operator.inputs[0] for index, operator in last.items()}
    dropped = _dropped(file)
    kept = [operator for i, operator in enumerate(file.operators) if i not in dropped]
    seen, operators = Counter(), []
    for operator in kept:
        seen[operator.op] += 1
        operators.append(replace(operator, name=f"{operator.op.lower()}_{seen[operator.op]}"))
    return replace(
        file,
        inputs=tuple(inputs.get(index, index) for index in file.inputs),
        outputs=tuple(outputs.get(index, index) for index in file.outputs),
        operators=tuple(operators),
    )


def with_int8_ends(tflite: bytes) -> bytes:
    """A .tflite file of the network that `int8_ends` describes; the same bytes if it is int8.

    The lists of inputs, outputs and layers become shorter where they stand; all else is kept.
    Raises TinykitError for a damaged file.
    """
    file = read(tflite)
    wanted = int8_ends(file)
    if wanted == file:
        return tflite
    data = bytearray(tflite)
    model = FlatBuffer(tflite).table(0)
    graph = model.tables(2)[0]
    _overwrite(data, graph, 1, wanted.inputs)
    _overwrite(data, graph, 2, wanted.outputs)
    _shorten(data, graph, 3, _dropped(file))
    if model.field(7) is not None:  # the signatures name the inputs and outputs that were
        start, _ = model.span(7, 4)
        struct.pack_into("<I", data, start - 4, 0)
    made = bytes(data)
    # Lists may share their bytes in a file; a file where that goes wrong is left as it was.
    return made if read(made) == wanted else tflite


def _first_layers(file: TfliteFile) -> dict[int, Operator]:
    """Input tensor -> the QUANTIZE that is all that reads it."""
    found = {}
    for index in file.inputs:
        readers = [operator for operator in file.operators if index in operator.inputs]
        if len(readers) == 1 and index not in file.outputs:
            operator = readers[0]
            if _is_conversion(file, operator, "QUANTIZE", inside=operator.outputs):
                found[index] = operator
    return found


def _last_layers(file: TfliteFile) -> dict[int, Operator]:
    """Output tensor -> the DEQUANTIZE (to uint8: QUANTIZE) that writes it for nobody else."""
    found, first = {}, {operator.name for operator in _first_layers(file).values()}
    made = {
        i for operator in file.operators if operator.name not in first for i in operator.outputs
    }
    for index in file.outputs:
        writers = [operator for operator in file.operators if index in operator.outputs]
        readers = [operator for operator in file.operators if index in operator.inputs]
        if len(writers) == 1 and not readers:
            operator = writers[0]
            name = "DEQUANTIZE" if file.tensors[index].dtype == "float32" else "QUANTIZE"
            if _is_conversion(file, operator, name, inside=operator.inputs) and (
                operator.inputs[0] in made
            ):
                found[index] = operator
    return found


def _is_conversion(file: TfliteFile, operator: Operator, op: str, inside: tuple[int, ...]) -> bool:
    """Whether an operator only leads between int8 (the tensor `inside`) and what is outside."""
    if operator.op != op or len(operator.inputs) != 1 or len(operator.outputs) != 1:
        return False
    if min(operator.inputs[0], operator.outputs[0]) < 0:
        return False
    core = file.tensors[inside[0]]
    shell = file.tensors[(operator.inputs if inside is operator.outputs else operator.outputs)[0]]
    if core.dtype != "int8" or core.quantization is None or len(core.quantization.scale) != 1:
        return False
    if core.shape != shell.shape or core.data is not None or core.quantization.scale[0] <= 0:
        return False
    if shell.dtype != "uint8":
        return shell.dtype == "float32"
    outside = shell.quantization
    return outside is not None and (outside.scale, outside.zero_point) == (
        core.quantization.scale,
        (core.quantization.zero_point[0] + _SHIFT,),
    )


def _dropped(file: TfliteFile) -> set[int]:
    """Positions of the layers that `int8_ends` leaves out."""
    conversions = (*_first_layers(file).values(), *_last_layers(file).values())
    names = {operator.name for operator in conversions}
    return {i for i, operator in enumerate(file.operators) if operator.name in names}


def _overwrite(data: bytearray, table: Table, field: int, numbers: tuple[int, ...]) -> None:
    start, _ = table.span(field, 4)
    struct.pack_into(f"<{len(numbers)}i", data, start, *numbers)


def _shorten(data: bytearray, table: Table, field: int, dropped: set[int]) -> None:
    """Leave some tables out of a list. Each entry counts from its own place to its table."""
    start, count = table.span(field, 4)
    places = [start + 4 * i for i in range(count) if i not in dropped]
    targets = [place + struct.unpack_from("<I", data, place)[0] for place in places]
    for i, target in enumerate(targets):
        struct.pack_into("<I", data, start + 4 * i, target - (start + 4 * i))
    struct.pack_into("<I", data, start - 4, len(targets))
