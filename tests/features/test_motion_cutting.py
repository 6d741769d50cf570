"""The Python front end of motion: the energy of a movement, and what is cut out by it."""

import numpy as np
import pytest
from made_gestures import REST, gesture
from scipy.signal import lfilter

from tinykit.features.motion import Motion

FRONTEND = Motion()
# Energies of hand-made streams: still, neither still nor enough to begin, moving.
LOW, MIDDLE, HIGH = 0, 4_000, 20_000


@pytest.mark.parametrize(("axes", "sample_rate"), [(6, 119.0), (3, 119.0), (6, 99.84), (6, 50.0)])
def test_energy_is_the_mean_square_of_what_changes(axes, sample_rate):
    """Two first-order filters in float64. What whole numbers leave out: a step of an axis changes
    its square by 2 |change| + 1, and each average rounds down by at most one of its own steps."""
    random = np.random.default_rng(0)
    rows = 1_000
    motion = REST + random.normal(size=(rows, 6)) * np.sin(np.arange(rows) / 50)[:, None] ** 2 * [
        *(1, 1, 1),
        *(200, 200, 200),
    ]
    motion = motion[:, :axes]
    frontend = Motion(sample_rate=sample_rate, axes=axes)
    whole = frontend.whole(motion) / ([16] * 3 + [16] * 3)[:axes]  # 256 to the g, 1 to the deg/s
    shares = frontend.constants
    level = shares["level_share"] / 65_536
    start = (1 - level) * whole[:1, :3]
    followed, _ = lfilter([level], [1, level - 1], whole[:, :3], axis=0, zi=start)
    change = np.concatenate([whole[:, :3] - followed, whole[:, 3:]], axis=1)
    share = shares["energy_share"] / 256
    expected = lfilter([share], [1, share - 1], (change**2).sum(axis=1))
    allowed = lfilter([share], [1, share - 1], (2 * np.abs(change) + 1).sum(axis=1))
    difference = np.abs(frontend.energy(motion) - expected)
    assert (difference <= allowed + 1 / share).all(), difference.max()


def test_energy_means_what_the_thresholds_say():
    """An acceleration of 1 g beside a level that does not follow, and 256 deg/s, are 256^2 each."""
    slow = Motion(level_time=50.0)
    for change in ([1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 256]):
        motion = np.concatenate([np.tile(REST, (10, 1)), np.tile(REST + change, (60, 1))])
        assert slow.energy(motion)[-1] == pytest.approx(256**2, rel=0.03)
        assert slow.constants["start"] == round(0.35**2 * 256**2)


@pytest.mark.parametrize("rest", [REST, [0.6, 0, 0.8, 0, 0, 0], [0, 0, -1, 0, 0, 0]])
def test_a_board_at_rest_has_no_energy(rest):
    assert not FRONTEND.energy(np.tile(rest, (300, 1))).any()


def test_a_take_that_begins_moving_is_measured_from_its_rest():
    """A recorder that starts late: the first sample is no level. The median of the take is."""
    take = np.tile(REST.astype(float), (100, 1))
    take[:20, 0] = 1.5
    assert FRONTEND.energy(take)[0] == 0
    assert FRONTEND.energy(take, rested=True)[0] > FRONTEND.constants["start"]


def test_beyond_the_sensors_range_samples_are_clipped():
    whole = FRONTEND.whole([[9, -9, 0, 3_000, -3_000, 0.0624]])
    np.testing.assert_array_equal(whole, [[32_767, -32_768, 0, 32_767, -32_768, 1]])


# ---- Cutting ----


def slowly_cut(frontend: Motion, energy: np.ndarray) -> list[tuple[int, int]]:
    """`cut` as its description says it: one sample after the other."""
    c = frontend.constants
    found, free, moving, first, last = [], 0, False, 0, 0
    for now, value in enumerate([*energy, None]):  # None: the recording is over
        if value is not None:
            if not moving and value > c["start"]:
                moving, first, last = True, max(free, now - c["before"]), now
            if moving and value >= c["stop"]:
                last = now
        still_for, length = now - last, now + 1 - first
        over = value is None or still_for + 1 >= c["quiet"] or length >= c["longest"]
        if moving and over:
            moving = False
            if last + 1 - first >= c["shortest"]:
                found.append((first, last + 1))
                free = last + 1
    return found


def random_energy(random: np.random.Generator) -> np.ndarray:
    """Stretches of any length around both thresholds, and samples exactly on them."""
    parts = []
    thresholds = [FRONTEND.constants["start"], FRONTEND.constants["stop"]]
    choices = [LOW, MIDDLE, HIGH, *thresholds, thresholds[0] + 1, thresholds[1] - 1]
    while sum(map(len, parts)) < 400:
        length = int(random.geometric(1 / random.choice([2, 10, 40])))
        parts.append(np.full(length, random.choice(choices)))
    return np.concatenate(parts)[: random.integers(1, 800)]


FRONT_ENDS = {
    "the course's": FRONTEND,
    "coarse": Motion(sample_rate=25),
    "ends at once": Motion(quiet=0.001, shortest=0.001),
    "one sample before longest": Motion(before=0.29, longest=0.30, shortest=0.1),
    "waits long, cuts soon": Motion(quiet=1.0, longest=0.5),
    "few are long enough": Motion(quiet=0.05, shortest=0.6),
}


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_cutting_is_what_going_through_sample_by_sample_gives(name):
    frontend, random = FRONT_ENDS[name], np.random.default_rng(0)
    segments = 0
    for number in range(1_000):
        energy = random_energy(random)
        expected = slowly_cut(frontend, energy)
        assert frontend.cut(energy) == expected, f"energy number {number}: {energy.tolist()}"
        segments += len(expected)
    assert segments > 500, "the test needs segments"


