"""How many examples of a label are too few, said in the same words for every kind of data."""

import math
from collections.abc import Sequence
from statistics import median

FEWEST = 10  # examples of a label: one each to validate and to test with, and some to learn from
_SHARE = 5  # a label may have a fifth of what the others have


def few_examples(labels: Sequence[str], counts: Sequence[int]) -> list[str]:
    """A sentence for each label that has too few examples; none where all have enough.

    Too few are fewer than 10, or fewer than a fifth of the median of the other labels.

    Args:
        labels: the names of the classes.
        counts: recordings, takes or pictures of each, all splits together.
    """
    notes = []
    for index, (label, count) in enumerate(zip(labels, counts, strict=True)):
        others = [n for other, n in enumerate(counts) if other != index]
        wanted = max(FEWEST, math.ceil(median(others) / _SHARE) if others else 0)
        if count >= wanted:
            continue
        most = max(range(len(counts)), key=lambda other: counts[other])
        beside = f' ({counts[most]:,} of "{labels[most]}")' if counts[most] > count else ""
        examples = "example" if count == 1 else "examples"
        notes.append(
            f'Only {count:,} {examples} of "{label}"{beside}: a network learns little from so '
            f"few, and a test with so few says little. Add more, at least {wanted:,}."
        )
    return notes
