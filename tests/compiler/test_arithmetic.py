"""The compiler's integer arithmetic, against its definitions and TensorFlow Lite Micro."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tflite_writer import ACTIVATION, TfliteWriter

from tinykit.compiler import arithmetic
from tinykit.compiler.add import best_linear_form
from tinykit.compiler.graph import ADD_SHIFT, Value

int32 = st.integers(-(1 << 31), (1 << 31) - 1)


def nearest(x: Fraction) -> int:
    """To the nearest integer, a half away from zero."""
    return int(math.copysign(math.floor(abs(x) + Fraction(1, 2)), x))


@given(int32, st.integers(0, (1 << 31) - 1))
def test_rounded_product_is_the_nearest_integer(a, b):
    """Within half a step of a * b / 2^31; a half goes up, as in gemmlowp on the Cortex-M4."""
    exact = Fraction(a * b, 1 << 31)
    assert arithmetic.rounded_product(a, b) == math.floor(exact + Fraction(1, 2))


@given(int32, st.integers(0, 31))
def test_rounded_shift_is_the_nearest_integer(x, bits):
    assert arithmetic.rounded_shift(x, bits) == nearest(Fraction(x, 1 << bits))


@given(st.floats(1e-12, 1e6))
def test_a_factor_keeps_31_bits(real):
    """Multiplier and shift give the factor again, to one part in 2^31 (or it is below 2^-32)."""
    multiplier, shift = arithmetic.quantized_multiplier(real)
    if real < 2.0**-32:
        assert (multiplier, shift) == (0, 0)
    else:
        again = Fraction(multiplier, 1 << 31) * Fraction(2) ** shift
        assert abs(again / Fraction(real) - 1) <= Fraction(1, 1 << 31)
        assert 1 << 30 <= multiplier < 1 << 31


@pytest.mark.parametrize("real", [float("nan"), float("inf"), -1.0, 2.0**31])
def test_factors_that_overflow_are_refused(real):
    with pytest.raises(ValueError, match="factor"):
        arithmetic.quantized_multiplier(real)


@given(st.integers(-(1 << 24), 1 << 24), st.floats(1e-6, 100))
def test_multiplying_is_off_by_less_than_one_step(x, real):
    """Two roundings of half a step each at most (and 31 bits of the factor)."""
    multiplier, shift = arithmetic.quantized_multiplier(real)
    exact = x * real
    if abs(exact) < 1 << 30:
        y = arithmetic.multiply(x, multiplier, shift)
        # Half a step for each rounding, and what 31 bits of the factor leave out.
        assert abs(y - exact) <= 1 + abs(exact) * 2.0**-30
        each = arithmetic.multiply_each(*(np.array([n]) for n in (x, multiplier, shift)))
        assert each.tolist() == [y], "one by one is the same as all at once"


@given(st.integers(-(1 << 31), 0))
def test_exponential_is_exp(x):
    """gemmlowp's Taylor series is good to seven digits of the full scale."""
    for bits in (4, 5):
        expected = math.exp(x / (1 << (31 - bits)))
        assert arithmetic.exponential(x, bits) / (1 << 31) == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize("scale", [0.004, 0.05, 0.2])
def test_tables_are_the_functions(scale):
    """LOGISTIC and TANH of each int8, next to the real functions: one step apart at most."""
    x = arithmetic.INT8 * scale
    logistic = np.clip(np.round(256 / (1 + np.exp(-x)) - 128), -128, 127)
    tanh = np.clip(np.round(128 * np.tanh(x)), -128, 127)
    assert np.abs(arithmetic.logistic_table(scale, 0) - logistic).max() <= 1
    assert np.abs(arithmetic.tanh_table(scale, 0) - tanh).max() <= 1


@pytest.mark.parametrize("scale", [0.004, 0.05, 0.5, 20.0])
def test_softmax_table_ends_where_nothing_is_left(scale):
    """exp(-d) to seven digits; what is left out is less than half a step of the sum, 2^-20."""
    table = arithmetic.softmax_exponentials(scale, 1.0)
    expected = np.exp(-np.arange(len(table)) * scale)
    np.testing.assert_allclose(table / 2.0**31, expected, atol=5e-7)
    assert len(table) == 256 or math.exp(-len(table) * scale) < 2.0**-20 * 1.001


