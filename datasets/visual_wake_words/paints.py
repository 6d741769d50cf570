"""Colours and patterns: of cloth, wood, stone, grass, walls."""

from __future__ import annotations

import colorsys

import numpy as np
from shapes import Colouring, waves


def linear(colour) -> np.ndarray:
    """sRGB, 0 ... 1, to linear light."""
    return np.asarray(colour, float) ** 2.2


def anything(rng: np.random.Generator, saturation: float = 0.5) -> np.ndarray:
    """A random colour, more often muted than loud; linear (3,)."""
    hue, value = rng.random(), rng.beta(1.6, 1.4)
    return linear(colorsys.hsv_to_rgb(hue, saturation * rng.beta(1.1, 1.3) * 1.6 % 1.0, value))


def near(rng: np.random.Generator, colour, spread: float = 0.08) -> np.ndarray:
    """A colour like another one, given in sRGB; linear (3,)."""
    return linear(
        np.clip(np.asarray(colour) + rng.normal(0, spread) + rng.normal(0, spread / 2, 3), 0.02, 1)
    )


WOODS = [
    (0.45, 0.3, 0.18),
    (0.65, 0.48, 0.3),
    (0.3, 0.18, 0.1),
    (0.78, 0.64, 0.45),
    (0.55, 0.36, 0.2),
]
SKINS = [
    (0.95, 0.78, 0.68), (0.9, 0.72, 0.6), (0.86, 0.66, 0.52), (0.78, 0.57, 0.43),
    (0.68, 0.47, 0.34), (0.55, 0.37, 0.26),
    (0.43, 0.28, 0.2), (0.33, 0.21, 0.15), (0.25, 0.16, 0.12),
]  # fmt: skip
HAIRS = [
    (0.07, 0.06, 0.05), (0.12, 0.08, 0.06), (0.22, 0.14, 0.09), (0.35, 0.22, 0.13),
    (0.55, 0.4, 0.24), (0.78, 0.65, 0.42),
    (0.5, 0.24, 0.12), (0.55, 0.54, 0.53), (0.85, 0.84, 0.82),
]  # fmt: skip
METAL = (0.55, 0.55, 0.57)  # linear, unlike those above


def speckled(
    rng: np.random.Generator, colour, scale: float = 0.3, amount: float = 0.25
) -> Colouring:
    """A colour that is not everywhere the same."""
    noise, colour = waves(rng, scale), np.asarray(colour)

    def paint(places: np.ndarray) -> np.ndarray:
        return colour * np.clip(1 + amount * noise(places), 0.1, 2)[:, None]

    return paint


def striped(rng: np.random.Generator, colours, width: float, direction=None) -> Colouring:
    """Stripes, `width` metres each, or a check when `direction` is "check"."""
    first, second = np.asarray(colours[0]), np.asarray(colours[1])
    axis = rng.integers(3) if direction in (None, "check") else direction
    share, phase = rng.uniform(0.2, 0.8), rng.random()

    def stripe(values: np.ndarray) -> np.ndarray:
        return (values / width / 2 + phase) % 1 < share

    def paint(places: np.ndarray) -> np.ndarray:
        on = stripe(places[:, axis]).astype(float)
        if direction == "check":
            on = (on + stripe(places[:, (axis + 1) % 3]) + stripe(places[:, (axis + 2) % 3])) / 3
        return first + on[:, None] * (second - first)

    return paint


def blotched(rng: np.random.Generator, colours, scale: float) -> Colouring:
    """Patches of several colours, as of camouflage, cows or flowers."""
    noises = [waves(rng, scale, 2) for _ in colours]
    colours = np.asarray(colours)

    def paint(places: np.ndarray) -> np.ndarray:
        return colours[np.argmax([noise(places) for noise in noises], axis=0)]

    return paint


def tiled(
    rng: np.random.Generator, colour, joint, size: tuple[float, float], axes=(0, 1), offset=0.0
) -> Colouring:
    """Tiles, bricks or boards of that size with joints between, each a little different."""
    colour, joint = np.asarray(colour), np.asarray(joint)
    shades = rng.normal(1, rng.choice([0.02, 0.1, 0.25]), 997)
    thin = rng.uniform(0.03, 0.12)

    def paint(places: np.ndarray) -> np.ndarray:
        v = places[:, axes[1]] / size[1] + 500
        u = places[:, axes[0]] / size[0] + 500 + offset * np.floor(v)
        number = (np.floor(u) * 131 + np.floor(v) * 37).astype(int) % 997
        inside = (u % 1 > thin) & (v % 1 > thin * min(size[0] / size[1], 4))
        return np.where(inside[:, None], colour * shades[number, None], joint)

    return paint


