"""A scene shows test pictures as a camera would: in turn, a little shaken, noisy, never others."""

from dataclasses import replace

import numpy as np
import pytest

from tinykit.common.errors import TinykitError
from tinykit.datasets import ImageDataset, PictureSplit, picture_scene
from tinykit.features import Picture

LABELS = ["non_person", "person"]


def split(n: int, base: int) -> PictureSplit:
    """Pictures of two flat halves, all different: dark ones of nobody, bright ones of somebody."""
    y = np.arange(n) % 2
    x = np.empty((n, 96, 96, 3), np.uint8)
    x[:, :, :48] = (base + 100 * y + np.arange(n))[:, None, None, None]
    x[:, :, 48:] = x[:, :, :48] // 2
    names = np.array([f"{base}_{number}" for number in range(n)])
    return PictureSplit(x, y, names, names, np.full(n, np.nan, np.float32))


@pytest.fixture(scope="module", params=[False, True], ids=["squeezed", "cropped"])
def data(request) -> ImageDataset:
    return ImageDataset(LABELS, split(40, 0), split(4, 0), split(20, 60), crop=request.param)


def test_the_labels_take_turns_and_the_truth_says_when(data):
    frames, shown = picture_scene(data, 50, frames_each=8)
    assert frames.dtype == np.uint8 and frames.shape == (50, 120, 160, 3)
    assert shown == [(8 * turn, LABELS[turn % 2]) for turn in range(7)]
    for index, frame in enumerate(frames):
        bright = frame[:, :70].mean() > 120
        assert bright == (shown[index // 8][1] == "person")


def test_frames_of_a_picture_differ_a_little(data):
    frames, _ = picture_scene(data, 8)
    first = frames[0].astype(int)
    for frame in frames[1:]:
        assert 1 < np.abs(frame - first).mean() < 15
    # Noise of 2.5 and flicker of 2 % of at most 80: far below the 40 between dark and bright.
    assert frames[:, :, :70].std(axis=(1, 2, 3)).max() < 6


def test_the_front_end_sees_the_test_picture_again(data):
    """All but the columns at the edge between the halves, which the camera shakes by 2 of 160."""
    frames, shown = picture_scene(data, 16)
    frontend = Picture(96, 3, data.crop)
    for first, label in shown:
        seen = frontend.pixels(frames[first]).astype(int)
        pictures = data.test.x[data.test.y == LABELS.index(label)].astype(int)
        away = np.abs(pictures - seen)[:, :, [*range(44), *range(52, 96)]].mean(axis=(1, 2, 3))
        assert away.min() < 10, "flicker and noise, but no other picture and not another part of it"


def test_a_seed_gives_the_same_frames(data):
    again, other = picture_scene(data, 10, seed=1), picture_scene(data, 10, seed=2)
    np.testing.assert_array_equal(picture_scene(data, 10, seed=1)[0], again[0])
    assert (again[0] != other[0]).any()


@pytest.mark.parametrize(
    "arguments", [{"n": 0}, {"n": 2.5}, {"n": "x"}, {"n": 5, "frames_each": -1}]
)
def test_numbers_that_cannot_be_are_refused(data, arguments):
    with pytest.raises(TinykitError, match="Give a whole number above 0"):
        picture_scene(data, **arguments)


def test_a_label_that_the_test_lacks_is_named(data):
    lacking = replace(data, labels=[*LABELS, "dog"])
    with pytest.raises(TinykitError, match="The test has no picture of 'dog'"):
        picture_scene(lacking, 24)
