"""A voice is in one split only, and the split of a speaker never changes."""

import hashlib
import re
import tarfile

import numpy as np
import pytest

from tinykit.datasets.splits import SPLITS, assign, split_by_time, split_evenly, split_of_speaker


def warden_which_set(filename: str) -> str:
    """The split as in the README of Speech Commands, with its 10 % and 10 %: the oracle."""
    speaker = re.sub(r"_nohash_.*$", "", filename.rpartition("/")[2])
    number = int(hashlib.sha1(speaker.encode()).hexdigest(), 16) % (2**27)
    percentage = number * 100.0 / (2**27 - 1)
    return "validation" if percentage < 10 else "test" if percentage < 20 else "train"


def test_speakers_are_split_as_speech_commands_splits_them():
    for number in range(2_000):
        name = f"{number:08x}"
        assert split_of_speaker(name) == warden_which_set(f"yes/{name}_nohash_3.wav")


def test_real_speakers_are_where_the_published_lists_have_them(real_data):
    """The sample was drawn from the published test set, so each speaker must hash to "test"."""
    with tarfile.open(real_data / "speech_commands_sample.tar.gz") as archive:
        files = [name for name in archive.getnames() if "_nohash_" in name]
    speakers = {name.rpartition("/")[2].partition("_nohash_")[0] for name in files}
    assert {split_of_speaker(speaker) for speaker in speakers} == {"test"}, f"of {len(speakers)}"


def test_a_published_test_set_on_its_own_is_split_by_speaker_all_the_same():
    """All its speakers hash to "test": what is left to train on would be nothing."""
    speakers = [s for s in (f"{n:08x}" for n in range(2_000)) if split_of_speaker(s) == "test"]
    splits, _ = assign(np.arange(len(speakers)) % 3, speakers, None, speakers_known=True)
    # 1/5 of about 200 speakers leave training; three standard deviations of that are 0.09.
    assert 0.71 < splits.count("train") / len(splits) < 0.89


def test_lists_that_serve_every_class_are_followed_without_a_word():
    y = np.array([0, 0, 0, 1, 1, 1])
    listed = ["test", "train", "validation"] * 2
    assert assign(y, list("abcabc"), listed, speakers_known=True) == (listed, [])


def test_an_empty_list_is_said_and_the_speakers_are_split():
    y = np.repeat([0, 1], 300)
    speakers = [f"{n:08x}" for n in range(300)] * 2
    splits, notes = assign(y, speakers, ["train"] * 600, speakers_known=True)
    assert splits == [split_of_speaker(speaker) for speaker in speakers]
    assert "leave the validation and test split empty" in notes[0]
    assert "split by speaker instead" in notes[0]


@pytest.mark.parametrize("n_speakers", [5, 8, 15])
def test_a_handful_of_speakers_is_still_kept_apart(n_speakers):
    """Five students, two words, ten takes each: the official split would leave splits empty."""
    speakers = [f"student{n}" for n in range(n_speakers)] * 20
    y = np.repeat([0, 1], 10 * n_speakers)
    splits, _ = assign(y, speakers, None, speakers_known=True)
    voices = {
        split: {v for v, s in zip(speakers, splits, strict=True) if s == split} for split in SPLITS
    }
    assert all(voices.values())
    assert sum(map(len, voices.values())) == n_speakers, "somebody is in two splits"


def test_with_too_few_speakers_the_clips_are_split_and_that_is_said():
    y = np.repeat([0, 1], 20)
    splits, notes = assign(y, ["anna"] * 40, None, speakers_known=True)
    counts = {(label, s) for label, s in zip(y.tolist(), splits, strict=True)}
    assert len(counts) == 6
    assert [splits[:20].count(split) for split in SPLITS] == [16, 2, 2]
    assert len(notes) == 1 and "too few speakers" in notes[0]


def test_without_speaker_names_each_class_is_in_each_split_and_that_is_said():
    y = np.repeat([0, 1, 2], [3, 10, 50])
    splits, notes = assign(y, [f"take{n}" for n in range(63)], None, speakers_known=False)
    for label in range(3):
        there = {s for other, s in zip(y.tolist(), splits, strict=True) if other == label}
        assert there == set(SPLITS), f"class {label} is only in {there}"
    assert len(notes) == 1 and "do not say who speaks" in notes[0]


@pytest.mark.parametrize(
    ("n", "sizes"), [(3, [1, 1, 1]), (7, [5, 1, 1]), (10, [7, 1, 2]), (46, [32, 5, 9])]
)
def test_examples_that_have_nothing_in_common_are_split_7_1_2(n, sizes):
    splits = split_evenly(np.repeat([0, 1], n), test_tenths=2)
    for part in (splits[:n], splits[n:]):
        assert [part.count(split) for split in SPLITS] == sizes
    assert splits == split_evenly(np.repeat([0, 1], n), test_tenths=2), "each time the same"


def stretches(labels: str, sources: str) -> str:
    """The split of each example as a letter: t rain, v alidation, x for the test."""
    letters = {"train": "t", "validation": "v", "test": "x"}
    return "".join(letters[split] for split in split_by_time(labels, list(sources)))


def test_neighbours_in_time_stay_together():
    """By hand, of 40: stretches of a tenth, from the end x v t t t x t t t t."""
    assert stretches("a" * 40, "1" * 40) == "t" * 16 + "x" * 4 + "t" * 12 + "v" * 4 + "x" * 4


def test_each_label_and_each_source_is_cut_for_itself():
    assert stretches("a" * 10 + "b" * 5, "1" * 15) == "ttttttvvxx" + "tttvx"
    assert stretches("a" * 10, "11111" + "22222") == "tttvx" + "tttvx"


def test_sources_of_few_examples_are_taken_as_one():
    assert stretches("a" * 10, "1111222333") == "ttttttvvxx"
