"""The virtual board's camera: pictures as the sensor sends them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tinykit.board.virtual.machine import Machine

_FORMATS = {1: "GRAYSCALE", 2: "RGB565", 3: "YUV422"}  # core/camera.cpp has the same numbers
# Blue and red less brightness, full range.
_CHROMA = np.array([[-43, -85, 128], [128, -107, -21]])


@dataclass
class Camera:
    """Shows one picture after the other, a new one at every readFrame().

    Attributes:
        images: what it sees, each uint8 (height, width) or (height, width, 3); None: darkness.
        taken: seconds at which each picture was taken.
        exhausted: the sketch wanted one more.
    """

    machine: Machine
    images: Sequence[np.ndarray] | None
    taken: list[float] = field(default_factory=list)
    exhausted: bool = False
    _size: tuple[int, int] = (0, 0)
    _format: str = "GRAYSCALE"

    def start(self, packed: int) -> None:
        """width | height << 12 | format << 24; 0 stops it."""
        self._size = packed & 0xFFF, packed >> 12 & 0xFFF
        self._format = _FORMATS.get(packed >> 24, "GRAYSCALE")

    def copy_frame(self, address: int) -> None:
        """Put the next picture into memory; black when there is none."""
        image = np.zeros((1, 1), np.uint8)
        if self.images is not None:
            if len(self.taken) < len(self.images):
                image = self.images[len(self.taken)]
            else:
                self.exhausted = True
                self.machine.counter.deadline = 0  # stop as soon as possible
        if not self.exhausted:
            self.taken.append(self.machine.seconds)
        frame = sensor_frame(image, *self._size, self._format)
        self.machine.memory(address, frame.size)[:] = frame


def sensor_frame(image: np.ndarray, width: int, height: int, pixel_format: str) -> np.ndarray:
    """The bytes that a sensor of this size sends of a picture; `from_camera` reads them again.

    Args:
        image: uint8 (h, w) or (h, w, 3); squeezed into the sensor's size when it has another.
        width, height: of the sensor, pixels.
        pixel_format: "GRAYSCALE", "RGB565" or "YUV422".

    Returns uint8 (bytes,), row by row.
    """
    from tinykit.features.image import area_mean, luma  # here: its package imports librosa

    picture = image[..., None] if image.ndim == 2 else image
    if picture.shape[:2] != (height, width):
        picture = area_mean(picture[None], height, width)[0]
    grey = luma(np.broadcast_to(picture, (height, width, 3)))
    if pixel_format == "GRAYSCALE":
        return grey.ravel()
    colour = np.broadcast_to(picture, (height, width, 3)).astype(np.uint16)
    if pixel_format == "RGB565":
        red, green, blue = colour[..., 0] >> 3, colour[..., 1] >> 2, colour[..., 2] >> 3
        packed = red << 11 | green << 5 | blue
        return packed.ravel().astype(">u2").view(np.uint8)  # the byte with red first
    pairs = colour.reshape(height, width // 2, 2, 3).astype(int)
    shared = pairs.sum(axis=2) @ _CHROMA.T + (1 << 8) >> 9  # the mean of two pixels
    frame = np.stack([grey, (shared + 128).clip(0, 255).reshape(height, width)], axis=-1)
    return frame.astype(np.uint8).ravel()
