"""The Python front end of motion: what it makes of a movement, and what makes no difference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_gestures import REST, gesture
from scipy.spatial.transform import Rotation

from tinykit.common.errors import TinykitError
from tinykit.features import motion as module
from tinykit.features.motion import ACCELERATION_STEPS, ROTATION_STEPS, Motion

FRONTEND = Motion()
RATES = [50.0, 99.84, 119.0, 200.0]


def quantized(n: int, axes: int = 6, seed: int = 0) -> np.ndarray:
    """Random samples as whole numbers, int16 (n, axes)."""
    return np.random.default_rng(seed).integers(-32_768, 32_768, (n, axes)).astype(np.int16)


# ---- Resampling, turning, strength ----


@pytest.mark.parametrize("n", [1, 7, 47, 48, 49, 119, 297])
@pytest.mark.parametrize("axes", [3, 6])
def test_each_frame_is_the_mean_of_its_part_of_the_signal(n, axes):
    """Every sample repeated `frames` times: then each frame is the mean of n of the copies."""
    segment = quantized(n, axes)
    units = np.array([ACCELERATION_STEPS] * 3 + [ROTATION_STEPS] * 3)[:axes]
    copies = np.repeat(segment / units, 48, axis=0)
    expected = copies.reshape(48, n, axes).mean(axis=1)
    # float32 keeps 24 bits of numbers up to 2,048.
    np.testing.assert_allclose(module._resampled(segment, 48), expected, rtol=1e-6, atol=1e-5)


def test_turning_upright_is_the_smallest_turn():
    """SciPy's rotation about the axis across both arrows, by the angle between them."""
    for gravity in np.random.default_rng(0).normal(size=(200, 3)):
        matrix = module._turn_upright(gravity.astype(np.float32))
        up = gravity / np.linalg.norm(gravity)
        axis = np.cross(up, [0, 0, 1])
        angle = np.arccos(up[2])
        expected = Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle).as_matrix()
        if up[2] >= -0.999:  # below, the kit takes half a turn about x
            # Near upside down 1 / (1 + z) magnifies float32 rounding of z up to a thousandfold.
            np.testing.assert_allclose(matrix, expected, atol=1e-3 if up[2] < -0.9 else 1e-5)


def test_upside_down_is_half_a_turn_about_x():
    matrix = module._turn_upright(np.float32([0, 0, -1]))
    np.testing.assert_array_equal(matrix, np.diag([1, -1, -1]))
    assert np.isfinite(module._turn_upright(np.zeros(3, np.float32))).all(), "free fall"


def test_features_have_unit_strength_unless_faint():
    """Mean energy over the frames is s^2 / (s^2 + 0.1^2) of a movement of strength s."""
    for strength in (0.02, 0.1, 1.0, 3.0):
        segment = FRONTEND.whole(gesture(119, strength=strength))
        picture = FRONTEND.features(segment)
        moved = gesture(119, strength=strength) - REST
        frames = np.repeat(moved, 48, axis=0).reshape(48, len(moved), 6).mean(axis=1)
        energy = ((frames / [1, 1, 1, 256, 256, 256]) ** 2).sum(axis=1).mean()
        # Whole numbers: of 0.02 g, 82 steps, half a step is half a percent.
        expected = energy / (energy + 0.01)
        assert (picture**2).sum(axis=1).mean() == pytest.approx(expected, rel=0.03)


def test_features_are_those_of_the_movement_that_was_made():
    """Held level, all is known: gravity is +1 along z, nothing is turned, only made equally strong.

    The gesture is 119 samples long, so that its frames are means over 119 / 48 of them.
    """
    clean = gesture(119)[238:357]
    expected = np.repeat(clean - REST, 48, axis=0).reshape(48, 119, 6).mean(axis=1)
    expected /= [1, 1, 1, 256, 256, 256]
    expected /= np.sqrt((expected**2).sum(axis=1).mean() + 0.1**2)
    picture = FRONTEND.features(FRONTEND.whole(clean))
    # Rounding to 1 / 4096 g and 1 / 4096 of 256 degrees per second, at about 1 g.
    np.testing.assert_allclose(picture, expected, atol=2 / 4_096)


# ---- What makes no difference ----


