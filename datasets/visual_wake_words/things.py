"""Things without life and animals, each standing on z = 0 around the origin, front towards -y."""

from __future__ import annotations

import numpy as np
import paints
import people
from shapes import Mesh, Thing, ball, box, bumpy, cylinder, grid, lathe, limb, tube, waves

_METAL = (0.55, 0.55, 0.57)


# Furniture


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


def on_top(rng, w: float, d: float, count: int | None = None) -> list[Thing]:
    """Small things spread over a surface around the origin."""
    kinds = [bottle, cup, bowl, plate, books, vase, food, laptop, small_box]
    count = rng.integers(0, 6) if count is None else count
    places = rng.uniform(-0.45, 0.45, (count, 2)) * [w, d]
    return [
        kinds[rng.integers(len(kinds))](rng).turned(rng.uniform(0, 360)).moved((x, y, 0))
        for x, y in places
    ]


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
        thing.add(_coat(rng, w * 0.6).moved((0, w * 0.48, top)))
    return thing


def _coat(rng, wide: float) -> Thing:
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
    coat = Thing([body])
    for side in (-1, 1):
        end = (side * wide * rng.uniform(0.45, 0.75), 0, -rng.uniform(0.45, 0.65))
        coat.add(limb((side * wide * 0.42, 0, -0.06), end, (0.07, 0.05), paint))
    return coat


