"""Pictures with more than 8 bits a colour: which range their numbers really use."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, TiffImagePlugin

from tinykit.common.errors import TinykitError

#: Kinds of TIFF that are read by FFmpeg, for Pillow does not know them.
_FRACTIONS = {"rgbf32le", "rgbf32be", "rgbaf32le", "rgbaf32be", "gbrpf32le", "grayf32le"}
_DEEP = ("rgb48", "rgba64", "gray16", "ya16")
_DEPTHS = (8, 10, 12, 14, 16)  # bits that cameras use
# Tags of TIFF, and what they may say.
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _STRIPS, _CHANNELS, _SIZES = 256, 257, 258, 259, 273, 277, 279
_PLANAR, _PREDICTOR, _SAMPLE_FORMAT = 284, 317, 339
_ZIPPED, _SIGNED, _FRACTION = (8, 32_946), 2, 3
_DARK = 64  # of 255: nothing brighter means that the high bits may be unused
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def from_integers(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Integers of any depth as uint8, by the bits that are in use, and what was done.

    Cameras write 10, 12 or 14 bits into 16: read as 16 they would be nearly black.
    """
    values = values.astype(np.int64)
    if values.min() < 0:
        return _scaled(values, "numbers")
    largest = int(values.max())
    used = largest.bit_length() or 16
    bits = next((depth for depth in _DEPTHS if used <= depth), used)
    notes = []
    if bits != 16:
        notes.append(f"of numbers up to {largest:,}: read as {bits} bits a colour")
    return (values >> bits - 8).astype(np.uint8), notes


def from_fractions(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Fractions as uint8, and what was done: 0 to 1 or 0 to 255, else from least to largest.

    Raises ValueError when none of them is a number.
    """
    return _scaled(values, "fractions")


def _scaled(values: np.ndarray, what: str) -> tuple[np.ndarray, list[str]]:
    finite = np.isfinite(values)
    if not finite.any():
        raise ValueError("none of its pixels is a number")
    least, largest = float(values[finite].min()), float(values[finite].max())
    values = np.where(finite, values, least).astype(np.float64)
    if least >= 0 and largest <= 1:
        low, high = 0.0, 1.0
    elif least >= 0 and largest <= 255:
        low, high = 0.0, 255.0
    else:
        low, high = least, max(largest, np.nextafter(least, np.inf))
    scaled = np.rint((values - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)
    return scaled, [f"of {what}: {low:.4g} to {high:.4g} scaled to black to white"]


def deep_colours(content: bytes, image: Image.Image) -> tuple[np.ndarray | None, list[str]]:
    """A dark picture of 16 bits a colour by the bits in use; None when it uses all of them.

    Pillow gives the high 8 bits of such pictures, of which little is left where few are in use.
    """
    kind = {"PNG": "png_pipe", "TIFF": "tiff_pipe"}.get(image.format)
    deep = content[24:25] == b"\x10" if image.format == "PNG" else 16 in _bits(image)
    if kind is None or not deep or image.mode not in ("RGB", "RGBA", "LA"):
        return None, []
    colours = image.convert("RGB")
    if max(high for _, high in colours.getextrema()) >= _DARK:
        return None, []
    values, _ = _by_ffmpeg(content, kind)
    if values is None or values.ndim != 3:
        return None, []
    n_colours = {"RGB": 3, "RGBA": 3, "LA": 1}[image.mode]
    pixels, notes = from_integers(values[..., :n_colours])
    if values.shape[2] > n_colours:  # how opaque it is always takes all bits
        alpha = (values[..., n_colours:].astype(int) >> 8).astype(np.uint8)
        pixels = np.concatenate([pixels, alpha], axis=2)
    return pixels, notes


def _bits(image: Image.Image) -> tuple[int, ...]:
    bits = getattr(image, "tag_v2", {}).get(_BITS, ())
    return bits if isinstance(bits, tuple) else (bits,)


def fractions_of_tiff(content: bytes, name: str) -> tuple[np.ndarray, list[str]]:
    """A TIFF that Pillow does not know, when it holds fractions, as uint8 and what was done.

    Raises TinykitError beginning with `name` when it is of another kind.
    """
    values, is_fraction = _plain_fractions(content), True
    if values is None:
        values, is_fraction = _by_ffmpeg(content, "tiff_pipe")
    if values is None or not is_fraction:
        raise TinykitError(
            f"{name} is a TIFF of a kind that cannot be read, or it is damaged. "
            "Save it as PNG or JPEG, or delete it."
        )
    if values.ndim == 3 and values.shape[2] < 3:
        values = values[..., 0]
    if values.ndim == 3 and values.shape[2] > 3:  # how opaque it is: 0 to 1, whatever the colours
        values = values[..., :3]
    return from_fractions(values)


def is_tiff(content: bytes) -> bool:
    """Whether a file begins as TIFF does."""
    return content.startswith(_TIFF)


def has_no_sign(image: Image.Image) -> bool:
    """Whether the numbers of an open TIFF are without a sign; Pillow gives all of 32 bits one."""
    return image.tag_v2.get(_SAMPLE_FORMAT, (1,))[0] != _SIGNED


def _plain_fractions(content: bytes) -> np.ndarray | None:
    """The fractions in a TIFF whose rows are not packed, or as in a zip; None of other kinds."""
    file = io.BytesIO(content)
    try:
        head = file.read(8)
        if head[2] == 43 or head[3] == 43:  # the kind for files of more than 4 GB
            head += file.read(8)
        tags = TiffImagePlugin.ImageFileDirectory_v2(head)
        file.seek(tags.next)
        tags.load(file)
        n, bits = tags.get(_CHANNELS, 1), tags[_BITS][0]
        plain = tags.get(_COMPRESSION, 1) in (1, *_ZIPPED) and tags.get(_PREDICTOR, 1) == 1
        if not plain or tags.get(_SAMPLE_FORMAT, (1,))[0] != _FRACTION or _STRIPS not in tags:
            return None
        strips = [
            content[at : at + size] for at, size in zip(tags[_STRIPS], tags[_SIZES], strict=True)
        ]
        if tags.get(_COMPRESSION, 1) in _ZIPPED:
            strips = [zlib.decompress(strip) for strip in strips]
        order = "<" if head[:2] == b"II" else ">"
        values = np.frombuffer(b"".join(strips), f"{order}f{bits // 8}")
        shape = tags[_HEIGHT], tags[_WIDTH]
        if tags.get(_PLANAR, 1) == 2:
            return values.reshape(n, *shape).transpose(1, 2, 0)
        return values.reshape(*shape, n)
    except (IndexError, KeyError, SyntaxError, TypeError, ValueError, struct.error, zlib.error):
        return None


def _by_ffmpeg(content: bytes, kind: str) -> tuple[np.ndarray | None, bool]:
    """The numbers as they are in the file, and whether they are fractions; None if not read."""
    import av  # here, because it takes a moment and few pictures need it

    try:
        with av.open(io.BytesIO(content), format=kind) as container:
            frame = next(container.decode(video=0))
            is_fraction = frame.format.name in _FRACTIONS
            if not is_fraction and not frame.format.name.startswith(_DEEP):
                return None, False
            return frame.to_ndarray(), is_fraction
    except (av.FFmpegError, IndexError, StopIteration, ValueError):
        return None, False
