"""One picture file -> its pixels, or a sentence why not."""

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, features

from tinykit.common.errors import TinykitError
from tinykit.datasets.files.audio_headers import boxes_are_cut
from tinykit.datasets.files.image_depth import (
    deep_colours,
    fractions_of_tiff,
    from_fractions,
    from_integers,
    has_no_sign,
    is_tiff,
)

#: What can be read; anything else in a folder of pictures is left out.
IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pnm", ".heic", ".heif", ".hif", ".avif", ".mpo", ".apng"),
    *(".jp2", ".j2k", ".jpf", ".jpx"),
)
#: Pictures, too, which would be missed if they were only left out.
UNREADABLE_IMAGES = (*(".jxl", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"),)
LARGEST_SIDE = 2048  # pixels; a network sees far fewer
SMALLEST_SIDE = 16  # of the smallest picture that shows anything
_ORIENTATION = 0x0112  # of EXIF: how the camera was held

# No others: one that reads PostScript would run a program.
_FORMATS = (
    *("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "JPEG2000"),
    *(("AVIF",) if features.check("avif") else ()),
)
# Which kind of HEIF a file is, behind "ftyp".
_AVIF = (b"avif", b"avis")
# What Pillow raises for a file that is cut short or altered.
_DAMAGED = (
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, AttributeError),
    *(ArithmeticError, MemoryError, RuntimeError, struct.error, zlib.error),
)
# Of damaged notes by the camera, and of sizes that are no trouble: huge ones are refused.
warnings.filterwarnings("ignore", module=r"PIL\.")


def load_image(path: Path | str) -> np.ndarray:
    """Read a picture as a viewer shows it: uint8 (height, width, 3), red, green, blue.

    Reads JPEG, PNG, WebP, GIF (its first frame), BMP, TIFF, PPM, JPEG 2000, AVIF and what iPhones
    take (HEIC), of any kind: in grey, with a palette, with 16 bits or with fractions. It is turned
    as the camera was held (EXIF), transparent parts become white, and sides of more than 2048
    pixels are made smaller by a whole factor. Numbers that use a part of their range only (12 bits
    of 16) are scaled to the bits in use; fractions from 0 to 1 or 0 to 255, or else from their
    least to their largest.

    Args:
        path: the picture.

    Raises:
        TinykitError: naming the file, when it is missing, empty, damaged or no picture that can be
            read, or has a side of less than 16 pixels.
    """
    return load_picture(Path(path))[0]


def load_picture(path: Path) -> tuple[np.ndarray, list[str]]:
    """As `load_image`, with a sentence for each thing that was scaled."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TinykitError(
            f"{path} cannot be read ({error.strerror}). Check the path and that it is a picture."
        ) from error
    picture, changes = read_picture(content, str(path))
    return picture, [f"{path.name} is {change}." for change in changes]


def to_picture(content: bytes, name: str) -> np.ndarray:
    """The content of a picture file as `load_image` gives it.

    Raises TinykitError beginning with `name` when it cannot be used.
    """
    return read_picture(content, name)[0]


def read_picture(content: bytes, name: str) -> tuple[np.ndarray, list[str]]:
    """As `to_picture`, with what was done beyond showing it ("of fractions: 0 to 1 scaled ...")."""
    if not content:
        raise TinykitError(f"{name} is empty (0 bytes). Copy it again, or delete it.")
    if name.lower().endswith(UNREADABLE_IMAGES):
        raise unreadable(name)
    try:
        with Image.open(io.BytesIO(content), formats=_formats(content)) as image:
            _check_size(image, name)
            return _as_shown(image, content)
    except Image.UnidentifiedImageError as error:
        if is_tiff(content):
            return _of_fractions(content, name)
        if _is_cut(content, error):
            raise TinykitError(f"{name} is cut short. Copy it again, or delete it.") from error
        raise TinykitError(
            f"{name} is not a picture that can be read (JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC). "
            "Save it as JPEG, or delete it."
        ) from error
    except Image.DecompressionBombError as error:
        millions = 2 * Image.MAX_IMAGE_PIXELS // 1_000_000
        raise TinykitError(
            f"{name} has more than {millions} million pixels. Save it smaller, or delete it."
        ) from error
    except _DAMAGED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        what = "cut short" if _is_cut(content, error) else "damaged"
        raise TinykitError(f"{name} is {what} ({reason}). Copy it again, or delete it.") from error


def _formats(content: bytes) -> tuple[str, ...]:
    """Pillow's readers for a file; the one for HEIC joins them when it is needed."""
    if content[4:8] != b"ftyp" or content[8:12] in _AVIF:
        return _FORMATS
    from pillow_heif import register_heif_opener

    register_heif_opener()
    return (*_FORMATS, "HEIF")


def _check_size(image: Image.Image, name: str) -> None:
    if min(image.size) < SMALLEST_SIDE:
        raise TinykitError(
            f"{name} has {image.width} x {image.height} pixels, too few to see anything. "
            f"Take one with at least {SMALLEST_SIDE} x {SMALLEST_SIDE}, or delete it."
        )


def _is_cut(content: bytes, error: Exception) -> bool:
    """Whether a file that cannot be read lacks its end."""
    said = str(error).lower()
    if isinstance(error, EOFError) or any(
        word in said for word in ("truncated", "unexpected end", "end of file", "broken data")
    ):
        return True
    ends = {b"\xff\xd8": b"\xff\xd9", b"\x89P": b"IEND", b"GI": b";"}
    end = ends.get(content[:2])
    if end is not None:
        return end not in content[-64:]
    if content[:4] == b"RIFF":
        return int.from_bytes(content[4:8], "little") + 8 > len(content)
    return content[4:8] == b"ftyp" and boxes_are_cut(content)


def _of_fractions(content: bytes, name: str) -> tuple[np.ndarray, list[str]]:
    """A TIFF of fractions in colour, which Pillow does not read."""
    pixels, changes = fractions_of_tiff(content, name)
    image = Image.fromarray(pixels)
    _check_size(image, name)
    return np.array(_in_colours(image)), changes


def unreadable(name: str) -> TinykitError:
    """The error for one of `UNREADABLE_IMAGES`."""
    return TinykitError(
        f"{name}: {Path(name).suffix} pictures cannot be read. Save it as JPEG (phones have a "
        "setting for it, such as 'most compatible'), or delete it."
    )


def _as_shown(image: Image.Image, content: bytes) -> tuple[np.ndarray, list[str]]:
    """Upright, in red, green and blue, and not too large; and what was scaled."""
    times = -(-max(image.size) // LARGEST_SIDE)
    image.draft(None, (image.width // times, image.height // times))  # JPEG: decodes fewer pixels
    image.load()
    kind, orientation = image.mode, _orientation(image)  # TIFF turns itself when it is loaded
    changes = []
    if kind.startswith("I") or kind == "F":
        numbers = np.asarray(image)
        if kind == "I" and image.format == "TIFF" and has_no_sign(image):
            numbers = numbers.view(np.uint32)
        pixels, changes = (from_fractions if kind == "F" else from_integers)(numbers)
    else:
        pixels, changes = deep_colours(content, image)
    if pixels is not None:
        image = Image.fromarray(pixels.squeeze())
        image.getexif()[_ORIENTATION] = orientation
    return np.array(_in_colours(_upright(image))), changes


def _in_colours(image: Image.Image) -> Image.Image:
    if image.mode == "LAB":
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        image = ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    return image.reduce(-(-max(image.size) // LARGEST_SIDE))


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except (*_DAMAGED, AssertionError):  # of what the camera noted down; the picture is there
        return 1


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (*_DAMAGED, AssertionError):
        return image
