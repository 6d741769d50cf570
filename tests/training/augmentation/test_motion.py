"""What the augmentation of gestures changes, what it must not, and that it can be repeated."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from tinykit.datasets.dataset import Split
from tinykit.datasets.motion import MotionDataset
from tinykit.features import Motion
from tinykit.training.augmentation import motion as motion_augmentation
from tinykit.training.augmentation.motion import MotionAugmentation

RATE = 119.0
FRONTEND = Motion()
SETTINGS = asdict(MotionAugmentation()).items()
STILL = MotionAugmentation(**{name: 0.0 for name, x in SETTINGS if isinstance(x, float)})
# Features are near 1 and of float32: interpolating at whole positions and turning by nothing.
ROUNDING = 1e-5


def wave(seconds: float, frequency: float, strength: float = 1.0) -> np.ndarray:
    """A rest, a movement in all directions, a rest: float32 (rows, 6)."""
    time = np.arange(round((seconds + 1) * RATE)) / RATE - 0.5
    swing = np.sin(2 * np.pi * frequency * time) * ((time >= 0) & (time < seconds))
    loud = strength * np.array([1, 0.7, 0.4, 150, -80, 40])
    return ([0, 0, 1, 0, 0, 0] + swing[:, None] * loud).astype(np.float32)


@pytest.fixture(scope="module")
def takes() -> list[np.ndarray]:
    """Each of another length, tempo and strength."""
    random = np.random.default_rng(0)
    ranges = (0.6, 1.5, 0.6), (1.2, 3, 2)
    return [wave(*random.uniform(*ranges)) for _ in range(60)]


@pytest.fixture(scope="module")
def data(takes) -> MotionDataset:
    """Three gestures, faint motion as takes of "none", and two everyday recordings of movements
    of their own."""
    x = np.empty(80, object)
    x[:] = [*takes, *(wave(1.0, 1 + i / 10, 0.1) for i in range(20))]
    y = np.concatenate([np.arange(60) % 3, np.full(20, 3)])
    split = Split(x, y, np.full(80, ""), np.full(80, ""))
    recordings = [wave(0.8, 4), wave(0.9, 7)]  # shorter than 2 s: a window is all of it
    return MotionDataset(
        labels=["thrust", "sway", "turn", "none"],
        sample_rate=RATE,
        train=split,
        validation=split,
        test=split,
        everyday={"train": recordings},
    )


def features(augmentation, data, chosen, seed=0, frontend=FRONTEND) -> np.ndarray:
    return augmentation.features(data, chosen, frontend, np.random.default_rng(seed))


# ---- Nothing, and again ----


def test_with_every_range_closed_nothing_changes(takes, data):
    np.testing.assert_allclose(STILL(takes, FRONTEND), FRONTEND(takes), atol=ROUNDING)
    chosen = np.array([70, 3, 3, 61, 0])  # in any order, and one twice
    unchanged = FRONTEND(data.train.x[chosen])
    np.testing.assert_allclose(features(STILL, data, chosen), unchanged, atol=ROUNDING)


def test_the_same_seed_gives_the_same_features(takes, data):
    once, again, other = (MotionAugmentation()(takes, FRONTEND, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)
    assert once.dtype == np.float32 and once.shape == (60, *FRONTEND.shape)
    chosen = np.arange(80)
    once, again, other = (features(MotionAugmentation(), data, chosen, s) for s in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)
    assert once.dtype == np.float32 and once.shape == (80, *FRONTEND.shape)


def test_the_originals_are_left_alone(takes, data):
    before = [take.copy() for take in takes]
    MotionAugmentation(late=1.0, gain=0.2)(takes, FRONTEND)
    features(MotionAugmentation(), data, np.arange(80))
    for take, copy in zip(takes, before, strict=True):
        np.testing.assert_array_equal(take, copy)


def test_without_a_gyroscope_and_from_the_shortest_takes(takes):
    frontend = Motion(axes=3)
    accelerations = [take[:, :3] for take in takes]
    assert MotionAugmentation()(accelerations, frontend).shape == (60, 48, 3)
    for rows in (1, 2, 9):
        picture = MotionAugmentation(late=1.0)([takes[0][:rows]], FRONTEND)
        assert np.isfinite(picture).all(), f"a take of {rows} rows"


def test_a_student_s_recordings_are_not_begun_later_still():
    assert MotionAugmentation.gentle() == replace(MotionAugmentation(), late=0.0)


# ---- A recorder that waits for a strong acceleration ----


def test_a_late_recording_begins_where_the_acceleration_reaches_the_trigger():
    """It is a part of the take: from the first strong sample on, as long as a recorder keeps."""
    take = wave(2.0, 0.6, strength=1.5)
    strength = np.abs(take[:, :3]).sum(axis=1)
    assert strength.max() > 2.6 and strength[0] < 1.8, "the test needs a trigger in the middle"
    always = replace(STILL, late=1.0)
    begun = set()
    for seed in range(50):
        late = always.recorded_late(take, RATE, np.random.default_rng(seed))
        (first,) = (i for i in range(len(take)) if np.shares_memory(take[i], late[0]))
        np.testing.assert_array_equal(late, take[first : first + len(late)])
        assert strength[first] >= 1.8
        assert strength[:first].max() < 2.6, "an earlier sample was as strong as any trigger"
        assert 0.9 * RATE - 1 <= len(late) <= 1.6 * RATE + 1
        begun.add(first)
    assert len(begun) > 5, "the trigger is another one each time"


def test_how_often_a_recording_begins_late_is_a_chance():
    """Five standard deviations of 1,000 throws of a coin that falls 30 % on one side."""
    take, sometimes, random = wave(2.0, 2, 1.5), replace(STILL, late=0.3), np.random.default_rng(0)
    late = sum(len(sometimes.recorded_late(take, RATE, random)) < len(take) for _ in range(1_000))
    assert abs(late - 300) < 5 * np.sqrt(1_000 * 0.3 * 0.7)


@pytest.mark.parametrize(
    "take",
    [
        pytest.param(wave(1.0, 2, strength=0.2), id="never strong enough"),
        pytest.param(np.concatenate([wave(1.0, 2, 0.2), wave(1.0, 2, 3.0)[:70]]), id="at the end"),
    ],
)
def test_a_take_that_would_not_be_recorded_stays_whole(take):
    """Less than a third of a second after the trigger is no recording."""
    for seed in range(20):
        kept = replace(STILL, late=1.0).recorded_late(take, RATE, np.random.default_rng(seed))
        assert kept is take


def test_everyday_motion_waits_for_no_trigger(data):
    """Only gestures are recorded like that; "none" comes from a stream."""
    strong = np.empty(1, object)
    strong[0] = wave(2.0, 2, 1.5)
    alone = Split(strong, np.array([3]), np.array([""]), np.array([""]))
    data = replace(data, train=alone)
    always_late = replace(STILL, late=1.0)
    expected = FRONTEND(strong)
    unchanged = features(always_late, data, np.array([0]))
    np.testing.assert_allclose(unchanged, expected, atol=ROUNDING)
    gesture = replace(data, train=replace(alone, y=np.array([0])))
    assert not np.allclose(features(always_late, gesture, np.array([0])), expected, atol=0.1)


# ---- Everyday motion ----


def test_everyday_motion_is_cut_where_a_sketch_would_cut_it(data):
    """Each of both recordings holds one movement; a third of "none" stays a take."""
    pictures = []
    for recording in data.everyday["train"]:
        ((first, end),) = FRONTEND.segments(recording)
        pictures.append(FRONTEND.features(FRONTEND.whole(recording)[first:end]))
    chosen = np.repeat(np.arange(60, 80), 15)
    found = features(replace(STILL, everyday=2 / 3), data, chosen)
    own = FRONTEND(data.train.x[chosen])

    def count(expected: np.ndarray) -> int:
        return int((np.abs(found - expected).max(axis=(1, 2)) < ROUNDING).sum())

    counts = [count(picture) for picture in pictures] + [count(own)]
    assert sum(counts) == 300
    assert all(abs(n - 100) < 5 * np.sqrt(300 * 2 / 9) for n in counts), counts


def test_a_movement_that_a_window_begins_in_is_not_taken(data):
    """A sketch would have cut it elsewhere: it had seen its beginning."""
    recording = np.concatenate([wave(0.5, 4)[80:], wave(0.4, 7)[30:]])
    assert len(recording) < 2 * RATE, "then every window is all of it"
    ((whole, energy),) = FRONTEND.located([recording], rested=True)
    (cut_off, _), (first, end) = FRONTEND.cut(energy)
    assert cut_off == 0
    data = replace(data, everyday={"train": [recording]})
    found = features(replace(STILL, everyday=1.0), data, np.full(20, 60))
    assert np.abs(found - FRONTEND.features(whole[first:end])).max() < ROUNDING


def test_gestures_are_never_replaced_by_everyday_motion(data):
    gestures = np.arange(60)
    found = features(replace(STILL, everyday=1.0), data, gestures)
    np.testing.assert_allclose(found, FRONTEND(data.train.x[gestures]), atol=ROUNDING)


@pytest.mark.parametrize("everyday", [{}, {"train": []}, {"test": [wave(1, 2)]}])
def test_without_everyday_recordings_the_takes_serve(data, everyday):
    chosen = np.arange(60, 80)
    found = features(replace(STILL, everyday=1.0), replace(data, everyday=everyday), chosen)
    np.testing.assert_allclose(found, FRONTEND(data.train.x[chosen]), atol=ROUNDING)


def test_windows_of_long_recordings_last_two_to_five_seconds(data):
    """Of a recording with a swing every second, a window holds several: any of them is taken."""
    long = np.concatenate([wave(0.4, 1 + k / 4) for k in range(20)])
    whole = FRONTEND.whole(long)
    pictures = np.stack([FRONTEND.features(whole[a:b]) for a, b in FRONTEND.segments(long)])
    random = np.random.default_rng(0)
    lengths = [len(motion_augmentation._window([long], RATE, random)) / RATE for _ in range(200)]
    assert 1.99 < min(lengths) < 2.2 and 4.8 < max(lengths) < 5.01
    data = replace(data, everyday={"train": [long]})
    found = features(replace(STILL, everyday=1.0), data, np.full(300, 60))
    nearest = np.abs(found[:, None] - pictures).max(axis=(2, 3)).min(axis=1)
    # A movement that a window's edge cuts is another one; the level begins anew in each window.
    assert (nearest < 0.2).mean() > 0.5
    seen = np.abs(found[:, None] - pictures).max(axis=(2, 3)).argmin(axis=1)
    assert len(set(seen.tolist())) == len(pictures)


# ---- One change at a time ----


def test_another_turn_of_the_board_changes_directions_not_lengths(takes):
    """In each frame acceleration and rotation are as large as before, at the same angle to each
    other: both are turned alike."""
    turned = replace(STILL, turn=6.0)(takes, FRONTEND)
    usual = FRONTEND(takes)
    for columns in (slice(0, 3), slice(3, 6)):
        lengths = np.linalg.norm(turned[..., columns], axis=-1)
        expected = np.linalg.norm(usual[..., columns], axis=-1)
        np.testing.assert_allclose(lengths, expected, atol=ROUNDING)
    inner, expected = ((x[..., :3] * x[..., 3:]).sum(axis=-1) for x in (turned, usual))
    np.testing.assert_allclose(inner, expected, atol=5 * ROUNDING)
    assert 0.02 < np.abs(turned - usual).max() < 2.5 * np.sin(np.radians(5 * 6 * np.sqrt(3)))


def test_the_hand_turns_along_more_or_less(takes):
    """The ratio of rotation to acceleration changes, by one factor for each take."""
    changed, usual = replace(STILL, rotation=0.15)(takes, FRONTEND), FRONTEND(takes)

    def ratio(features: np.ndarray) -> np.ndarray:
        size = np.square(features).sum(axis=1)
        return np.sqrt(size[:, 3:].sum(axis=1) / size[:, :3].sum(axis=1))

    factors = np.log(ratio(changed) / ratio(usual))
    assert abs(factors.mean()) < 5 * 0.15 / np.sqrt(60)
    assert 0.1 < factors.std() < 0.2, "0.15 within five standard errors of 60 numbers, 0.014 each"
    for one, before, factor in zip(changed, usual, np.exp(factors), strict=True):
        # Strength is made equal again, of all axes by the same number.
        acceleration = np.linalg.norm(one[:, :3]) / np.linalg.norm(before[:, :3])
        np.testing.assert_allclose(one[:, 3:], before[:, 3:] * factor * acceleration, atol=1e-4)


def test_a_gain_is_one_factor_for_each_axis(takes):
    louder, usual = replace(STILL, gain=0.3)(takes, FRONTEND), FRONTEND(takes)
    factors = (louder * usual).sum(axis=1) / np.square(usual).sum(axis=1)
    np.testing.assert_allclose(louder, usual * factors[:, None], atol=ROUNDING)
    logarithms = np.log(factors)
    assert logarithms.std() == pytest.approx(0.3, rel=0.25)  # 360 factors: five errors
    assert logarithms.std(axis=1).mean() > 0.2, "each axis has its own"


def test_noise_has_its_standard_deviation(takes):
    noisy = replace(STILL, noise=0.03)(takes, FRONTEND) - FRONTEND(takes)
    error = 0.03 / np.sqrt(2 * noisy.size)
    assert abs(noisy.std() - 0.03) < 5 * error
    assert abs(noisy.mean()) < 5 * 0.03 / np.sqrt(noisy.size)


def test_a_gesture_begins_and_ends_a_little_elsewhere():
    """The normal distribution: 5 % of its length; and never outside of the recording."""
    augmentation, random = replace(STILL, ends=0.05), np.random.default_rng(0)
    places = [augmentation._other_ends(100, 200, 400, random) for _ in range(1_000)]
    for positions, middle in (
        ([place.start for place in places], 100),
        ([place.stop for place in places], 200),
    ):
        assert abs(np.mean(positions) - middle) < 5 * 5 / np.sqrt(1_000)
        assert np.std(positions) == pytest.approx(5, rel=0.12)  # five errors of 1 / sqrt(2,000)
    for _ in range(1_000):
        place = augmentation._other_ends(2, 48, 50, random)
        assert place.start >= 0 and place.stop <= 50 and place.stop - place.start >= 8


def test_hurrying_goes_the_same_way_at_another_tempo():
    """Of a ramp: the same ends, always onwards, the middle moved by about `hurry`."""
    ramp = np.linspace(0, 100, 101)[:, None]
    random, middles, backwards = np.random.default_rng(0), [], 0
    for _ in range(500):
        hurried = replace(STILL, hurry=0.05)._hurried(ramp, random)[:, 0]
        assert hurried[0] == 0 and hurried[-1] == 100
        backwards += bool(np.diff(hurried).min() < -1e-9)
        middles.append(hurried[50])
    # 2 pi times 0.05 times 3.2 standard deviations reach 1: one copy in 700.
    assert backwards <= 5, "time runs backwards"
    assert np.std(middles) == pytest.approx(5, rel=0.16)  # five errors of 1 / sqrt(1,000)
