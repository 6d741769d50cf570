"""What furnishes rooms, each standing on z = 0 around the origin, front towards -y."""

from __future__ import annotations

import numpy as np
import paints
from shapes import Thing, ball, box, bumpy, cylinder, grid, lathe, limb, tube, waves
from wares import on_top


def table(rng) -> Thing:
    """A table, or a desk, with something on it."""
    w, d, h = rng.uniform(0.6, 1.8), rng.uniform(0.5, 0.9), rng.uniform(0.42, 0.95)
    paint = paints.wooden(rng) if rng.random() < 0.6 else paints.anything(rng, 0.3)
    thing = Thing([box((w, d, 0.04), paint, 0.3, 12).moved((0, 0, h - 0.04))])
    legs = [(x, y) for x in (-1, 1) for y in (-1, 1)]
    thing.add(
        *(
            box((0.05, 0.05, h), paint).moved((x * (w / 2 - 0.05), y * (d / 2 - 0.05), 0))
            for x, y in legs
        )
    )
    return thing.add(*(ware.moved((0, 0, h)) for ware in on_top(rng, w, d)))


def chair(rng) -> Thing:
    """A chair; often with clothes over its back, which look like somebody."""
    paint = paints.wooden(rng, 2) if rng.random() < 0.6 else paints.anything(rng)
    seat, top, w = rng.uniform(0.42, 0.5), rng.uniform(0.8, 1.15), rng.uniform(0.4, 0.55)
    thing = Thing([box((w, w, 0.05), paint, 0.2).moved((0, 0, seat))])
    for x in (-1, 1):
        thing.add(
            limb((x * w * 0.45, -w * 0.45, 0), (x * w * 0.45, -w * 0.45, seat), (0.02, 0.02), paint)
        )
        thing.add(
            limb((x * w * 0.45, w * 0.45, 0), (x * w * 0.45, w * 0.5, top), (0.022, 0.02), paint)
        )
    for z in np.arange(seat + 0.15, top, rng.uniform(0.06, 0.3)):
        thing.add(box((w * 0.9, 0.02, 0.05), paint).moved((0, w * 0.48, z)))
    if rng.random() < 0.35:
        thing.add(coat(rng, w * 0.6).moved((0, w * 0.48, top)))
    return thing


def coat(rng, wide: float) -> Thing:
    """A coat that hangs from z = 0 downwards."""
    paint, length = paints.cloth(rng), rng.uniform(0.5, 1.0)
    profile = [
        (wide * 0.6, -length),
        (wide * 0.55, -length * 0.5),
        (wide * 0.5, -0.1),
        (wide * 0.42, -0.03),
        (0.04, 0.03),
    ]
    folds = waves(rng, 0.12)
    body = lathe(profile, paint).scaled((1, 0.4, 1))
    body.vertices[:, :2] *= 1 + 0.12 * folds(body.vertices)[:, None]
    thing = Thing([body])
    for side in (-1, 1):
        end = (side * wide * rng.uniform(0.45, 0.75), 0, -rng.uniform(0.45, 0.65))
        thing.add(limb((side * wide * 0.42, 0, -0.06), end, (0.07, 0.05), paint))
    return thing


def coat_stand(rng) -> Thing:
    """A stand with coats and a hat: as high and as wide as a person."""
    paint, h = paints.near(rng, (0.3, 0.2, 0.15), 0.15), rng.uniform(1.5, 1.9)
    thing = Thing([cylinder(0.02, h, paint), cylinder(0.2, 0.03, paint)])
    for angle in rng.uniform(0, 360, rng.integers(1, 4)):
        thing.add(
            coat(rng, rng.uniform(0.2, 0.35))
            .turned(angle)
            .moved((0, -0.08, h - rng.uniform(0.1, 0.3)))
        )
    if rng.random() < 0.5:
        thing.add(
            lathe(
                [(0.2, 0), (0.2, 0.01), (0.1, 0.02), (0.09, 0.12), (0, 0.13)], paints.cloth(rng)
            ).moved((0, 0, h))
        )
    return thing


