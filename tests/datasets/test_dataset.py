"""A data cell may be run twice: `data = tk.datasets.keyword_spotting(words, data)`."""

import numpy as np
import pytest
from conftest import bars
from PIL import Image

import tinykit as tk


def same(one: tk.datasets.Split, two: tk.datasets.Split) -> bool:
    return list(one.files) == list(two.files)


def test_a_data_set_in_the_place_of_the_path_is_read_again_from_where_it_came(tmp_path):
    cats, dogs = bars([0] * 8, 3), bars([1] * 8, 4)
    for label, pictures in (("cat", cats), ("dog", dogs)):
        (tmp_path / label).mkdir()
        for number, picture in enumerate(pictures):
            Image.fromarray(picture).save(tmp_path / label / f"{number}.png")
    once = tk.datasets.visual_wake_words(tmp_path, size=16)
    twice = tk.datasets.visual_wake_words(once, size=16)
    assert twice.source == once.source == str(tmp_path)
    assert same(once.train, twice.train) and np.array_equal(once.test.x, twice.test.x)


def test_bundled_examples_stay_bundled_and_other_words_are_those_asked_for():
    once = tk.datasets.keyword_spotting(["yes"])
    again = tk.datasets.keyword_spotting(["no"], once)
    assert again.source == "bundled" and again.labels == ["no", "unknown", "silence"]
    moves = tk.datasets.gesture_recognition(["circle", "punch"])
    assert same(tk.datasets.gesture_recognition(["circle", "punch"], moves).train, moves.train)


def test_a_data_set_of_another_kind_is_refused_in_a_sentence():
    tones = tk.datasets.tones(4)
    for loader in (tk.datasets.visual_wake_words, tk.datasets.gesture_recognition):
        with pytest.raises(tk.TinykitError, match="data set of another kind"):
            loader(data=tones)
