"""Places of values as loops and as tables: both give back the places they began with."""

import numpy as np
import pytest

from tinykit.compiler.places import as_loops, as_tables, from_loops

X = np.arange(2 * 6 * 4 * 5).reshape(2, 6, 4, 5)


@pytest.mark.parametrize(
    ("places", "loops"),
    [
        (X, 1),
        (X[:, 2:4], 2),
        (X[:, ::-2], 3),
        (X.transpose(0, 3, 1, 2), 3),
        (X.transpose(3, 2, 1, 0), 4),
        (np.broadcast_to(X[:, :1], X.shape), 3),
        (X.repeat(2, axis=2).repeat(3, axis=1), 5),
        (X[1, 2, 3, 4], 1),
    ],
)
def test_regular_places_are_loops(places, loops):
    """As few loops as can be: neighbouring ones that are one, are one."""
    first, counts, steps = as_loops(np.asarray(places))
    assert len(counts) == len(steps) == loops
    np.testing.assert_array_equal(from_loops(first, counts, steps), np.reshape(places, -1))


@pytest.mark.parametrize(
    ("places", "numbers"),
    [
        (X[:, [3, 0, 0]], 2 + 3),
        (X[:, [3, 0, 1]][:, :, [0, 2, 3, 3, 1]], 6 + 5),
        (np.pad(X, [(0, 0), (1, 2), (2, 1), (0, 0)], mode="reflect"), 18 + 7),
        (np.random.default_rng(1).permutation(X.reshape(-1)), 240),
    ],
)
def test_irregular_places_are_two_tables(places, numbers):
    """Loops cannot say them; rows and columns can, with few numbers where they are regular."""
    assert as_loops(places) is None
    rows, columns, run = as_tables(places)
    again = rows[:, None, None] + columns[:, None] + np.arange(run)
    np.testing.assert_array_equal(again.reshape(-1), places.reshape(-1))
    assert len(rows) + len(columns) <= numbers + 1
