"""The C++ front end of pictures (PictureResizer.h, PixelFormats.h, FrameDecider.h) against its
Python twins (features/image.py, image_streaming.py)."""

import itertools

import numpy as np
import pytest
from cpp_build import LIBRARY, STAND_INS, WARNINGS, PictureCase, PictureTwin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinykit.board.virtual.devices.image import sensor_frame
from tinykit.board.virtual.toolchain import zig
from tinykit.features import Picture
from tinykit.features.image import from_camera
from tinykit.streaming.image import FrameDecider

FORMATS = ("GRAYSCALE", "RGB565", "YUV422")
# Smaller, larger, and the same size; sides with and without common divisors; crop of wide and tall.
SHAPES = [
    (160, 120, Picture(96, 1)),
    (160, 120, Picture(96, 3)),
    (160, 120, Picture(96, 1, crop=True)),
    (160, 120, Picture(128, 3, crop=True)),
    (160, 120, Picture(61, 1)),
    (160, 120, Picture(320, 1)),
    (320, 240, Picture(96, 1)),
    (320, 240, Picture(96, 3)),
    (320, 240, Picture(224, 3)),
    (176, 144, Picture(48, 1, crop=True)),
    (46, 101, Picture(64, 3, crop=True)),
    (64, 64, Picture(64, 1)),
    (2, 1, Picture(16, 3)),
    (4096, 3, Picture(16, 1)),
]
CASES = [PictureCase(name, *shape) for name, shape in itertools.product(FORMATS, SHAPES)]
LARGEST = PictureCase("GRAYSCALE", 4096, 4096, Picture(96, 1))


@pytest.fixture(scope="module")
def twin(tmp_path_factory) -> PictureTwin:
    return PictureTwin(tmp_path_factory.mktemp("pictures"), [*CASES, LARGEST])


def name(case: PictureCase) -> str:
    frontend = case.frontend
    crop = " crop" if frontend.crop else ""
    size = f"{frontend.size}x{frontend.channels}{crop}"
    return f"{case.format} {case.width}x{case.height} to {size}"


def expected(case: PictureCase, frame: np.ndarray) -> np.ndarray:
    channels = case.frontend.channels
    picture = from_camera(frame, case.width, case.height, case.format, channels)
    return case.frontend.pixels(picture)


def assert_twins(twin: PictureTwin, case: PictureCase, frame: np.ndarray) -> None:
    cpp, python = twin.pixels(case, frame).astype(int), expected(case, frame).astype(int)
    difference = np.abs(cpp - python)
    assert not difference.any(), (
        f"{np.count_nonzero(difference)} of {difference.size} pixels differ, the worst by "
        f"{difference.max()}, the first at {np.argwhere(difference)[0]}. Both count in whole parts "
        "of pixels, so nothing may be rounded differently."
    )


def frame_bytes(case: PictureCase) -> int:
    return case.width * case.height * (1 if case.format == "GRAYSCALE" else 2)


@pytest.mark.parametrize("case", CASES, ids=name)
def test_twins_agree_on_every_pixel_of_any_bytes(twin, case):
    """Noise uses every value of every format; stripes and flat fields are hard on rounding."""
    random = np.random.default_rng(0)
    n = frame_bytes(case)
    for frame in (
        random.integers(0, 256, n),
        random.choice([0, 255], n),
        np.zeros(n),
        np.full(n, 255),
        np.arange(n) // 2 % 2 * 255,
    ):
        assert_twins(twin, case, frame.astype(np.uint8))


@pytest.mark.parametrize("case", CASES[:: len(SHAPES)] + CASES[1 :: len(SHAPES)], ids=name)
def test_twins_agree_on_real_photos(twin, case, real_photos):
    for photo in real_photos:
        assert_twins(twin, case, sensor_frame(photo, case.width, case.height, case.format))