def wooden(rng: np.random.Generator, axis: int = 0) -> Colouring:
    """Boards with grain along an axis."""
    colour = near(rng, WOODS[rng.integers(len(WOODS))])
    noise, width = waves(rng, 0.15), rng.uniform(0.06, 0.3)
    shades = rng.normal(1, 0.12, 997)
    stretch = np.where(np.arange(3) == axis, 0.1, 1.5)

    def paint(places: np.ndarray) -> np.ndarray:
        board = np.floor(places[:, (axis + 1) % 3] / width).astype(int) % 997
        grain = 1 + 0.2 * noise(places * stretch + board[:, None])
        return colour * (grain * shades[board])[:, None]

    return paint


def cloth(rng: np.random.Generator) -> Colouring:
    """What clothes, cushions and curtains are made of."""
    colour, other = anything(rng, 0.6), anything(rng, 0.6)
    if rng.random() < 0.25:  # white, black, denim and grey are common
        colour = near(
            rng,
            [(0.93, 0.93, 0.92), (0.08, 0.08, 0.09), (0.2, 0.27, 0.42), (0.5, 0.5, 0.52)][
                rng.integers(4)
            ],
            0.04,
        )
    kind = rng.random()
    if kind < 0.6:
        return speckled(rng, colour, 0.15, 0.12)
    if kind < 0.72:
        return striped(rng, (colour, other), rng.uniform(0.015, 0.08))
    if kind < 0.82:
        return striped(rng, (colour, other), rng.uniform(0.02, 0.06), "check")
    return blotched(
        rng, [colour, other, anything(rng)][: rng.integers(2, 4)], rng.uniform(0.05, 0.3)
    )


def wall(rng: np.random.Generator) -> Colouring:
    """A wall in x and y (before it is put up)."""
    kind = rng.random()
    colour = anything(rng, 0.3) * 0.6 + 0.35 * rng.random()
    if kind < 0.45:
        return speckled(rng, near(rng, (0.8, 0.78, 0.72), 0.12), 1.5, 0.08)
    if kind < 0.6:
        size = rng.choice([0.1, 0.15, 0.2, 0.3])
        return tiled(rng, colour, near(rng, (0.8, 0.8, 0.78)), (size, size))
    if kind < 0.75:
        return tiled(
            rng,
            near(rng, (0.6, 0.33, 0.25), 0.1),
            near(rng, (0.6, 0.58, 0.55)),
            (0.24, 0.08),
            offset=0.5,
        )
    if kind < 0.85:
        return striped(
            rng, (colour, anything(rng, 0.3)), rng.uniform(0.04, 0.4), int(rng.integers(2))
        )
    return wooden(rng, 1)


def floor(rng: np.random.Generator) -> Colouring:
    """A floor in a house."""
    kind = rng.random()
    if kind < 0.4:
        return wooden(rng, int(rng.integers(2)))
    if kind < 0.7:
        size = rng.uniform(0.15, 0.6)
        return tiled(rng, anything(rng, 0.3), near(rng, (0.6, 0.6, 0.58), 0.15), (size, size))
    return speckled(rng, anything(rng, 0.4), rng.uniform(0.05, 1), 0.2)


def ground(rng: np.random.Generator) -> Colouring:
    """What there is under one's feet outside."""
    kind = rng.random()
    if kind < 0.35:
        return speckled(rng, near(rng, (0.3, 0.42, 0.16), 0.08), rng.uniform(0.1, 0.6), 0.4)
    if kind < 0.6:
        return speckled(rng, near(rng, (0.42, 0.42, 0.42), 0.1), rng.uniform(0.1, 1), 0.2)
    if kind < 0.72:
        return speckled(rng, near(rng, (0.8, 0.72, 0.55), 0.08), rng.uniform(0.2, 2), 0.15)
    if kind < 0.8:
        return speckled(rng, near(rng, (0.9, 0.92, 0.95), 0.03), rng.uniform(0.5, 2), 0.06)
    if kind < 0.9:
        return tiled(
            rng,
            near(rng, (0.6, 0.58, 0.55), 0.1),
            near(rng, (0.4, 0.4, 0.38)),
            (rng.uniform(0.2, 0.8),) * 2,
        )
    return blotched(
        rng,
        [near(rng, (0.35, 0.42, 0.2)), near(rng, (0.5, 0.42, 0.3)), near(rng, (0.25, 0.3, 0.15))],
        0.5,
    )
