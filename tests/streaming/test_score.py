"""What was reported against what was done."""

import pytest

from tinykit.common.errors import TinykitError
from tinykit.streaming.score import CONFUSED, FALSE_ALARM, HIT, MISSED, Hits, score

DONE = [(2.0, "circle"), (10.0, "punch"), (20.0, "wing")]


def test_each_gesture_and_each_report_is_counted_once():
    events = [(3.5, "circle", 0.9), (7.0, "flex", 0.8), (11.5, "flex", 0.9)]
    result = score(events, DONE)
    assert result.of_events == [HIT, FALSE_ALARM, CONFUSED]
    assert result.of_done == [HIT, CONFUSED, MISSED]
    counts = (result.hits, result.confused, result.missed, result.false_alarms)
    assert counts == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("time", "outcome"),
    [(1.99, FALSE_ALARM), (2.0, HIT), (6.0, HIT), (6.01, FALSE_ALARM)],
)
def test_a_gesture_may_be_reported_within_the_window(time, outcome):
    assert score([(time, "circle", 0.9)], DONE, window=4.0).of_events == [outcome]


def test_a_second_report_of_a_gesture_is_a_false_alarm():
    result = score([(3, "circle", 0.9), (4, "circle", 0.9)], DONE[:1])
    assert result.of_events == [HIT, FALSE_ALARM]


def test_the_right_name_counts_even_when_a_wrong_one_came_first():
    result = score([(3, "flex", 0.9), (4, "circle", 0.9)], DONE[:1])
    assert result.of_events == [FALSE_ALARM, HIT]
    assert (result.hits, result.confused, result.false_alarms) == (1, 0, 1)


def test_a_report_belongs_to_the_gesture_that_began_last():
    close = [(2.0, "circle"), (4.0, "punch")]
    result = score([(5.0, "punch", 0.9)], close)
    assert result.of_done == [MISSED, HIT]
    assert score([(5.0, "circle", 0.9)], close).of_done == [MISSED, CONFUSED]
    swapped = score([(5.0, "punch", 0.9)], close[::-1])
    assert swapped.of_done == [HIT, MISSED], "in whatever order they are given"


def test_nothing_done_and_nothing_reported():
    assert score([], []) == Hits(0, 0, 0, 0)
    assert score([], DONE).missed == 3
    assert score([(1, "wing", 0.9)], []).false_alarms == 1


def test_false_alarms_are_counted_by_the_minute():
    result = score([(30, "wing", 0.9), (50, "wing", 0.9)], DONE, seconds=40)
    assert result.false_alarms_per_minute == 3
    with pytest.raises(TinykitError, match="seconds"):
        _ = score([], DONE).false_alarms_per_minute


def test_the_result_reads_as_a_sentence():
    events = [(3.5, "circle", 0.9), (7.0, "flex", 0.8)]
    assert repr(score(events, DONE, seconds=30)) == (
        "1 of 3 gestures recognised, 0 confused, 2 missed; 1 false alarm (2.0 per minute)"
    )
    assert repr(score([], DONE)).endswith("; 0 false alarms")
