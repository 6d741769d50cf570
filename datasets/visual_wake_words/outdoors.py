"""What stands in streets and fields, each standing on z = 0 around the origin, front towards -y."""

from __future__ import annotations

import numpy as np
import paints
from shapes import Mesh, Thing, ball, box, cylinder, lathe, limb, tube


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
    return Thing([tyre, ball((0.05, r * 0.6, r * 0.6), paints.METAL, 0.8)])


def cycle(rng) -> Thing:
    """A bicycle or a motorcycle without a rider."""
    paint, motor = paints.anything(rng, 0.9), rng.random() < 0.5
    thing, angle = Thing(), np.linspace(0, 2 * np.pi, 25)
    thick, r = (0.06, 0.32) if motor else (0.018, 0.34)
    for y in (-0.55, 0.55):
        ring = np.stack([0 * angle, r * np.cos(angle) + y, r * np.sin(angle) + r], 1)
        thing.add(tube(ring, thick, (0.02, 0.02, 0.02)))
        thing.add(
            *(limb((0, y, r), point, (0.004, 0.004), paints.METAL, 0.8) for point in ring[::3])
        )
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
        limb((-0.28, -0.36, 1.0), (0.28, -0.36, 1.0), (0.015, 0.015), paints.METAL, 0.8),
        ball((0.08, 0.16, 0.04), (0.03, 0.03, 0.03)).moved((0, 0.28, 0.9)),
    )
    if motor:
        thing.add(
            box((0.25, 0.5, 0.35), paints.METAL, 0.8).moved((0, 0, 0.25)),
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
        [hull.moved((0, 0, 0.5)), limb((0, 0, 0.5), (0, 0, 5), (0.05, 0.03), paints.METAL), sail]
    ).turned(rng.uniform(0, 360))


def umbrella(rng) -> Thing:
    """A sunshade."""
    r, h = rng.uniform(0.8, 1.5), rng.uniform(1.9, 2.5)
    cover = lathe([(r, 0), (r * 0.5, r * 0.25), (0, r * 0.33)], paints.cloth(rng), 0, 8).moved(
        (0, 0, h - 0.3)
    )
    return Thing([cylinder(0.025, h, paints.METAL), cover])


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
