"""A gesture made of sines, for the tests of what finds and describes it."""

import numpy as np

REST = np.array([0, 0, 1, 0, 0, 0])


def gesture(sample_rate: float, seconds: float = 1.0, strength=1.0, spin=1.0) -> np.ndarray:
    """A gesture between two seconds of rest, float64 (rows, 6).

    Whole periods of slow sines: on average nothing is added to gravity.
    """
    time = np.arange(round((4 + seconds) * sample_rate)) / sample_rate - 2
    part = np.where((time >= 0) & (time < seconds), time / seconds, 0)
    once, twice = np.sin(2 * np.pi * part), np.sin(4 * np.pi * part)
    moved = np.stack([once, twice, -0.5 * once, 100 * spin * twice, 60 * spin * once, 0 * once], 1)
    return REST + strength * moved
