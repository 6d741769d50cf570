"""One picture file -> its pixels, or a sentence why not."""

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from tinykit.common.errors import TinykitError

#: What can be read; anything else in a folder of pictures is left out.
IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pnm"),
)
#: Pictures, too, which would be missed if they were only left out.
UNREADABLE_IMAGES = (
    *(".heic", ".heif", ".hif", ".avif", ".jxl", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf"),
    *(".rw2", ".raf"),
)
LARGEST_SIDE = 2048  # pixels; a network sees far fewer
SMALLEST_SIDE = 16  # of the smallest picture that shows anything

# No others: one that reads PostScript would run a program.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
# What Pillow raises for a file that is cut short or altered.
_DAMAGED = (
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, AttributeError),
    *(ArithmeticError, MemoryError, RuntimeError, struct.error, zlib.error),
)
# Of damaged notes by the camera, and of sizes that are no trouble: huge ones are refused.
warnings.filterwarnings("ignore", module=r"PIL\.")


def load_image(path: Path | str) -> np.ndarray:
    """Read a picture as a viewer shows it: uint8 (height, width, 3), red, green, blue.

    Reads JPEG, PNG, WebP, GIF (its first frame), BMP, TIFF and PPM, of any kind: in grey, with a
    palette or with 16 bits. It is turned as the camera was held (EXIF), transparent parts become
    white, and sides of more than 2048 pixels are made smaller by a whole factor.

    Args:
        path: the picture.

    Raises:
        TinykitError: naming the file, when it is missing, empty, damaged or no picture that can be
            read, or has a side of less than 16 pixels.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TinykitError(
            f"{path} cannot be read ({error.strerror}). Check the path and that it is a picture."
        ) from error
    return to_picture(content, str(path))


def to_picture(content: bytes, name: str) -> np.ndarray:
    """The content of a picture file as `load_image` gives it.

    Raises TinykitError beginning with `name` when it cannot be used.
    """
    if not content:
        raise TinykitError(f"{name} is empty (0 bytes). Copy it again, or delete it.")
    if name.lower().endswith(UNREADABLE_IMAGES):
        raise unreadable(name)
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if min(image.size) < SMALLEST_SIDE:
                raise TinykitError(
                    f"{name} has {image.width} x {image.height} pixels, too few to see anything. "
                    f"Take one with at least {SMALLEST_SIDE} x {SMALLEST_SIDE}, or delete it."
                )
            return np.array(_as_shown(image))
    except Image.UnidentifiedImageError as error:
        raise TinykitError(
            f"{name} is not a picture that can be read (JPEG, PNG, WebP, GIF, BMP, TIFF). "
            "Save it as JPEG, or delete it."
        ) from error
    except Image.DecompressionBombError as error:
        millions = 2 * Image.MAX_IMAGE_PIXELS // 1_000_000
        raise TinykitError(
            f"{name} has more than {millions} million pixels. Save it smaller, or delete it."
        ) from error
    except _DAMAGED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise TinykitError(
            f"{name} is cut short or damaged ({reason}). Copy it again, or delete it."
        ) from error


def unreadable(name: str) -> TinykitError:
    """The error for one of `UNREADABLE_IMAGES`."""
    return TinykitError(
        f"{name}: {Path(name).suffix} pictures cannot be read. Save it as JPEG (phones have a "
        "setting for it, such as 'most compatible'), or delete it."
    )


def _as_shown(image: Image.Image) -> Image.Image:
    """Upright, in red, green and blue, and not too large."""
    times = -(-max(image.size) // LARGEST_SIDE)
    image.draft(None, (image.width // times, image.height // times))  # JPEG: decodes fewer pixels
    image = _upright(image)
    if image.mode.startswith("I"):
        image = Image.fromarray(_from_16_bits(image))
    if image.mode == "F":
        raise ValueError("its pixels are fractions")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    return image.reduce(-(-max(image.size) // LARGEST_SIDE))


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except (*_DAMAGED, AssertionError):  # of what the camera noted down; the picture is there
        return image


def _from_16_bits(image: Image.Image) -> np.ndarray:
    return (np.asarray(image).astype(int) >> 8).clip(0, 255).astype(np.uint8)
