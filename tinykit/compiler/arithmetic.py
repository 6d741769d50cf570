"""TensorFlow Lite Micro's integer arithmetic, exactly, in Python.

What depends on a single int8 becomes a table that is computed here, so that the board only looks it
up. The functions work on Python integers or int64 arrays alike. Sources: TensorFlow Lite's
`quantization_util.cc` and the fixed-point functions of gemmlowp, both by Google.
"""

import math

import numpy as np

INT8 = np.arange(-128, 128, dtype=np.int64)  # every int8, in the order of the tables
_ONE = (1 << 31) - 1  # 1.0 in fixed point without integer bits


def quantized_multiplier(real: float) -> tuple[int, int]:
    """A real factor above 0 as (multiplier, shift): real = multiplier / 2^31 * 2^shift.

    multiplier is 0 or 2^30 ... 2^31 - 1. Raises ValueError for factors of 2^30 or more, for which
    TensorFlow Lite's arithmetic overflows, and for what is no number.
    """
    if not 0 <= real < 1 << 30:
        raise ValueError(f"a factor of {real:g}")
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier, shift = 1 << 30, shift + 1
    return (multiplier, shift) if shift >= -31 else (0, 0)


def multiply(x, multiplier: int, shift: int):
    """x * multiplier / 2^31 * 2^shift in int32, rounded twice as TensorFlow Lite does."""
    product = rounded_product(_wrapped(x << max(shift, 0)), multiplier)
    return rounded_shift(product, max(-shift, 0))


