"""Reading a .tflite file in plain Python: what its tables mean.

The field numbers are those of `schema.fbs` of TensorFlow Lite, version 3. "Damaged" is said of
bytes that do not form what the schema says. What is whole, but nothing that a board has memory for,
is refused by its own name; whether TensorFlow Lite Micro has an operator, it says itself.
"""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tinykit.common.errors import TinykitError
from tinykit.quantization.tflite.file import Operator, Quantization, Tensor, TfliteFile
from tinykit.quantization.tflite.flatbuffer import DamagedError, FlatBuffer, Table
from tinykit.quantization.tflite.schema import BITS, OPERATORS, OPTIONS, TYPES, WORDS

_MAX_RANK = 8
_MAX_TENSOR_BYTES = 1 << 26  # 64 MB: far more than any board has, little for a laptop

#: Their constants take fewer bytes than their shape says; the decoder belongs to the interpreter.
_COMPRESSED = b"COMPRESSION_METADATA"
DAMAGED = "Export or download it again"


def read(model: bytes | Path | str, source: str | None = None) -> TfliteFile:
    """Read a .tflite file's structure.

    Args:
        model: the file's bytes, or its path.
        source: what error messages call it; default the path, or "The model".

    Raises TinykitError when the file is missing, cut short, damaged or not a .tflite file, and when
    a tensor of it has no fixed size or a huge one.
    """
    data, source = load(model, source)
    if len(data) < 16 or data[4:8] != b"TFL3":
        what = "is empty" if not data else "is not a .tflite file"
        raise TinykitError(f"{source} {what}. Give the model.tflite that tinykit.quantize wrote.")
    try:
        return _model(FlatBuffer(data).table(0))
    except DamagedError as error:
        raise TinykitError(f"{source} is cut short or damaged ({error}). {DAMAGED}.") from None
    except _RefusedError as refused:
        raise TinykitError(f"{source} has {refused}.") from None


