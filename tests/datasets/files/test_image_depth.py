"""Pictures of more than 8 bits, or of fractions, come out as bright as they were meant to be."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tinykit.common.errors import TinykitError
from tinykit.datasets.files.image import load_picture, read_picture

RAMP = np.linspace(0, 1, 24 * 40).reshape(24, 40)
COLOURS = np.stack([RAMP, RAMP[::-1], RAMP[:, ::-1]], axis=-1)


def tiff(values: np.ndarray, order: str = "<", zipped: bool = False, planes: bool = False) -> bytes:
    """A TIFF by the standard's book: one strip, or one for each colour."""
    height, width = values.shape[:2]
    n = 1 if values.ndim == 2 else values.shape[2]
    values = values.astype(values.dtype.newbyteorder(order))
    parts = [values[..., k].tobytes() for k in range(n)] if planes else [values.tobytes()]
    parts = [zlib.compress(part) for part in parts] if zipped else parts
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    places = [8 + sum(map(len, parts[:k])) for k in range(len(parts))]
    bits = 8 * values.dtype.itemsize
    tags = [
        *((256, "I", [width]), (257, "I", [height]), (258, "H", [bits] * n)),
        *((259, "H", [8 if zipped else 1]), (262, "H", [2 if n > 1 else 1]), (273, "I", places)),
        *((277, "H", [n]), (278, "I", [height]), (279, "I", list(map(len, parts)))),
        *((284, "H", [2 if planes else 1]), (339, "H", [kind] * n)),
    ]
    data = b"".join(parts) + bytes(sum(map(len, parts)) % 2)
    start = 8 + len(data)
    entries, beyond = b"", b""
    for tag, form, numbers in tags:
        body = struct.pack(f"{order}{len(numbers)}{form}", *numbers)
        if len(body) > 4:
            place = struct.pack(order + "I", start + 2 + 12 * len(tags) + 4 + len(beyond))
            body, beyond = place, beyond + body
        code = 3 if form == "H" else 4
        entries += struct.pack(order + "HHI", tag, code, len(numbers)) + body.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    return head + data + struct.pack(order + "H", len(tags)) + entries + bytes(4) + beyond


