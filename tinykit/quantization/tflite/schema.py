"""The numbers of TensorFlow Lite's file format, from its `schema.fbs`, version 3."""

# The order is the number of the operator in the file; new operators are added at the end.
_NAMES = """
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
RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM
STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM
STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE STABLEHLO_ABS
STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG
STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT
STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE
STABLEHLO_CONVERT STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD
STABLEHLO_IOTA STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE
STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW
STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE
"""

OPERATORS = tuple(_NAMES.split())

TYPES = {
    **{0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 5: "string", 6: "bool"},
    **{7: "int16", 8: "complex64", 9: "int8", 10: "float64", 11: "complex128", 12: "uint64"},
    **{13: "resource", 14: "variant", 15: "uint32", 16: "uint16", 17: "int4", 18: "bfloat16"},
    **{19: "int2", 20: "uint4"},
}

#: Bits of one element, by type; 0 where the number of elements does not say how many there are.
BITS = {
    **{"string": 0, "resource": 0, "variant": 0, "int2": 2, "int4": 4, "uint4": 4},
    **{"uint8": 8, "int8": 8, "bool": 8, "float16": 16, "bfloat16": 16, "int16": 16, "uint16": 16},
    **{"float32": 32, "int32": 32, "uint32": 32, "int64": 64, "uint64": 64, "float64": 64},
    **{"complex64": 64, "complex128": 128},
}

# What an operator's options table holds: number of the table's type in the file, then for each
# field its name, number, layout and value when it is left out. `padding` and `activation` become
# words. Operators that are not listed have no options, or none that anybody here asks for.
_STRIDES = (("stride_width", 1, "<i", 0), ("stride_height", 2, "<i", 0))

OPTIONS = {
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
    "GATHER": (23, ("axis", 0, "<i", 0), ("batch_dims", 1, "<i", 0)),
    "MEAN": (27, ("keep_dims", 0, "<?", False)),
    "SUB": (28, ("activation", 0, "<b", 0)),
    "STRIDED_SLICE": (
        32,
        ("begin_mask", 0, "<i", 0),
        ("end_mask", 1, "<i", 0),
        ("ellipsis_mask", 2, "<i", 0),
        ("new_axis_mask", 3, "<i", 0),
        ("shrink_axis_mask", 4, "<i", 0),
        ("offset", 5, "<?", False),
    ),
    "PACK": (59, ("axis", 1, "<i", 0)),
    "LEAKY_RELU": (75, ("alpha", 0, "<f", 0.0)),
    "CALL_ONCE": (103, ("init_subgraph_index", 0, "<i", 0)),
    "VAR_HANDLE": (111, ("container", 0, "text", ""), ("shared_name", 1, "text", "")),
}

OPTIONS["MAX_POOL_2D"] = OPTIONS["AVERAGE_POOL_2D"]

WORDS = {
    "padding": ("SAME", "VALID"),
    "activation": ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"),
}
