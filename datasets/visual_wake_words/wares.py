"""What stands on tables and shelves, on z = 0 around the origin, front towards -y."""

from __future__ import annotations

import numpy as np
import paints
from plants import leaves
from shapes import Thing, ball, box, bumpy, cylinder, lathe, tube


def on_top(rng, w: float, d: float, count: int | None = None) -> list[Thing]:
    """Small things spread over a surface around the origin."""
    kinds = [bottle, cup, bowl, plate, books, vase, food, laptop, small_box]
    count = rng.integers(0, 6) if count is None else count
    places = rng.uniform(-0.45, 0.45, (count, 2)) * [w, d]
    return [
        kinds[rng.integers(len(kinds))](rng).turned(rng.uniform(0, 360)).moved((x, y, 0))
        for x, y in places
    ]


def bottle(rng) -> Thing:
    """A bottle, now and then as large as one on a poster."""
    r, h = rng.uniform(0.03, 0.05), rng.uniform(0.2, 0.35)
    profile = [(0, 0), (r, 0), (r, h * 0.55), (r * 0.35, h * 0.75), (r * 0.35, h), (0, h)]
    return Thing(
        [
            lathe(profile, paints.anything(rng, 0.9), 0.8),
            cylinder(r * 1.02, h * 0.25, paints.anything(rng)).moved((0, 0, h * 0.15)),
        ]
    )


def cup(rng) -> Thing:
    """A cup with a handle, on a saucer perhaps."""
    r, paint = rng.uniform(0.035, 0.05), paints.anything(rng, 0.7) * 0.6 + 0.3
    angle = np.linspace(-1.3, 1.3, 9)
    handle = np.stack([r + 0.03 * np.cos(angle), 0 * angle, 0.05 + 0.03 * np.sin(angle)], 1)
    thing = Thing(
        [
            lathe(
                [(0, 0.01), (r * 0.7, 0), (r, 0.1), (r * 0.9, 0.1), (r * 0.8, 0.08), (0, 0.08)],
                paint,
                0.5,
            ),
            tube(handle, 0.006, paint),
        ]
    )
    return (
        thing.add(lathe([(0, 0), (0.04, 0), (0.08, 0.015), (0, 0.008)], paint, 0.5))
        if rng.random() < 0.5
        else thing
    )


def bowl(rng) -> Thing:
    """A bowl of something."""
    r = rng.uniform(0.07, 0.15)
    thing = Thing(
        [
            lathe(
                [(r * 0.4, 0), (r * 0.8, r * 0.3), (r, r * 0.6), (r * 0.93, r * 0.6), (0, r * 0.2)],
                paints.anything(rng),
                0.5,
            )
        ]
    )
    paint = paints.anything(rng, 1.0)
    return thing.add(
        *(
            ball(r * 0.3, paint * rng.uniform(0.7, 1.2)).moved(
                (*rng.uniform(-0.5, 0.5, 2) * r, r * 0.55)
            )
            for _ in range(rng.integers(0, 8))
        )
    )


def plate(rng) -> Thing:
    """A plate with a meal."""
    r = rng.uniform(0.1, 0.17)
    thing = Thing(
        [
            lathe(
                [(0, 0), (r * 0.6, 0), (r, 0.02), (r * 0.98, 0.025), (r * 0.6, 0.01), (0, 0.01)],
                paints.near(rng, (0.9, 0.9, 0.88), 0.08),
                0.5,
            )
        ]
    )
    return thing.add(food(rng).moved((0, 0, 0.01)))


def food(rng) -> Thing:
    """Pizza, cake, fruit, greens."""
    kind, brown = rng.integers(4), paints.near(rng, (0.6, 0.4, 0.2), 0.1)
    if kind == 0:
        top = paints.blotched(
            rng,
            [
                paints.near(rng, c)
                for c in [(0.8, 0.25, 0.15), (0.92, 0.8, 0.5), (0.3, 0.4, 0.15), (0.5, 0.3, 0.2)]
            ],
            0.06,
        )
        return Thing([bumpy(ball((0.15, 0.15, 0.02), top, 0.3, 48), 0.006, 0.04, rng)])
    if kind == 1:
        layers = paints.striped(rng, (brown, paints.near(rng, (0.95, 0.9, 0.8))), 0.015, 2)
        return Thing([box((0.1, 0.14, rng.uniform(0.05, 0.12)), layers, 0.2, 12)])
    paint = [paints.anything(rng, 1.0), paints.near(rng, (0.3, 0.5, 0.15))][kind - 2]
    spots = rng.normal(0, 0.05, (rng.integers(2, 12), 2))
    return Thing(
        [
            bumpy(
                ball(rng.uniform(0.02, 0.05), paint * rng.uniform(0.6, 1.3), 0.3), 0.01, 0.03, rng
            ).moved((x, y, 0.03))
            for x, y in spots
        ]
    )


def books(rng) -> Thing:
    """A pile of books or papers."""
    thing, z = Thing(), 0.0
    for _ in range(rng.integers(1, 5)):
        h = rng.uniform(0.005, 0.05)
        thing.add(
            box((0.2, 0.28, h), paints.anything(rng, 0.8), 0.2)
            .turned("z", rng.normal(0, 15))
            .moved((0, 0, z))
        )
        z += h
    return thing


def vase(rng) -> Thing:
    """A vase with flowers."""
    r, h = rng.uniform(0.05, 0.1), rng.uniform(0.15, 0.35)
    thing = Thing(
        [
            lathe(
                [(r * 0.5, 0), (r, h * 0.4), (r * 0.4, h * 0.8), (r * 0.6, h)],
                paints.anything(rng),
                0.6,
            )
        ]
    )
    return thing.add(
        leaves(rng, r * 2.2, r * 2, (0, 0, h + r * 1.6), 60, petals=rng.random() < 0.8)
    )


def laptop(rng) -> Thing:
    """A laptop."""
    paint = paints.near(rng, (0.5, 0.5, 0.52), 0.2)
    return Thing(
        [
            box((0.33, 0.23, 0.015), paint, 0.5),
            box((0.33, 0.01, 0.22), paint * 0.3, 0.6).turned("x", -15).moved((0, 0.12, 0.01)),
        ]
    )


def small_box(rng) -> Thing:
    """A carton, a radio, a bag."""
    return Thing([box(rng.uniform(0.06, 0.35, 3), paints.cloth(rng), 0.2, 10)])
