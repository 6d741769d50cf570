"""The virtual board's camera: what a sketch reads is what the real camera would send."""

import numpy as np
import pytest
import sketch_runs

import tinykit as tk
from tinykit.board import BoardRun
from tinykit.board.virtual.devices.image import sensor_frame
from tinykit.features.image import area_mean, from_camera

# Sends each frame as it was read, in lines of 32 bytes.
SKETCH = """
#include <Arduino_OV767X.h>
byte frame[160 * 120 * BYTES];
void setup() {
  if (!Camera.begin(QQVGA, FORMAT, FPS)) Serial.println("no camera");
}
void loop() {
  Camera.readFrame(frame);
  for (size_t i = 0; i < sizeof(frame); i++) {
    if (frame[i] < 16) Serial.print('0');
    Serial.print(frame[i], HEX);
    if (i % 32 == 31) Serial.println();
  }
}
"""


def run(images, pixel_format="GRAYSCALE", fps=5, **more) -> BoardRun:
    text = SKETCH.replace("BYTES", "1" if pixel_format == "GRAYSCALE" else "2")
    text = text.replace("FORMAT", pixel_format).replace("FPS", str(fps))
    return tk.VirtualBoard().run(text, images=images, **more)


def read(images, pixel_format: str) -> list[bytes]:
    """The frames that the sketch read."""
    sent = bytes.fromhex("".join(line.text for line in run(images, pixel_format).serial))
    size = len(sent) // len(images)
    return [sent[i : i + size] for i in range(0, len(sent), size)]


def pictures(n: int, height: int = 120, width: int = 160, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("pixel_format", ["GRAYSCALE", "RGB565", "YUV422"])
def test_a_sketch_reads_each_picture_in_the_cameras_format(pixel_format):
    images = pictures(2)
    expected = [sensor_frame(image, 160, 120, pixel_format).tobytes() for image in images]
    assert read(images, pixel_format) == expected


def test_grey_is_how_bright_colours_look():
    [image] = pictures(1)
    seen = from_camera(sensor_frame(image, 160, 120, "GRAYSCALE"), 160, 120, "GRAYSCALE", 1)
    np.testing.assert_array_equal(seen, _luma(image))


def _luma(image: np.ndarray) -> np.ndarray:
    """ITU-R BT.601 in floating point."""
    grey = image @ np.array([77, 150, 29]) / 256
    return np.floor(grey + 0.5).astype(np.uint8)[..., None]


def test_rgb565_keeps_the_highest_bits_of_every_colour():
    [image] = pictures(1, seed=1)
    seen = from_camera(sensor_frame(image, 160, 120, "RGB565"), 160, 120, "RGB565")
    for channel, bits in enumerate([5, 6, 5]):
        np.testing.assert_array_equal(
            seen[..., channel] >> 8 - bits, image[..., channel] >> 8 - bits
        )


def test_yuv422_brings_colours_back_that_two_neighbours_share():
    """Brightness of each pixel to a step; colour of each pair, which 8 bits keep to a few steps."""
    image = pictures(1, width=80, seed=2)[0].repeat(2, axis=1)
    frame = sensor_frame(image, 160, 120, "YUV422")
    grey = from_camera(frame, 160, 120, "YUV422", 1)
    np.testing.assert_array_equal(grey, _luma(image))
    seen = from_camera(frame, 160, 120, "YUV422", 3).astype(int)
    # U and V are rounded to whole steps, of which blue counts 1.77 and red 1.4.
    assert np.abs(seen - image).max() <= 3


@pytest.mark.parametrize("size", [(240, 320), (480, 640), (77, 91), (40, 40)])
def test_pictures_of_other_sizes_are_averaged_not_sampled(size):
    """A line one pixel wide stays visible, at the brightness of the area that it fills."""
    image = np.zeros((*size, 3), np.uint8)
    image[:, size[1] // 2] = 255
    frame = sensor_frame(image, 160, 120, "GRAYSCALE").reshape(120, 160)
    row = frame[60].astype(float)
    assert row.sum() == pytest.approx(255 * 160 / size[1], abs=2)
    assert (frame == frame[0]).all()


def test_a_picture_made_smaller_by_a_whole_factor_is_the_mean_of_blocks():
    [image] = pictures(1, 240, 320, seed=3)
    blocks = image.reshape(120, 2, 160, 2, 3).mean(axis=(1, 3))
    assert np.abs(area_mean(image[None], 120, 160)[0] - blocks).max() <= 0.5


def test_pictures_may_differ_in_size_and_colour():
    several = [pictures(1, 77, 91)[0], pictures(1)[0][..., 0], pictures(1, 240, 320)[0]]
    expected = [sensor_frame(image, 160, 120, "RGB565").tobytes() for image in several]
    assert read(several, "RGB565") == expected


@pytest.mark.parametrize("fps", [1, 5])
def test_a_frame_takes_as_long_as_it_lasts_after_the_next_one_begins(fps):
    """The processor reads the pixels itself, and what it begins too late for goes by: here, where
    printing takes a part of the next frame's time, every other one."""
    result = run(pictures(3), fps=fps)
    assert result.fault is None
    np.testing.assert_allclose(np.diff(result.pictures), 2 / fps, atol=0.001)
    assert 1 + 1 / fps <= result.pictures[0] <= 1 + 2 / fps + 0.001, "after a second for the sensor"


@pytest.mark.parametrize(("pixel_format", "fps"), [("RGB444", 5), ("GRAYSCALE", 30), ("RGB565", 2)])
def test_what_the_library_does_not_know_is_refused(pixel_format, fps):
    """On the real board it would be refused, too: it knows 1 and 5 frames a second."""
    result = run(None, pixel_format, fps, seconds=0.5)
    assert [line.text for line in result.serial][:1] == ["no camera"]


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((120, 160), np.uint8),
        np.zeros((2, 120, 160, 4), np.uint8),
        np.zeros((2, 120, 160)),
        [np.zeros((3, 3), np.uint8), np.zeros((0, 3), np.uint8)],
        "photo.jpg",
        5,
    ],
    ids=["one picture", "four channels", "floats", "no pixels", "a path", "a number"],
)
def test_what_is_no_picture_is_refused_in_one_line(images):
    with pytest.raises(tk.TinykitError, match="Give uint8") as caught:
        run(images)
    assert "\n" not in str(caught.value)


