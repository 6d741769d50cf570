"""Loops over inputs of different shapes: they meet the values that NumPy's broadcasting pairs."""

import numpy as np
import pytest

from tinykit.compiler.lowering.broadcasting import call, loops
from tinykit.compiler.places import from_loops

Y = (1, 4, 6, 8)


@pytest.mark.parametrize(
    ("shapes", "count"),
    [
        ([Y, Y], 1),
        ([Y, (8,)], 2),
        ([(1, 1, 1, 8), Y], 2),
        ([Y, (1, 4, 6, 1)], 2),
        ([Y, (4, 1, 1)], 2),
        ([(1, 4, 1, 8), (6, 1)], 3),
        ([Y, ()], 1),
    ],
)
def test_loops_pair_the_values_that_numpy_pairs(shapes, count):
    """As few loops as possible; each input is met in the order of the output."""
    counts, steps = loops(shapes, Y)
    assert len(counts) == count
    for shape, own in zip(shapes, steps, strict=True):
        places = np.broadcast_to(np.arange(np.prod(shape, dtype=int)).reshape(shape), Y)
        np.testing.assert_array_equal(from_loops(0, tuple(counts), tuple(own)), places.reshape(-1))


def test_a_value_for_a_whole_row_is_repeated_in_scratch_memory():
    """The kernel always takes rows; one value for 48 becomes a row of 48."""
    text, scratch = call("add", "p", *loops([Y, (1, 4, 1, 1)], Y))
    assert scratch == 48
    assert text.splitlines() == [
        "  for (int i = 0; i < 192; i += 48) {",
        "    nn::repeat(*({in1} + i / 48), 48, {scratch});",
        "    nn::add(p, {in0} + i, {scratch}, {out} + i, 48);",
        "  }",
    ]


def test_a_long_row_is_repeated_in_pieces():
    """A single number for 1,920 values takes 240 bytes, not 1,920."""
    text, scratch = call("multiply", "p", *loops([(1, 40, 48), (1, 1, 1)], (1, 40, 48)))
    assert scratch == 240
    assert "for (int i = 0; i < 1920; i += 240) {" in text
