"""Writing small .tflite files field by field, so that tests can have any network they can think of.

No converter and no training: a network with random weights takes about a millisecond. The numbers
of fields, operators and options are those of TensorFlow Lite's `schema.fbs`, version 3.
"""

from collections.abc import Sequence

import flatbuffers
import numpy as np

PADDING = {"SAME": 0, "VALID": 1}
ACTIVATION = {"NONE": 0, "RELU": 1, "RELU_N1_TO_1": 2, "RELU6": 3}
_TYPE = {"float32": 0, "float16": 1, "int32": 2, "uint8": 3, "int64": 4, "string": 5, "bool": 6}
_TYPE |= {"int16": 7, "complex64": 8, "int8": 9, "float64": 10, "complex128": 11, "uint64": 12}
_TYPE |= {"resource": 13, "variant": 14, "uint32": 15, "uint16": 16, "int4": 17, "bfloat16": 18}
_TYPE |= {"int2": 19, "uint4": 20}

# Operator -> (its number, the number of its options' table or 0, field and type of each option).
_OPERATORS = {
    "ADD": (0, 11, {"activation": (0, "Int8")}),
    "AVERAGE_POOL_2D": (1, 5, None),
    "CONCATENATION": (2, 10, {"axis": (0, "Int32"), "activation": (1, "Int8")}),
    "CONV_2D": (3, 1, None),
    "DEPTHWISE_CONV_2D": (4, 2, None),
    "FULLY_CONNECTED": (9, 8, {"activation": (0, "Int8"), "keep_dims": (2, "Bool")}),
    "LOGISTIC": (14, 0, {}),
    "MAX_POOL_2D": (17, 5, None),
    "MUL": (18, 21, {"activation": (0, "Int8")}),
    "RELU": (19, 0, {}),
    "RELU6": (21, 0, {}),
    "RESHAPE": (22, 17, {}),
    "SOFTMAX": (25, 9, {"beta": (0, "Float32")}),
    "TANH": (28, 0, {}),
    "PAD": (34, 22, {}),
    "MEAN": (40, 27, {"keep_dims": (0, "Bool")}),
    "SUB": (41, 28, {"activation": (0, "Int8")}),
    "SQUEEZE": (43, 30, {}),
    "EXPAND_DIMS": (70, 52, {}),
    # Whole numbers computed of shapes
    "GATHER": (36, 23, {"axis": (0, "Int32")}),
    "PACK": (83, 59, {"values_count": (0, "Int32"), "axis": (1, "Int32")}),
    "REDUCE_PROD": (81, 27, {"keep_dims": (0, "Bool")}),
    "SHAPE": (77, 55, {"out_type": (0, "Int8")}),
    "STRIDED_SLICE": (
        45,
        32,
        {
            name: (i, "Int32")
            for i, name in enumerate(("begin", "end", "ellipsis", "new_axis", "shrink_axis"))
        },
    ),
    # A state that lasts from one inference to the next
    "CALL_ONCE": (129, 103, {"graph": (0, "Int32")}),
    "VAR_HANDLE": (142, 111, {"container": (0, "String"), "shared_name": (1, "String")}),
    "READ_VARIABLE": (143, 112, {}),
    "ASSIGN_VARIABLE": (144, 113, {}),
    # Others
    "CAST": (53, 37, {}),
    "DEQUANTIZE": (6, 38, {}),
    "GELU": (150, 123, {}),
    "ARG_MAX": (56, 40, {"output_type": (0, "Int8")}),
    "SPLIT": (49, 35, {"num_splits": (0, "Int32")}),
    "TheirOwn": (32, 0, {}),  # a custom operator of that name
    "LEAKY_RELU": (98, 75, {"alpha": (0, "Float32")}),
    "QUANTIZE": (114, 89, {}),
    "HARD_SWISH": (117, 0, {}),
}
_STRIDES = {"padding": (0, "Int8"), "stride_w": (1, "Int32"), "stride_h": (2, "Int32")}
_WINDOW_OPTIONS = {
    "CONV_2D": _STRIDES
    | {"activation": (3, "Int8"), "dilation_w": (4, "Int32"), "dilation_h": (5, "Int32")},
    "DEPTHWISE_CONV_2D": _STRIDES
    | {"depth_multiplier": (3, "Int32"), "activation": (4, "Int8")}
    | {"dilation_w": (5, "Int32"), "dilation_h": (6, "Int32")},
    "AVERAGE_POOL_2D": _STRIDES
    | {"filter_w": (3, "Int32"), "filter_h": (4, "Int32"), "activation": (5, "Int8")},
}
_WINDOW_OPTIONS["MAX_POOL_2D"] = _WINDOW_OPTIONS["AVERAGE_POOL_2D"]


