"""Values that a network only moves in floating point, between int8 and int8.

TensorFlow's converter writes DEQUANTIZE, SPLIT, QUANTIZE for the gates of an unrolled LSTM: nothing
is computed in between, so the bytes can be moved as they are. What each QUANTIZE makes of them is a
function of one int8, in TensorFlow Lite Micro's float arithmetic.
"""

from dataclasses import replace

from tinykit.quantization.tflite.file import Operator, Quantization, TfliteFile

#: Operators that only move values; the one input that is moved, by its position.
_MOVES = dict.fromkeys(
    ("EXPAND_DIMS", "GATHER", "RESHAPE", "SLICE", "SPLIT_V", "SQUEEZE", "STRIDED_SLICE"), 0
)
_MOVES |= {"TRANSPOSE": 0, "UNPACK": 0, "SPLIT": 1}
IN_FLOAT = "in_float"  # an option of such a QUANTIZE: its input is taken for a float


def int8_moves(file: TfliteFile) -> TfliteFile:
    """The same network with int8 where values are only moved in floating point."""
    chains: dict[int, tuple[int, Quantization]] = {}  # float tensor -> its DEQUANTIZE, int8 scale
    broken: set[int] = set()
    for position, operator in enumerate(file.operators):
        found = _begin(file, operator)
        if found:
            chains[operator.outputs[0]] = (position, found)
        for place, index in enumerate(operator.inputs):
            if index not in chains:
                continue
            if _MOVES.get(operator.op) == place:
                chains |= dict.fromkeys(operator.outputs, chains[index])
            elif not _is_end(file, operator):
                broken.add(chains[index][0])
    broken |= {chains[index][0] for index in file.outputs if index in chains}
    kept = {index: chain for index, chain in chains.items() if chain[0] not in broken}
    return _with_int8(file, kept) if kept else file


def _begin(file: TfliteFile, operator: Operator) -> Quantization | None:
    """The scale of what a DEQUANTIZE of an int8 activation makes floats of."""
    if operator.op != "DEQUANTIZE" or len(operator.inputs) != 1 or len(operator.outputs) != 1:
        return None
    if min(operator.inputs[0], operator.outputs[0]) < 0:
        return None
    x = file.tensors[operator.inputs[0]]
    if x.dtype != "int8" or x.data is not None or x.quantization is None:
        return None
    return x.quantization if len(x.quantization.scale) == 1 else None


def _is_end(file: TfliteFile, operator: Operator) -> bool:
    made = [file.tensors[index].dtype for index in operator.outputs if index >= 0]
    return operator.op == "QUANTIZE" and made == ["int8"]


def _with_int8(file: TfliteFile, chains: dict[int, tuple[int, Quantization]]) -> TfliteFile:
    tensors, operators = list(file.tensors), []
    for index, (_, quantization) in chains.items():
        tensors[index] = replace(tensors[index], dtype="int8", quantization=quantization)
    for operator in file.operators:
        if operator.op == "DEQUANTIZE" and operator.outputs[0] in chains:
            operator = replace(operator, op="RESHAPE")
        elif operator.op == "QUANTIZE" and operator.inputs[0] in chains:
            operator = replace(operator, options={**operator.options, IN_FLOAT: True})
        operators.append(operator)
    return replace(file, tensors=tuple(tensors), operators=tuple(operators))
