"""The C++ KeywordDecider against its Python twin, and what both promise."""

import itertools

import numpy as np
import pytest
from cpp_build import Twin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinykit.features.audio import LogMel
from tinykit.streaming.audio import KeywordDecider

LABELS = ["yes", "no", "unknown", "silence"]
YES, NO, UNKNOWN = [255, 0, 0, 0], [0, 255, 0, 0], [0, 0, 255, 0]
STEP_MS = 80


@pytest.fixture(scope="module")
def twin(tmp_path_factory) -> Twin:
    return Twin(tmp_path_factory.mktemp("decider"), LogMel(), 1.0, 0)


def decided(scores, times=None, **settings_) -> list[int]:
    decider = KeywordDecider(LABELS, **settings_)
    times = times or [STEP_MS * i for i in range(len(scores))]
    return [decider.update(s, t) for s, t in zip(scores, times, strict=True)]


# Mostly clear scores in runs, as a network gives them; a few arbitrary ones.
_scores = st.one_of(
    st.sampled_from([YES, NO, UNKNOWN]),
    st.lists(st.integers(0, 255), min_size=4, max_size=4),
)
_runs = st.lists(st.tuples(_scores, st.integers(1, 12), st.integers(0, 2_000)), max_size=15)


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(
    runs=_runs,
    start=st.sampled_from([0, 2**31 - 500, 2**32 - 1_000]) | st.integers(0, 2**32 - 1),
    window=st.sampled_from([1, 4, 7]),
    threshold=st.integers(0, 255),
    refractory_ms=st.sampled_from([0, 79, 80, 81, 1_000, 2**32 - 1]),
)
def test_twins_decide_alike(twin, runs, start, window, threshold, refractory_ms):
    """Integers only: every decision and every printed percentage is the same, wherever the clock
    starts and wraps."""
    scores = [score for score, count, _ in runs for _ in range(count)]
    pauses = [pause for _, count, pause in runs for pause in [pause] + [STEP_MS] * (count - 1)]
    times = [int(t) % 2**32 for t in start + np.cumsum(pauses)]
    q = np.array(scores, int).reshape(-1, 4) - 128
    cpp, percents = twin.decisions(q, times, window, threshold, refractory_ms)

    decider = KeywordDecider(LABELS, window, threshold, refractory_ms)
    for i, (score, time) in enumerate(zip(scores, times, strict=True)):
        assert (decider.update(score, time), decider.percent(0)) == (cpp[i], percents[i]), (
            f"inference {i} at {time} ms"
        )


def test_a_keyword_is_reported_once_it_was_heard_for_the_whole_window():
    assert decided([YES] * 6, window=4) == [-1, -1, -1, 0, -1, -1]


def test_a_long_keyword_is_reported_again_after_the_refractory_time():
    reports = decided([NO] * 40, window=4, refractory_ms=1_000)
    assert [i for i, label in enumerate(reports) if label == 1] == [3, 16, 29]  # 13 * 80 >= 1000


def test_a_single_high_score_is_not_enough():
    assert set(decided([UNKNOWN] * 5 + [YES] + [UNKNOWN] * 5)) == {-1}


def test_unknown_and_silence_are_never_reported():
    assert set(decided([UNKNOWN] * 30 + [[0, 0, 0, 255]] * 30)) == {-1}


def test_the_threshold_is_reached_by_the_average_exactly():
    assert 0 in decided([[180, 0, 0, 0]] * 4, threshold=180)
    assert 0 not in decided([[180, 0, 0, 0]] * 3 + [[179, 0, 0, 0]], threshold=180)


def test_of_equal_averages_the_first_label_wins():
    assert decided([[200, 200, 0, 0]] * 4)[3] == 0


def test_decisions_do_not_depend_on_when_the_clock_wraps():
    """49.7 days after the start millis() is 0 again; nobody should notice."""
    random = np.random.default_rng(1)
    scores = np.repeat(random.integers(0, 256, (60, 4)), 8, axis=0).tolist()
    times = STEP_MS * np.arange(len(scores))
    plain = decided(scores, times.tolist(), threshold=120)
    wrapped = decided(scores, ((times + 2**32 - 20_000) % 2**32).tolist(), threshold=120)
    assert plain == wrapped
    assert any(label >= 0 for label in plain)


def test_a_rest_ends_even_when_the_next_keyword_comes_a_whole_clock_later():
    """Exactly 2**32 ms after a report the elapsed time looks like 0."""
    times = [0, 80, 160, 240, 2_000, 2_080, 2_160, 160, 240]
    scores = [YES] * 4 + [UNKNOWN] * 3 + [YES] * 2
    assert decided(scores, times, window=1) == [0, -1, -1, -1, -1, -1, -1, 0, -1]


@settings(deadline=None)
@given(runs=_runs, threshold=st.integers(0, 255), refractory_ms=st.integers(0, 3_000))
def test_reports_are_keywords_and_keep_their_distance(runs, threshold, refractory_ms):
    scores = [score for score, count, _ in runs for _ in range(count)]
    reports = decided(scores, threshold=threshold, refractory_ms=refractory_ms)
    when = [STEP_MS * i for i, label in enumerate(reports) if label >= 0]
    assert set(reports) <= {-1, 0, 1}
    assert all(later - earlier >= refractory_ms for earlier, later in itertools.pairwise(when))
    assert all(label == -1 for label in reports[:3])