@pytest.mark.parametrize("sample_rate", RATES)
def test_the_sensors_rate_makes_no_difference(sample_rate):
    """Beside a sensor of 400 Hz: begin and end are found a sample of each earlier or later, at
    most, and each sample is held until the next. In that time the features change by at most
    their steepest slope."""
    reference, coarse = Motion(sample_rate=400), Motion(sample_rate=sample_rate)
    ((first, end),) = reference.segments(gesture(400))
    ((other_first, other_end),) = coarse.segments(gesture(sample_rate))
    apart = 1 / sample_rate + 1 / 400
    assert abs(first / 400 - other_first / sample_rate) <= apart
    assert abs(end / 400 - other_end / sample_rate) <= apart + 0.005  # `energy_share` is rounded
    expected, picture = reference(gesture(400)), coarse(gesture(sample_rate))
    steepest = np.abs(np.diff(expected, axis=0)).max() * 48 / ((end - first) / 400)
    assert np.abs(picture - expected).max() <= steepest * (apart + 1 / sample_rate)
    assert np.corrcoef(picture.ravel(), expected.ravel())[0, 1] > 0.97


@pytest.mark.parametrize("strength", [0.5, 2.0, 3.5])
def test_how_strong_a_gesture_is_makes_no_difference_to_its_features(strength):
    """Cut exactly: (0.1 g / strength)^2 of what the root is drawn from is constant, half of that
    share is missing from features of up to 2.4."""
    usual = FRONTEND.features(FRONTEND.whole(gesture(119)[238:357]))
    other = FRONTEND.features(FRONTEND.whole(gesture(119, strength=strength)[238:357]))
    assert np.abs(usual - other).max() < 2.4 * (0.1 / 0.5) ** 2 / 2


@pytest.mark.parametrize("strength", [1.5, 2.0, 3.5])
def test_a_stronger_gesture_lasts_a_little_longer(strength):
    """It is over when the level, which has moved with it, is back within 0.2 g: an exponential
    of `level_time` needs the logarithm of the strength longer for it. Its beginning is abrupt."""
    ((first, end),) = FRONTEND.segments(gesture(119))
    ((other_first, other_end),) = FRONTEND.segments(gesture(119, strength=strength))
    assert 0 <= first - other_first <= 0.03 * 119
    assert 0 <= other_end - end <= FRONTEND.level_time * np.log(strength) * 119 + 2


@pytest.mark.parametrize("seconds", [0.5, 0.75, 1.4, 2.0])
def test_how_fast_a_gesture_is_makes_no_difference_to_its_features(seconds):
    """The same path in other time: acceleration goes with the square of speed.

    Cut exactly, the frames are the same but for samples that fall across their edges: a sample is
    1 / 60 of the shortest of these gestures.
    """

    def cut_exactly(seconds: float) -> np.ndarray:
        motion = gesture(119, seconds, strength=1 / seconds**2)
        return motion[238 : 238 + round(119 * seconds), :3]

    frontend = Motion(axes=3)
    usual = frontend.features(frontend.whole(cut_exactly(1.0)))
    other = frontend.features(frontend.whole(cut_exactly(seconds)))
    steepest = np.abs(np.diff(usual, axis=0)).max() * 48  # in all of the gesture's time
    samples = 119 * min(seconds, 1)
    assert np.abs(usual - other).max() <= steepest / samples + 0.1**2, "0.1 g stays as it is"


tilts = {"angle": st.floats(0, 170), "towards": st.floats(0, 360)}


def tilted(motion: np.ndarray, angle: float, towards: float) -> np.ndarray:
    """The same on a board that is tilted by `angle` degrees in any direction."""
    direction = np.radians(towards)
    axis = np.array([np.cos(direction), np.sin(direction), 0])
    turn = Rotation.from_rotvec(np.radians(angle) * axis)
    return np.concatenate([turn.apply(motion[:, :3]), turn.apply(motion[:, 3:])], axis=1)


@settings(deadline=None, max_examples=60)
@given(**tilts)
def test_how_the_board_is_tilted_makes_no_difference(angle, towards):
    """Whole numbers on turned axes: half a step each, and the turn is as exact as gravity is,
    which at 170 degrees matters a hundredfold (1 + z = 0.015)."""
    level = gesture(119)[238:357]
    usual = FRONTEND.features(FRONTEND.whole(level))
    other = FRONTEND.features(FRONTEND.whole(tilted(level, angle, towards)))
    assert np.abs(usual - other).max() < (0.005 if angle < 150 else 0.05)


