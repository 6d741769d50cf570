"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR: which pixels become one of the output."""

import numpy as np

from tinykit.compiler.graph import Op, ResizeBilinear
from tinykit.compiler.reading.reader import CONVERT, DAMAGED, Reader, RefusalError, one_input
from tinykit.quantization.tflite.file import Operator

_MOST_PIXELS = 1 << 15  # along one side


def nearest(reader: Reader, operator: Operator, x: np.ndarray, shapes: list) -> list[np.ndarray]:
    """The places of RESIZE_NEAREST_NEIGHBOR, see `moves.moving`."""
    size = reader.whole_numbers(operator, 1, "size").reshape(-1)
    if x.ndim != 4 or len(shapes[0]) != 4 or tuple(size.tolist()) != shapes[0][1:3]:
        raise ValueError
    rows, columns = (
        _nearest(operator, *sizes) for sizes in zip(x.shape[1:3], shapes[0][1:3], strict=True)
    )
    return [x[:, rows[:, None], columns]]


def _nearest(operator: Operator, before: int, after: int) -> np.ndarray:
    """The place before of each place after, in TensorFlow Lite's float32, int64 (after,)."""
    corners = operator.options["align_corners"]
    sizes = (before - 1, after - 1) if corners and after > 1 else (before, after)
    scale = np.float32(sizes[0]) / np.float32(sizes[1])
    offset = np.float32(0.5 if operator.options["half_pixel_centers"] else 0)
    places = (np.arange(after).astype(np.float32) + offset) * scale
    places = np.floor(places + np.float32(0.5)) if corners else np.floor(places)
    return np.clip(places.astype(np.int64), 0, before - 1)


def bilinear(reader: Reader, operator: Operator, named: dict) -> Op:
    x, y = reader.one_to_one(operator)
    size = reader.whole_numbers(operator, 1, "size").reshape(-1)
    fits = len(x.shape) == len(y.shape) == 4 and tuple(size.tolist()) == y.shape[1:3]
    if not fits or (x.shape[0], x.shape[3]) != (y.shape[0], y.shape[3]):
        raise RefusalError(f"shapes {x.shape} -> {y.shape} do not fit its size", DAMAGED)
    if x.shape[0] != 1:
        raise RefusalError(f"{x.shape[0]} images at a time", "Give it one image at a time")
    if operator.options["half_pixel_centers"] and operator.options["align_corners"]:
        raise RefusalError("both half_pixel_centers and align_corners", CONVERT)
    rows, columns = (
        _bilinear(operator, *sizes) for sizes in zip(x.shape[1:3], y.shape[1:3], strict=True)
    )
    return ResizeBilinear(**named, **one_input(operator), rows=rows, columns=columns)


def _bilinear(operator: Operator, before: int, after: int) -> np.ndarray:
    """(first, second, share of the second in 1024ths) of each place after, int16 (after, 3)."""
    if max(before, after) >= _MOST_PIXELS:
        raise RefusalError(f"{max(before, after):,} pixels in a row", "Use smaller images")
    corners = operator.options["align_corners"] and after > 1
    sizes = (before - 1, after - 1) if corners else (before, after)
    step = (1024 * sizes[0] + sizes[1] // 2) // sizes[1]
    places = np.arange(after, dtype=np.int64) * step
    if operator.options["half_pixel_centers"]:
        places += step // 2 - 512
    first = np.maximum(places, 0) // 1024  # towards zero, then not below it
    second = np.minimum((places + 1023) // 1024, before - 1)
    if (first >= before).any():  # so much larger that the rounding of the step adds up
        raise RefusalError(f"{before} pixels made {after:,}", "Resize in two steps")
    # Of one pixel alone, what the shares are makes no difference.
    share = np.where(first >= second, 0, places - 1024 * first)
    return np.stack([first, np.maximum(first, second), share], axis=1).astype(np.int16)
