"""Layers that remember: UNIDIRECTIONAL_SEQUENCE_LSTM and SVDF."""

import math

import numpy as np

from tinykit.compiler.graph import GATES, Lstm, Op, Svdf, Value
from tinykit.compiler.reading.reader import CONVERT, DAMAGED, Reader, RefusalError, factor_of
from tinykit.quantization.tflite.file import Operator, Tensor

_ACTIVATION_SCALE = 2.0**-12  # of what sigmoid and tanh are given
_GATE_SCALE = 2.0**-15  # of what they return
_FILE_ORDER = ("input", "forget", "cell", "output")  # of the gates in the file
_WEIGHTS, _RECURRENT, _BIASES = 1, 5, 12  # inputs of the operator: where the four gates begin
_HIDDEN, _CELL, _INPUTS = 18, 19, 24
_VARIANTS = {  # inputs that only variants of the layer have
    "a peephole": range(9, 12),
    "a projection": range(16, 18),
    "layer normalization": range(20, 24),
}


def lstm(reader: Reader, operator: Operator, named: dict) -> Op:
    x, y = reader.one_to_one(operator)
    tensors = _lstm_tensors(reader, operator)
    units, steps = tensors[_HIDDEN].size, math.prod(x.shape[:2])
    if 1 not in x.shape[:2] or len(x.shape) != 3 or y.shape != (*x.shape[:2], units):
        raise RefusalError(f"shapes {x.shape} -> {y.shape}", "Give it one sequence at a time")
    batch = x.shape[1] if operator.options["time_major"] else x.shape[0]
    if batch != 1 and steps > 1:
        raise RefusalError(f"{batch} sequences at a time", "Give it one sequence at a time")
    hidden = _state(reader, operator.inputs[_HIDDEN], ("int8",), units)
    cell = _state(reader, operator.inputs[_CELL], ("int16",), units)
    gates = [_FILE_ORDER.index(gate) for gate in GATES]
    weights, bias = _gates(tensors, gates, _WEIGHTS, x, (units, x.channels))
    recurrent, recurrent_bias = _gates(tensors, gates, _RECURRENT, hidden, (units, units))
    scales = (
        [(tensors[_WEIGHTS + gate].quantization.scale[0], x.scale) for gate in gates],
        [(tensors[_RECURRENT + gate].quantization.scale[0], hidden.scale) for gate in gates],
    )
    factors = [[factor_of(a * b / _ACTIVATION_SCALE) for a, b in pairs] for pairs in scales]
    return Lstm(
        **named,
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
        states=(operator.inputs[_HIDDEN], operator.inputs[_CELL]),
        weights=weights,
        recurrent_weights=recurrent,
        bias=bias,
        recurrent_bias=recurrent_bias,
        factors=tuple(zip(*factors, strict=True)),
        forget_factor=factor_of(_GATE_SCALE),
        input_factor=factor_of(_GATE_SCALE * _GATE_SCALE / cell.scale),
        hidden_factor=factor_of(_GATE_SCALE * _GATE_SCALE / hidden.scale),
        cell_clip=_clip(operator, cell),
        cell_shift=_cell_shift(cell),
        output_zero_point=hidden.zero_point,
    )


def _lstm_tensors(reader: Reader, operator: Operator) -> dict[int, Tensor]:
    """The tensors of its inputs; refuses the variants that TensorFlow Lite Micro does not have."""
    if len(operator.inputs) != _INPUTS:
        raise RefusalError(f"{len(operator.inputs)} inputs", DAMAGED)
    plain = "Use keras.layers.LSTM as it is"
    given = {i: reader.file.tensors[t] for i, t in enumerate(operator.inputs) if t >= 0}
    for variant, places in _VARIANTS.items():
        if any(place in given for place in places):
            raise RefusalError(f"an LSTM with {variant}", plain)
    if _WEIGHTS not in given or operator.options["diagonal_recurrent_tensors"]:
        raise RefusalError("an LSTM with coupled gates or diagonal weights", plain)
    if operator.options["activation"] != "TANH":
        raise RefusalError(
            f"an LSTM with {operator.options['activation']}", "Use activation='tanh'"
        )
    needed = {*range(0, 9), *range(12, 16), _HIDDEN, _CELL}
    if not needed <= given.keys():
        raise RefusalError(f"{len(given)} inputs", DAMAGED)
    return given


