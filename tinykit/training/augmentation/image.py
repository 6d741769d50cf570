"""Make every picture look as if taken by another camera, in another light, in another place.

Taught in notebook 02.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageStat

from tinykit.features.image import in_batches, luma

if TYPE_CHECKING:
    from tinykit.datasets.image import ImageDataset, PictureSplit
    from tinykit.features import Picture

_BILINEAR = Image.Resampling.BILINEAR
_LEFT_OVER = 0.25  # of a person, at least, when a part of the picture is cut off


@dataclass(frozen=True)
class ImageAugmentation:
    """Random changes to pictures that leave in them what they are about.

    Attributes:
        zoom: smallest share of each side that is kept.
        stretch: how much wider or higher a picture becomes, as a natural logarithm (standard
            deviation).
        turn: how far it is turned, degrees (standard deviation).
        light: brightness, contrast and the colours' balance: how much they change, as a natural
            logarithm (standard deviation).
        grey: chance that the colours go; others fade, or grow stronger.
        blur: chance of a lens out of focus.
        noise: largest standard deviation of a sensor's noise, in steps of 255.
        patch: chance that a piece of another picture covers a part: of one with the first label,
            in which nothing is to be found.
        paste: chance that persons are cut out and put into another picture, where the data say
            which pixels are theirs (Ghiasi et al. 2021, "Simple Copy-Paste"). Pictures of the first
            label get as often a piece of another one of them, in the shape of a person lying.
    """

    zoom: float = 0.8
    stretch: float = 0.1
    turn: float = 5.0
    light: float = 0.2
    grey: float = 0.2
    blur: float = 0.1
    noise: float = 4.0
    patch: float = 0.1
    paste: float = 0.4

    def __call__(self, pictures: np.ndarray, frontend: Picture, *, seed: int = 0) -> np.ndarray:
        """Features of a changed copy of each picture, float32 (n, size, size, channels).

        Args:
            pictures: uint8 (n, height, width, 3).
            frontend: computes the features.
            seed: the same seed gives the same copies.
        """
        random = np.random.default_rng(seed)
        pictures = _with_channels(pictures, frontend.channels)
        noise = _noise(pictures[0].size, random)
        copies = [self._one(picture, None, noise, random)[0] for picture in pictures]
        return frontend(np.stack(copies))

    def features(
        self,
        data: ImageDataset,
        chosen: np.ndarray,
        frontend: Picture,
        random: np.random.Generator,
    ) -> np.ndarray:
        """Features of changed copies of training pictures, float32 (n, size, size, channels).

        Args:
            data: its train split is taken.
            chosen: indices into the train split, int (n,).
            frontend: computes the features.
            random: where chance comes from.
        """
        return frontend(self.copies(data, chosen, random, frontend.channels)[0])

    def copies(
        self,
        data: ImageDataset,
        chosen: np.ndarray,
        random: np.random.Generator,
        channels: int = 3,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Changed copies of training pictures, and where persons are in them.

        Args:
            data, chosen, random: as for `features`.
            channels: 3, or 1 for grey copies, which take half of the time.

        Returns uint8 (n, height, width, 3), in grey (n, height, width), and uint8 (n, height,
        width), 255 where a person is; all 0 where that is not known.
        """
        train, x = data.train, _with_channels(data.train.x, channels)
        empty, people = np.flatnonzero(train.y == 0), np.flatnonzero(train.y != 0)
        noise = _noise(x[0].size, random)
        pictures = np.empty((len(chosen), *x.shape[1:]), np.uint8)
        masks = np.zeros(pictures.shape[:3], np.uint8)
        for picture, mask, index in zip(pictures, masks, chosen, strict=True):
            original, known = x[index], None
            pastes = train.masks is not None and random.random() < self.paste
            if train.masks is not None and train.y[index] != 0:
                known = _mask(train, index)
                if pastes:
                    original, known = _pasted(original, known, x[random.choice(empty)], random)
            elif pastes:
                # Otherwise an edge that was cut would tell the network that somebody is there.
                shape = _mask(train, random.choice(people)).T
                original, _ = _pasted(x[random.choice(empty)], shape, original, random)
            picture[:], changed = self._one(original, known, noise, random)
            if changed is not None:
                mask[:] = changed
            if random.random() < self.patch:
                _cover(picture, mask, x[random.choice(empty)], random)
        return pictures, masks

    def _one(
        self,
        picture: np.ndarray,
        mask: np.ndarray | None,
        noise: np.ndarray,
        random: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """A changed copy, uint8 of the same shape, and of its mask, when there is one.

        `noise`: int8 (n,), to begin somewhere in.
        """
        image, seen = Image.fromarray(picture), self._seen(picture.shape[1::-1], random)
        if mask is not None:
            changed = _transformed(Image.fromarray(mask), seen)
            if changed.sum() < _LEFT_OVER * mask.sum():  # the person would be lost
                seen, changed = (1, 0, 0, 0, 1, 0), mask
            mask = changed
        image = Image.fromarray(_transformed(image, seen))
        colour = 0.0 if random.random() < self.grey else random.uniform(0.3, 1.5)
        if image.mode == "RGB":
            image = ImageEnhance.Color(image).enhance(colour)
        image = image.point(self._light(image, random))
        if random.random() < self.blur:
            image = image.filter(ImageFilter.GaussianBlur(random.uniform(0.3, 1.5)))
        start = random.integers(len(noise) - picture.size)
        grain = noise[start : start + picture.size].reshape(picture.shape)
        grainy = np.asarray(image) + (grain * np.float32(random.uniform(0, self.noise) / 32))
        return np.clip(grainy, 0, 255).astype(np.uint8), mask

    def _seen(self, size: tuple[int, int], random: np.random.Generator) -> tuple[float, ...]:
        """Where in a picture of that width and height the changed one looks: PIL's affine map."""
        side, slant = random.uniform(self.zoom, 1.0), np.exp(random.normal(0, self.stretch))
        scale = np.minimum([side * slant, side / slant], 1.0)
        free = (1 - scale) / 2 * size
        middle = np.array(size) / 2 + random.uniform(-free, free)
        angle = np.radians(random.normal(0, self.turn))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = turn * scale * [random.choice([-1, 1]), 1]
        offset = middle - matrix @ (np.array(size) / 2)
        return (*matrix[0], offset[0], *matrix[1], offset[1])

    def _light(self, image: Image.Image, random: np.random.Generator) -> list[int]:
        """Another light: what each value of each channel becomes, 256 for each."""
        contrast, brightness = np.exp(random.normal(0, self.light, 2))
        channels = len(image.getbands())
        balance = np.exp(random.normal(0, self.light / 3, channels)) * contrast
        middle = ImageStat.Stat(image.convert("L")).mean[0]
        values = (np.arange(256) - middle) * balance[:, None] + middle * brightness
        return np.clip(np.rint(values), 0, 255).astype(int).ravel().tolist()


def _with_channels(pictures: np.ndarray, channels: int) -> np.ndarray:
    """Pictures as they are, or in grey: uint8 (n, height, width)."""
    return pictures if channels == 3 else in_batches(luma, pictures)


def _noise(size: int, random: np.random.Generator) -> np.ndarray:
    """Noise for many pictures of that many numbers, int8 (4 * size + 1,), 32 to the deviation.

    It is drawn once and begun elsewhere for each picture: that saves most of the time.
    """
    noise = np.rint(32 * random.standard_normal(4 * size + 1, np.float32))
    return np.clip(noise, -128, 127).astype(np.int8)


def _transformed(image: Image.Image, seen: tuple[float, ...]) -> np.ndarray:
    return np.asarray(image.transform(image.size, Image.Transform.AFFINE, seen, _BILINEAR))


def _mask(train: PictureSplit, index: int) -> np.ndarray:
    """Where persons are in a training picture, at the picture's size: uint8, 255 for a person."""
    mask = Image.fromarray(train.masks[index].astype(np.uint8) * 255)
    return np.asarray(mask.resize(train.x.shape[2:0:-1], _BILINEAR))


def _pasted(
    picture: np.ndarray, mask: np.ndarray, other: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The persons of a picture, larger or smaller, somewhere in another one; and their mask."""
    height, width = mask.shape
    scale = 1 / random.uniform(0.7, 1.4)
    x, y = random.uniform(-0.25, 0.25, 2) * (width, height)
    seen = (scale, 0, (1 - scale) * width / 2 + x, 0, scale, (1 - scale) * height / 2 + y)
    cut = _transformed(Image.fromarray(mask), seen)
    if cut.sum() < _LEFT_OVER * mask.sum():
        return picture, mask
    share = (cut if picture.ndim == 2 else cut[..., None]) / np.float32(255)
    person = _transformed(Image.fromarray(picture), seen)
    return (other + share * (person.astype(np.float32) - other)).astype(np.uint8), cut


def _cover(
    picture: np.ndarray, mask: np.ndarray, other: np.ndarray, random: np.random.Generator
) -> None:
    """Put a piece of another picture somewhere into this one, unless it hides a person."""
    height, width = mask.shape
    h, w = (int(random.uniform(0.1, 0.45) * length) for length in (height, width))
    top, left = random.integers(height - h), random.integers(width - w)
    y, x = random.integers(height - h), random.integers(width - w)
    place = slice(top, top + h), slice(left, left + w)
    if mask[place].sum(dtype=int) <= mask.sum(dtype=int) / 2:
        picture[place] = other[y : y + h, x : x + w]
        mask[place] = 0
