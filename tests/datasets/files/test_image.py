"""Any picture file comes out as a viewer shows it, or with a sentence why not."""

import io
import json
import struct
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, features

from tinykit.common.errors import TinykitError
from tinykit.datasets import IMAGE_SUFFIXES, load_image
from tinykit.datasets.files.image import LARGEST_SIDE, UNREADABLE_IMAGES, to_picture

# Pillow warns of some damages, pytest shows warnings that the package leaves out.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]

RED, GREEN, BLUE, WHITE = (200, 30, 20), (20, 180, 40), (30, 40, 210), (255, 255, 255)


def quarters(width: int = 40, height: int = 24) -> np.ndarray:
    """A picture that shows which way up it is: red and green above, blue and white below."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = RED
    picture[: height // 2, width // 2 :] = GREEN
    picture[height // 2 :, : width // 2] = BLUE
    picture[height // 2 :, width // 2 :] = WHITE
    return picture


def content(picture: np.ndarray | Image.Image, kind: str = "PNG", **how) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def refused(data: bytes, name: str = "photo.jpg") -> str:
    with pytest.raises(TinykitError) as error:
        to_picture(data, name)
    assert str(error.value).startswith(name) and "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("PPM", {}),
        ("WEBP", {"lossless": True}),
        ("GIF", {}),
        ("JPEG", {"quality": 100, "subsampling": 0}),
    ],
)
def test_every_format_gives_the_same_pixels(kind, how):
    picture = to_picture(content(quarters(), kind, **how), "x")
    assert picture.dtype == np.uint8 and picture.shape == (24, 40, 3)
    # JPEG rounds in another colour space: 3 steps at quality 100.
    tolerance = 3 if kind == "JPEG" else 0
    assert np.abs(picture.astype(int) - quarters()).max() <= tolerance


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "JPEG2000"])
def test_what_iphones_take_and_other_new_formats_are_read(tmp_path, kind):
    """Each format with losses of its own, so the middle of each quarter is looked at."""
    pillow_heif.register_heif_opener()
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    (tmp_path / "IMG_0001.jpg").write_bytes(content(quarters(160, 96), kind))
    picture = load_image(tmp_path / "IMG_0001.jpg")
    assert picture.shape == (96, 160, 3)
    for y, x, colour in [(24, 40, RED), (24, 120, GREEN), (72, 40, BLUE), (72, 120, WHITE)]:
        np.testing.assert_allclose(picture[y, x].astype(int), colour, atol=8)


def test_reading_an_iphones_photo_needs_nothing_to_be_loaded_before(tmp_path):
    (tmp_path / "a.heic").write_bytes(content(quarters(160, 96), "HEIF"))
    code = "import sys, tinykit.datasets as d; print(d.load_image(sys.argv[1]).shape)"
    command = [sys.executable, "-c", code, str(tmp_path / "a.heic")]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "(96, 160, 3)"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "HEIF"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_picture_that_lacks_its_end_is_said_to_be_cut(kind, kept):
    pillow_heif.register_heif_opener()
    random = np.random.default_rng(0)
    whole = content(random.integers(0, 256, (96, 160, 3), dtype=np.uint8), kind)
    assert "photo.jpg is cut short" in refused(whole[: round(kept * len(whole))])


def test_a_file_is_read_by_what_it_holds_and_not_by_its_name(tmp_path):
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(content(quarters()))
    np.testing.assert_array_equal(load_image(path), quarters())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright_however_the_camera_was_held(kind, orientation):
    """By the EXIF standard: where the first row and the first column of the file are seen."""
    seen = quarters()
    in_the_file = {
        1: seen,
        2: seen[:, ::-1],
        3: seen[::-1, ::-1],
        4: seen[::-1],
        5: seen.transpose(1, 0, 2),
        6: np.rot90(seen, 1),
        7: seen[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(seen, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    how = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    picture = to_picture(content(np.ascontiguousarray(in_the_file), kind, exif=exif, **how), "x")
    assert picture.shape == seen.shape
    assert np.abs(picture.astype(int) - seen).max() <= 3


def test_a_photo_whose_notes_are_damaged_is_a_photo_all_the_same():
    good = content(quarters(), "JPEG", quality=100, subsampling=0)
    broken = b"Exif\0\0II*\0" + struct.pack("<I", 8) + b"\xff" * 40
    data = good[:2] + b"\xff\xe1" + struct.pack(">H", len(broken) + 2) + broken + good[2:]
    assert np.abs(to_picture(data, "x").astype(int) - quarters()).max() <= 3


def test_grey_pictures_get_three_equal_channels():
    grey = np.arange(24 * 40, dtype=np.uint8).reshape(24, 40)
    picture = to_picture(content(grey), "x")
    np.testing.assert_array_equal(picture, np.repeat(grey[..., None], 3, axis=2))


def test_16_bits_become_the_high_8():
    deep = np.arange(24 * 40, dtype=np.uint16).reshape(24, 40) * 68
    for kind in ("PNG", "TIFF"):
        picture = to_picture(content(deep, kind), "x")
        np.testing.assert_array_equal(picture[..., 0], deep >> 8)


def test_colours_of_16_bits_become_the_high_8():
    """Written by hand: Pillow saves no such PNG."""
    deep = np.random.default_rng(0).integers(0, 65_536, (24, 40, 3)).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in deep)  # each with "no filter" before it
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 40, 24, 16, 2, 0, 0, 0))]
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    np.testing.assert_array_equal(to_picture(data, "x"), deep >> 8)


def test_black_and_white_is_black_and_white():
    pattern = (np.indices((24, 40)).sum(axis=0) % 2).astype(bool)
    picture = to_picture(content(Image.fromarray(pattern)), "x")
    np.testing.assert_array_equal(picture[..., 1], np.where(pattern, 255, 0))


def test_a_palette_is_looked_up():
    image = Image.fromarray(quarters()).quantize(4)
    assert image.mode == "P"
    np.testing.assert_array_equal(to_picture(content(image), "x"), quarters())


def test_what_is_transparent_becomes_white():
    alpha = np.full((24, 40, 1), 255, np.uint8)
    alpha[:12] = 0  # the upper half: red and green
    alpha[:, 39] = 51  # a fifth
    picture = to_picture(content(np.concatenate([quarters(), alpha], axis=2)), "x")
    assert (picture[:12, :39] == 255).all() and (picture[12:, :20] == BLUE).all()
    np.testing.assert_allclose(picture[0, 39], 0.2 * np.array(GREEN) + 0.8 * 255, atol=1)


@pytest.mark.parametrize("mode", ["LA", "P", "L", "RGB"])
def test_transparency_of_every_kind_becomes_white(mode):
    """A grey with its own channel, and one colour of the picture that stands for "nothing"."""
    grey = np.full((24, 40), 90, np.uint8)
    grey[:12] = 30
    if mode == "LA":
        image = Image.fromarray(np.stack([grey, np.where(grey == 30, 0, 255)], -1).astype(np.uint8))
        how = {}
    else:
        image = Image.fromarray(grey).convert(mode)
        how = {"transparency": (30, 30, 30) if mode == "RGB" else image.getpixel((0, 0))}
    picture = to_picture(content(image, **how), "x")
    assert (picture[:12] == 255).all() and (picture[12:] == 90).all()


def test_cmyk_photos_of_printers_are_read():
    photo = content(Image.fromarray(quarters()).convert("CMYK"), "JPEG", quality=100)
    difference = np.abs(to_picture(photo, "x").astype(int) - quarters())
    assert np.median(difference) <= 3, "colours that are printed come out a little different"


def test_of_several_pictures_in_a_file_the_first_is_read():
    frames = [Image.fromarray(np.full((24, 40, 3), value, np.uint8)) for value in (250, 120, 10)]
    for kind in ("GIF", "WEBP", "TIFF", "MPO", "PNG"):
        data = content(frames[0], kind, save_all=True, append_images=frames[1:])
        assert np.abs(to_picture(data, "x").astype(int) - 250).max() <= 2, kind


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("side", [LARGEST_SIDE + 1, 3 * LARGEST_SIDE])
def test_a_huge_photo_is_made_smaller_and_keeps_its_shape_and_its_way_up(kind, side):
    exif = Image.Exif()
    exif[0x0112] = 6
    seen = quarters(side // 4, side)
    photo = content(np.ascontiguousarray(np.rot90(seen)), kind, exif=exif)
    picture = to_picture(photo, "x")
    height, width = picture.shape[:2]
    assert LARGEST_SIDE // 2 <= height <= LARGEST_SIDE
    assert width == pytest.approx(height / 4, abs=1)
    for y, x, colour in [(0, 0, RED), (0, -1, GREEN), (-1, 0, BLUE), (-1, -1, WHITE)]:
        np.testing.assert_allclose(picture[y, x].astype(int), colour, atol=12)


def test_what_is_made_smaller_keeps_the_mean_of_every_place():
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (64, 2 * LARGEST_SIDE, 3), dtype=np.uint8)
    picture = to_picture(content(photo), "x")
    means = photo.reshape(32, 2, LARGEST_SIDE, 2, 3).mean(axis=(1, 3))
    assert np.abs(picture - means).max() <= 0.5, "half a step: each mean is rounded"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty (0 bytes)"),
        (b"<html>Sign in to the network</html>", "is not a picture that can be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n", "is not a picture that can be"),
        (content(quarters(200, 200), "JPEG")[:900], "is cut short ("),
        (content(quarters(200, 200))[:300], "is cut short ("),
        (content(quarters(), "GIF")[:40], "is cut short ("),
        (content(quarters(200, 200), "WEBP")[:60], "is cut short ("),
        (content(quarters(15, 200)), "has 15 x 200 pixels, too few to see anything"),
        (content(np.full((20, 20), np.nan, np.float32), "TIFF"), "none of its pixels is a number"),
        (content(quarters(200, 200), "TIFF")[:999], "is cut short ("),
        (content(quarters(200, 200), "JPEG2000")[:999], "is cut short ("),
        (b"P6 30000 30000 255\n" + bytes(100), "has more than 178 million pixels. Save it smaller"),
    ],
)
def test_what_is_no_picture_is_named(data, said):
    assert said in refused(data)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_no_damage_leads_to_anything_but_a_picture_or_a_sentence(kind, seed):
    random = np.random.default_rng(seed)
    whole = bytearray(content(quarters(), kind))
    for _ in range(40):
        damaged = whole.copy()
        for at in random.integers(0, len(whole), 6):
            damaged[at] = random.integers(0, 256)
        try:
            picture = to_picture(bytes(damaged[: random.integers(1, len(whole) + 1)]), "x")
        except TinykitError as error:
            assert str(error).startswith("x ")
        else:
            assert picture.dtype == np.uint8 and picture.shape[2] == 3


@pytest.mark.parametrize("suffix", UNREADABLE_IMAGES)
def test_a_phones_own_format_is_named_with_the_way_out(suffix):
    assert f"{suffix} pictures cannot be read. Save it as JPEG" in refused(b"1234", f"p{suffix}")


def test_suffixes_are_small_letters_and_none_is_both():
    assert not set(IMAGE_SUFFIXES) & set(UNREADABLE_IMAGES)
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in IMAGE_SUFFIXES)


def test_a_missing_file_is_named(tmp_path):
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(TinykitError) as error:
            load_image(path)
        assert str(error.value).startswith(f"{path} cannot be read (")


def test_real_photos_have_the_size_that_their_annotations_say(real_data):
    with tarfile.open(real_data / "coco_sample.tar.gz") as archive:
        members = {Path(name).name: name for name in archive.getnames()}
        listed = json.load(archive.extractfile(members["instances_train2017.json"]))["images"]
        for photo in listed:
            data = archive.extractfile(members[photo["file_name"]]).read()
            picture = to_picture(data, photo["file_name"])
            assert picture.shape == (photo["height"], photo["width"], 3)
            assert picture.std() > 10, "there is something to see"