def sofa(rng) -> Thing:
    """A sofa or an armchair with cushions."""
    w, d = rng.choice([0.9, 1.5, 2.1]), 0.85
    paint = paints.cloth(rng)
    thing = Thing([bumpy(box((w, d, 0.42), paint, 0, 9), 0.03, 0.4, rng)])
    thing.add(bumpy(box((w, 0.25, 0.9), paint, 0, 9), 0.03, 0.4, rng).moved((0, d / 2, 0)))
    for x in (-1, 1):
        thing.add(bumpy(box((0.2, d, 0.6), paint, 0, 9), 0.03, 0.4, rng).moved((x * w / 2, 0, 0)))
    for x in rng.uniform(-0.4, 0.4, rng.integers(0, 4)):
        thing.add(
            ball((0.2, 0.1, 0.2), paints.cloth(rng)).turned("x", -20).moved((x * w, 0.2, 0.6))
        )
    return thing


def bed(rng) -> Thing:
    """A bed, its cover in folds; sometimes the covers look as if somebody lay there."""
    w, paint = rng.choice([0.9, 1.6]), paints.cloth(rng)
    thing = Thing(
        [
            box((w, 2, 0.3), paints.wooden(rng)),
            box((w, 0.06, rng.uniform(0.6, 1.2)), paints.wooden(rng)).moved((0, 1, 0)),
        ]
    )
    thing.add(bumpy(box((w * 1.02, 1.6, 0.3), paint, 0, 24), 0.05, 0.3, rng).moved((0, -0.2, 0.25)))
    for x in [0] if w < 1 else [-0.4, 0.4]:
        thing.add(
            ball((0.3, 0.2, 0.1), paints.near(rng, (0.9, 0.9, 0.88), 0.1)).moved((x, 0.75, 0.55))
        )
    return thing


def shelf(rng) -> Thing:
    """A bookcase, a rack or a kitchen cupboard, full or empty."""
    w, h, d = rng.uniform(0.5, 1.6), rng.uniform(0.8, 2.2), rng.uniform(0.25, 0.5)
    paint = paints.wooden(rng) if rng.random() < 0.6 else paints.near(rng, (0.8, 0.8, 0.78), 0.15)
    thing = Thing([box((0.03, d, h), paint).moved((x * w / 2, 0, 0)) for x in (-1, 1)])
    thing.add(box((w, 0.02, h), paint).moved((0, d / 2, 0)))
    if rng.random() < 0.3:  # with doors
        doors = rng.integers(1, 4)
        for i in range(doors):
            x = (i + 0.5) / doors * w - w / 2
            thing.add(box((w / doors - 0.015, 0.02, h - 0.05), paint, 0.3).moved((x, -d / 2, 0.03)))
            thing.add(
                ball(0.02, paints.METAL, 0.8).moved(
                    (x + 0.15 / doors, -d / 2 - 0.03, h * rng.uniform(0.4, 0.6))
                )
            )
        return thing.add(*(ware.moved((0, 0, h)) for ware in on_top(rng, w, d)))
    for z in np.linspace(0, h, rng.integers(3, 7)):
        thing.add(box((w, d, 0.025), paint).moved((0, 0, z)))
        x = -w / 2 + 0.05
        while x < w / 2 - 0.1 and rng.random() < 0.95:
            b = rng.uniform(0.02, 0.12)
            thing.add(
                box((b, d * 0.7, rng.uniform(0.12, 0.28)), paints.anything(rng, 0.7), 0.2).moved(
                    (x + b / 2, -0.03, z)
                )
            )
            x += b + rng.choice([0.004, 0.15], p=[0.85, 0.15])
    return thing


def lamp(rng) -> Thing:
    """A lamp on a foot; its shade is about where a head would be."""
    h, r = rng.uniform(0.4, 1.8), rng.uniform(0.1, 0.25)
    thing = Thing(
        [
            cylinder(0.012, h, paints.anything(rng) * 0.5, 0.6),
            cylinder(0.14, 0.03, paints.anything(rng) * 0.4),
        ]
    )
    return thing.add(
        lathe(
            [(r, 0), (r * rng.uniform(0.4, 1), r * 1.4)], paints.near(rng, (0.9, 0.85, 0.7))
        ).moved((0, 0, h - r * 0.5))
    )


