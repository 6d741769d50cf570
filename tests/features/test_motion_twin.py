"""The C++ front end of motion (MotionSegmenter.h, MotionFeatures.h, MotionDecider.h) against its
Python twins (features/motion.py, motion_streaming.py)."""

import re
from functools import cache

import numpy as np
import pytest
from cpp_build import LIBRARY, STAND_INS, WARNINGS, MotionTwin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinykit.board.virtual.toolchain import zig
from tinykit.features import motion as python
from tinykit.features.motion import Motion
from tinykit.streaming.motion import MotionDecider

# Features of unit strength reach about 4.
SCALE, ZERO_POINT = 4 / 127, 3
FRONTEND = Motion()

FRONT_ENDS = {
    "the course's": FRONTEND,
    "Rev2's sensor": Motion(sample_rate=99.84),
    "without a gyroscope": Motion(axes=3),
    "slow sensor, more frames than samples": Motion(sample_rate=25, frames=80, shortest=0.1),
    "nervous": Motion(start=0.05, stop=0.04, quiet=0.02, before=0.3, shortest=0.01, longest=0.4),
    "most movements are too short": Motion(before=0.6, quiet=0.04, shortest=0.8, stop=0.3),
    "longest is soon reached": Motion(longest=0.25, before=0.2, quiet=1.0),
}


@pytest.fixture(scope="module")
def twin_of(tmp_path_factory):
    """The twin of each front end, compiled once."""

    @cache
    def build(name: str) -> MotionTwin:
        folder = tmp_path_factory.mktemp("motion")
        return MotionTwin(folder, FRONT_ENDS[name], SCALE, ZERO_POINT)

    return build


def at_rest(rows: int, gravity=(0, 0, 1), noise: float = 0.0, seed: int = 0) -> np.ndarray:
    motion = np.tile(np.concatenate([gravity, np.zeros(3)]), (rows, 1))
    motion += noise * np.random.default_rng(seed).normal(size=motion.shape) * [1, 1, 1, 50, 50, 50]
    return motion.astype(np.float32)


def bursts(rows: int = 2_000, seed: int = 0, strength: float = 1.0) -> np.ndarray:
    """Movements of random lengths and strengths, some with pauses shorter than `quiet` in them."""
    random = np.random.default_rng(seed)
    motion = at_rest(rows, random.normal(size=3), 0.01, seed)
    now = int(random.integers(0, 100))
    while now < rows:
        length = int(random.geometric(1 / 60))
        shape = np.sin(np.arange(length)[:, None] * random.uniform(0.05, 0.5, 6))
        loud = strength * random.uniform(0.1, 3, 6) * [1, 1, 1, 200, 200, 200]
        end = min(rows, now + length)
        motion[now:end] += (shape * loud)[: end - now]
        now = end + int(random.geometric(1 / 40))
    return motion.astype(np.float32)


def rolling(rows: int) -> np.ndarray:
    """A board that rolls about its x axis, three degrees from sample to sample."""
    angle = np.radians(3) * np.arange(rows)
    nothing = np.zeros(rows)
    columns = [nothing, np.sin(angle), np.cos(angle), nothing + 3 * 119, nothing, nothing]
    return np.stack(columns, axis=1)


def hard_motion() -> dict[str, np.ndarray]:
    """Ten seconds and more of motion that is hard on a segmentation."""
    random = np.random.default_rng(1)
    steps = np.where(np.arange(1_500) % 90 < 45, 4.0, -4.0)[:, None] * np.ones(6)
    return {
        "still": at_rest(1_200, noise=0.005),
        "moving from the first sample on": np.concatenate([bursts(300, 2, 3.0)[80:], at_rest(200)]),
        "moving without an end": 2 * np.sin(np.arange(3_000)[:, None] * [0.3, 0.2, 0.1, 1, 1, 1]),
        "movements with pauses": bursts(3_000, 3),
        "faint movements": bursts(3_000, 4, 0.15),
        "beyond the sensor's range": random.normal(size=(2_000, 6)) * 10 * [1, 1, 1, 300, 300, 300],
        "steps": steps * [1, 0.5, 2, 300, 500, 500],
        "full scale, to and fro, without gravity": np.sign(np.sin(np.arange(2_000) / 7))[:, None]
        * ((np.arange(2_000) % 240 > 120)[:, None] * np.array([8, -8, 8, 2048, -2048, 2048])),
        "free fall": at_rest(1_500) * (np.arange(1_500) % 400 < 330)[:, None],
        "rolling on and on": rolling(2_000),
        "held upside down": bursts(2_000, 5) * [1, 1, -1, 1, 1, 1],
        "single knocks": at_rest(1_500) + 6 * (np.arange(1_500) % 149 == 0)[:, None],
        "random walk": np.cumsum(random.normal(size=(3_000, 6)) * [0.05] * 6, axis=0),
    }


