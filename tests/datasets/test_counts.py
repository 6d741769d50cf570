"""Labels with too few examples are named, and others are not."""

import pytest

from tinykit.datasets.counts import few_examples


@pytest.mark.parametrize(
    ("counts", "few"),
    [
        ([60, 60], []),
        ([60, 12], []),  # a fifth
        ([60, 11], [11]),
        ([60, 3], [3]),
        ([9, 9], [9, 9]),
        ([10, 10], []),
        ([10], []),
        ([2], [2]),
        ([1_000, 1_000, 1_000, 199], [199]),
        ([5_000, 100, 100, 100], []),  # beside the median of the others, not beside the largest
        ([], []),
    ],
)
def test_below_ten_or_a_fifth_of_the_others_is_too_few(counts, few):
    notes = few_examples([f"label {n}" for n in range(len(counts))], counts)
    assert len(notes) == len(few)
    for note, count in zip(notes, few, strict=True):
        assert f"only {count} example" in note and "too few" in note


def test_the_label_is_named_and_what_the_others_have():
    assert few_examples(["on", "off"], [60, 3]) == [
        "There are only 3 examples of 'off' (the others have 60): too few to learn it well. "
        "Add more of them."
    ]
