"""Where a hand went, estimated from what its motion sensor felt. Taught in notebook 03."""

import numpy as np
from scipy.spatial.transform import Rotation

from tinykit.common.errors import TinykitError

_GRAVITY = 9.81  # m/s^2
_REST = 0.2  # seconds at either end in which the hand is taken to rest
_FEWEST = 5  # rows: the shortest take that is read from a file
_UP = np.array([0.0, 0.0, 1.0])


def path(take: np.ndarray, sample_rate: float) -> np.ndarray:
    """Estimate the path of the board through a take that begins and ends at rest.

    The gyroscope says how the board turns, so that its acceleration is known in the directions of
    the room; what is left without gravity gives the velocity, and that the position. Errors add up
    twice: of a second or two the shape is right, of ten seconds nothing is. What makes up for
    drift is the rest of 0.2 s at both ends (in a take below 0.4 s, of half of it each): there,
    gravity has to point down and the velocity is 0. A take that is cut off in the middle of a
    movement comes out bent.

    Args:
        take: float (rows, 6), g and degrees per second, columns aX ... gZ, in the axes of Arduino's
            library: x forward, y right, z up.
        sample_rate: Hz.

    Returns:
        Position in metres from where the take begins, float64 (rows, 3): forward, right, up.
        Forward is where the board's x axis points at the beginning.

    Raises TinykitError when the take has no gyroscope, or is too short.
    """
    take = np.asarray(take, float)
    if take.ndim != 2 or take.shape[1] != 6 or len(take) < _FEWEST:
        raise TinykitError(
            f"A take of shape {take.shape} shows no path. Give acceleration and rotation, "
            f"(rows, 6), of at least {_FEWEST} rows."
        )
    # A file may have 30 rows a gesture: all of them are shown, however little they say.
    rest = max(1, min(round(_REST * sample_rate), len(take) // 2))
    # With y to the right the sensor's frame is left-handed; mathematics wants forward, left, up.
    # Either kind of y is negated: a rotation is given right-handed about its own axis.
    acceleration, rotation = take[:, :3] * [1, -1, 1], np.radians(take[:, 3:]) * [1, -1, 1]

    board = _orientation(rotation, sample_rate, acceleration[:rest].mean(axis=0))
    down_again = smallest_turn(board.apply(acceleration)[-rest:].mean(axis=0), _UP)
    gradually = np.linspace(0, 1, len(take))[:, None]
    board = Rotation.from_rotvec(gradually * down_again) * board

    velocity = _integral((board.apply(acceleration) - _UP) * _GRAVITY, sample_rate)
    velocity -= gradually * velocity[-1]
    return _integral(velocity, sample_rate) * [1, -1, 1]


def _orientation(rotation: np.ndarray, sample_rate: float, gravity: np.ndarray) -> Rotation:
    """How the board is turned in each row, from how it is held at first and how fast it turns.

    `rotation`: radians per second, (rows, 3); `gravity`: what the board feels at rest, (3,).
    """
    steps = Rotation.from_rotvec((rotation[:-1] + rotation[1:]) / 2 / sample_rate)
    turned = [Rotation.from_rotvec(smallest_turn(gravity, _UP))]
    for step in steps:
        turned.append(turned[-1] * step)
    return Rotation.concatenate(turned)


def smallest_turn(vector: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The smallest rotation that makes `vector` point as `other` does: a rotation vector, radians.

    Of opposite vectors any half turn is the smallest: it is about the sensor's axis that lies most
    across. A vector without length is not turned.
    """
    axis = np.cross(vector, other)
    sine, cosine = np.linalg.norm(axis), vector @ other
    if sine > 1e-9:
        return axis / sine * np.arctan2(sine, cosine)
    if cosine >= 0:
        return np.zeros(3)
    across = np.eye(3)[np.argmin(np.abs(vector))]
    across = across - (across @ vector) / (vector @ vector) * vector
    return across / np.linalg.norm(across) * np.pi


def _integral(values: np.ndarray, sample_rate: float) -> np.ndarray:
    """The integral from the first row to each, by the trapezoidal rule: (rows, 3)."""
    steps = (values[1:] + values[:-1]) / 2 / sample_rate
    return np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
