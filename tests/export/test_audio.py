"""What a sketch that listens has of its own."""

import dataclasses

from tinykit.board import check_fit
from tinykit.export import audio


def test_a_label_that_rests_is_never_reported(small_tiny):
    """Whatever it is called: what the model stores goes into config.h."""
    fit = check_fit(small_tiny)
    assert audio.facts(small_tiny, fit)["is_reported"] == [True, True, False, False]
    own = dataclasses.replace(small_tiny, labels=["a", "hum", "b", "c"], resting=("hum",))
    assert audio.facts(own, fit)["is_reported"] == [True, False, True, True]
