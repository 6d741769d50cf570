"""Pictures: what a network sees of a camera's frame. Taught in notebook 02.

C++ twin: TinyKit/src/PictureResizer.h. Whole numbers only, so that both agree exactly. Every pixel
of the small picture is the mean of the area that it covers in the large one: nothing is skipped, so
a thin arm does not vanish between two samples, and rows can be dealt with as they come from the
camera, one at a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from tinykit.common.errors import TinykitError

LARGEST_SIDE = 4096  # of a picture, in pixels: the sums of a larger one leave 32 bits
_SMALLEST, _LARGEST = 16, 320  # sides of the network's picture
_BATCH = 256  # pictures at a time


@dataclass(frozen=True)
class Picture:
    """Front end of pictures: any picture as a small square one.

    Attributes:
        size: side of the network's picture, pixels.
        channels: 1 for grey, 3 for red, green, blue.
        crop: take the centre square and lose the sides; otherwise the whole picture is squeezed
            into a square, and everything in it looks a little thin.

    Raises TinykitError for sizes and channels that no network of the kit could use.
    """

    size: int = 96
    channels: int = 1
    crop: bool = False

    def __post_init__(self) -> None:
        if not _SMALLEST <= self.size <= _LARGEST or self.size != int(self.size):
            raise TinykitError(
                f"size={self.size} is no side of a small picture. "
                f"Choose {_SMALLEST} to {_LARGEST}, for example 96."
            )
        if self.channels not in (1, 3):
            raise TinykitError(f"channels={self.channels} is no picture. Choose 1 (grey) or 3.")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one picture's features: (size, size, channels)."""
        return self.size, self.size, self.channels

    def pixels(self, picture: np.ndarray) -> np.ndarray:
        """One picture at the network's size: uint8 (size, size, channels).

        Args:
            picture: uint8 (height, width) or (height, width, 1) in grey, (height, width, 3) in
                colour; each side at most 4096.

        Raises TinykitError for anything else.
        """
        return self._resized(_checked(picture)[None])[0]

    def __call__(self, pictures: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
        """Features of one picture, or of a list or array of them.

        Returns float32, (size, size, channels) or (n, size, size, channels): (pixel - 128) / 128,
        from -1 for black to just below 1 for white.
        """
        if isinstance(pictures, np.ndarray) and pictures.dtype != object:
            if _is_one(pictures):
                return self([pictures])[0]
            # Pictures of one size are dealt with many at a time.
            batches = [pictures[i : i + _BATCH] for i in range(0, len(pictures), _BATCH)]
            batches = [batch[..., None] if batch.ndim == 3 else batch for batch in batches]
            for batch in batches:
                _checked(batch[0])
        else:
            batches = [_checked(picture)[None] for picture in pictures]
        features = np.empty((len(pictures), *self.shape), np.float32)
        start = 0
        for batch in batches:
            end = start + len(batch)
            features[start:end] = (self._resized(batch).astype(np.float32) - 128) / 128
            start = end
        return features

    def _resized(self, pictures: np.ndarray) -> np.ndarray:
        """Pictures of one size, uint8 (n, height, width, 1 or 3), at the network's size."""
        pictures = _as_channels(pictures, self.channels)
        if self.crop:
            pictures = _centre_square(pictures)
        return area_mean(pictures, self.size, self.size)

    def config(self) -> dict:
        """The parameters, as written to tinymodel.json; `Picture(**config)` gives them back."""
        return asdict(self)


def area_mean(pictures: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pictures at another size: each pixel the mean of the area it covers, halves rounded up.

    uint8 (n, h, w, channels) to uint8 (n, height, width, channels).
    """
    area = pictures.shape[1] * pictures.shape[2]
    # Floating point keeps whole numbers exactly, float32 below 2**24; and it multiplies fast.
    exact = np.float32 if 255 * area < 2**24 else np.float64
    rows = overlaps(pictures.shape[1], height).astype(exact)
    columns = overlaps(pictures.shape[2], width).T.astype(exact, order="C")
    sums = rows @ np.moveaxis(pictures, 3, 1).astype(exact, order="C") @ columns
    # Cut off after the division: as exact as //, and quicker.
    means = (np.add(sums, area // 2, dtype=np.float64) / area).astype(np.uint8)
    return np.moveaxis(means, 1, 3)


def in_batches(compute: Callable[[np.ndarray], np.ndarray], pictures: np.ndarray) -> np.ndarray:
    """`compute` of many pictures, some at a time: its intermediate results need little memory."""
    starts = range(0, len(pictures), _BATCH)
    return np.concatenate([compute(pictures[i : i + _BATCH]) for i in starts])


def luma(pictures: np.ndarray) -> np.ndarray:
    """Brightness of colours, uint8 (..., 3) to uint8 (...), by ITU-R BT.601 in 1/256."""
    red, green, blue = (pictures[..., i].astype(np.uint16) for i in range(3))
    return (77 * red + 150 * green + 29 * blue + 128 >> 8).astype(np.uint8)


def overlaps(length: int, parts: int) -> np.ndarray:
    """How much of each of `length` pixels lies in each of `parts` equal parts: (parts, length).

    Counted in 1/parts of a pixel, so that all are whole numbers; each row adds up to `length`.
    """
    edges = np.arange(parts + 1) * length
    starts = np.arange(length) * parts
    ends = np.minimum(edges[1:, None], starts + parts)
    return np.maximum(ends - np.maximum(edges[:-1, None], starts), 0)


def from_camera(
    frame: bytes | np.ndarray, width: int, height: int, pixel_format: str, channels: int = 3
) -> np.ndarray:
    """A frame as a board's camera gives it: uint8 (height, width, channels).

    Args:
        frame: the frame's bytes, row by row.
        width, height: of the frame, pixels.
        pixel_format: "GRAYSCALE" (a byte a pixel), "RGB565" (two, the one with red first) or
            "YUV422" (Y U Y V for two pixels; full range, ITU-R BT.601).
        channels: 1 for grey, 3 for red, green, blue.

    Raises TinykitError for other formats and when the number of bytes does not fit.
    """
    data = np.frombuffer(bytes(frame), np.uint8)
    depth = {"GRAYSCALE": 1, "RGB565": 2, "YUV422": 2}.get(pixel_format)
    if depth is None:
        raise TinykitError(
            f'"{pixel_format}" is no format of a camera. Use GRAYSCALE, RGB565 or YUV422.'
        )
    if data.size != width * height * depth:
        raise TinykitError(
            f"A {pixel_format} frame of {width} x {height} pixels has {width * height * depth:,} "
            f"bytes, not {data.size:,}. Take the picture again."
        )
    data = data.reshape(height, width, depth)
    if pixel_format == "RGB565":
        return _as_channels(_rgb565(data), channels)
    if depth == 1 or channels == 1:
        return _as_channels(data[..., :1], channels)
    return _yuv422(data)


def _rgb565(data: np.ndarray) -> np.ndarray:
    """The high bits again below the low ones, so that white stays white."""
    packed = data[..., 0].astype(np.uint16) << 8 | data[..., 1]
    red, green, blue = packed >> 11, packed >> 5 & 63, packed & 31
    return np.stack(
        [red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2], axis=-1
    ).astype(np.uint8)


def _yuv422(data: np.ndarray) -> np.ndarray:
    y = data[..., 0].astype(int) << 8
    u = np.repeat(data[:, 0::2, 1].astype(int) - 128, 2, axis=1)
    v = np.repeat(data[:, 1::2, 1].astype(int) - 128, 2, axis=1)
    colour = np.stack([y + 359 * v, y - 88 * u - 183 * v, y + 454 * u], axis=-1)
    return np.clip(colour + 128 >> 8, 0, 255).astype(np.uint8)


def _as_channels(pictures: np.ndarray, channels: int) -> np.ndarray:
    """Grey or colour, as wanted: uint8 (..., height, width, channels)."""
    if pictures.shape[-1] == channels:
        return pictures
    if channels == 3:
        return np.repeat(pictures, 3, axis=-1)
    return luma(pictures)[..., None]


def _centre_square(pictures: np.ndarray) -> np.ndarray:
    """The middle of pictures, (n, height, width, channels)."""
    side = min(pictures.shape[1:3])
    top, left = ((length - side) // 2 for length in pictures.shape[1:3])
    return pictures[:, top : top + side, left : left + side]


def _is_one(pictures: np.ndarray) -> bool:
    """Whether an array is one picture rather than several."""
    return pictures.ndim == 2 or (pictures.ndim == 3 and pictures.shape[2] in (1, 3))


def _checked(picture: np.ndarray) -> np.ndarray:
    """(height, width, 1 or 3), or a TinykitError."""
    picture = np.asarray(picture)
    if picture.dtype != np.uint8 or not _is_one(picture):
        raise TinykitError(
            f"A picture of {picture.dtype} and shape {picture.shape} cannot be used. "
            "Give uint8 (height, width) or (height, width, 3)."
        )
    if picture.ndim == 2:
        picture = picture[..., None]
    if not 0 < min(picture.shape[:2]) <= max(picture.shape[:2]) <= LARGEST_SIDE:
        raise TinykitError(
            f"A picture of {picture.shape[1]} x {picture.shape[0]} pixels cannot be used. "
            f"Make it smaller: each side from 1 to {LARGEST_SIDE} pixels."
        )
    return picture
