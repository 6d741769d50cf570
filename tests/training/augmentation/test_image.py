"""Changed copies of pictures: different each time, repeatable, and persons stay in them."""

import dataclasses

import numpy as np
import pytest
from squares import NOTHING, RED, pictures_of_squares

from tinykit.features import Picture
from tinykit.features.image import luma
from tinykit.training.augmentation.image import ImageAugmentation

FRONTEND = Picture(32, 3)
DATA = pictures_of_squares()
ALL = np.arange(len(DATA.train))


def redness(pictures: np.ndarray) -> np.ndarray:
    return pictures[..., 0].astype(int) - pictures[..., 1:].max(axis=-1)


def test_the_same_seed_gives_the_same_copies_and_another_seed_others():
    first, again, other = (
        ImageAugmentation()(DATA.train.x[:4], FRONTEND, seed=seed) for seed in (1, 1, 2)
    )
    assert first.shape == (4, *FRONTEND.shape) and first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.9


def test_without_changes_only_left_and_right_may_differ():
    x = NOTHING(DATA.train.x, FRONTEND)
    plain, mirrored = FRONTEND(DATA.train.x), FRONTEND(DATA.train.x[:, :, ::-1])
    # Colours fade and grow stronger even so, which grey does not show: the noise is grey.
    is_plain, is_mirrored = (
        np.abs(x - wanted)[DATA.train.y == 0].max(axis=(1, 2, 3)) < 0.02
        for wanted in (plain, mirrored)
    )
    assert (is_plain ^ is_mirrored).all() and 0 < is_plain.mean() < 1


def test_masks_move_with_the_persons():
    augmentation = ImageAugmentation(grey=0, light=0, blur=0, noise=0, patch=0, paste=0)
    pictures, masks = augmentation.copies(DATA, ALL, np.random.default_rng(0))
    for picture, mask in zip(pictures[1::2], masks[1::2], strict=True):
        inside = redness(picture)[mask > 250].mean()
        assert inside > 15 > np.abs(redness(picture)[mask < 5]).mean() + 10


def test_a_person_is_never_cut_off():
    """With a zoom that often would: squares lie at the border, half of each side is kept."""
    augmentation = ImageAugmentation(zoom=0.4)
    _, masks = augmentation.copies(DATA, np.tile(ALL[1::2], 10), np.random.default_rng(0))
    assert (masks.max(axis=(1, 2)) > 128).all()


def test_persons_are_put_into_other_pictures():
    """The square comes from a picture with a person, what is around it from one without."""
    augmentation = ImageAugmentation(
        zoom=1.0, stretch=0, turn=0, light=0, grey=0, blur=0, noise=0, patch=0, paste=1.0
    )
    data = pictures_of_squares()
    data.train.x[data.train.y == 0] = 250  # white
    pictures, masks = augmentation.copies(data, ALL[1::2], np.random.default_rng(0))
    around = pictures[masks == 0]
    white = (np.abs(around.astype(int) - 250) < 3).all(axis=1).mean()
    assert white > 0.8, "a few had no room and stay where they were"
    inside = pictures[masks == 255].astype(int)
    assert (inside[:, 0] - inside[:, 1]).mean() > 30


def test_patches_leave_half_of_a_person_to_be_seen():
    augmentation = ImageAugmentation(patch=1.0, zoom=1.0, paste=0)
    before = ImageAugmentation(patch=0, zoom=1.0, paste=0)
    chosen = np.tile(ALL[1::2], 5)
    _, covered = augmentation.copies(DATA, chosen, np.random.default_rng(3))
    _, whole = before.copies(DATA, chosen, np.random.default_rng(3))
    assert covered.sum(axis=(1, 2)).min() >= 0.3 * np.median(whole.sum(axis=(1, 2)))
    assert covered.mean() < whole.mean(), "some are covered"


def test_cut_edges_are_in_pictures_of_both_labels():
    """Else they would tell a network that somebody is there. Nobody is in what is put in."""
    pasting = dataclasses.replace(NOTHING, paste=1.0)
    nobody = np.flatnonzero(DATA.train.y == 0)
    pictures, masks = pasting.copies(DATA, nobody, np.random.default_rng(0), channels=1)
    plain = luma(DATA.train.x[nobody])
    changed = np.minimum((pictures != plain).mean(axis=(1, 2)),
                         (pictures != plain[:, :, ::-1]).mean(axis=(1, 2)))  # fmt: skip
    # A square of 16 pixels that fades over one more on each side where the coarse mask is made
    # finer, up to 1.4 times as wide, and one more where that is drawn; a part may be outside.
    assert (changed > 0).all() and changed.max() < (1.4 * (16 + 2) + 2) ** 2 / 64**2
    assert not masks.any()


def test_masks_of_grey_copies_show_where_the_persons_are():
    grey, where = ImageAugmentation().copies(DATA, ALL, np.random.default_rng(4), channels=1)
    assert grey.shape == (len(ALL), 64, 64) and grey.dtype == np.uint8
    assert where[DATA.train.y == 1].any(axis=(1, 2)).all() and not where[DATA.train.y == 0].any()
    exact, masks = NOTHING.copies(DATA, ALL[1::2], np.random.default_rng(0), channels=1)
    sure = masks == 255
    assert set(np.unique(exact[sure])) == {luma(np.array(RED, np.uint8))}


@pytest.mark.parametrize("masks", [True, False])
def test_features_of_copies_are_what_the_front_end_makes(masks):
    data = pictures_of_squares(masks=masks)
    features = ImageAugmentation().features(data, ALL, FRONTEND, np.random.default_rng(5))
    pictures, found = ImageAugmentation().copies(data, ALL, np.random.default_rng(5))
    np.testing.assert_array_equal(features, FRONTEND(pictures))
    assert found.any() == masks
