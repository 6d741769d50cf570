"""The picture front end against exact fractions, blocks and known colours."""

from fractions import Fraction

import numpy as np
import pytest

from tinykit.common.errors import TinykitError
from tinykit.features import Picture, from_camera
from tinykit.features.image import area_mean, luma, overlaps

RNG = np.random.default_rng(0)


def noise(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("size", [(7, 5), (16, 40), (33, 16), (3, 3)])
def test_each_pixel_is_the_mean_of_the_area_it_covers(size):
    """Worked out with fractions, halves rounded up; the picture grows in one direction."""
    picture = noise(*size)
    found = area_mean(picture[None, ..., None], 9, 11)[0, ..., 0]
    for row in range(9):
        for column in range(11):
            total = Fraction(0)
            for y in range(size[0]):
                for x in range(size[1]):
                    high = _common(row, 9, y, size[0])
                    wide = _common(column, 11, x, size[1])
                    total += high * wide * int(picture[y, x])
            mean = total * 9 * 11  # an area of 1 / 99 of the picture
            assert found[row, column] == int(mean + Fraction(1, 2)), (row, column)


def _common(part: int, parts: int, pixel: int, pixels: int) -> Fraction:
    """How much of pixel `pixel` lies in part `part`, as share of the whole side."""
    start = max(Fraction(part, parts), Fraction(pixel, pixels))
    end = min(Fraction(part + 1, parts), Fraction(pixel + 1, pixels))
    return max(end - start, Fraction(0))


def test_a_whole_factor_is_the_mean_of_blocks():
    picture = noise(240, 320, 3)
    blocks = picture.reshape(60, 4, 80, 4, 3).mean(axis=(1, 3))
    assert np.abs(area_mean(picture[None], 60, 80)[0] - blocks).max() <= 0.5


def test_large_pictures_are_as_exact_as_small_ones():
    """White stays white where sums need more than float32's 24 bits."""
    white = np.full((1500, 2000, 3), 255, np.uint8)
    assert (Picture(96, 1).pixels(white) == 255).all()


@pytest.mark.parametrize("length, parts", [(160, 96), (120, 96), (50, 96), (96, 96), (1, 16)])
def test_overlaps_share_out_every_pixel(length, parts):
    shares = overlaps(length, parts)
    assert (shares.sum(axis=0) == parts).all() and (shares.sum(axis=1) == length).all()


def test_grey_weighs_colours_as_television_does():
    """BT.601: 0.299 red, 0.587 green, 0.114 blue; the weights are rounded to 1/256."""
    colours = noise(50, 50, 3)
    wanted = colours @ [0.299, 0.587, 0.114]
    assert np.abs(luma(colours) - wanted).max() <= 0.5 + 255 * (0.5 + 0.5 + 0.5) / 256
    grey = np.arange(256, dtype=np.uint8)
    assert (luma(np.stack([grey] * 3, axis=-1)) == grey).all(), "grey stays as it is"


def test_features_are_pixels_around_zero():
    frontend = Picture(16, 3)
    features = frontend(noise(40, 40, 3))
    assert features.shape == frontend.shape == (16, 16, 3) and features.dtype == np.float32
    assert frontend(np.zeros((4, 4), np.uint8)).max() == -1
    assert frontend(np.full((4, 4), 255, np.uint8)).min() == 127 / 128


@pytest.mark.parametrize("channels", [1, 3])
def test_many_at_once_are_as_one_by_one(channels):
    frontend = Picture(24, channels)
    array, grey = noise(5, 30, 40, 3), noise(3, 30, 40)
    one_by_one = np.stack([frontend(picture) for picture in array])
    np.testing.assert_array_equal(frontend(array), one_by_one)
    np.testing.assert_array_equal(frontend(list(array)), one_by_one)
    np.testing.assert_array_equal(frontend(grey), np.stack([frontend(each) for each in grey]))
    mixed = [array[0], noise(31, 17), noise(16, 16, 1)]
    assert frontend(mixed).shape == (3, 24, 24, channels)
    assert frontend([]).shape == frontend(array[:0]).shape == (0, 24, 24, channels)


def test_crop_keeps_the_centre_square():
    picture = noise(40, 100, 3)
    cropped = Picture(32, 3, crop=True).pixels(picture)
    np.testing.assert_array_equal(cropped, Picture(32, 3).pixels(picture[:, 30:70]))
    upright = Picture(32, 3, crop=True).pixels(picture.swapaxes(0, 1))
    np.testing.assert_array_equal(upright, cropped.swapaxes(0, 1))


def test_the_parameters_come_back():
    frontend = Picture(64, 3, crop=True)
    assert Picture(**frontend.config()) == frontend


# Camera formats


def test_rgb565_keeps_the_high_bits():
    colours = noise(6, 8, 3)
    red, green, blue = (colours[..., i].astype(int) for i in range(3))
    packed = (red >> 3) << 11 | (green >> 2) << 5 | blue >> 3
    frame = np.stack([packed >> 8, packed & 255], axis=-1).astype(np.uint8)
    found = from_camera(frame, 8, 6, "RGB565").astype(int)
    assert np.abs(found - colours).max() <= 7, "three bits are lost"
    assert from_camera(b"\xff\xff", 1, 1, "RGB565").tolist() == [[[255, 255, 255]]]


def test_yuv422_gives_the_colours_of_bt_601():
    """Against the formula in floating point: coefficients in 1/256, and one rounding."""
    y, u, v = noise(4, 6).astype(float), noise(4, 3).astype(float), noise(4, 3).astype(float)
    chroma = np.stack([u, v], axis=-1).reshape(4, 6)
    frame = np.stack([y, chroma], axis=-1).astype(np.uint8)
    u, v = (np.repeat(plane, 2, axis=1) - 128 for plane in (u, v))
    exact = np.stack([y + 1.402 * v, y - 0.344136 * u - 0.714136 * v, y + 1.772 * u], axis=-1)
    found = from_camera(frame, 6, 4, "YUV422").astype(float)
    assert np.abs(found - exact.clip(0, 255)).max() <= 0.5 + 2 * 128 * 0.5 / 256
    np.testing.assert_array_equal(from_camera(frame, 6, 4, "YUV422", channels=1)[..., 0], y)


def test_grey_frames_have_three_equal_colours_when_asked():
    frame = noise(4, 6)
    assert (from_camera(frame, 6, 4, "GRAYSCALE") == frame[..., None]).all()


@pytest.mark.parametrize(
    "wrong, says",
    [
        (lambda: Picture(4), "size=4"),
        (lambda: Picture(96.5), "size=96.5"),
        (lambda: Picture(channels=2), "channels=2"),
        (lambda: Picture()(np.zeros((2, 4, 4, 4), np.uint8)), r"\(4, 4, 4\)"),
        (lambda: Picture()([np.zeros((4, 4, 4), np.uint8)]), r"\(4, 4, 4\)"),
        (lambda: Picture()(np.zeros((4, 4))), "float64"),
        (lambda: Picture()(np.zeros((2, 0, 4, 3), np.uint8)), "4 x 0 pixels"),
        (lambda: Picture().pixels(np.zeros((2, 5000), np.uint8)), "5000 x 2 pixels"),
        (lambda: from_camera(b"123", 2, 2, "GRAYSCALE"), "4 bytes, not 3"),
        (lambda: from_camera(b"1234", 2, 2, "JPEG"), '"JPEG"'),
    ],
)
def test_what_is_no_picture_is_said_in_one_line(wrong, says):
    with pytest.raises(TinykitError, match=says) as raised:
        wrong()
    assert "\n" not in str(raised.value)
