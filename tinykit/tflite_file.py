"""Reading a .tflite file in plain Python, and refusing what cannot run on a board.

A .tflite file is a FlatBuffer (https://flatbuffers.dev/internals): tables that point to each other
by offsets. Every offset and length is checked before it is followed, so a file that was cut
short or damaged ends in one TinykitError instead of a crash in an interpreter written in C++.
The field numbers are those of `schema.fbs` of TensorFlow Lite, version 3.
"""

import math
import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from tinykit.errors import TinykitError

# The order is the number of the operator in the file; new operators are added at the end.
_OPERATOR_NAMES = """
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D
LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1
RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM
CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND
SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM
CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE
SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW
ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK
REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR
LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS
WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE
NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM
BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG
REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL
CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL
BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD
UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR
RIGHT_SHIFT
"""
_OPERATORS = tuple(_OPERATOR_NAMES.split())
_TYPES = {
    0: "float32",
    1: "float16",
    2: "int32",
    3: "uint8",
    4: "int64",
    5: "string",
    6: "bool",
    7: "int16",
    9: "int8",
    10: "float64",
    15: "uint32",
    16: "uint16",
    17: "int4",
}
_BYTES = {"float16": 2, "int16": 2, "uint16": 2, "float32": 4, "int32": 4, "uint32": 4}
_BYTES |= {"uint8": 1, "int8": 1, "bool": 1, "int64": 8, "float64": 8}
# What an operator's options table holds: number of the table's type in the file, then for each
# field its name, number, layout and value when it is left out. `padding` and `activation` become
# words. Operators that are not listed have no options, or none that anybody here asks for.
_STRIDES = (("stride_width", 1, "<i", 0), ("stride_height", 2, "<i", 0))
_OPTIONS = {
    "CONV_2D": (
        1,
        ("padding", 0, "<b", 0),
        *_STRIDES,
        ("activation", 3, "<b", 0),
        ("dilation_width", 4, "<i", 1),
        ("dilation_height", 5, "<i", 1),
    ),
    "DEPTHWISE_CONV_2D": (
        2,
        ("padding", 0, "<b", 0),
        *_STRIDES,
        ("depth_multiplier", 3, "<i", 0),
        ("activation", 4, "<b", 0),
        ("dilation_width", 5, "<i", 1),
        ("dilation_height", 6, "<i", 1),
    ),
    "AVERAGE_POOL_2D": (
        5,
        ("padding", 0, "<b", 0),
        *_STRIDES,
        ("filter_width", 3, "<i", 0),
        ("filter_height", 4, "<i", 0),
        ("activation", 5, "<b", 0),
    ),
    "FULLY_CONNECTED": (
        8,
        ("activation", 0, "<b", 0),
        ("weights_format", 1, "<b", 0),
        ("keep_num_dims", 2, "<?", False),
    ),
    "SOFTMAX": (9, ("beta", 0, "<f", 0.0)),
    "CONCATENATION": (10, ("axis", 0, "<i", 0), ("activation", 1, "<b", 0)),
    "ADD": (11, ("activation", 0, "<b", 0)),
    "MUL": (21, ("activation", 0, "<b", 0)),
    "MEAN": (27, ("keep_dims", 0, "<?", False)),
    "SUB": (28, ("activation", 0, "<b", 0)),
    "LEAKY_RELU": (75, ("alpha", 0, "<f", 0.0)),
}
_OPTIONS["MAX_POOL_2D"] = _OPTIONS["AVERAGE_POOL_2D"]
_WORDS = {
    "padding": ("SAME", "VALID"),
    "activation": ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"),
}
_MAX_RANK = 8
_MAX_TENSOR_BYTES = 1 << 26  # 64 MB: far more than any board has, little for a laptop
_DAMAGED = "Export or download it again"


@dataclass(frozen=True)
class Quantization:
    """real value = scale * (q - zero_point), one pair for the tensor or one per channel."""

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int


@dataclass(frozen=True)
class Tensor:
    """One tensor. `data` holds the bytes of a constant (weights), None for an activation."""

    name: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    dtype: str
    quantization: Quantization | None
    data: bytes | None

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def n_bytes(self) -> int:
        """Bytes the tensor takes in memory."""
        return (self.size + 1) // 2 if self.dtype == "int4" else self.size * _BYTES[self.dtype]

    def array(self) -> np.ndarray:
        """A constant's values in its own shape. Raises ValueError for an activation or int4."""
        if self.data is None or self.dtype == "int4":
            raise ValueError(f"tensor {self.name!r} holds no plain constant")
        return np.frombuffer(self.data, np.dtype(self.dtype).newbyteorder("<")).reshape(self.shape)


