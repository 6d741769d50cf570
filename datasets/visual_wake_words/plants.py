"""Plants, each standing on z = 0 around the origin, front towards -y."""

from __future__ import annotations

import numpy as np
import paints
from shapes import Mesh, Thing, lathe, limb


def leaves(rng, wide: float, high: float, centre, count: int, petals: bool = False) -> Mesh:
    """A cloud of leaves (or petals): small triangles at random within an ellipsoid."""
    places = rng.normal(size=(count, 3))
    places *= (rng.random(count) ** 0.4 / np.linalg.norm(places, axis=1))[:, None]
    places = places * [wide, wide, high] + centre
    size = (wide + high) * rng.uniform(0.12, 0.3)
    corners = places[:, None] + rng.normal(0, size / 2, (count, 3, 3))
    greens = [paints.near(rng, (0.25, 0.42, 0.15), 0.08), paints.near(rng, (0.35, 0.5, 0.2), 0.08)]
    if petals:
        greens += [paints.anything(rng, 1.0), paints.near(rng, (0.9, 0.85, 0.85))]
    colours = np.array(greens)[rng.integers(len(greens), size=count)] * rng.uniform(
        0.5, 1.3, (count, 1)
    )
    faces = np.arange(3 * count).reshape(-1, 3)
    return Mesh(corners.reshape(-1, 3), faces, np.clip(np.repeat(colours, 3, axis=0), 0, 1), 0.2)


def plant(rng) -> Thing:
    """A plant in a pot."""
    r, h = rng.uniform(0.1, 0.25), rng.uniform(0.3, 1.2)
    pot = lathe(
        [(r * 0.7, 0), (r, r * 1.5), (r * 0.9, r * 1.5), (0, r * 1.3)], paints.anything(rng, 0.5)
    )
    return Thing(
        [
            pot,
            limb((0, 0, r), (0, 0, r + h * 0.6), (0.02, 0.01), (0.1, 0.07, 0.03)),
            leaves(rng, h * 0.4, h * 0.5, (0, 0, r * 1.5 + h * 0.5), rng.integers(40, 200)),
        ]
    )


def tree(rng) -> Thing:
    """A tree, in leaf or bare; a slim one has a person's outline from afar."""
    h, paint = rng.uniform(2.5, 8), paints.near(rng, (0.3, 0.22, 0.16), 0.08)
    thing = Thing(
        [limb((0, 0, -0.1), (rng.normal(0, 0.2), 0, h * 0.8), (h * 0.035, h * 0.01), paint)]
    )
    for _ in range(rng.integers(4, 14)):
        low = rng.uniform(0.3, 0.7) * h
        end = np.append(rng.normal(0, h * 0.2, 2), low + rng.uniform(0.1, 0.35) * h)
        thing.add(limb((0, 0, low), end, (h * 0.014, h * 0.004), paint))
    if rng.random() < 0.8:
        for _ in range(rng.integers(2, 6)):
            centre = np.append(rng.normal(0, h * 0.12, 2), h * rng.uniform(0.55, 0.95))
            thing.add(leaves(rng, h * 0.2, h * 0.18, centre, 260))
    return thing


def bush(rng) -> Thing:
    """A bush, a hedge or tall grass."""
    w, h = rng.uniform(0.3, 1.5), rng.uniform(0.3, 1.6)
    return Thing(
        [leaves(rng, w, h / 2, (0, 0, h / 2), rng.integers(150, 700), petals=rng.random() < 0.25)]
    )