def assert_twins(twin: MotionTwin, motion: np.ndarray) -> int:
    """Same movements, sample by sample; features at most a step apart. Returns how many."""
    frontend = twin.frontend
    motion = np.asarray(motion, np.float32)[:, : frontend.axes]
    ends, lengths, features = twin.movements(motion)
    samples, constants = frontend.whole(motion), frontend.constants
    segments = frontend.segments(motion)
    # When the board knows that a movement is over: after so much stillness, or so long a time.
    over = [min(b - 1 + constants["quiet"], a + constants["longest"]) for a, b in segments]
    seen = [i for i, end in enumerate(over) if end <= len(motion)]
    assert len(segments) - len(seen) <= 1, "only the last may go on beyond the recording"
    segments = [segments[i] for i in seen]
    assert lengths == [end - first for first, end in segments]
    assert ends == [over[i] for i in seen]
    for (first, end), q in zip(segments, features, strict=True):
        expected = frontend.features(samples[first:end]) * np.float32(1 / np.float32(SCALE))
        expected = (np.rint(expected) + ZERO_POINT).clip(-128, 127)
        difference = np.abs(q - expected)
        assert difference.max() <= 1, (
            f"samples {first} to {end}: {np.count_nonzero(difference > 1)} of {difference.size} "
            f"features differ by more than one step (worst {difference.max():.0f}). First suspect: "
            "edges of the frames, the turn, or the root mean square."
        )
        # Only values next to the middle between two steps may round the other way.
        assert np.count_nonzero(difference) <= 3
    return len(segments)


@pytest.mark.parametrize("frontend", FRONT_ENDS)
def test_twins_find_the_same_movements_and_see_the_same(twin_of, frontend):
    """Whole numbers cut the stream, so the twins agree on every sample; float32 sums of features in
    another order may round differently, never by more than one int8 step."""
    twin = twin_of(frontend)
    found = {name: assert_twins(twin, motion) for name, motion in hard_motion().items()}
    assert sum(found.values()) > 10, "the test needs movements"
    if frontend == "the course's":
        assert found["still"] == 0
        assert found["moving without an end"] >= 3000 // 298, "cut where it gets too long"


def test_a_movement_begins_above_its_threshold_not_at_it(tmp_path):
    """The threshold is put exactly on the highest energy of a recording that begins with a rest."""
    motion = np.concatenate([at_rest(200), bursts(300, 8), at_rest(600)])
    energy = FRONTEND.energy(motion)
    for above, movements in ((0, 0), (1, 1)):
        frontend = Motion(start=np.sqrt(energy.max() - above) / 256, shortest=0.01)
        assert frontend.constants["start"] == energy.max() - above
        (tmp_path / str(above)).mkdir()
        twin = MotionTwin(tmp_path / str(above), frontend, SCALE, ZERO_POINT)
        assert assert_twins(twin, motion) == movements