def stream(*parts: tuple[int, int]) -> np.ndarray:
    """Energy from (value, samples) parts."""
    return np.concatenate([np.full(samples, value) for value, samples in parts])


def test_a_gesture_begins_above_start_and_goes_on_above_stop():
    """Hysteresis: what is between both thresholds begins nothing, but does not end anything."""
    before = FRONTEND.constants["before"]
    assert FRONTEND.cut(stream((MIDDLE, 500))) == []
    energy = stream((LOW, 50), (MIDDLE, 50), (HIGH, 10), (MIDDLE, 60), (LOW, 100))
    assert FRONTEND.cut(energy) == [(100 - before, 170)]


def test_thresholds_are_exact():
    start, stop = FRONTEND.constants["start"], FRONTEND.constants["stop"]
    assert FRONTEND.cut(stream((start, 100))) == []
    assert FRONTEND.cut(stream((start + 1, 100))) == [(0, 100)]
    assert FRONTEND.cut(stream((HIGH, 50), (stop, 50), (stop - 1, 100))) == [(0, 100)]


def test_only_stillness_of_quiet_seconds_ends_a_gesture():
    """The last sample that moves and the next one may be `quiet` samples apart, less one."""
    quiet = FRONTEND.constants["quiet"]
    together = stream((HIGH, 50), (LOW, quiet - 1 - 1), (HIGH, 50), (LOW, 200))
    assert FRONTEND.cut(together) == [(0, 100 + quiet - 2)]
    apart = stream((HIGH, 50), (LOW, quiet - 1), (HIGH, 50), (LOW, 200))
    first, second = FRONTEND.cut(apart)
    assert first == (0, 50) and second == (
        50 + quiet - 1 - FRONTEND.constants["before"],
        100 + quiet - 1,
    )


def test_what_came_before_belongs_to_a_gesture_but_not_to_two():
    frontend = Motion(before=0.5, quiet=0.1)
    before, quiet = frontend.constants["before"], frontend.constants["quiet"]
    assert before > quiet
    energy = stream((LOW, 100), (HIGH, 50), (LOW, quiet), (HIGH, 50), (LOW, 200))
    assert frontend.cut(energy) == [(100 - before, 150), (150, 200 + quiet)]
    assert frontend.cut(stream((LOW, 5), (HIGH, 50))) == [(0, 55)], "there is no more before it"


def test_what_is_shorter_than_shortest_is_no_gesture_and_takes_nothing_away():
    shortest, before = FRONTEND.constants["shortest"], FRONTEND.constants["before"]
    fewest = shortest - before  # moving samples that, with those before them, are enough
    assert FRONTEND.cut(stream((LOW, 50), (HIGH, fewest - 1), (LOW, 100))) == []
    assert FRONTEND.cut(stream((LOW, 50), (HIGH, fewest), (LOW, 100))) == [
        (50 - before, 50 + fewest)
    ]
    frontend = Motion(before=0.4, quiet=0.05, shortest=0.5)
    reach, quiet = frontend.constants["before"], frontend.constants["quiet"]
    energy = stream((LOW, 50), (HIGH, 3), (LOW, quiet), (HIGH, 60))
    onset = 53 + quiet
    assert frontend.cut(energy) == [(onset - reach, onset + 60)], "reaches over the dropped one"


def test_what_lasts_longer_than_longest_is_cut_there():
    longest = FRONTEND.constants["longest"]
    energy = stream((HIGH, 2 * longest + 100), (LOW, 100))
    assert FRONTEND.cut(energy) == [
        (0, longest),
        (longest, 2 * longest),
        (2 * longest, 2 * longest + 100),
    ]


def test_a_stream_that_ends_in_a_gesture_gives_what_there_is_of_it():
    assert FRONTEND.cut(stream((LOW, 50), (HIGH, 60)))[0][1] == 110
    assert FRONTEND.cut(stream((HIGH, 1))) == []
    assert FRONTEND.cut(np.array([], np.int64)) == []


def test_of_a_take_the_strongest_gesture_counts():
    """A jerk when the hand gets ready, then the gesture."""
    weak = gesture(119, 0.5, strength=0.5)
    both = np.concatenate([weak, gesture(119)])
    (_, _), (first, end) = FRONTEND.segments(both)
    _, energy = FRONTEND.located([both], rested=True)[0]
    assert FRONTEND.strongest(energy) == (first, end)
    assert np.abs(FRONTEND(both) - FRONTEND(gesture(119))).max() < 0.05
    still = np.tile(REST, (80, 1))
    np.testing.assert_array_equal(FRONTEND(still), FRONTEND.features(FRONTEND.whole(still)))


def test_segments_are_slices_of_the_stream():
    """Two gestures, 4 seconds apart; each is the energy's, from its beginning to the last moment
    of 0.2 g."""
    two = np.concatenate([gesture(119), gesture(119, 0.6)])
    for (first, end), (begin, finish) in zip(
        FRONTEND.segments(two), ((2, 3), (7, 7.6)), strict=True
    ):
        assert begin - 0.1 <= first / 119 <= begin + 0.05
        assert finish - 0.05 <= end / 119 <= finish + 0.3, "the level comes back"
