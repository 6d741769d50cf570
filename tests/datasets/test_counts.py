"""A label with too few examples is named, with the number that would do."""

import pytest

from tinykit.datasets.counts import few_examples


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([60, 60], []),
        ([60, 12], []),  # a fifth
        ([60, 11], ['Only 11 examples of "b" (60 of "a"): ', "at least 12."]),
        ([60, 3], ['Only 3 examples of "b" (60 of "a"): ', "at least 12."]),
        ([12, 1], ['Only 1 example of "b" (12 of "a"): ', "at least 10."]),
        ([1_000, 100], ['Only 100 examples of "b" (1,000 of "a"): ', "at least 200."]),
        ([9], ['Only 9 examples of "a": ', "at least 10."]),
    ],
)
def test_a_label_with_too_few_examples_is_named(counts, said):
    notes = few_examples("abc"[: len(counts)], counts)
    assert len(notes) == bool(said), notes
    assert all(words in notes[0] for words in said)


def test_the_median_of_the_others_is_the_measure():
    """One label with very many examples does not make all others too few."""
    assert few_examples("abcd", [50, 50, 50, 1_000]) == []
    assert len(few_examples("abcd", [5, 50, 50, 4])) == 2