@dataclass(frozen=True)
class Operator:
    """One step of the network: `op` applied to tensors (indices; -1 = left out).

    `options` holds what else the file says of it, by the names of TensorFlow Lite's schema:
    "padding" ("SAME", "VALID"), "stride_height", "activation" ("NONE", "RELU6", ...), "beta", ...
    Numbers are as in the file, unchecked.
    """

    name: str
    op: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, int | float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """One row of the layer table: shapes include the batch dimension of 1."""

    name: str
    op: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    weight_bytes: int
    macs: int


@dataclass(frozen=True)
class TfliteFile:
    """What a .tflite file says: its tensors, and its operators in the order they run."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def input(self) -> Tensor:
        """The network's (first) input."""
        return self.tensors[self.inputs[0]]

    @property
    def output(self) -> Tensor:
        """The network's (first) output."""
        return self.tensors[self.outputs[0]]

    @property
    def ops(self) -> list[str]:
        """Operator names in the order they run, with repetitions."""
        return [operator.op for operator in self.operators]

    @cached_property
    def layers(self) -> list[Layer]:
        """One row per operator."""
        return [self._layer(operator) for operator in self.operators]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference, in convolutions and fully connected layers."""
        return sum(layer.macs for layer in self.layers)

    @property
    def n_parameters(self) -> int:
        """Weights and biases: the constants that the layers with MACs, PRELU, ... hold."""
        used = {i for o in self.operators for i in o.inputs[1:] if i >= 0 and o.op in _WEIGHTED}
        return sum(self.tensors[i].size for i in used if self.tensors[i].data is not None)

    def _layer(self, operator: Operator) -> Layer:
        first = next((i for i in operator.inputs if self.tensors[i].data is None), 0)
        constants = {i for i in operator.inputs if i >= 0 and self.tensors[i].data is not None}
        return Layer(
            name=operator.name,
            op=operator.op,
            input_shape=self.tensors[first].shape,
            output_shape=self.tensors[operator.outputs[0]].shape,
            weight_bytes=sum(self.tensors[i].n_bytes for i in constants),
            macs=self._macs(operator),
        )

    def _macs(self, operator: Operator) -> int:
        """Each output value of a layer costs one MAC per weight that it meets."""
        if operator.op not in _WITH_MACS:
            return 0
        weights = self.tensors[operator.inputs[1]]
        output = self.tensors[operator.outputs[0]]
        if operator.op == "CONV_2D":  # weights (out, height, width, in)
            return output.size * math.prod(weights.shape[1:])
        if operator.op == "DEPTHWISE_CONV_2D":  # weights (1, height, width, out)
            return output.size * math.prod(weights.shape[1:3])
        return output.size * weights.shape[-1]  # FULLY_CONNECTED: weights (out, in)


_WITH_MACS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")  # lead into and out of what is computed in float
_WEIGHTED = (*_WITH_MACS, "TRANSPOSE_CONV", "PRELU", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM")


def read(model: bytes | Path | str, source: str | None = None) -> TfliteFile:
    """Read a .tflite file's structure.

    Args:
        model: the file's bytes, or its path.
        source: what error messages call it; default the path, or "The model".

    Raises TinykitError when the file is missing, cut short, damaged or not a .tflite file.
    """
    data, source = _load(model, source)
    if len(data) < 16 or data[4:8] != b"TFL3":
        what = "is empty" if not data else "is not a .tflite file"
        raise TinykitError(f"{source} {what}. Give the model.tflite that tinykit.quantize wrote.")
    try:
        return _Reader(data).model()
    except _DamagedError as error:
        raise TinykitError(f"{source} is cut short or damaged ({error}). {_DAMAGED}.") from None


def check(model: bytes | Path | str, source: str | None = None) -> TfliteFile:
    """Read a .tflite file and refuse what the kit cannot run on a board.

    Accepted is a network with one int8 input, one int8 output, a batch of 1, fixed shapes and
    int8 arithmetic throughout. Whether TFLM has every operator is found out by TFLM itself
    (`tinykit.verify`). Arguments as in `read`.

    Raises TinykitError with one sentence for everything else.
    """
    data, source = _load(model, source)
    file = read(data, source)
    for problem in problems(file):
        raise TinykitError(f"{source} {problem}")
    return file


def _load(model: bytes | Path | str, source: str | None) -> tuple[bytes, str]:
    if isinstance(model, bytes | bytearray | memoryview):
        return bytes(model), source or "The model"
    path = Path(model)
    try:
        return path.read_bytes(), source or str(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TinykitError(f"{path} cannot be read ({reason}). Check the path.") from error


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
                f"{_DAMAGED}."
            )
            return
        ready |= set(operator.outputs)
        problem = _shape_problem(file, operator)
        if problem:
            yield f"is damaged ({operator.name}: {problem}). {_DAMAGED}."
            return
    if not set(file.outputs) <= {i for operator in file.operators for i in operator.outputs}:
        yield f"is damaged (nothing computes its output). {_DAMAGED}."


def _shape_problem(file: TfliteFile, operator: Operator) -> str | None:
    """Shapes that would make a convolution or a fully connected layer read beyond its weights."""
    if operator.op not in _WITH_MACS:
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


class _DamagedError(Exception):
    """The bytes do not form what the schema says; the text says where."""


class _Table:
    """A FlatBuffer table: `field(i)` is the position of field i, or None when it is left out."""

    def __init__(self, reader: "_Reader", position: int) -> None:
        self._reader, self._position = reader, position
        self._vtable = position - reader.number("<i", position)
        size = reader.number("<H", self._vtable)
        table_size = reader.number("<H", self._vtable + 2)
        if size < 4 or max(self._vtable + size, position + table_size) > len(reader.data):
            raise _DamagedError(f"table at byte {position}")
        self._n_fields = (size - 4) // 2

    def field(self, index: int) -> int | None:
        if index >= self._n_fields:
            return None
        offset = self._reader.number("<H", self._vtable + 4 + 2 * index)
        return self._position + offset if offset else None

    def number(self, index: int, layout: str, default: int = 0) -> int:
        position = self.field(index)
        return default if position is None else self._reader.number(layout, position)

    def vector(self, index: int, layout: str) -> tuple:
        """A vector of numbers; () when it is left out."""
        start, count = self._span(index, struct.calcsize(layout))
        if not count:
            return ()
        return struct.unpack_from(f"<{count}{layout}", self._reader.data, start)

    def raw(self, index: int) -> bytes:
        """A vector of bytes or a string."""
        start, count = self._span(index, 1)
        return self._reader.data[start : start + count]

    def table(self, index: int) -> "_Table | None":
        position = self.field(index)
        return None if position is None else self._reader.table(position)

    def tables(self, index: int) -> list["_Table"]:
        start, count = self._span(index, 4)
        return [self._reader.table(start + 4 * i) for i in range(count)]

    def _span(self, index: int, item_bytes: int) -> tuple[int, int]:
        position = self.field(index)
        return (0, 0) if position is None else self._reader.span(position, item_bytes)


class _Reader:
    """Follows offsets in the file's bytes, never outside them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        # A sound file holds everything once. Offsets that make the same bytes be read over and
        # over (a small file posing as a huge one) use this up.
        self._bytes_left = 2 * len(data) + 4096

    def number(self, layout: str, position: int) -> int:
        size = struct.calcsize(layout)
        if not 0 <= position <= len(self.data) - size:
            raise _DamagedError(f"byte {position} of {len(self.data)}")
        return struct.unpack_from(layout, self.data, position)[0]

    def table(self, position: int) -> _Table:
        """The table that the offset at `position` points to."""
        return _Table(self, position + self.number("<I", position))

    def span(self, position: int, item_bytes: int) -> tuple[int, int]:
        """Start and length of the vector that the offset at `position` points to."""
        start = position + self.number("<I", position)
        count = self.number("<I", start)
        self._bytes_left -= 4 + count * item_bytes
        if start + 4 + count * item_bytes > len(self.data) or self._bytes_left < 0:
            raise _DamagedError(f"{count} items at byte {start} of {len(self.data)}")
        return start + 4, count

    def model(self) -> TfliteFile:
        model = self.table(0)
        version = model.number(0, "<I")
        if version != 3:
            raise _DamagedError(f"schema version {version}, expected 3")
        subgraphs = model.tables(2)
        if len(subgraphs) != 1:
            raise _DamagedError(f"{len(subgraphs)} graphs, expected 1")
        codes = [self._operator_name(code) for code in model.tables(1)]
        buffers = [buffer.raw(0) for buffer in model.tables(4)]
        tensors = tuple(self._tensor(table, buffers) for table in subgraphs[0].tables(0))
        file = TfliteFile(
            tensors=tensors,
            operators=self._operators(subgraphs[0].tables(3), codes),
            inputs=subgraphs[0].vector(1, "i"),
            outputs=subgraphs[0].vector(2, "i"),
        )
        _check_indices(file)
        return file

    def _operator_name(self, code: _Table) -> str:
        # Files before 2020 hold the number in one byte (field 0), newer ones in field 3.
        number = max(code.number(0, "<b"), code.number(3, "<i"))
        if number < 0:
            raise _DamagedError(f"operator {number}")
        if number >= len(_OPERATORS):
            return f"OPERATOR_{number}"
        name = _OPERATORS[number]
        if name == "CUSTOM":
            return f"CUSTOM {code.raw(1)[:40].decode('utf-8', 'replace')!r}"
        return name

    def _operators(self, tables: list[_Table], codes: list[str]) -> tuple[Operator, ...]:
        operators, seen = [], Counter()
        for table in tables:
            code = table.number(0, "<I")
            if code >= len(codes):
                raise _DamagedError(f"operator code {code} of {len(codes)}")
            op = codes[code]
            seen[op] += 1
            name = f"{op.lower()}_{seen[op]}"
            inputs, outputs = table.vector(1, "i"), table.vector(2, "i")
            operators.append(Operator(name, op, inputs, outputs, _options(op, name, table)))
        return tuple(operators)

    def _tensor(self, table: _Table, buffers: list[bytes]) -> Tensor:
        name = table.raw(3).decode("utf-8", "replace")
        dtype = _TYPES.get(table.number(1, "<b"))
        buffer = table.number(2, "<I")
        shape = table.vector(0, "i")
        shown = name[:40]  # in messages: names made by Keras can be longer than a screen
        if dtype is None or dtype == "string":
            raise _DamagedError(f"tensor {shown!r} of a type no board has")
        if buffer >= len(buffers):
            raise _DamagedError(f"buffer {buffer} of {len(buffers)}")
        if len(shape) > _MAX_RANK or any(size < 1 for size in shape):
            raise _DamagedError(f"tensor {shown!r} of shape {shape[:_MAX_RANK]}")
        data = buffers[buffer] or None
        quantization = self._quantization(table.table(4), shape, shown)
        tensor = Tensor(name, shape, table.vector(7, "i"), dtype, quantization, data)
        if tensor.n_bytes > _MAX_TENSOR_BYTES:
            raise _DamagedError(f"tensor {shown!r} of {tensor.n_bytes:,} bytes")
        if data is not None and len(data) != tensor.n_bytes:
            raise _DamagedError(f"tensor {shown!r}: {len(data)} bytes of {tensor.n_bytes}")
        return tensor

    def _quantization(
        self, table: _Table | None, shape: tuple[int, ...], name: str
    ) -> Quantization | None:
        scale = table.vector(2, "f") if table else ()
        if not scale:
            return None
        zero_point = table.vector(3, "q")  # TensorFlow Lite Micro wants it written out, too
        axis = table.number(6, "<i")
        channels = shape[axis] if 0 <= axis < len(shape) else 1
        if len(scale) not in (1, channels) or len(zero_point) not in (1, len(scale)):
            numbers = f"{len(scale)} scales and {len(zero_point)} zero points"
            raise _DamagedError(f"tensor {name!r}: {numbers} for {channels} channels")
        if not all(math.isfinite(s) and s > 0 for s in scale):
            raise _DamagedError(f"tensor {name!r}: a scale that is not above 0")
        if any(abs(z) > 1 << 15 for z in zero_point):
            raise _DamagedError(f"tensor {name!r}: zero point out of range")
        return Quantization(scale, zero_point, axis)