def toilet(rng) -> Thing:
    """A toilet."""
    white = paints.near(rng, (0.92, 0.91, 0.88), 0.04)
    bowl_ = lathe(
        [(0.12, 0), (0.11, 0.15), (0.2, 0.38), (0.22, 0.4), (0.17, 0.4), (0.1, 0.3)], white, 0.5
    ).scaled((0.9, 1.25, 1))
    lid = (
        ball((0.2, 0.03, 0.25), white, 0.5).moved((0, 0.2, 0.63))
        if rng.random() < 0.5
        else ball((0.2, 0.26, 0.02), white, 0.5).moved((0, 0, 0.42))
    )
    return Thing([bowl_, lid, box((0.42, 0.18, 0.4), white, 0.5).moved((0, 0.32, 0.38))])


def sink(rng) -> Thing:
    """A wash basin with a tap, on a pillar or in a cupboard."""
    white, h = paints.near(rng, (0.92, 0.91, 0.88), 0.04), rng.uniform(0.75, 0.9)
    basin = (
        lathe([(0.05, 0), (0.25, 0.12), (0.28, 0.16), (0.23, 0.15), (0.05, 0.05)], white, 0.5)
        .scaled((1.1, 0.85, 1))
        .moved((0, 0, h - 0.14))
    )
    below = (
        lathe([(0.1, 0), (0.07, 0.3), (0.1, h - 0.1)], white, 0.5)
        if rng.random() < 0.5
        else box((0.8, 0.5, h - 0.05), paints.wooden(rng, 2), 0.3)
    )
    tap = tube(
        np.array([(0, 0.2, h), (0, 0.2, h + 0.2), (0, 0.1, h + 0.25), (0, 0.02, h + 0.2)]),
        0.015,
        paints.METAL,
        0.9,
    )
    return Thing([basin, below, tap])


def kitchen(rng) -> Thing:
    """An oven, a fridge or a washing machine: a box with panels and knobs."""
    paint = paints.near(
        rng, [(0.9, 0.9, 0.9), (0.15, 0.15, 0.16), (0.6, 0.6, 0.62)][rng.integers(3)], 0.05
    )
    w, h = rng.uniform(0.55, 0.8), rng.choice([0.86, 1.2, 1.8])
    thing = Thing(
        [
            box((w, 0.6, h), paint, 0.5),
            box((w * 0.8, 0.02, h * 0.4), paint * 0.3, 0.8).moved((0, -0.31, h * 0.2)),
        ]
    )
    thing.add(
        limb(
            (-w * 0.35, -0.34, h * 0.65),
            (w * 0.35, -0.34, h * 0.65),
            (0.012, 0.012),
            paints.METAL,
            0.9,
        )
    )
    for x in np.linspace(-0.35, 0.35, rng.integers(2, 6)) * w:
        thing.add(cylinder(0.025, 0.03, paint * 0.4).turned("x", 90).moved((x, -0.3, h * 0.9)))
    return thing.add(*(ware.moved((0, 0, h)) for ware in on_top(rng, w, 0.5)))


def screen(rng) -> Thing:
    """A television or a monitor on a stand, showing something."""
    w = rng.uniform(0.4, 1.3)
    shown = (
        paints.blotched(rng, [paints.anything(rng, 0.9) for _ in range(5)], rng.uniform(0.1, 0.5))
        if rng.random() < 0.6
        else (0.02, 0.02, 0.025)
    )
    frame = box((w, 0.05, w * 0.58), (0.03, 0.03, 0.03), 0.4).moved((0, 0, 0.1))
    picture = (
        grid(w * 0.95, w * 0.53, shown, 24, 0.8).turned("x", 90).moved((0, -0.03, 0.1 + w * 0.29))
    )
    return Thing([frame, picture, box((w * 0.4, 0.2, 0.1), (0.05, 0.05, 0.05))])
