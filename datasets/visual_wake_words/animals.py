"""Animals, each standing on z = 0 around the origin, front towards -y."""

from __future__ import annotations

import numpy as np
import paints
from shapes import Colouring, Mesh, Thing, ball, bumpy, limb

# Length of legs, body, neck and head, half of how thick it is: metres.
_DOG, _CAT = (0.4, 0.6, 0.25, 0.2, 0.14), (0.15, 0.4, 0.08, 0.12, 0.09)
_HORSE, _COW = (0.9, 1.3, 0.7, 0.45, 0.3), (0.7, 1.5, 0.3, 0.4, 0.36)
_SHEEP, _ELEPHANT = (0.35, 0.8, 0.15, 0.22, 0.26), (1.1, 2.0, 0.2, 0.7, 0.7)
_GIRAFFE = (1.7, 1.5, 1.7, 0.4, 0.33)
_ANIMALS = [_DOG, _CAT, _HORSE, _COW, _SHEEP, _ELEPHANT, _GIRAFFE]
_FURS = [
    (0.15, 0.12, 0.1),
    (0.5, 0.35, 0.2),
    (0.85, 0.82, 0.78),
    (0.4, 0.38, 0.36),
    (0.7, 0.5, 0.3),
]
_BLACK = (0.01, 0.01, 0.01)


def animal(rng) -> Thing:
    """A dog, cat, horse, cow, sheep, elephant or giraffe, by its proportions."""
    legs, body, neck, head, thick = _ANIMALS[rng.integers(len(_ANIMALS))]
    paint = _fur(rng, thick)
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
    thing = Thing([_trunk(rng, hip, chest, thick, paint)])
    thing.add(limb(chest, skull, (thick * 0.7, thick * 0.45), paint))
    thing.add(*_muzzle(skull, head, paint))
    hind_foot = body / 2 - (0.2 * body if seated else 0)
    for x in (-1, 1):
        thing.add(*_eye_and_ear(rng, x, skull, head, paint))
        shoulder = chest + np.array([x * thick * 0.6, 0.05, -thick * 0.3])
        foot = (x * thick * 0.6, -body / 2, 0)
        thing.add(limb(shoulder, foot, (thick * 0.3, thick * 0.2), paint))
        thigh, foot = hip + np.array([x * thick * 0.6, 0, 0]), (x * thick * 0.7, hind_foot, 0)
        thing.add(limb(thigh, foot, (thick * 0.36, thick * 0.2), paint))
    tail = hip + np.array([rng.normal(0, 0.15), thick + legs * 0.5, rng.uniform(-0.3, 0.5) * legs])
    thing.add(limb(hip + np.array([0, thick, 0]), tail, (thick * 0.15, thick * 0.08), paint))
    return thing.turned(rng.uniform(0, 360))


def _fur(rng, thick: float) -> Colouring:
    """Blotches of two colours, or speckles of one."""
    chosen = [paints.near(rng, _FURS[i]) for i in rng.integers(len(_FURS), size=2)]
    if rng.random() < 0.5:
        return paints.blotched(rng, chosen, thick * rng.uniform(0.6, 2))
    return paints.speckled(rng, chosen[0], 0.05, 0.3)


def _trunk(rng, hip: np.ndarray, chest: np.ndarray, thick: float, paint) -> Mesh:
    """From a little behind the hip to a little beyond the chest."""
    along = chest - hip
    trunk = limb(hip - along * 0.15, chest + along * 0.1, (thick, thick * 1.05), paint)
    return bumpy(trunk, thick * 0.08, thick, rng)


def _muzzle(skull: np.ndarray, head: float, paint) -> list[Mesh]:
    nose = skull + np.array([0, -head * 0.75, -head * 0.25])
    return [
        ball(np.array([0.3, 0.42, 0.34]) * head, paint).moved(skull),
        limb(skull, nose, (head * 0.25, head * 0.13), paint),
        ball(head * 0.08, _BLACK, 0.6).moved(nose),
    ]


def _eye_and_ear(rng, x: int, skull: np.ndarray, head: float, paint) -> list[Mesh]:
    """`x`: -1 or 1, the side."""
    eye = skull + np.array([x * head * 0.2, -head * 0.33, head * 0.08])
    ear = skull + np.array([x * head * 0.25, 0.05 * head, head * 0.3])
    return [
        ball(head * 0.05, _BLACK, 0.8).moved(eye),
        ball(np.array([0.06, 0.05, 0.22]) * head * rng.uniform(0.6, 1.5), paint)
        .turned("y", x * 25)
        .moved(ear),
    ]