@settings(deadline=None, max_examples=30)
@given(**tilts)
def test_a_tilted_board_finds_the_same_gesture(angle, towards):
    """Energy counts whole steps of 1 / 256 g on the sensor's axes. At the end, at 0.2 g or 51
    steps, a step on three axes is 7 % of the energy, in which it falls for two samples."""
    ((first, end),) = FRONTEND.segments(gesture(119))
    ((other_first, other_end),) = FRONTEND.segments(tilted(gesture(119), angle, towards))
    assert abs(first - other_first) <= 1 and abs(end - other_end) <= 3


def test_features_are_those_of_one_take_whatever_comes_with_it():
    """Takes of other lengths are computed together, one time step after the other."""
    takes = [gesture(119, s, k) for s, k in ((0.4, 2), (1.3, 0.5), (2.2, 1), (0.9, 4))]
    together = FRONTEND(takes)
    assert together.dtype == np.float32 and together.shape == (4, *FRONTEND.shape)
    for take, picture in zip(takes, together, strict=True):
        np.testing.assert_array_equal(picture, FRONTEND(take))
    as_objects = np.empty(4, object)
    as_objects[:] = takes
    np.testing.assert_array_equal(FRONTEND(as_objects), together)
    assert FRONTEND([]).shape == (0, *FRONTEND.shape)


# ---- Input that cannot be used ----


@pytest.mark.parametrize(
    ("motion", "says"),
    [
        (np.zeros((10, 3)), r"shape \(10, 3\) does not fit a front end with 6 axes"),
        (np.zeros((10, 7)), r"Give \(samples, 6\)"),
        (np.zeros(60), r"shape \(60,\) does not fit"),
        (np.zeros((2, 10, 6))[None], r"does not fit"),
        (np.zeros((0, 6)), "has no samples"),
        (np.full((10, 6), np.nan), "NaN or infinity"),
        (np.full((10, 6), -np.inf), "NaN or infinity"),
    ],
)
def test_recordings_that_are_no_motion_are_refused_in_one_line(motion, says):
    for use in (FRONTEND.segments, FRONTEND.energy, FRONTEND):
        with pytest.raises(TinykitError, match=says) as caught:
            use(motion)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("constants", "says"),
    [
        ({"axes": 4}, "axes=4 is no motion sensor"),
        ({"sample_rate": 10}, "sample_rate=10 Hz cannot follow a hand"),
        ({"sample_rate": 3_000}, "20 to 2,000 Hz"),
        ({"sample_rate": float("nan")}, "cannot follow a hand"),
        ({"frames": 7}, "frames=7 cannot show a gesture. Choose 8 or more"),
        ({"start": 0.1}, "stop=0.2 is above start=0.1"),
        ({"stop": 0.001}, "stop=0.001 g is less than any sensor's noise"),
        ({"start": 40.0}, "start=40 g is more than a sensor can feel"),
        ({"start": 28.0, "axes": 3}, "start=28 g is more than a sensor can feel"),
        ({"before": 2.5}, "before=2.5 s leaves nothing of longest=2.5 s"),
        ({"before": 2.4, "longest": 2.401}, "before=2.4 s leaves nothing"),  # as many samples
        ({"shortest": 3.0}, "shortest=3 s leaves nothing of longest"),
        ({"energy_time": 10.0}, "energy_time=10 s is too long"),
        ({"level_time": 5_000.0}, "level_time=5000 s is too long"),
        *(({name: 0}, f"{name}=0 makes no sense") for name in module._POSITIVE),
        ({"quiet": float("nan")}, "quiet=nan makes no sense"),
        ({"longest": float("inf")}, "longest=inf makes no sense"),
    ],
)
def test_constants_that_find_no_gesture_are_refused_in_one_line(constants, says):
    with pytest.raises(TinykitError, match=says) as caught:
        Motion(**constants)
    assert "\n" not in str(caught.value)


def test_the_edge_of_what_is_possible_works():
    """Constants at their limits still give a front end that cuts."""
    for constants in ({"frames": 8}, {"stop": 0.35}, {"sample_rate": 20}, {"sample_rate": 2_000}):
        frontend = Motion(**constants)
        assert len(frontend.segments(gesture(frontend.sample_rate))) == 1


@pytest.mark.parametrize("frontend", [Motion(), Motion(sample_rate=99.84, axes=3, frames=32)])
def test_config_gives_the_front_end_back(frontend):
    assert Motion(**frontend.config()) == frontend
    assert frontend.shape == (frontend.frames, frontend.axes)