# A checksum of each frame, whose order it depends on.
CAMERA = """
#include <Arduino_OV767X.h>
byte frame[176 * 144 * BYTES];
void setup() {
  if (!Camera.begin(QCIF, FORMAT, 5)) Serial.println("no camera");
}
void loop() {
  Camera.readFrame(frame);
  unsigned long sum = 0;
  for (size_t i = 0; i < sizeof(frame); i++) sum = sum * 31 + frame[i];
  Serial.println(sum);
}
"""


def test_the_camera_shows_each_picture_once():
    pictures = np.random.default_rng(0).integers(0, 256, (3, 144, 176), dtype=np.uint8)
    text = CAMERA.replace("BYTES", "1").replace("FORMAT", "GRAYSCALE")
    result = sketch_runs.run(text, images=pictures)
    expected = []
    for picture in pictures:
        total = 0
        for byte in picture.tobytes():
            total = (total * 31 + byte) % 2**32
        expected.append(str(total))
    assert [line.text for line in result.serial] == expected
    assert np.diff([line.seconds for line in result.serial]).min() > 0.2, "5 pictures a second"


def test_coloured_pictures_arrive_as_rgb565():
    picture = np.zeros((1, 144, 176, 3), np.uint8)
    picture[..., 0], picture[..., 1], picture[..., 2] = 0xF8, 0x04, 0x08
    text = CAMERA.replace("BYTES", "2").replace("FORMAT", "RGB565").replace(
        "Serial.println(sum)", "Serial.print(frame[0], HEX);\nSerial.println(frame[1], HEX)"
    )  # fmt: skip
    assert sketch_runs.printed(text, images=picture) == ["F821"]