def test_scales_that_tensorflow_lite_refuses_are_refused():
    for function, arguments in (
        (arithmetic.softmax_exponentials, (1e-9, 1.0)),
        (arithmetic.sum_table, ((1.0, 1.0, 1e-7), (0, 0, 0), 1)),
        (arithmetic.logistic_table, (1e-10, 0)),
        (arithmetic.hard_swish_table, (1000.0, 0.001, (0, 0))),
    ):
        with pytest.raises(ValueError):
            function(*arguments)


def random_sums(n: int) -> list[tuple[tuple, tuple, int]]:
    """Scales and zero points of n additions as converters make them, and whether they subtract."""
    rng = np.random.default_rng(5)
    sums = []
    for i in range(n):
        scales = np.exp(rng.uniform(-4, 0, 2))
        scales = np.float32([*scales, scales.sum() * rng.uniform(0.4, 1.1)]).astype(float)
        sums.append((tuple(scales.tolist()), tuple(rng.integers(-128, 128, 3).tolist()), i % 4))
    return sums


def linear_sum(form: tuple[int, int, int]) -> np.ndarray:
    """What nn/Add.h says it computes, for each pair."""
    m0, m1, bias = form
    a, b = arithmetic.INT8[:, None], arithmetic.INT8[None, :]
    return np.clip((bias + (m0 * a >> 8) + (m1 * b >> 8)) >> ADD_SHIFT, -128, 127)


@pytest.mark.tflm
def test_sums_are_those_of_tflm_for_every_pair():
    """All 65,536 pairs of 12 random additions and subtractions, against TFLM."""
    import tflm_batch

    sums, models = random_sums(12), []
    a, b = (grid.reshape(1, -1).astype(np.int8) for grid in np.meshgrid(*[arithmetic.INT8] * 2))
    for scales, zero_points, kind in sums:
        writer = TfliteWriter()
        source = writer.tensor(a.shape, scales[0], zero_points[0])
        other = writer.tensor(b.shape, scales[1], zero_points[1], data=b)
        target = writer.tensor(a.shape, scales[2], zero_points[2])
        op = "ADD" if kind else "SUB"
        writer.operator(op, [source, other], [target], activation=ACTIVATION["NONE"])
        models.append(writer.to_bytes([source], [target]))
    outputs = tflm_batch.run(models, [a] * len(models))
    for (scales, zero_points, kind), expected in zip(sums, outputs, strict=True):
        sign = 1 if kind else -1
        table, _ = arithmetic.sum_table(scales, zero_points, sign)
        table = np.clip(table, -128, 127)
        np.testing.assert_array_equal(table[a[0] + 128, b[0] + 128], expected[0])
        inputs = [Value((1,), scale, 0) for scale in scales[:2]]
        form = best_linear_form(table, inputs, Value((1,), scales[2], 0), sign, (-128, 127))
        if form:
            np.testing.assert_array_equal(linear_sum(form), table)


def test_nearly_all_sums_have_a_linear_form():
    """The fast kernel would be of little use if it served few models."""
    found = 0
    for scales, zero_points, kind in random_sums(60):
        sign = 1 if kind else -1
        table = np.clip(arithmetic.sum_table(scales, zero_points, sign)[0], -128, 127)
        inputs = [Value((1,), scale, 0) for scale in scales[:2]]
        form = best_linear_form(table, inputs, Value((1,), scales[2], 0), sign, (-128, 127))
        found += form is not None
    assert found >= 54, f"only {found} of 60 random additions have a linear form"


def test_ties_have_no_linear_form():
    """(a + b) / 2: TensorFlow Lite rounds halves away from zero, which no linear form can."""
    table = np.clip(arithmetic.sum_table((0.5, 0.5, 1.0), (0, 0, 0), 1)[0], -128, 127)
    half = Value((1,), 0.5, 0)
    assert best_linear_form(table, [half, half], Value((1,), 1.0, 0), 1, (-128, 127)) is None
