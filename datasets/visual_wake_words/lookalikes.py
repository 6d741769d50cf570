"""What only looks like somebody, each standing on z = 0 around the origin, front towards -y."""

from __future__ import annotations

import paints
import people
from furniture import coat
from shapes import Thing, ball, box, bumpy, cylinder, lathe, limb


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
        coat(rng, 0.4).moved((0, 0, 1.4)),
        bumpy(ball((0.12, 0.12, 0.15), paints.near(rng, (0.75, 0.65, 0.45))), 0.02, 0.1, rng).moved(
            (0, 0, 1.65)
        ),
    )
    return thing
