"""What to use in place of operators that the compiler does not have: the rest of a refusal.

Most of these have no int8 form in TensorFlow Lite Micro either.
"""

_LARGEST = "Leave it out and take the largest of the scores where they are used"
_FLOAT = "TensorFlow Lite Micro has no int8 form of it: use ReLU, tanh, sigmoid or hard swish"
_UNROLL = "Build recurrent layers with unroll=True"
_COMPARED = "It makes no int8: use MAXIMUM, MINIMUM, ReLU or a multiplication by 0 and 1"

#: By operator, one sentence without the full stop.
INSTEAD = {
    "ADD_N": "Add two at a time",
    "ARG_MAX": _LARGEST,
    "ARG_MIN": _LARGEST,
    "BATCH_MATMUL": "Use dense layers, whose weights are constants",
    "BIDIRECTIONAL_SEQUENCE_LSTM": "Use an LSTM in one direction",
    "BIDIRECTIONAL_SEQUENCE_RNN": _UNROLL,
    "CEIL": _FLOAT,
    "COS": _FLOAT,
    "CUMSUM": "Use a dense layer whose weights are ones below the diagonal",
    "DIV": "Multiply by the inverse, if it is a constant, or use RSQRT",
    "EQUAL": _COMPARED,
    "EXP": _FLOAT,
    "FLOOR": _FLOAT,
    "GELU": "TensorFlow Lite Micro does not have it: use ReLU, tanh, sigmoid or hard swish",
    "GREATER": _COMPARED,
    "GREATER_EQUAL": _COMPARED,
    "IF": "Build a network that computes the same at each input",
    "L2_POOL_2D": "Use average or maximum pooling",
    "LESS": _COMPARED,
    "LESS_EQUAL": _COMPARED,
    "LOG": "TensorFlow Lite Micro has no int8 form of it: use it in the front end, or LOG_SOFTMAX",
    "LSTM": _UNROLL,
    "NEG": "Multiply by -1, or subtract from 0",
    "NOT_EQUAL": _COMPARED,
    "POW": "Multiply the value by itself",
    "REDUCE_PROD": "Multiply two values at a time",
    "RELU_0_TO_1": "Use ReLU6, or MAXIMUM and MINIMUM",
    "RELU_N1_TO_1": "Use MAXIMUM and MINIMUM, or let a layer have this activation",
    "RNN": _UNROLL,
    "ROUND": _FLOAT,
    "SELECT": _COMPARED,
    "SELECT_V2": _COMPARED,
    "SIN": _FLOAT,
    "SQRT": "TensorFlow Lite Micro has no int8 form of it: multiply by RSQRT",
    "SQUARE": "Multiply the value by itself",
    "TILE": "TensorFlow Lite Micro does not have it: use Concatenate or UpSampling2D",
    "UNIDIRECTIONAL_SEQUENCE_RNN": _UNROLL,
    "WHERE": _COMPARED,
    "WHILE": _UNROLL,
}