def png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits, grey or in colour: Pillow saves none in colour."""
    n = 1 if values.ndim == 2 else values.shape[2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(
        ">IIBBBBB", values.shape[1], values.shape[0], 16, {1: 0, 3: 2, 4: 6}[n], 0, 0, 0
    )
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def seen(content: bytes, shades: np.ndarray) -> list[str]:
    """What is said of a picture, once it has been found to show `shades`, 0 to 1."""
    picture, changes = read_picture(content, "x")
    shades = np.repeat(shades[..., None], 3, axis=2) if shades.ndim == 2 else shades
    # One step of 255, and what the bits that are dropped were worth.
    assert np.abs(picture / 255 - shades).max() <= 1.01 / 255
    return changes


@pytest.mark.parametrize("shades", [RAMP, COLOURS], ids=["grey", "colours"])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("write", [png, tiff], ids=["png", "tiff"])
def test_the_bits_in_use_decide_how_bright_a_picture_is(write, bits, shades):
    values = np.rint(shades * (2**bits - 1)).astype(np.uint16)
    changes = seen(write(values), shades)
    said = [f"of numbers up to {2**bits - 1:,}: read as {bits} bits a colour"]
    assert changes == ([] if bits == 16 else said)


def test_a_dark_picture_of_16_bits_with_one_bright_place_stays_dark():
    values = np.full((24, 40), 900, np.uint16)
    values[0, 0] = 60_000
    picture, changes = read_picture(png(values), "x")
    assert np.median(picture) == 900 >> 8 and changes == []


def test_how_opaque_a_deep_picture_is_takes_all_bits():
    """12 bits of colour, half of it transparent: white."""
    values = np.rint(COLOURS * 4_095).astype(np.uint16)
    alpha = np.full((24, 40, 1), 65_535, np.uint16)
    alpha[:12] = 0
    picture, _ = read_picture(png(np.concatenate([values, alpha], axis=2)), "x")
    assert (picture[:12] == 255).all()
    assert np.abs(picture[12:] / 255 - COLOURS[12:]).max() <= 1.01 / 255


@pytest.mark.parametrize("shades", [RAMP, COLOURS], ids=["grey", "colours"])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("how", [{}, {"order": ">"}, {"zipped": True}, {"planes": True}], ids=str)
def test_fractions_of_every_kind_are_scaled_and_it_is_said(shades, kind, how):
    if how.get("planes") and shades.ndim == 2:
        pytest.skip("there is one plane only")
    changes = seen(tiff(shades.astype(kind), **how), shades)
    assert changes == ["of fractions: 0 to 1 scaled to black to white"]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0, 255, "0 to 255"),
        (-1, 1, "-1 to 1"),
        (-20.5, 37.5, "-20.5 to 37.5"),
        (0, 65_535, "0 to 6.554e+04"),
    ],
)
def test_other_ranges_of_fractions_go_from_their_least_to_their_largest(low, high, said):
    values = (low + (high - low) * RAMP).astype(np.float32)
    assert seen(tiff(values), RAMP) == [f"of fractions: {said} scaled to black to white"]


def test_dark_fractions_up_to_255_stay_dark():
    assert seen(tiff((RAMP * 20).astype(np.float32)), RAMP * 20 / 255)


def test_pixels_that_are_no_numbers_become_the_darkest():
    values = RAMP.astype(np.float32)
    values[3, 3], values[4, 4] = np.nan, np.inf
    picture, _ = read_picture(tiff(values), "x")
    assert (picture[3, 3] == 0).all() and (picture[4, 4] == 0).all()


def test_32_bits_and_numbers_below_zero():
    whole = (RAMP * (2**32 - 1)).astype(np.uint32)
    assert seen(tiff(whole), RAMP) == [
        f"of numbers up to {whole.max():,}: read as 32 bits a colour"
    ]
    below = np.rint(RAMP * 4_000 - 2_000).astype(np.int16)
    assert seen(tiff(below), RAMP) == ["of numbers: -2000 to 2000 scaled to black to white"]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_deep_picture_stands_upright(kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    values = np.rint(RAMP * 4_095).astype(np.uint16)
    Image.fromarray(np.ascontiguousarray(np.rot90(values))).save(file, kind, exif=exif)
    seen(file.getvalue(), RAMP)


def test_a_tiff_of_another_kind_is_named_truly():
    with pytest.raises(TinykitError, match="x is a TIFF of a kind that cannot be read"):
        read_picture(tiff(COLOURS.astype(np.float64))[:-40], "x")


@pytest.mark.parametrize("seed", range(4))
def test_no_damage_leads_to_anything_but_a_picture_or_a_sentence(seed):
    random = np.random.default_rng(seed)
    for whole in (
        tiff(COLOURS),
        png((COLOURS * 4_095).astype(np.uint16)),
        tiff(COLOURS.astype("f4")),
    ):
        for _ in range(20):
            damaged = bytearray(whole)
            for at in random.integers(0, len(whole), 5):
                damaged[at] = random.integers(0, 256)
            damaged[-int(random.integers(1, 120))] ^= 0xFF  # among the tags
            try:
                picture, _ = read_picture(bytes(damaged), "x")
            except TinykitError as error:
                assert str(error).startswith("x ")
            else:
                assert picture.dtype == np.uint8 and picture.shape[2] == 3


def test_the_file_is_named_in_what_is_said(tmp_path):
    (tmp_path / "deep.png").write_bytes(png(np.rint(RAMP * 4_095).astype(np.uint16)))
    _, notes = load_picture(tmp_path / "deep.png")
    assert notes == ["deep.png is of numbers up to 4,095: read as 12 bits a colour."]
