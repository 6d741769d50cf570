"""Where each value of a tensor comes from, as few numbers as possible.

TRANSPOSE, SLICE, SPLIT, GATHER, ... all say the same: each value of the output is one of the input.
NumPy computes the list of these places; here it becomes nested loops with steps, or two short
tables, so that a board needs no list.
"""

import numpy as np

MOST_LOOPS = 6  # as the kernel in Move.h has


def as_loops(places: np.ndarray) -> tuple[int, tuple[int, ...], tuple[int, ...]] | None:
    """(first place, counts, steps) of at most MOST_LOOPS nested loops, the outermost first.

    They run through the places in their order, which is `places.reshape(-1)`. Neighbouring loops
    that are one, are made one. None when no such loops exist.
    """
    left = places.reshape(-1).astype(np.int64)
    counts, steps = [], []
    while len(left) > 1:
        step = int(left[1] - left[0])
        other = np.flatnonzero(np.diff(left) != step)
        count = int(other[0]) + 1 if len(other) else len(left)
        if len(left) % count or len(counts) == MOST_LOOPS:
            return None
        rows = left.reshape(-1, count)
        if (rows != rows[:, :1] + step * np.arange(count)).any():
            return None
        counts.append(count)
        steps.append(step)
        left = rows[:, 0]
    return int(left[0]), tuple(counts[::-1]) or (1,), tuple(steps[::-1]) or (1,)


def from_loops(first: int, counts: tuple[int, ...], steps: tuple[int, ...]) -> np.ndarray:
    """What `as_loops` began with, int64 (n,)."""
    places = np.array([first], np.int64)
    for count, step in zip(counts, steps, strict=True):
        places = (places[:, None] + step * np.arange(count)).reshape(-1)
    return places


def as_tables(places: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """(rows, columns, run): runs of `run` neighbours that begin at rows[i] + columns[j].

    int32 (n,) and (m,) with m * n * run places: the fewest numbers that say it. Always possible,
    if need be with a single row.
    """
    left = places.reshape(-1).astype(np.int64)
    run = _run(left)
    left = left[::run]
    for n in _divisors(len(left)):
        grid = left.reshape(n, -1)
        if (grid - grid[:, :1] == grid[:1] - grid[0, 0]).all():
            break
    rows, columns = grid[:, 0], grid[0] - grid[0, 0]
    return rows.astype(np.int32), columns.astype(np.int32), run


def _run(places: np.ndarray) -> int:
    """Into how long pieces of neighbours the places can be cut, all of one length."""
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    return int(np.gcd.reduce(breaks, initial=len(places)))


def _divisors(n: int) -> list[int]:
    """Of n, those first for which two tables of n / divisor and divisor entries are short."""
    small = [i for i in range(1, int(n**0.5) + 1) if n % i == 0]
    return sorted({*small, *(n // i for i in small)}, key=lambda i: (i + n // i, i))