class TfliteWriter:
    """Collects tensors and operators, then writes them: `to_bytes`.

    Tensors are named by the number that `tensor` and `constant` return.
    """

    def __init__(self) -> None:
        self._builder = flatbuffers.Builder(4096)
        self._codes: list[str] = []
        self._buffers = [self._table(1, {})]  # buffer 0 is empty, by convention
        self._tensors: list[int] = []
        self._operators: list[int] = []
        self._graphs: list[int] = []

    def tensor(
        self,
        shape: Sequence[int],
        scale: float | Sequence[float] | None = None,
        zero_point: int = 0,
        dtype: str = "int8",
        axis: int = 0,
        data: np.ndarray | None = None,
        signature: Sequence[int] | None = None,
        is_variable: bool = False,
    ) -> int:
        """A new tensor's number. Several scales are one per channel of `axis`; `data`: constant;
        `signature`: its shape with -1 where the size is free."""
        b = self._builder
        buffer = 0
        if data is not None:
            b.StartVector(1, data.nbytes, 16)
            b.head -= data.nbytes
            b.Bytes[b.head : b.head + data.nbytes] = data.tobytes()
            buffer = len(self._buffers)
            self._buffers.append(self._table(1, {0: ("UOffsetTRelative", b.EndVector())}))
        fields = {
            0: ("UOffsetTRelative", self._vector(shape, np.int32)),
            1: ("Int8", _TYPE[dtype]),
            2: ("Uint32", buffer),
            3: ("UOffsetTRelative", b.CreateString(f"tensor_{len(self._tensors)}")),
        }
        if signature is not None:
            fields[7] = ("UOffsetTRelative", self._vector(signature, np.int32))
        if is_variable:
            fields[5] = ("Bool", True)
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            zero_points = np.full(len(scales), zero_point, np.int64)
            quantization = {
                2: ("UOffsetTRelative", self._vector(scales, np.float32)),
                3: ("UOffsetTRelative", self._vector(zero_points, np.int64)),
                6: ("Int32", axis),
            }
            fields[4] = ("UOffsetTRelative", self._table(7, quantization))
        self._tensors.append(self._table(8, fields))
        return len(self._tensors) - 1

    def constant(
        self, data: np.ndarray, scale: float | Sequence[float] | None = None, axis: int = 0
    ) -> int:
        """The number of a new tensor that holds `data` (int8 or int32), zero point 0."""
        data = np.ascontiguousarray(data)
        return self.tensor(data.shape, scale, 0, str(data.dtype), axis, data)

    def operator(
        self, op: str, inputs: Sequence[int], outputs: Sequence[int], **options: float
    ) -> None:
        """Append an operator, e.g. `operator("SOFTMAX", [3], [4], beta=1.0)`; -1 = no input."""
        if op not in self._codes:
            self._codes.append(op)
        _, kind, layout = _OPERATORS[op]
        layout = _WINDOW_OPTIONS[op] if layout is None else layout
        values = {layout[name][0]: (layout[name][1], value) for name, value in options.items()}
        for field, (kind_of_option, value) in values.items():
            if kind_of_option == "String":
                values[field] = ("UOffsetTRelative", self._builder.CreateString(value))
        fields = {
            0: ("Uint32", self._codes.index(op)),
            1: ("UOffsetTRelative", self._vector(inputs, np.int32)),
            2: ("UOffsetTRelative", self._vector(outputs, np.int32)),
        }
        if kind:
            fields |= {3: ("Uint8", kind), 4: ("UOffsetTRelative", self._table(7, values))}
        self._operators.append(self._table(5, fields))

    def end_graph(self, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """What was written is one graph of several; tensors and operators begin anew."""
        graph = {
            0: ("UOffsetTRelative", self._offsets(self._tensors)),
            1: ("UOffsetTRelative", self._vector(inputs, np.int32)),
            2: ("UOffsetTRelative", self._vector(outputs, np.int32)),
            3: ("UOffsetTRelative", self._offsets(self._operators)),
        }
        self._graphs.append(self._table(4, graph))
        self._tensors, self._operators = [], []

    def to_bytes(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """The file of the network with these inputs and outputs. Call it once."""
        self.end_graph(inputs, outputs)
        codes = []
        for op in self._codes:
            number = _OPERATORS[op][0]
            fields = {0: ("Int8", min(number, 127)), 2: ("Int32", 1), 3: ("Int32", number)}
            if op == "TheirOwn":
                fields[1] = ("UOffsetTRelative", self._builder.CreateString(op))
            codes.append(self._table(4, fields))
        model = {
            0: ("Uint32", 3),
            1: ("UOffsetTRelative", self._offsets(codes)),
            2: ("UOffsetTRelative", self._offsets(self._graphs)),
            4: ("UOffsetTRelative", self._offsets(self._buffers)),
        }
        self._builder.Finish(self._table(5, model), b"TFL3")
        return bytes(self._builder.Output())

    def _table(self, size: int, fields: dict[int, tuple[str, float]]) -> int:
        b = self._builder
        b.StartObject(size)
        for field, (kind, value) in fields.items():
            # A default no value has: every field is written, also a 0.
            default = 0 if kind == "UOffsetTRelative" else None
            getattr(b, f"Prepend{kind}Slot")(field, value, default)
        return b.EndObject()

    def _vector(self, values: Sequence[float], dtype: type) -> int:
        return self._builder.CreateNumpyVector(np.asarray(values, dtype))

    def _offsets(self, tables: list[int]) -> int:
        self._builder.StartVector(4, len(tables), 4)
        for table in reversed(tables):
            self._builder.PrependUOffsetTRelative(table)
        return self._builder.EndVector()
