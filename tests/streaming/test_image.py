"""Deciding on a stream of pictures: several must agree before the state changes."""

import dataclasses

import numpy as np
import pytest
from conftest import bars

import tinykit as tk
from tinykit.common.kinds import IMAGE
from tinykit.streaming.image import DEFAULT_DECISION, SECONDS_PER_FRAME, FrameDecider

PERSON, NOBODY, UNSURE = [20, 235], [240, 15], [128, 128]


def changes(pictures: list[list[int]], **decision) -> list[int]:
    decider = FrameDecider(**decision)
    return [decider.update(scores) for scores in pictures]


def test_the_state_changes_with_the_third_picture_that_agrees():
    assert changes([NOBODY, PERSON, PERSON, PERSON, PERSON]) == [-1, -1, -1, 1, -1]
    assert changes([PERSON] * 3 + [NOBODY] * 3 + [PERSON] * 3) == [-1, -1, 1, -1, -1, 0, -1, -1, 1]


def test_it_begins_at_rest_and_says_so_only_after_a_change():
    assert changes([NOBODY] * 10) == [-1] * 10


@pytest.mark.parametrize("other", [NOBODY, UNSURE])
def test_one_picture_of_another_opinion_begins_the_count_again(other):
    assert changes([PERSON, PERSON, other, PERSON, PERSON, PERSON])[-2:] == [-1, 1]
    assert 1 not in changes([PERSON, PERSON, other] * 5)


def test_the_highest_score_must_reach_the_threshold_too():
    assert changes([[96, 159]] * 9, threshold=160) == [-1] * 9
    assert changes([[95, 160]] * 3, threshold=160) == [-1, -1, 1]
    assert changes([[128, 128]] * 3, agree=1, threshold=0) == [-1] * 3, "of equals the first counts"


def test_with_three_labels_those_that_agree_must_agree_on_one():
    cat, dog, none = [10, 240, 6], [10, 6, 240], [240, 10, 6]
    assert changes([cat, dog, cat, dog, dog, dog, cat, cat, none]) == [-1] * 5 + [2] + [-1] * 3


def test_one_picture_is_enough_when_so_decided():
    assert changes([PERSON, NOBODY, PERSON], agree=1) == [1, 0, 1]


@pytest.mark.parametrize(("score", "percent"), [(0, 0), (128, 50), (240, 94), (255, 100)])
def test_scores_are_printed_in_hundredths(score, percent):
    assert FrameDecider.percent(score) == percent


# ---- Streams ----


def test_a_stream_of_pictures_is_a_state_over_time(picture_tiny):
    frames = bars([0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0], seed=5)
    stream = tk.stream(picture_tiny, frames)
    assert stream.kind == IMAGE and stream.scores.shape == (11, 2)
    np.testing.assert_allclose(stream.times, SECONDS_PER_FRAME * np.arange(1, 12))
    seen = [(round(time / SECONDS_PER_FRAME), label) for time, label, _ in stream.events]
    assert seen == [(6, "upright"), (10, "lying")], "each with the third picture that shows it"
    for time, label, score in stream.events:
        row = stream.scores[round(time / SECONDS_PER_FRAME) - 1]
        assert score == row[stream.labels.index(label)] / 256
    np.testing.assert_array_equal(stream.averages, stream.scores / 256)


def test_decision_and_pace_can_be_others(picture_tiny):
    frames = bars([0, 1, 1, 0], seed=6)
    quick = tk.stream(picture_tiny, frames, {"agree": 1}, seconds_per_frame=0.1)
    assert [(round(t, 6), label) for t, label, _ in quick.events] == [
        (0.2, "upright"),
        (0.4, "lying"),
    ]
    own = dataclasses.replace(picture_tiny, decision={"agree": 2})
    assert [label for _, label, _ in tk.stream(own, frames).events] == ["upright"]
    assert DEFAULT_DECISION == {"agree": 3, "threshold": 160}
    assert repr(tk.stream(picture_tiny, frames)) == "no change seen"


def test_frames_may_be_of_any_size_in_grey_or_colour(picture_tiny):
    """A list of pictures: each goes through the front end on its own."""
    frames = list(bars([1, 1, 1], seed=7))
    frames[0] = frames[0][..., 0]
    frames[1] = frames[1].repeat(3, 0).repeat(2, 1)
    assert [label for _, label, _ in tk.stream(picture_tiny, frames).events] == ["upright"]


def test_no_frame_is_no_event(picture_tiny):
    stream = tk.stream(picture_tiny, np.zeros((0, 120, 160, 3), np.uint8))
    assert len(stream.times) == 0 and stream.events == [] and stream.scores.shape == (0, 2)


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((120, 160), np.uint8),
        np.zeros((120, 160, 3), np.uint8),
        np.zeros((3, 120, 160), np.float32),
        np.zeros((3, 120, 160, 4), np.uint8),
        [np.zeros(5, np.uint8)],
    ],
    ids=["one picture", "one in colour", "floats", "four channels", "no picture"],
)
def test_what_is_no_stream_of_pictures_is_refused_in_one_line(picture_tiny, frames):
    with pytest.raises(tk.TinykitError) as caught:
        tk.stream(picture_tiny, frames)
    assert "\n" not in str(caught.value)
