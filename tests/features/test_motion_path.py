"""Where a hand went: known movements, what a sensor would feel of them, and the way back."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tinykit.common.errors import TinykitError
from tinykit.features.motion_path import path

RATE = 119.0
GRAVITY = 9.81
RADIUS = 0.1  # metres
TURN = 0.8  # radians by which the hand turns on its way
REST = 0.5  # seconds before and after; the movement itself takes one second
T = np.arange(round((1 + 2 * REST) * RATE)) / RATE


def minimum_jerk(times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Progress 0 ... 1 within a second, its rate and the rate of that (Flash and Hogan 1985)."""
    t = np.clip(times - REST, 0, 1)
    progress = 10 * t**3 - 15 * t**4 + 6 * t**5
    return progress, 30 * t**2 * (1 - t) ** 2, 60 * t * (1 - t) * (1 - 2 * t)


def circle(clockwise: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """A circle in front of the person that begins at its top: position and acceleration.

    Both (rows, 3) in forward, left, up; m and m/s^2. Differentiated by hand.
    """
    progress, rate, change = (2 * np.pi * x for x in minimum_jerk(T))
    side = -1 if clockwise else 1
    sine, cosine, zero = np.sin(progress), np.cos(progress), np.zeros(len(T))
    position = np.stack([zero, side * sine, cosine - 1], axis=1)
    left = side * (cosine * change - sine * rate**2)
    up = -sine * change - cosine * rate**2
    return RADIUS * position, RADIUS * np.stack([zero, left, up], axis=1)


def felt(acceleration: np.ndarray, held: Rotation, axis: np.ndarray, turn: float) -> np.ndarray:
    """What the sensor says, float32 (rows, 6), of a board first held as `held`, which then turns
    by `turn` radians about `axis`, fixed in the room, as it goes."""
    progress, rate, _ = minimum_jerk(T)
    board = Rotation.from_rotvec(turn * progress[:, None] * axis) * held
    force = board.inv().apply(acceleration / GRAVITY + [0, 0, 1])
    # The axis itself is the same before and after the turn, so the board sees it where it was.
    rotation = np.degrees(turn * rate[:, None] * held.inv().apply(axis))
    samples = np.concatenate([force, rotation], axis=1)
    samples[:, [1, 4]] *= -1  # y to the right
    return samples.astype(np.float32)


HELD = {
    "level": Rotation.identity(),
    "at a slant": Rotation.from_rotvec([0.5, 0.3, 0]),  # no turn about the vertical
    "upside down": Rotation.from_rotvec([np.pi, 0, 0]),
}


def tolerance() -> float:
    """Metres by which trapezoids of 1/119 s may miss the circle.

    A trapezoidal integral of f is off by at most h^2 / 12 * |change of f'|. Integrated again, that
    gives h^2 / 12 * (|acceleration| + |jerk at the start| * seconds), and the second integral adds
    h^2 / 12 * |change of acceleration|. The angle is off by h^2 / 12 * |change of its second
    derivative|, which tilts gravity: that much of 9.81 m/s^2, integrated twice over the second of
    the movement and the half after it. The removal of drift doubles each at most.
    """
    h = 1 / RATE
    progress_rate, progress_change = 1.875, 5.78  # the largest there are
    acceleration = RADIUS * np.hypot((2 * np.pi * progress_rate) ** 2, 2 * np.pi * progress_change)
    jerk = RADIUS * 2 * np.pi * 60
    tilt = h**2 / 12 * TURN * progress_change
    straight = h**2 / 12 * (acceleration + 1.5 * jerk + 2 * acceleration)
    return 2 * (straight + tilt * GRAVITY * 1.5**2 / 2)


@pytest.mark.parametrize("clockwise", [True, False])
@pytest.mark.parametrize("held", HELD)
def test_a_circle_comes_back_as_the_circle_it_was(held, clockwise):
    """Whatever way the board is held and turned, and in its own left-handed axes."""
    assert tolerance() < 0.002, "two millimetres of a circle of 20 cm"
    position, acceleration = circle(clockwise)
    axis = np.array([0.6, -0.48, 0.64])
    found = path(felt(acceleration, HELD[held], axis, TURN), RATE)
    assert found.shape == (len(T), 3)
    off = np.abs(found - position * [1, -1, 1]).max()
    assert off <= tolerance(), (
        f"held {held}: {100 * off:.2f} cm beside the circle, {100 * tolerance():.2f} allowed. "
        "First suspect: a sign of y, in acceleration or rotation."
    )


def test_right_forward_and_up_are_not_confused():
    """A push along each axis of the sensor and back goes where that axis points."""
    progress, _, change = minimum_jerk(T)
    for axis in range(3):
        take = np.zeros((len(T), 6), np.float32)
        take[:, 2] = 1
        take[:, axis] += (0.3 * change / GRAVITY).astype(np.float32)
        found = path(take, RATE)
        np.testing.assert_allclose(found[:, axis], 0.3 * progress, atol=2e-3)
        others = np.delete(found, axis, axis=1)
        np.testing.assert_allclose(others, 0, atol=1e-6)


def test_a_sensor_that_is_a_little_wrong_does_not_carry_the_hand_away():
    """Offsets that are usual for the LSM9DS1 would be metres without the rest at both ends."""
    position, acceleration = circle()
    take = felt(acceleration, HELD["level"], np.array([0.0, 0.0, 1.0]), TURN)
    wrong = take + np.float32([0.02, -0.02, 0.02, 1.5, -1.5, 1.5])
    off = np.abs(path(wrong, RATE) - position * [1, -1, 1]).max()
    assert off < 0.2 * RADIUS, f"{100 * off:.1f} cm"


def test_a_board_at_rest_stays_where_it_is():
    still = np.tile(np.float32([0.6, 0, 0.8, 0, 0, 0]), (238, 1))
    np.testing.assert_allclose(path(still, RATE), 0, atol=1e-6)


@pytest.mark.parametrize("rows", [5, 30])
def test_a_short_take_has_a_path(rows):
    """Files with 30 rows a gesture are common, and 5 are the fewest that are read."""
    motion = np.tile([0.6, 0, 0.8, 0, 0, 0], (rows, 1))
    np.testing.assert_allclose(path(motion, RATE), 0, atol=1e-6)
    motion[rows // 2] += [1, 0, 0, 50, 0, 0]
    assert path(motion, RATE).shape == (rows, 3) and np.isfinite(path(motion, RATE)).all()


@pytest.mark.parametrize("shape", [(238, 3), (238,), (4, 6), (0, 6)])
def test_what_shows_no_path_is_refused(shape):
    with pytest.raises(TinykitError, match=r"rows, 6.*5 rows") as caught:
        path(np.zeros(shape), RATE)
    assert "\n" not in str(caught.value)