def test_twins_agree_on_real_gestures(twin_of, real_data):
    """All takes of a real person, one after the other as the board would feel them."""
    seen = 0
    for path in sorted((real_data / "arduino_gestures" / "data").glob("*.csv")):
        lines = path.read_text(encoding="utf-8").split("\n")[1:]
        rows = [[float(value) for value in line.split(",")] for line in lines if line.strip()]
        seen += assert_twins(twin_of("the course's"), np.array(rows))
    assert seen > 50


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(1, 1_500),
    strength=st.floats(0.05, 8),
    frontend=st.sampled_from(sorted(FRONT_ENDS)),
)
def test_twins_agree_on_any_motion(twin_of, seed, rows, strength, frontend):
    assert_twins(twin_of(frontend), bursts(rows, seed, strength))


def test_the_samples_of_a_movement_are_those_that_python_keeps(twin_of):
    """In the ring they may lie across its end."""
    twin = twin_of("the course's")
    for quiet in range(280, 320, 3):
        motion = np.concatenate([at_rest(quiet), bursts(200, 6, 2.0), at_rest(100)])
        first, end = FRONTEND.segments(motion)[0]
        kept = twin.first_movement(motion)
        np.testing.assert_array_equal(kept, FRONTEND.whole(motion)[first:end])


def test_features_do_not_depend_on_the_sensors_rate_nor_on_which_way_is_up(twin_of):
    """The same swing at 119 Hz and at 99.84 Hz, held level and held upside down about x."""
    pictures = []
    for name, turn in (
        ("the course's", [1, 1, 1, 1, 1, 1]),
        ("Rev2's sensor", [1, 1, 1, 1, 1, 1]),
        ("the course's", [1, -1, -1, 1, -1, -1]),
    ):
        rate = FRONT_ENDS[name].sample_rate
        time = np.arange(int(3 * rate)) / rate
        swing = np.where((time > 1) & (time < 2), np.sin(2 * np.pi * 2 * (time - 1)), 0)
        motion = at_rest(len(time))
        motion += np.outer(swing, [1.5, 0.3, 0.0, 0, 90, 150])
        _, _, features = twin_of(name).movements(motion * turn)
        assert len(features) == 1
        pictures.append(features[0].astype(int) - ZERO_POINT)
    usual, other_rate, upside_down = pictures
    # A sample is a fiftieth of the swing; the steepest change in that time is 2 pi / 25 of an
    # amplitude of at most 2.4, or 19 steps of 1/32.
    assert np.abs(usual - other_rate).max() <= 19
    assert np.corrcoef(usual.ravel(), other_rate.ravel())[0, 1] > 0.99
    assert np.abs(usual - upside_down).max() <= 2


def test_both_count_in_the_same_units():
    text = "".join((LIBRARY / f"Motion{n}.h").read_text("utf-8") for n in ("Segmenter", "Features"))
    units = {
        "kAccelerationSteps": python.ACCELERATION_STEPS,
        "kRotationSteps": python.ROTATION_STEPS,
        "kRotationUnit": python.ROTATION_UNIT,
    }
    for name, steps in units.items():
        assert float(re.search(rf"{name} = ([\d.]+)f", text)[1]) == steps


# ---- Decisions ----


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(st.lists(st.integers(0, 255), min_size=4, max_size=4), min_size=1, max_size=30),
    threshold=st.integers(0, 256),
)
def test_twins_decide_alike(twin_of, rows, threshold):
    """Integers only: every decision and every printed percentage is the same."""
    scores = np.array(rows)
    cpp, percents = twin_of("the course's").decisions(scores - 128, threshold)
    decider = MotionDecider(["circle", "punch", "flex", "none"], threshold)
    assert cpp == [decider.decide(row) for row in scores]
    assert percents == [decider.percent(row[0]) for row in scores]


@pytest.mark.parametrize("standard", ["gnu++14", "c++17"])
def test_clang_has_nothing_to_say_about_it_either(tmp_path, standard):
    """It is the virtual board's compiler. Arduino's, GCC, is tried with each sketch."""
    MotionTwin(tmp_path, FRONTEND, SCALE, ZERO_POINT)  # writes config.h
    source = STAND_INS / "motion_twin.cpp"
    flags = [f"-std={standard}", *WARNINGS, "-Werror", "-I", tmp_path, "-I", LIBRARY]
    zig(["c++", *flags, "-c", source, "-o", "twin.o"], tmp_path)
