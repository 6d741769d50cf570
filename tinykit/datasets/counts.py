"""Labels with too few examples to learn from."""

import statistics
from collections.abc import Sequence

FEW = 10  # examples: below, a split has one or two of them
_SHARE = 5  # a label with a fifth of what the others have is hardly ever answered


def few_examples(labels: Sequence[str], counts: Sequence[int]) -> list[str]:
    """A sentence for each label that has too few examples, by itself or beside the others.

    Args:
        labels: the names of the classes.
        counts: how many examples each of them has, in all splits together.
    """
    notes = []
    for index, (label, count) in enumerate(zip(labels, counts, strict=True)):
        others = [*counts[:index], *counts[index + 1 :]]
        usual = statistics.median(others) if others else 0
        beside = f" (the others have {usual:,.0f})" if count < usual else ""
        if count < FEW or count * _SHARE < usual:
            one = "is only 1 example" if count == 1 else f"are only {count:,} examples"
            notes.append(
                f"There {one} of {label!r}{beside}: too few to learn it well. Add more of them."
            )
    return notes