def multiply_each(x: np.ndarray, multipliers: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """`multiply` of each number by a factor of its own, int64 (n,)."""
    wide = [array.astype(np.int64) for array in (x, multipliers, shifts)]
    product = rounded_product(_wrapped(wide[0] << np.maximum(wide[2], 0)), wide[1])
    right = np.maximum(-wide[2], 0)
    half = (1 << right) >> 1
    return np.where(right > 0, (product + half - (product < 0)) >> right, product)


def rounded_product(a, b):
    """Two numbers in [-1, 1), as integers of 2^-31: their product, a half rounded up."""
    return (a * b + (1 << 30)) >> 31


def rounded_shift(x, bits: int):
    """x / 2^bits to the nearest integer, a half away from zero."""
    return (x + (1 << bits >> 1) - (x < 0)) >> bits if bits else x


def _wrapped(x):
    """x as an int32 after overflow."""
    return ((x + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def _shifted_up(x: int, bits: int) -> int:
    """x * 2^bits, saturated to int32 (the bounds are gemmlowp's)."""
    limit = (1 << (31 - bits)) - 1
    return _ONE if x > limit else -_ONE - 1 if x < -limit else x << bits


def exponential(x: int, integer_bits: int) -> int:
    """exp(x) for x <= 0 in fixed point with `integer_bits`; the result has none."""
    if x == 0:
        return _ONE
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    rest = (x & (quarter - 1)) - quarter  # in [-1/4, 0)
    result = _exponential_near_zero(_shifted_up(rest, integer_bits))
    remainder = rest - x
    # exp(-1/4), exp(-1/2), exp(-1), ... for each binary digit of what is left
    factors = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
    for exponent, factor in zip(range(-2, integer_bits), factors, strict=False):
        if remainder & (1 << (fraction_bits + exponent)):
            result = rounded_product(result, factor)
    return result


def _exponential_near_zero(a: int) -> int:
    """exp(a) for a in [-1/4, 0): a Taylor series around -1/8."""
    x = a + (1 << 28)
    x2 = rounded_product(x, x)
    x3, x4 = rounded_product(x2, x), rounded_product(x2, x2)
    third = 715827883
    terms = rounded_product(rounded_shift(x4, 2) + x3, third) + x2
    constant = 1895147668  # exp(-1/8)
    return constant + rounded_product(constant, x + rounded_shift(terms, 1))


def _newton_reciprocal(a: int) -> int:
    """2 / (1 + a) for a in (0, 1), with two integer bits (Newton-Raphson division)."""
    half_denominator = (a + _ONE + 1) >> 1
    x = 1515870810 + rounded_product(half_denominator, -1010580540)  # 48/17 - 32/17 d
    for _ in range(3):
        error = (1 << 29) - rounded_product(half_denominator, x)
        x += _shifted_up(rounded_product(x, error), 2)
    return x


def _logistic(x: int) -> int:
    """1 / (1 + exp(-x)), x with 4 integer bits."""
    if x == 0:
        return 1 << 30
    positive = _shifted_up(_newton_reciprocal(exponential(-abs(x), 4)), 1)
    return positive if x > 0 else _ONE - positive


def _tanh(x: int) -> int:
    """tanh(x), x with 4 integer bits."""
    if x == 0:
        return 0
    # Twice x in the same bits is x with one more integer bit.
    reciprocal = _newton_reciprocal(exponential(-abs(x), 5))
    result = _shifted_up(reciprocal - (1 << 29), 2)
    return result if x > 0 else -result


def _sigmoid_table(function, output_bits: int, offset: int, scale: float, zero_point: int):
    """A table of a function that saturates on both sides."""
    real = float(np.float32(scale)) * (1 << 27)
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    radius = math.floor(15 * (1 << 27) / 2.0**shift)
    if radius >= 1 << 31:
        raise ValueError(f"an input scale of {scale:g}")  # TensorFlow Lite's int overflows
    table = []
    for q in INT8.tolist():
        x = q - zero_point
        if abs(x) >= radius:
            table.append(127 if x > 0 else -128)
        else:
            y = rounded_shift(function(multiply(x, multiplier, shift)), 31 - output_bits)
            table.append(min(max(y + offset, -128), 127))
    return np.array(table, np.int8)


def logistic_table(scale: float, zero_point: int) -> np.ndarray:
    """LOGISTIC of each int8, int8 (256,): scale 1/256, zero point -128."""
    return _sigmoid_table(_logistic, 8, -128, scale, zero_point)


def tanh_table(scale: float, zero_point: int) -> np.ndarray:
    """TANH of each int8, int8 (256,): scale 1/128, zero point 0."""
    return _sigmoid_table(_tanh, 7, 0, scale, zero_point)


def requantized_table(
    real: float, zero_points: tuple[int, int], low: int = -128, high: int = 127
) -> np.ndarray:
    """Each int8 times a real factor, int8 (256,); clamped to low ... high."""
    y = multiply(INT8 - zero_points[0], *quantized_multiplier(real)) + zero_points[1]
    return np.clip(y, low, high).astype(np.int8)


def leaky_relu_table(
    input_scale: float, output_scale: float, alpha: float, zero_points: tuple[int, int]
) -> np.ndarray:
    """LEAKY_RELU of each int8, int8 (256,)."""
    above = requantized_table(input_scale / output_scale, zero_points)
    # alpha may be below 0: a negative multiplier is what TensorFlow Lite computes with, too.
    factor = input_scale * alpha / output_scale
    multiplier, shift = quantized_multiplier(abs(factor))
    x = INT8 - zero_points[0]
    below = multiply(x, -multiplier if factor < 0 else multiplier, shift) + zero_points[1]
    return np.where(x >= 0, above, np.clip(below, -128, 127)).astype(np.int8)


def absolute_table(
    input_scale: float, output_scale: float, zero_points: tuple[int, int]
) -> np.ndarray:
    """ABS of each int8, int8 (256,)."""
    y = np.abs(INT8 - zero_points[0])
    if np.float32(input_scale) != np.float32(output_scale):
        y = multiply(y, *quantized_multiplier(input_scale / output_scale))
    return np.clip(y + zero_points[1], -128, 127).astype(np.int8)


def elu_table(input_scale: float, output_scale: float, zero_points: tuple[int, int]) -> np.ndarray:
    """ELU of each int8, int8 (256,), computed in float32 as TensorFlow Lite does."""
    x = np.float32(input_scale) * (INT8 - zero_points[0]).astype(np.float32)
    below = np.float32(np.exp(np.minimum(x, 0).astype(float))) - np.float32(1)
    inverse = np.float32(1) / np.float32(output_scale)
    steps = np.where(x < 0, below, x) * inverse
    whole = np.trunc(steps)
    whole += np.where(np.abs(steps - whole) >= 0.5, np.sign(steps), 0).astype(np.float32)
    return np.clip(whole.astype(float) + zero_points[1], -128, 127).astype(np.int8)


def rsqrt_table(input_scale: float, output_scale: float, output_zero_point: int) -> np.ndarray:
    """RSQRT, 1 / sqrt(x), of each int8, int8 (256,); the input's zero point is -128.

    Zero gives the largest int8.
    """
    wide = float(np.float32(input_scale)), float(np.float32(output_scale))
    multiplier, shift = quantized_multiplier(1 / (math.sqrt(wide[0]) * wide[1]))
    table = [127]
    for x in range(1, 256):
        inverse, inverse_shift = inverse_square_root(x)
        fine = multiply(1, inverse, inverse_shift + 20)  # 20 bits, so that it is no zero
        y = multiply(fine, multiplier, shift - 20) + output_zero_point
        table.append(min(max(y, -128), 127))
    return np.array(table, np.int8)


def inverse_square_root(x: int) -> tuple[int, int]:
    """1 / sqrt(x) of an int32 >= 0 as (multiplier, shift), as of `quantized_multiplier`.

    0 counts as 1. Newton's method with three integer bits.
    """
    if x <= 1:
        return _ONE, 0
    shift = 11
    while x >= 1 << 29:
        x, shift = x // 4, shift + 1
    pairs = (31 - x.bit_length()) // 2 - 1
    x, shift = x << (2 * pairs), shift - pairs
    half = rounded_shift(x >> 1, 1)
    guess = 1 << 28  # 1
    for _ in range(5):
        cube = _shifted_up(rounded_product(rounded_product(guess, guess), guess), 6)
        # 3/2 guess - x / 2 guess^3
        difference = rounded_product(402653184, guess) - rounded_product(half, cube)
        guess = _shifted_up(difference, 3)
    guess = rounded_product(guess, 1518500250)  # sqrt(1/2)
    return (guess << -shift, 0) if shift < 0 else (guess, -shift)


def hard_swish_table(
    input_scale: float, output_scale: float, zero_points: tuple[int, int]
) -> np.ndarray:
    """HARD_SWISH of each int8, int8 (256,), in 16-bit fixed point as TensorFlow Lite does."""
    fine = np.float32(1 / 128) * np.float32(input_scale)
    output, output_shift = _short_multiplier(float(fine / np.float32(output_scale)))
    relu, relu_shift = _short_multiplier(float(fine / np.float32(3 / 32768)))
    if output_shift > 0:
        raise ValueError(f"an output scale of {output_scale:g}, much smaller than the input's")
    table = []
    for q in INT8.tolist():
        x = (q - zero_points[0]) << 7  # fits: zero points are int8
        preshift = _product16(x, output)
        gate = x
        if relu_shift > 0:
            gate = _saturated16(gate << (relu_shift - 1))
        gate = _product16(gate, relu)
        if relu_shift > 0:
            gate = _saturated16(gate << 1)
        elif relu_shift < 0:
            gate = rounded_shift(gate, -relu_shift)
        gate = (gate + (1 << 15)) >> 1
        product = gate * preshift
        y = abs(product) >> 15  # rounded towards zero
        y = rounded_shift(y if product >= 0 else -y, -output_shift) + zero_points[1]
        table.append(min(max(y, -128), 127))
    return np.array(table, np.int8)


def _short_multiplier(real: float) -> tuple[int, int]:
    """As `quantized_multiplier`, the multiplier with 15 bits."""
    multiplier, shift = quantized_multiplier(real)
    return (0x7FFF if multiplier >= 0x7FFF0000 else (multiplier + (1 << 15)) >> 16), shift


def _product16(a: int, b: int) -> int:
    return (a * b + (1 << 14)) >> 15


def _saturated16(x: int) -> int:
    return min(max(x, -32768), 32767)


def softmax_exponentials(scale: float, beta: float) -> np.ndarray:
    """exp(beta * scale * -d) for differences d = 0, 1, ... as SOFTMAX wants it, int32 (n,).

    Fixed point without integer bits. n is at most 256; from d = n on the result counts as 0.

    Raises ValueError when beta * scale is so small that TensorFlow Lite refuses it.
    """
    real = min(float(np.float32(beta)) * float(np.float32(scale)) * (1 << 26), (1 << 31) - 1.0)
    if not real > 1:
        raise ValueError(f"beta {beta:g} times scale {scale:g}")
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier, shift = 1 << 30, shift + 1
    radius = math.floor(31 * (1 << 26) / 2.0**shift)
    differences = range(min(radius, 255) + 1)
    # TensorFlow Lite's product for factors above one: shifted to the left first, rounded once.
    scaled = [rounded_product(_wrapped(-d << shift), multiplier) for d in differences]
    table = np.array([exponential(x, 5) for x in scaled], np.int32)
    return table[table >= 1 << 11]  # less adds nothing to the sum, and is 0 in the result


def sum_table(scales: tuple[float, float, float], zero_points: tuple[int, int, int], sign: int):
    """ADD (sign 1) or SUB (-1) before the activation, int64 (256, 256), and its parameters.

    Entry [i, j] is the sum of q0 = i - 128 and q1 = j - 128. `scales` and `zero_points` are those
    of both inputs and the output.

    Raises ValueError when the output's scale is so small that TensorFlow Lite refuses it.
    """
    twice_max, first, second = _common_scale(scales[:2])
    factor = twice_max / ((1 << 20) * float(np.float32(scales[2])))
    if not factor < 1:
        raise ValueError(f"an output scale of {scales[2]:g}, much smaller than the inputs'")
    last = quantized_multiplier(factor)
    a = multiply((INT8 - zero_points[0]) << 20, *first)
    b = multiply((INT8 - zero_points[1]) << 20, *second)
    total = multiply(a[:, None] + sign * b[None, :], *last) + zero_points[2]
    return total, dict(zip(_EXACT, (*first, *second, *last), strict=True))


_EXACT = ("multiplierA", "shiftA", "multiplierB", "shiftB", "multiplier", "shift")


def _common_scale(scales: tuple[float, float]) -> tuple[float, tuple[int, int], tuple[int, int]]:
    """Twice the larger one of two scales, and the factors from both to that."""
    wide = [float(np.float32(scale)) for scale in scales]
    twice_max = 2 * max(wide)
    first, second = (quantized_multiplier(scale / twice_max) for scale in wide)
    return twice_max, first, second


def squared_difference_table(
    scales: tuple[float, float, float], zero_points: tuple[int, int, int]
) -> tuple[np.ndarray, dict[str, int]]:
    """SQUARED_DIFFERENCE of each pair of int8, int64 (256, 256), unclamped, and its parameters.

    As `sum_table`.
    """
    twice_max, first, second = _common_scale(scales[:2])
    last = quantized_multiplier(twice_max**2 / float(np.float32(1 << 14) * np.float32(scales[2])))
    a = multiply((INT8 - zero_points[0]) << 7, *first)
    b = multiply((INT8 - zero_points[1]) << 7, *second)
    square = multiply((a[:, None] - b[None, :]) ** 2, *last) + zero_points[2]
    return square, dict(zip(_EXACT, (*first, *second, *last), strict=True))