def coat_stand(rng) -> Thing:
    """A stand with coats and a hat: as high and as wide as a person."""
    paint, h = paints.near(rng, (0.3, 0.2, 0.15), 0.15), rng.uniform(1.5, 1.9)
    thing = Thing([cylinder(0.02, h, paint), cylinder(0.2, 0.03, paint)])
    for angle in rng.uniform(0, 360, rng.integers(1, 4)):
        thing.add(
            _coat(rng, rng.uniform(0.2, 0.35))
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
                ball(0.02, _METAL, 0.8).moved(
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
        _METAL,
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
        limb((-w * 0.35, -0.34, h * 0.65), (w * 0.35, -0.34, h * 0.65), (0.012, 0.012), _METAL, 0.9)
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


# Small things


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
        _leaves(rng, r * 2.2, r * 2, (0, 0, h + r * 1.6), 60, petals=rng.random() < 0.8)
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


# Plants


def _leaves(rng, wide: float, high: float, centre, count: int, petals: bool = False) -> Mesh:
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
            _leaves(rng, h * 0.4, h * 0.5, (0, 0, r * 1.5 + h * 0.5), rng.integers(40, 200)),
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
            thing.add(_leaves(rng, h * 0.2, h * 0.18, centre, 260))
    return thing


def bush(rng) -> Thing:
    """A bush, a hedge or tall grass."""
    w, h = rng.uniform(0.3, 1.5), rng.uniform(0.3, 1.6)
    return Thing(
        [_leaves(rng, w, h / 2, (0, 0, h / 2), rng.integers(150, 700), petals=rng.random() < 0.25)]
    )


# Outside


def building(rng) -> Thing:
    """A house or a tower with rows of windows."""
    w, d, h = (
        rng.uniform(5, 16),
        rng.uniform(4, 9),
        rng.choice([rng.uniform(3, 7), rng.uniform(8, 30)]),
    )
    base, pane = paints.anything(rng, 0.35) * 0.7 + 0.1, paints.near(rng, (0.25, 0.3, 0.36), 0.1)
    pitch, storey, share = rng.uniform(1.2, 3), rng.uniform(2.4, 3.6), rng.uniform(0.3, 0.75)

    def paint(places: np.ndarray) -> np.ndarray:
        u = ((places[:, 0] + places[:, 1]) / pitch + 100) % 1
        v = ((places[:, 2] + h / 2) / storey + 0.15) % 1
        window = (np.abs(u - 0.5) < share / 2) & (np.abs(v - 0.55) < 0.28)
        return np.where(window[:, None], pane, base)

    thing = Thing([box((w, d, h), paint, 0.2, 40)])
    if h < 8 and rng.random() < 0.6:
        thing.add(
            lathe([(1, 0), (0, 0.6)], paints.near(rng, (0.5, 0.28, 0.2), 0.1), 0, 4)
            .turned("z", 45)
            .scaled((w * 0.8, d * 0.8, 3))
            .moved((0, 0, h))
        )
    return thing


def car(rng) -> Thing:
    """A car, a van or a bus."""
    paint, glass = paints.anything(rng, 0.9), (0.02, 0.025, 0.03)
    kind = rng.choice(["car", "van", "bus"])
    length, h = {"car": (4.2, 1.4), "van": (5, 2.1), "bus": (9, 2.9)}[kind]
    low = h * (0.5 if kind == "car" else 0.92)
    thing = Thing([box((1.75, length, low - 0.25), paint, 0.9, 6).moved((0, 0, 0.25))])
    if kind == "car":
        cabin = box((1.55, length * 0.5, h - low), glass, 0.9, 6)
        cabin.vertices[:, :2] *= 1 - 0.25 * cabin.vertices[:, 2:] / (h - low)
        thing.add(
            cabin.moved((0, 0.1, low)),
            box((1.2, length * 0.36, 0.03), paint, 0.9).moved((0, 0.1, h)),
        )
    else:
        for x in (-1, 1):
            for y in np.arange(-length / 2 + 0.7, length / 2 - 0.4, 1.0):
                thing.add(box((0.02, 0.8, h * 0.3), glass, 0.9).moved((x * 0.88, y, h * 0.5)))
        thing.add(box((1.55, 0.02, h * 0.35), glass, 0.9).moved((0, -length / 2 - 0.01, h * 0.48)))
    for x in (-0.6, 0.6):
        thing.add(ball((0.15, 0.05, 0.1), (0.9, 0.9, 0.85), 0.8).moved((x, -length / 2, 0.6)))
        for y in (-0.32, 0.32):
            thing.add(_wheel(0.33).moved((x * 1.35, y * length, 0.33)))
    return thing.turned(rng.uniform(0, 360))


def _wheel(r: float) -> Thing:
    angle = np.linspace(0, 2 * np.pi, 25)
    tyre = tube(
        np.stack([0 * angle, r * np.cos(angle), r * np.sin(angle)], 1) * 0.85,
        r * 0.2,
        (0.02, 0.02, 0.02),
    )
    return Thing([tyre, ball((0.05, r * 0.6, r * 0.6), _METAL, 0.8)])


def cycle(rng) -> Thing:
    """A bicycle or a motorcycle without a rider."""
    paint, motor = paints.anything(rng, 0.9), rng.random() < 0.5
    thing, angle = Thing(), np.linspace(0, 2 * np.pi, 25)
    thick, r = (0.06, 0.32) if motor else (0.018, 0.34)
    for y in (-0.55, 0.55):
        ring = np.stack([0 * angle, r * np.cos(angle) + y, r * np.sin(angle) + r], 1)
        thing.add(tube(ring, thick, (0.02, 0.02, 0.02)))
        thing.add(*(limb((0, y, r), point, (0.004, 0.004), _METAL, 0.8) for point in ring[::3]))
    points = {
        "rear": (0, 0.55, r),
        "seat": (0, 0.25, 0.85),
        "pedal": (0, 0.1, 0.3),
        "head": (0, -0.4, 0.85),
        "front": (0, -0.55, r),
    }
    for a, b in [
        ("rear", "seat"),
        ("rear", "pedal"),
        ("seat", "pedal"),
        ("pedal", "head"),
        ("seat", "head"),
        ("head", "front"),
    ]:
        thing.add(limb(points[a], points[b], (0.02, 0.02), paint, 0.7))
    thing.add(
        limb((-0.28, -0.36, 1.0), (0.28, -0.36, 1.0), (0.015, 0.015), _METAL, 0.8),
        ball((0.08, 0.16, 0.04), (0.03, 0.03, 0.03)).moved((0, 0.28, 0.9)),
    )
    if motor:
        thing.add(
            box((0.25, 0.5, 0.35), _METAL, 0.8).moved((0, 0, 0.25)),
            ball((0.15, 0.32, 0.14), paint, 0.9).moved((0, -0.1, 0.75)),
        )
        thing.add(ball(0.09, (0.9, 0.9, 0.85), 0.8).moved((0, -0.55, 0.85)))
    return thing.turned(rng.uniform(0, 360))


def pole(rng) -> Thing:
    """A street lamp, a road sign, a post box, a hydrant, a parking meter."""
    kind, paint = rng.integers(4), paints.anything(rng, 1.0)
    h = [rng.uniform(3, 6), rng.uniform(1.8, 2.6), rng.uniform(0.7, 1.2), rng.uniform(1.2, 1.6)][
        kind
    ]
    thing = Thing(
        [cylinder(0.04 if kind != 2 else 0.17, h, (0.25, 0.26, 0.27) if kind != 2 else paint, 0.4)]
    )
    if kind == 0:
        thing.add(ball((0.5, 0.15, 0.1), (0.8, 0.8, 0.75)).moved((0.4, 0, h)))
    elif kind == 1:
        face = cylinder(
            0.35,
            0.02,
            paints.blotched(rng, [paint, (0.9, 0.9, 0.9)], 0.3),
            0.3,
            rng.choice([3, 4, 8, 24]),
        )
        thing.add(face.turned("x", 90).moved((0, -0.05, h - 0.3)))
    else:
        thing.add(ball((0.17, 0.17, 0.2), paint, 0.5).moved((0, 0, h)))
    return thing


def bench(rng) -> Thing:
    """A bench."""
    paint = paints.wooden(rng)
    thing = Thing(
        [box((1.6, 0.1, 0.04), paint).moved((0, y, 0.45)) for y in (-0.2, -0.07, 0.06, 0.19)]
    )
    thing.add(*(box((1.6, 0.03, 0.1), paint).moved((0, 0.28, z)) for z in (0.6, 0.75)))
    return thing.add(
        *(box((0.06, 0.5, 0.45), (0.08, 0.08, 0.08)).moved((x, 0, 0)) for x in (-0.7, 0.7))
    )


def fence(rng) -> Thing:
    """A fence or a railing."""
    w, h, paint = rng.uniform(2, 6), rng.uniform(0.7, 1.6), paints.anything(rng, 0.5)
    thing = Thing([box((w, 0.03, 0.06), paint).moved((0, 0, z * h)) for z in (0.3, 0.85)])
    return thing.add(
        *(
            box((rng.uniform(0.03, 0.1), 0.03, h), paint).moved((x, 0, 0))
            for x in np.arange(-w / 2, w / 2, rng.uniform(0.12, 0.5))
        )
    )


def boat(rng) -> Thing:
    """A boat with a mast, or a surf board upright."""
    paint = paints.anything(rng, 0.8)
    if rng.random() < 0.4:
        return Thing(
            [
                ball(
                    (0.28, 0.05, 1.1),
                    paints.striped(rng, (paint, paints.anything(rng)), 0.3, 2),
                    0.6,
                ).moved((0, 0, 1))
            ]
        )
    hull = ball((0.9, 2.6, 0.6), paint, 0.6)
    hull.vertices[:, 2] = np.minimum(hull.vertices[:, 2], 0.1)
    sail = Mesh(
        np.array([(0, 0, 1), (0, 2, 1), (0, 0.1, 4.5)]),
        np.array([[0, 1, 2]]),
        np.tile(paints.near(rng, (0.9, 0.9, 0.88)), (3, 1)),
    )
    return Thing(
        [hull.moved((0, 0, 0.5)), limb((0, 0, 0.5), (0, 0, 5), (0.05, 0.03), _METAL), sail]
    ).turned(rng.uniform(0, 360))


def umbrella(rng) -> Thing:
    """A sunshade."""
    r, h = rng.uniform(0.8, 1.5), rng.uniform(1.9, 2.5)
    cover = lathe([(r, 0), (r * 0.5, r * 0.25), (0, r * 0.33)], paints.cloth(rng), 0, 8).moved(
        (0, 0, h - 0.3)
    )
    return Thing([cylinder(0.025, h, _METAL), cover])


def aeroplane(rng) -> Thing:
    """An aeroplane on the ground."""
    paint = paints.near(rng, (0.9, 0.9, 0.9), 0.1)
    thing = Thing(
        [
            ball((0.9, 7, 0.9), paint, 0.6).moved((0, 0, 1.9)),
            box((13, 1.4, 0.15), paint, 0.6).moved((0, 0, 1.6)),
        ]
    )
    thing.add(
        box((0.15, 1.3, 2), paints.anything(rng, 1.0)).moved((0, 6, 2)),
        box((4.5, 0.9, 0.12), paint).moved((0, 6.1, 2.2)),
    )
    return thing.turned(rng.uniform(0, 360))


# Animals, and what only looks like somebody


def animal(rng) -> Thing:
    """A dog, cat, horse, cow, sheep, elephant or giraffe, by its proportions."""
    legs, body, neck, head, thick, size = [
        (0.4, 0.6, 0.25, 0.2, 0.14, 1.0), (0.15, 0.4, 0.08, 0.12, 0.09, 1.0),
        (0.9, 1.3, 0.7, 0.45, 0.3, 1.0), (0.7, 1.5, 0.3, 0.4, 0.36, 1.0),
        (0.35, 0.8, 0.15, 0.22, 0.26, 1.0), (1.1, 2.0, 0.2, 0.7, 0.7, 1.0),
        (1.7, 1.5, 1.7, 0.4, 0.33, 1.0),
    ][rng.integers(7)]  # fmt: skip
    furs = [
        (0.15, 0.12, 0.1),
        (0.5, 0.35, 0.2),
        (0.85, 0.82, 0.78),
        (0.4, 0.38, 0.36),
        (0.7, 0.5, 0.3),
    ]
    chosen = [paints.near(rng, furs[i]) for i in rng.integers(len(furs), size=2)]
    paint = (
        paints.blotched(rng, chosen, thick * rng.uniform(0.6, 2))
        if rng.random() < 0.5
        else paints.speckled(rng, chosen[0], 0.05, 0.3)
    )
    seated = legs < 0.5 and rng.random() < 0.4
    hip = np.array([0, body / 2, legs * (0.4 if seated else 1) + thick * 0.6])
    chest = np.array([0, -body / 2, legs + thick * (0.9 if seated else 0.6)])
    skull = chest + np.array(
        [
            rng.normal(0, 0.1) * neck,
            -neck * rng.uniform(0.3, 0.8),
            neck * rng.uniform(0.5, 1.0),
        ]
    )
    thing = Thing(
        [
            bumpy(
                limb(
                    hip + (hip - chest) * 0.15,
                    chest + (chest - hip) * 0.1,
                    (thick, thick * 1.05),
                    paint,
                ),
                thick * 0.08,
                thick,
                rng,
            )
        ]
    )
    thing.add(limb(chest, skull, (thick * 0.7, thick * 0.45), paint))
    nose = skull + np.array([0, -head * 0.75, -head * 0.25])
    thing.add(
        ball(np.array([0.3, 0.42, 0.34]) * head, paint).moved(skull),
        limb(skull, nose, (head * 0.25, head * 0.13), paint),
    )
    thing.add(ball(head * 0.08, (0.01, 0.01, 0.01), 0.6).moved(nose))
    for x in (-1, 1):
        thing.add(
            ball(head * 0.05, (0.01, 0.01, 0.01), 0.8).moved(
                skull + np.array([x * head * 0.2, -head * 0.33, head * 0.08])
            )
        )
        thing.add(
            ball(np.array([0.06, 0.05, 0.22]) * head * rng.uniform(0.6, 1.5), paint)
            .turned("y", x * 25)
            .moved(skull + np.array([x * head * 0.25, 0.05 * head, head * 0.3]))
        )
        thing.add(
            limb(
                chest + np.array([x * thick * 0.6, 0.05, -thick * 0.3]),
                (x * thick * 0.6, -body / 2, 0),
                (thick * 0.3, thick * 0.2),
                paint,
            )
        )
        thing.add(
            limb(
                hip + np.array([x * thick * 0.6, 0, 0]),
                (x * thick * 0.7, body / 2 - (0.2 * body if seated else 0), 0),
                (thick * 0.36, thick * 0.2),
                paint,
            )
        )
    tail = hip + np.array([rng.normal(0, 0.15), thick + legs * 0.5, rng.uniform(-0.3, 0.5) * legs])
    return (
        thing.add(limb(hip + np.array([0, thick, 0]), tail, (thick * 0.15, thick * 0.08), paint))
        .scaled(size)
        .turned(rng.uniform(0, 360))
    )


def teddy(rng) -> Thing:
    """A teddy bear or a doll: a person's shape, but small and of plush."""
    paint = paints.speckled(rng, paints.near(rng, (0.6, 0.42, 0.25), 0.15), 0.02, 0.35)
    thing = Thing(
        [
            ball((0.14, 0.12, 0.17), paint).moved((0, 0, 0.17)),
            ball((0.12, 0.11, 0.11), paint).moved((0, 0, 0.42)),
        ]
    )
    thing.add(
        ball((0.06, 0.06, 0.05), paints.near(rng, (0.85, 0.75, 0.6))).moved((0, -0.1, 0.4)),
        ball(0.02, (0.01, 0.01, 0.01)).moved((0, -0.16, 0.42)),
    )
    for x in (-1, 1):
        thing.add(
            ball((0.05, 0.03, 0.05), paint).moved((x * 0.1, 0, 0.52)),
            ball(0.014, (0.01, 0.01, 0.01), 0.8).moved((x * 0.045, -0.105, 0.45)),
        )
        thing.add(
            limb(
                (x * 0.12, 0, 0.27),
                (x * rng.uniform(0.15, 0.3), -0.12, rng.uniform(0.1, 0.35)),
                (0.055, 0.05),
                paint,
            )
        )
        thing.add(limb((x * 0.08, -0.02, 0.06), (x * 0.14, -0.25, 0.06), (0.065, 0.06), paint))
    return thing.scaled(rng.uniform(0.6, 2.2))


def mannequin(rng) -> Thing:
    """A tailor's dummy: a dressed trunk on a stand, without head, arms and legs."""
    paint = paints.cloth(rng)
    profile = [
        (0.1, 0.75),
        (0.17, 0.85),
        (0.12, 1.08),
        (0.17, 1.3),
        (0.14, 1.42),
        (0.05, 1.47),
        (0.05, 1.54),
        (0, 1.55),
    ]
    trunk = lathe(profile, paint).scaled((1.1, 0.7, 1))
    return Thing(
        [trunk, cylinder(0.02, 0.8, (0.1, 0.1, 0.1)), cylinder(0.2, 0.03, (0.1, 0.1, 0.1))]
    )


def statue(rng) -> Thing:
    """Somebody of stone or bronze, on a pedestal."""
    colour = paints.near(
        rng, [(0.75, 0.73, 0.7), (0.35, 0.42, 0.36), (0.3, 0.25, 0.2)][rng.integers(3)], 0.04
    )
    h, figure = rng.uniform(0.8, 1.6), people.person(rng, -1, "standing")
    for mesh in figure.meshes:
        mesh.colours = paints.speckled(rng, colour, 0.1, 0.15)(mesh.vertices)
    return Thing([box((0.8, 0.8, h), paints.speckled(rng, colour * 0.8, 0.2), 0, 10)]).add(
        figure.moved((0, 0, h))
    )


def scarecrow(rng) -> Thing:
    """Sticks, an old coat and a sack, in a field."""
    thing = Thing(
        [
            limb((0, 0, 0), (0, 0, 1.7), (0.03, 0.03), (0.15, 0.1, 0.05)),
            limb((-0.7, 0, 1.35), (0.7, 0, 1.35), (0.025, 0.025), (0.15, 0.1, 0.05)),
        ]
    )
    thing.add(
        _coat(rng, 0.4).moved((0, 0, 1.4)),
        bumpy(ball((0.12, 0.12, 0.15), paints.near(rng, (0.75, 0.65, 0.45))), 0.02, 0.1, rng).moved(
            (0, 0, 1.65)
        ),
    )
    return thing


INDOORS = [
    table,
    table,
    chair,
    chair,
    sofa,
    bed,
    shelf,
    shelf,
    lamp,
    plant,
    toilet,
    sink,
    kitchen,
    kitchen,
    screen,
    coat_stand,
    small_box,
    vase,
]
OUTDOORS = [
    tree,
    tree,
    bush,
    bush,
    building,
    car,
    car,
    cycle,
    cycle,
    pole,
    pole,
    bench,
    fence,
    boat,
    umbrella,
    aeroplane,
    plant,
    animal,
]
LOOKALIKES = [
    *(coat_stand, coat_stand, chair, chair, lamp, tree, tree, plant, pole, teddy, teddy),
    *(animal, animal, animal, animal, animal, mannequin, statue, scarecrow),
]
