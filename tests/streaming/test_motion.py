"""`stream` on motion: movements are found, scored once each, and gestures reported."""

import dataclasses

import numpy as np
import pytest
from conftest import swings

import tinykit as tk
from tinykit.streaming.motion import MotionDecider

LABELS = ["circle", "punch", "none"]
RATE = 119.0


@pytest.fixture(scope="module")
def motion() -> tuple[np.ndarray, list[int], list[float]]:
    """Twelve swings one after the other, which they are, and when each take ends, in seconds."""
    takes, y = swings(12, seed=5)
    return np.concatenate(takes), y.tolist(), (np.cumsum([len(x) for x in takes]) / RATE).tolist()


def test_each_gesture_is_reported_once_after_it_was_made(gesture_tiny, motion):
    recording, y, take_ends = motion
    result = tk.stream(gesture_tiny, recording)
    assert [label for _, label, _ in result.events] == [gesture_tiny.labels[i] for i in y]
    for (time, _, score), take_end in zip(result.events, take_ends, strict=True):
        assert take_end - 0.6 < time < take_end, "within the rest that ends the take"
        assert 180 / 256 <= score <= 1
    assert len(result.times) == 12
    np.testing.assert_array_equal(result.averages, result.scores / 256)
    assert result.scores.dtype == np.uint8 and result.scores.shape == (12, 4)
    first = repr(result).splitlines()[0].split()
    assert first[1:] == ["s", "thrust", f"{result.events[0][2]:.2f}"]


def test_scores_are_those_of_the_segments_alone(gesture_tiny, motion):
    """What the network sees of a movement in a stream is what it sees of the movement cut out."""
    recording = motion[0]
    frontend = gesture_tiny.frontend
    whole = frontend.whole(recording)
    features = np.stack([frontend.features(whole[a:b]) for a, b in frontend.segments(recording)])
    scores = tk.stream(gesture_tiny, recording).scores
    np.testing.assert_array_equal(
        scores, np.rint(gesture_tiny.predict(features) * 256).clip(0, 255)
    )


def test_decisions_come_when_the_stillness_has_lasted_long_enough(gesture_tiny):
    """Neither before it has, nor later: a recording that ends a sample too early shows nothing."""
    (take,), _ = swings(1, seed=6)
    frontend = gesture_tiny.frontend
    ((_, end),) = frontend.segments(take)
    over = end - 1 + frontend.constants["quiet"]
    assert tk.stream(gesture_tiny, take).times.tolist() == [over / RATE]
    assert len(tk.stream(gesture_tiny, take[:over]).times) == 1
    nothing = tk.stream(gesture_tiny, take[: over - 1])
    assert len(nothing.times) == 0 and nothing.events == []
    assert repr(nothing) == "no gesture felt"
    assert nothing.scores.shape == (0, 4)


def test_a_movement_without_end_is_cut_where_it_gets_too_long(gesture_tiny):
    motion = np.sin(np.arange(1_000)[:, None] * [0.3, 0.1, 0.2, 0, 0, 0]).astype(np.float32)
    result = tk.stream(gesture_tiny, motion)
    longest = gesture_tiny.frontend.constants["longest"]
    assert len(result.times) == 1_000 // longest
    np.testing.assert_allclose(np.diff(result.times), longest / RATE, atol=2 / RATE)


def test_the_threshold_and_the_models_own_one_are_used(gesture_tiny, motion):
    recording = motion[0]
    deaf = dataclasses.replace(gesture_tiny, decision={"threshold": 256})
    assert tk.stream(deaf, recording).events == []
    assert len(tk.stream(deaf, recording, {"threshold": 0}).events) == 12


def test_another_sensors_rate_gives_the_same_gestures(gesture_tiny):
    takes, y = swings(9, seed=7, sample_rate=99.84)
    result = tk.stream(gesture_tiny, np.concatenate(takes), sample_rate=99.84)
    assert [label for _, label, _ in result.events] == [gesture_tiny.labels[i] for i in y]


@pytest.mark.parametrize("shape", [(0, 6), (50,), (50, 3), (50, 7)])
def test_motion_of_another_shape_is_refused(gesture_tiny, shape):
    with pytest.raises(tk.TinykitError, match=r"6 axes|no samples") as caught:
        tk.stream(gesture_tiny, np.zeros(shape, np.float32))
    assert "\n" not in str(caught.value)


def test_a_model_without_front_end_is_refused(gesture_tiny):
    with pytest.raises(tk.TinykitError, match="has no front end"):
        tk.stream(dataclasses.replace(gesture_tiny, frontend=None), np.zeros((50, 6)))


# ---- The decider ----


def test_the_best_label_is_reported_from_the_threshold_on():
    decider = MotionDecider(LABELS, threshold=180)
    assert decider.decide([180, 10, 60]) == 0
    assert decider.decide([10, 255, 0]) == 1
    assert decider.decide([179, 10, 60]) == -1


def test_none_is_never_reported_and_the_first_of_equals_wins():
    decider = MotionDecider(LABELS, threshold=0)
    assert decider.decide([10, 20, 200]) == -1
    assert decider.decide([90, 90, 70]) == 0
    assert decider.decide([10, 90, 90]) == 1


def test_percentages_are_rounded_as_the_keyword_sketch_rounds():
    """A score of s stands for s / 256; half a hundredth rounds up."""
    for score in range(256):
        exact = 100 * score / 256
        assert abs(MotionDecider.percent(score) - exact) <= 0.5
    assert [MotionDecider.percent(score) for score in (0, 128, 255)] == [0, 50, 100]