def load(model: bytes | Path | str, source: str | None) -> tuple[bytes, str]:
    if isinstance(model, bytes | bytearray | memoryview):
        return bytes(model), source or "The model"
    path = Path(model)
    try:
        return path.read_bytes(), source or str(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TinykitError(f"{path} cannot be read ({reason}). Check the path.") from error


class _RefusedError(Exception):
    """The rest of the sentence "The model has ...", and what to do."""


def _model(model: Table) -> TfliteFile:
    version = model.number(0, "<I")
    if version != 3:
        raise DamagedError(f"schema version {version}, expected 3")
    codes = [_operator_name(code) for code in model.tables(1)]
    buffers = [buffer.raw(0) for buffer in model.tables(4)]
    compressed = any(entry.raw(0) == _COMPRESSED for entry in model.tables(6))
    graphs = [_graph(graph, codes, buffers, compressed) for graph in model.tables(2)]
    if not graphs:
        raise DamagedError("no network in it")
    first, *others = graphs
    if not first.operators or not first.inputs or not first.outputs:
        raise DamagedError("a network without layers, inputs or outputs")
    return TfliteFile(first.tensors, first.operators, first.inputs, first.outputs, tuple(others))


def _graph(table: Table, codes: list[str], buffers: list[bytes], compressed: bool) -> TfliteFile:
    graph = TfliteFile(
        tensors=tuple(_tensor(tensor, buffers, compressed) for tensor in table.tables(0)),
        operators=_operators(table.tables(3), codes),
        inputs=table.vector(1, "i"),
        outputs=table.vector(2, "i"),
    )
    _check_indices(graph)
    return graph


def _operator_name(code: Table) -> str:
    # Files before 2020 hold the number in one byte (field 0), newer ones in field 3.
    number = max(code.number(0, "<b"), code.number(3, "<i"))
    if number < 0:
        raise DamagedError(f"operator {number}")
    if number >= len(OPERATORS):
        return f"OPERATOR_{number}"
    name = OPERATORS[number]
    if name == "CUSTOM":
        return f"CUSTOM {code.raw(1)[:40].decode('utf-8', 'replace')!r}"
    return name


def _operators(tables: list[Table], codes: list[str]) -> tuple[Operator, ...]:
    operators, seen = [], Counter()
    for table in tables:
        code = table.number(0, "<I")
        if code >= len(codes):
            raise DamagedError(f"operator code {code} of {len(codes)}")
        op = codes[code]
        seen[op] += 1
        name = f"{op.lower()}_{seen[op]}"
        inputs, outputs = table.vector(1, "i"), table.vector(2, "i")
        operators.append(Operator(name, op, inputs, outputs, _options(op, name, table)))
    return tuple(operators)


def _tensor(table: Table, buffers: list[bytes], compressed: bool) -> Tensor:
    name = table.raw(3).decode("utf-8", "replace")
    number, buffer = table.number(1, "<b"), table.number(2, "<I")
    dtype, shape = TYPES.get(number), table.vector(0, "i")
    shown = name[:40]  # in messages: names made by Keras can be longer than a screen
    if dtype is None:
        raise DamagedError(f"tensor {shown!r} of an unknown type, {number}")
    if buffer >= len(buffers):
        raise DamagedError(f"buffer {buffer} of {len(buffers)}")
    if len(shape) > _MAX_RANK or any(size < -1 for size in shape):
        raise DamagedError(f"tensor {shown!r} of shape {shape[:_MAX_RANK]}")
    if 0 in shape and math.prod(size for size in shape if size) > _MAX_TENSOR_BYTES:
        raise DamagedError(f"tensor {shown!r} of shape {shape}")
    if -1 in shape:
        raise _RefusedError(
            f"a tensor of varying size ({shown!r}, {shape}). Convert it again with fixed shapes"
        )
    tensor = Tensor(
        name=name,
        shape=shape,
        shape_signature=table.vector(7, "i"),
        dtype=dtype,
        quantization=_quantization(table.table(4), shown),
        data=_constant(buffers[buffer], shape),
        is_variable=table.number(5, "<?", False),
    )
    if tensor.n_bytes > _MAX_TENSOR_BYTES:
        raise _RefusedError(
            f"a tensor of {tensor.n_bytes:,} bytes ({shown!r}), which no board has room for. "
            "Use smaller inputs or layers"
        )
    if tensor.data is None or not BITS[dtype] or compressed or table.field(6) is not None:
        return tensor  # field 6: sparse, which takes fewer bytes
    if len(tensor.data) < tensor.n_bytes:
        raise DamagedError(f"tensor {shown!r}: {len(tensor.data)} bytes of {tensor.n_bytes}")
    return tensor


def _constant(data: bytes, shape: Sequence[int]) -> bytes | None:
    """A buffer's bytes; None for an activation. A tensor of no elements is a constant."""
    return data or (b"" if 0 in shape else None)


def _quantization(table: Table | None, name: str) -> Quantization | None:
    """As the file says it: kernels look at the scales that they need, and only at those."""
    scale, zero_point = (table.vector(2, "f"), table.vector(3, "q")) if table else ((), ())
    if not scale or not zero_point:  # TensorFlow Lite Micro wants zero points written out, too
        return None
    if len(zero_point) not in (1, len(scale)):
        numbers = f"{len(scale)} scales and {len(zero_point)} zero points"
        raise DamagedError(f"tensor {name!r}: {numbers}")
    if not all(math.isfinite(s) and s >= 0 for s in scale):
        raise DamagedError(f"tensor {name!r}: a scale that is not above 0")
    if any(abs(z) > 1 << 31 for z in zero_point):
        raise DamagedError(f"tensor {name!r}: zero point out of range")
    return Quantization(scale, zero_point, table.number(6, "<i"))


def _options(op: str, name: str, operator: Table) -> dict[str, int | float | str]:
    """The options of an operator that are listed in `OPTIONS`."""
    kind, *fields = OPTIONS.get(op, (0,))
    if not fields:
        return {}
    found, table = operator.number(3, "<B"), operator.table(4)
    if table is not None and found != kind:
        raise DamagedError(f"{name} with options of type {found}, expected {kind}")
    options = {}
    for option, index, layout, default in fields:
        if layout == "text":
            value = table.raw(index).decode("utf-8", "replace") if table else default
        else:
            value = table.number(index, layout, default) if table else default
        if option in WORDS:
            if not 0 <= value < len(WORDS[option]):
                raise DamagedError(f"{name} with {option} {value}")
            value = WORDS[option][value]
        options[option] = value
    return options


def _check_indices(graph: TfliteFile) -> None:
    """Every tensor that an operator or the graph names exists."""
    named = [*graph.inputs, *graph.outputs]
    for operator in graph.operators:
        if min(operator.inputs, default=0) < -1 or min(operator.outputs, default=0) < -1:
            raise DamagedError(f"{operator.name} names a tensor below 0")
        named += [*operator.inputs, *operator.outputs]
    n = len(graph.tensors)
    if max(named, default=-1) >= n or min((*graph.inputs, *graph.outputs), default=0) < 0:
        raise DamagedError(f"tensor {max(named)} of {n}")