def _gates(
    tensors: dict[int, Tensor], gates: list[int], first: int, x: Value, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """int8 weights (4, units, inputs), and biases int32 (4, units) without the zero point of x."""
    weights = np.stack([_weights(tensors[first + gate], shape) for gate in gates])
    bias = np.zeros(weights.shape[:2], np.int32)
    if first == _WEIGHTS:  # TensorFlow Lite gives the sums of the hidden state none
        bias = np.stack([_bias(tensors[_BIASES + gate], shape[0]) for gate in gates])
    return weights, without_zero_point(weights, bias, x.zero_point)


def without_zero_point(weights: np.ndarray, bias: np.ndarray, zero_point: int) -> np.ndarray:
    """Biases for sums of x * w instead of (x - zero point) * w, int32."""
    sums = np.abs(weights.astype(np.int64)).sum(axis=-1)
    if (255 * sums + np.abs(bias.astype(np.int64)) >= 1 << 31).any():
        raise RefusalError("sums that do not fit 32 bits", CONVERT)
    return (bias - zero_point * weights.astype(np.int64).sum(axis=-1)).astype(np.int32)


def _weights(tensor: Tensor, shape: tuple[int, int], dtype: str = "int8") -> np.ndarray:
    if tensor.data is None or tensor.dtype != dtype:
        raise RefusalError(f"weights of type {tensor.dtype}", CONVERT)
    if tensor.shape != shape:
        raise RefusalError(f"weights of shape {tensor.shape}, not {shape}", DAMAGED)
    quantization = tensor.quantization
    if quantization is None or len(quantization.scale) != 1 or quantization.zero_point[0]:
        raise RefusalError("weights without one scale for all, or with a zero point", CONVERT)
    return tensor.array()


def _bias(tensor: Tensor, size: int) -> np.ndarray:
    if tensor.data is None or tensor.dtype != "int32" or tensor.size != size:
        raise RefusalError(f"a bias of type {tensor.dtype} and {tensor.size} values", CONVERT)
    return tensor.array().reshape(-1).astype(np.int32)


def _state(reader: Reader, index: int, dtypes: tuple[str, ...], size: int) -> Value:
    """A variable tensor as a state of the graph; it begins at its zero point."""
    tensor = reader.file.tensors[index]
    if tensor.dtype not in dtypes or not tensor.is_variable or tensor.size != size:
        what = f"a state of type {tensor.dtype} and {tensor.size} values"
        raise RefusalError(what, CONVERT)
    scale, zero_point = reader.scale(tensor)
    value = Value(tensor.shape, scale, zero_point, tensor.dtype)
    start = zero_point if tensor.dtype == "int8" else 0
    reader.values[index] = value
    reader.states[index] = np.full(value.shape, start, value.dtype)
    return value


def _clip(operator: Operator, cell: Value) -> int:
    clip = operator.options["cell_clip"]
    if not math.isfinite(clip) or clip < 0:
        raise RefusalError(f"cell_clip {clip}", DAMAGED)
    return int(min(clip / cell.scale, 32767)) if clip else 32768


def _cell_shift(cell: Value) -> int:
    exponent = round(math.log2(cell.scale))
    if not -31 <= exponent <= 0:
        raise RefusalError(f"a cell state with a scale of {cell.scale:g}", CONVERT)
    return exponent + 12


def svdf(reader: Reader, operator: Operator, named: dict) -> Op:
    x, y = reader.one_to_one(operator)
    if len(operator.inputs) != 5 or min(operator.inputs[:3]) < 0 or operator.inputs[4] < 0:
        raise RefusalError(f"{len(operator.inputs)} inputs", DAMAGED)
    feature, time = (reader.file.tensors[i] for i in operator.inputs[1:3])
    filters, memory = time.shape if len(time.shape) == 2 else (0, 0)
    rank, units = operator.options["rank"], y.channels
    fits = rank > 0 and filters and rank * units == filters and memory
    if not fits or x.shape != (1, x.channels) or y.shape != (1, units):
        raise RefusalError(f"shapes {x.shape} -> {y.shape}, {filters} filters", DAMAGED)
    state = _state(reader, operator.inputs[4], ("int8", "int16"), filters * memory)
    weights = _weights(feature, (filters, x.channels))
    time_weights = _weights(time, (filters, memory), state.dtype)
    unit_bias = np.zeros(units, np.int32)
    if operator.inputs[3] >= 0:
        unit_bias = _bias(reader.file.tensors[operator.inputs[3]], units)
    unit_sums = time_weights.astype(np.int64).reshape(units, -1).sum(axis=1)
    # In 32 bits, as TensorFlow Lite Micro does; elsewhere it computes factors in 64.
    scales = (x, feature.quantization, state, time.quantization, y)
    a, b, c, d, e = (np.float32(np.ravel(each.scale)[0]) for each in scales)
    return Svdf(
        **named,
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
        states=operator.inputs[4:],
        weights=weights,
        bias=without_zero_point(weights, np.zeros(filters, np.int32), x.zero_point),
        time_weights=time_weights,
        unit_bias=_wrapped(unit_bias - state.zero_point * unit_sums),
        rank=rank,
        filter_factor=factor_of(float(a * b / c)),
        unit_factor=factor_of(float(c * d / e)),
        state_zero_point=state.zero_point,
        output_zero_point=y.zero_point,
    )


def _wrapped(sums: np.ndarray) -> np.ndarray:
    """int64 as int32. Sums over int16 may overflow, and do so in TensorFlow Lite Micro, too."""
    return sums.astype(np.uint32).astype(np.int32)