@pytest.fixture(scope="module")
def real_photos(real_data) -> list[np.ndarray]:
    """Ten of the COCO photos, at their own sizes."""
    import io
    import tarfile

    from PIL import Image

    photos = []
    with tarfile.open(real_data / "coco_sample.tar.gz") as archive:
        for member in archive:
            if member.name.endswith(".jpg") and len(photos) < 10:
                image = Image.open(io.BytesIO(archive.extractfile(member).read()))
                photos.append(np.array(image.convert("RGB")))
    assert len(photos) == 10
    return photos


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), case=st.sampled_from(CASES), low=st.integers(0, 255))
def test_twins_agree_on_any_frame(twin, seed, case, low):
    random = np.random.default_rng(seed)
    assert_twins(twin, case, random.integers(low, 256, frame_bytes(case)).astype(np.uint8))


SMALL = [
    case
    for case in CASES
    if case.format == "GRAYSCALE"
    and case.frontend.channels == 1
    and case.width * case.height * case.frontend.size**2 < 10**8  # as they are enlarged below
]


@pytest.mark.parametrize("case", SMALL, ids=name)
def test_a_pixel_is_the_mean_of_the_area_that_it_covers(twin, case):
    """Enlarged so that parts of pixels become whole ones, the area is a block of pixels."""
    frame = np.random.default_rng(1).integers(0, 256, (case.height, case.width), np.uint8)
    seen, size = frame, case.frontend.size
    if case.frontend.crop:
        side = min(frame.shape)
        top, left = (case.height - side) // 2, (case.width - side) // 2
        seen = frame[top : top + side, left : left + side]
    large = seen.repeat(size, 0).repeat(size, 1).reshape(size, len(seen), size, -1)
    sums = large.sum(axis=(1, 3), dtype=np.int64)
    means = (2 * sums + seen.size) // (2 * seen.size)  # to the nearest, halves upwards
    np.testing.assert_array_equal(twin.pixels(case, frame.ravel())[..., 0], means)


def test_the_sums_of_the_largest_picture_fit_into_32_bits(twin):
    """4096 x 4096 white pixels: 255 * 2**24 and half of 2**24 are just below 2**32."""
    white = np.full(4096 * 4096, 255, np.uint8)
    assert (twin.pixels(LARGEST, white) == 255).all()


def test_it_takes_no_more_memory_than_a_row_of_sums(twin):
    """And the row is not the camera's, but the network's."""
    for case in CASES:
        table = np.zeros(256, np.int8)
        _, taken = twin.resized(case, np.zeros(frame_bytes(case), np.uint8), table)
        assert taken <= 4 * case.frontend.size * case.frontend.channels + 32


def test_the_models_input_is_looked_up_by_brightness(twin):
    table = np.random.default_rng(2).integers(-128, 128, 256)
    for case in CASES[:4]:
        frame = np.random.default_rng(3).integers(0, 256, frame_bytes(case)).astype(np.uint8)
        q, _ = twin.resized(case, frame, table)
        np.testing.assert_array_equal(q, table[expected(case, frame)])


# ---- Decisions ----


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(st.lists(st.integers(0, 255), min_size=3, max_size=3), min_size=1, max_size=60),
    agree=st.integers(1, 5),
    threshold=st.integers(0, 256),
    often=st.integers(1, 6),
)
def test_twins_decide_alike(twin, rows, agree, threshold, often):
    """Integers only: every change and every printed percentage is the same."""
    scores = np.repeat(rows, often, axis=0)
    cpp, percents = twin.decisions(scores - 128, agree, threshold)
    decider = FrameDecider(agree, threshold)
    assert cpp == [decider.update(row) for row in scores]
    assert percents == [decider.percent(row[0]) for row in scores]


@pytest.mark.parametrize("standard", ["gnu++14", "c++17"])
def test_clang_has_nothing_to_say_about_it_either(tmp_path, standard):
    """It is the virtual board's compiler. The twin itself is compiled by GCC where there is one."""
    (tmp_path / "cases.h").write_text("".join(case.line for case in CASES), encoding="utf-8")
    flags = [f"-std={standard}", *WARNINGS, "-Werror", "-I", tmp_path, "-I", LIBRARY]
    zig(["c++", *flags, "-c", STAND_INS / "picture_twin.cpp", "-o", "twin.o"], tmp_path)
