"""The bundled pictures keep what their data sheet promises, as they are loaded."""

import numpy as np
import pytest

import tinykit as tk
from tinykit.datasets.image import BUNDLED

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def data() -> tk.datasets.ImageDataset:
    return tk.datasets.visual_wake_words()


def test_the_folder_is_at_most_20_megabytes():
    assert sum(path.stat().st_size for path in BUNDLED.parent.rglob("*")) <= 20_000_000


def test_they_are_read_without_a_note(data):
    """No file is damaged, and no picture is there twice."""
    assert data.notes == [] and data.labels == ["non_person", "person"]
    assert data.train.x.shape[1:] == (112, 112, 3)


def test_there_are_thousands_and_half_of_them_show_a_person(data):
    assert sum(len(getattr(data, split)) for split in SPLITS) >= 4_000
    for split in SPLITS:
        y = getattr(data, split).y
        assert np.bincount(y).min() >= 200, "too few to judge by"
        assert 0.45 <= y.mean() <= 0.55


def test_no_scene_is_in_two_splits(data):
    scenes = [set(getattr(data, split).speakers) for split in SPLITS]
    assert sum(map(len, scenes)) == len(set.union(*scenes)) >= 500


def test_every_place_is_seen_with_people_and_without(data):
    """Or a network could learn the places instead of the people."""
    for split in (getattr(data, name) for name in SPLITS):
        with_people, without = (set(split.speakers[split.y == label]) for label in (1, 0))
        both = len(with_people & without) / len(with_people | without)
        assert both > 0.9


def test_labels_follow_the_rule(data):
    """A box of half a percent of the picture holds no more of a person than that."""
    for split in (getattr(data, name) for name in SPLITS):
        assert (split.area[split.y == 1] > 0).all()
        assert (split.area[split.y == 0] <= 0.005 * 3).all(), "a few people, each too small"
        assert split.area.max() <= 1


def test_pictures_show_something_in_colour(data):
    for x in (getattr(data, split).x for split in SPLITS):
        contrast = x.std(axis=(1, 2, 3))
        assert np.percentile(contrast, 1) > 8, "hardly any is flat"
        colour = np.ptp(x.astype(np.int16), axis=3).mean(axis=(1, 2))
        assert np.median(colour) > 8, "most have colours"


def test_masks_tell_where_the_persons_are(data):
    """Pixels of the mask are what `area` counts, to the four decimals of the table."""
    for split in (getattr(data, name) for name in SPLITS):
        covered = split.masks.mean(axis=(1, 2))
        assert np.abs(covered - split.area).max() < 1e-4
        assert covered[split.y == 1].min() > 0


def test_the_boxes_that_lessons_show_agree_with_the_labels(data):
    """A box is drawn around what hangs together: a person who is seen in two pieces has two, each
    smaller than the one that decided the label. That is rare, or the lesson would look wrong."""
    for split in (getattr(data, name) for name in SPLITS):
        counts = split.largest_box > 0.005
        assert counts[split.y == 0].sum() == 0
        assert (~counts[split.y == 1]).sum() <= 2