def _options(op: str, name: str, operator: _Table) -> dict[str, int | float | str]:
    """The options of an operator that are listed in `_OPTIONS`."""
    kind, *fields = _OPTIONS.get(op, (0,))
    if not fields:
        return {}
    found, table = operator.number(3, "<B"), operator.table(4)
    if table is not None and found != kind:
        raise _DamagedError(f"{name} with options of type {found}, expected {kind}")
    options = {}
    for option, index, layout, default in fields:
        value = table.number(index, layout, default) if table else default
        if option in _WORDS:
            if not 0 <= value < len(_WORDS[option]):
                raise _DamagedError(f"{name} with {option} {value}")
            value = _WORDS[option][value]
        options[option] = value
    return options


def _check_indices(file: TfliteFile) -> None:
    """Every tensor that an operator or the graph names exists."""
    if not file.operators or not file.inputs or not file.outputs:
        raise _DamagedError("a network without layers, inputs or outputs")
    for operator in file.operators:
        if not operator.outputs or not operator.inputs:
            raise _DamagedError(f"{operator.name} without inputs or outputs")
        if min(operator.inputs) < -1 or min(operator.outputs) < 0:
            raise _DamagedError(f"{operator.name} names a tensor below 0")
    named = [i for o in file.operators for i in (*o.inputs, *o.outputs)]
    named += [*file.inputs, *file.outputs]
    if max(named) >= len(file.tensors) or min((*file.inputs, *file.outputs)) < 0:
        raise _DamagedError(f"tensor {max(named)} of {len(file.tensors)}")
