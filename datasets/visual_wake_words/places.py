"""Rooms, streets and landscapes: where a picture is taken, its light, and who or what is there.

The camera stands at negative y and looks towards positive y; what it is about is near the origin.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import furniture
import mitsuba as mi
import numpy as np
import outdoors
import paints
import people
import plants
import things
import wares
from shapes import Mesh, Thing, box, grid, waves


@dataclass
class Place:
    """A place as it is, before somebody comes.

    Attributes:
        meshes: what stands there.
        lights: of Mitsuba, by name.
        deepest: how far the camera may be from the origin, metres.
        inside: whether it is a room.
    """

    meshes: list[Mesh] = field(default_factory=list)
    lights: dict = field(default_factory=dict)
    deepest: float = 30.0
    inside: bool = False


@dataclass
class View:
    """What one picture shows: `meshes` from `eye` to `target`; `fov` degrees across."""

    meshes: list[Mesh]
    lights: dict
    eye: np.ndarray
    target: np.ndarray
    up: np.ndarray
    fov: float
    aspect: float


def place(rng: np.random.Generator) -> Place:
    """A room, or somewhere outside."""
    return room(rng) if rng.random() < 0.5 else outside(rng)


def room(rng: np.random.Generator) -> Place:
    """A room without its front wall, furnished."""
    w, back, front, h = (
        rng.uniform(2.5, 8),
        rng.uniform(1.0, 5),
        rng.uniform(2, 6),
        rng.uniform(2.3, 3.4),
    )
    depth, middle = back + front, (back - front) / 2
    here = Place(inside=True, deepest=front - 0.2)
    walls = paints.wall(rng)
    floor = grid(w, depth, paints.floor(rng), 80).moved((0, middle, 0))
    far = grid(w, h, walls, 70).turned("x", 90).moved((0, back, h / 2))
    left, right = (
        grid(depth, h, walls, 60)
        .turned("x", 90)
        .turned("z", 90 * s)
        .moved((-s * w / 2, middle, h / 2))
        for s in (-1, 1)
    )
    here.meshes += [floor, far, left, right]
    if rng.random() < 0.6:
        here.meshes.append(
            grid(w, depth, paints.near(rng, (0.85, 0.85, 0.83)), 2).moved((0, middle, h))
        )
    here.meshes += _on_wall(rng, w, h, back)
    for _ in range(rng.integers(2, 8)):
        thing = things.INDOORS[rng.integers(len(things.INDOORS))](rng)
        side = rng.integers(3)
        spot, angle = [
            ((rng.uniform(-0.45, 0.45) * w, back - 0.4), 0),
            ((-w / 2 + 0.45, rng.uniform(-0.5, 0.9) * back), 90),
            ((w / 2 - 0.45, rng.uniform(-0.5, 0.9) * back), -90),
        ][side]
        here.meshes += thing.turned(angle + rng.normal(0, 8)).moved((*spot, 0)).meshes
    here.lights = _indoor_light(rng, w, back, h)
    return here


def _on_wall(rng, w: float, h: float, back: float) -> list[Mesh]:
    """Pictures, windows, doors, curtains and mirrors on the far wall."""
    found = []
    for x in rng.uniform(-0.45, 0.45, rng.integers(0, 6)) * w:
        kind = rng.random()
        if kind < 0.5:  # pictures
            a, b, paint = (
                rng.uniform(0.2, 1.0),
                rng.uniform(0.2, 0.8),
                paints.blotched(
                    rng, [paints.anything(rng, 0.9) for _ in range(4)], rng.uniform(0.08, 0.5)
                ),
            )
            found += [
                grid(a + 0.06, b + 0.06, paints.anything(rng) * 0.4, 2)
                .turned("x", 90)
                .moved((x, back - 0.02, 1.5))
            ]
            found += [grid(a, b, paint, 24, 0.4).turned("x", 90).moved((x, back - 0.03, 1.5))]
        elif kind < 0.75:  # windows
            bright = np.full(3, rng.uniform(0.5, 1.0))
            found += [
                grid(
                    1.1,
                    1.3,
                    paints.tiled(rng, bright, paints.anything(rng) * 0.5, (0.5, 0.6), (0, 1)),
                    30,
                )
                .turned("x", 90)
                .moved((x, back - 0.02, 1.5))
            ]
        elif kind < 0.9:  # doors
            found += (
                box((0.85, 0.05, 2.02), paints.wooden(rng, 2), 0.3, 12).moved((x, back - 0.03, 0)),
            )
        else:  # curtains
            paint, folds = paints.cloth(rng), waves(rng, 0.15)
            curtain = grid(0.9, h * 0.9, paint, 40).turned("x", 90)
            curtain.vertices[:, 1] += 0.06 * folds(curtain.vertices * [1, 1, 0.05])
            found.append(curtain.moved((x, back - 0.12, h * 0.45)))
    return found


def _indoor_light(rng, w: float, back: float, h: float) -> dict:
    """A little from everywhere, a lamp above, and by day a window at the side."""
    warm = np.array([1.0, rng.uniform(0.75, 1.0), rng.uniform(0.5, 1.0)])
    lights = {"ambient": _constant(warm * rng.uniform(0.15, 0.8))}
    for i in range(rng.integers(1, 3)):
        x, y = rng.uniform(-0.4, 0.4) * w, rng.uniform(-1.5, back)
        lights[f"lamp{i}"] = {
            "type": "rectangle",
            "to_world": mi.ScalarTransform4f()
            .translate([x, y, h - 0.05])
            .rotate([1, 0, 0], 180)
            .scale(rng.uniform(0.1, 0.6)),
            "emitter": {"type": "area", "radiance": _rgb(warm * rng.uniform(2, 25))},
        }
    if rng.random() < 0.5:
        side = rng.choice([-1, 1])
        lights["window"] = {
            "type": "rectangle",
            "to_world": mi.ScalarTransform4f()
            .translate([side * (w / 2 - 0.05), rng.uniform(-1, back), 1.5])
            .rotate([0, 1, 0], -90 * side)
            .scale(0.7),
            "emitter": {
                "type": "area",
                "radiance": _rgb(np.array([0.85, 0.95, 1.1]) * rng.uniform(2, 15)),
            },
        }
    return lights


def outside(rng: np.random.Generator) -> Place:
    """A street, a park, a beach, a field."""
    here = Place(deepest=25)
    here.meshes.append(grid(30, 30, paints.ground(rng), 90).moved((0, 5, 0)))
    here.meshes.append(grid(300, 300, paints.ground(rng), 40).moved((0, 60, -0.02)))
    crowded = rng.integers(1, 12)
    for _ in range(crowded):
        thing = things.OUTDOORS[rng.integers(len(things.OUTDOORS))](rng)
        (low, _), y = thing.bounds(), rng.uniform(0.5, 3) ** 2.5
        x = rng.uniform(-0.8, 0.8) * (y + 3)
        here.meshes += (
            thing.turned(rng.normal(0, 20)).moved((x, y + max(0, -low[1]) + 0.5, 0)).meshes
        )
    for _ in range(rng.integers(0, 9)):  # along the horizon
        thing = [outdoors.building, plants.tree, plants.tree, plants.bush][rng.integers(4)](rng)
        here.meshes += (
            thing.scaled(rng.uniform(1, 2))
            .moved((rng.uniform(-40, 40), rng.uniform(20, 45), 0))
            .meshes
        )
    here.lights = _daylight(rng)
    return here


def _daylight(rng) -> dict:
    """A sky, clear or in clouds, and a sun unless it is overcast."""
    height, clouds = np.linspace(1, -1, 32)[:, None, None], waves(rng, rng.uniform(0.3, 1.2))
    zenith = (
        np.array([0.25, 0.45, 0.9]) if rng.random() < 0.6 else np.full(3, rng.uniform(0.4, 0.8))
    )
    horizon = np.array([0.8, 0.85, 0.95]) * rng.uniform(0.6, 1.1)
    if rng.random() < 0.12:
        zenith, horizon = zenith * 0.3, np.array([1.0, 0.55, 0.3])
    sky = np.where(
        height > 0, horizon + (zenith - horizon) * np.clip(height * 1.6, 0, 1), 0.3 * horizon
    )
    angle = np.linspace(0, 2 * np.pi, 64)
    h = np.broadcast_to(height[..., 0], (32, 64))
    r = np.sqrt(1 - h**2)
    places = np.stack([r * np.cos(angle), r * np.sin(angle), 2.5 * h], -1).reshape(-1, 3)
    cover = np.clip(clouds(places).reshape(32, 64, 1) * 1.5 + rng.uniform(-1, 1), 0, 1) * (
        h[..., None] > 0
    )
    sky = (np.broadcast_to(sky, (32, 64, 3)) * (1 - cover) + cover * 0.95).astype(np.float32)
    turned = mi.ScalarTransform4f().rotate([1, 0, 0], 90)
    lights = {
        "sky": {
            "type": "envmap",
            "bitmap": mi.Bitmap(sky),
            "scale": float(rng.uniform(0.5, 1.2)),
            "to_world": turned,
        }
    }
    if rng.random() < 0.65:
        direction = [rng.normal(), rng.normal(), -rng.uniform(0.3, 2)]
        warm = np.array([1, rng.uniform(0.75, 0.98), rng.uniform(0.5, 0.92)])
        lights["sun"] = {
            "type": "directional",
            "direction": [float(d) for d in direction],
            "irradiance": _rgb(warm * rng.uniform(1, 4)),
        }
    return lights


def _rgb(colour) -> dict:
    return {"type": "rgb", "value": [float(value) for value in colour]}


def _constant(colour) -> dict:
    return {"type": "constant", "radiance": _rgb(colour)}


# Who or what is there


def view(rng: np.random.Generator, here: Place, with_people: bool) -> View:
    """One picture's worth of a place, about somebody or, framed alike, about something."""
    if here.inside and rng.random() < 0.22:
        return _at_table(rng, here, with_people)
    subject = people.person(rng, 0) if with_people else _something(rng, here)
    height = subject.bounds()[1][2] if subject.meshes else 1.7
    closest = 3.2 if with_people or rng.random() < 0.3 else 1.4
    subject = (
        subject.turned(rng.normal(0, 60))
        if rng.random() < 0.8
        else subject.turned(rng.uniform(0, 360))
    )
    stand = 0.0
    if with_people and rng.random() < 0.12:  # on a stage, a wall, a horse, stairs
        stand = rng.uniform(0.2, 1.2)
    extra = Thing([box((1.2, 1.2, stand), paints.anything(rng), 0, 4)]) if stand else Thing()
    extra.add(subject.moved((0, 0, stand)))
    if with_people:
        for number in range(1, rng.choice([1, 2, 3, 6], p=[0.62, 0.2, 0.1, 0.08])):
            y = rng.uniform(-0.5, 4) if not here.inside else rng.uniform(-0.8, 0.9)
            x = rng.choice([-1, 1]) * rng.uniform(0.5, 1 + 0.5 * abs(y))
            extra.add(people.person(rng, number).turned(rng.uniform(0, 360)).moved((x, y, 0)))
    elif not here.inside and rng.random() < 0.06:  # so far away that they do not count
        spot = rng.uniform(-8, 8), rng.uniform(24, 40), 0
        extra.add(people.person(rng, 1, "walking").turned(rng.uniform(0, 360)).moved(spot))
    return _framed(rng, here, extra, height, stand, closest)


def _something(rng, here: Place) -> Thing:
    """What a picture without people is about: often a thing that looks like somebody."""
    kind = rng.random()
    if kind < 0.15:
        return Thing()  # nothing but the place
    if kind < 0.55:
        return things.LOOKALIKES[rng.integers(len(things.LOOKALIKES))](rng)
    group = things.INDOORS if here.inside else things.OUTDOORS
    return group[rng.integers(len(group))](rng)


def _framed(rng, here: Place, subject: Thing, height: float, stand: float, closest: float) -> View:
    """Put the camera so that the subject fills a share of the picture, or more than all of it."""
    fov, aspect = rng.uniform(40, 75), rng.choice([4 / 3, 4 / 3, 1.5, 1.0, 0.75, 16 / 9])
    across = np.tan(np.radians(fov / 2))
    fills = np.exp(rng.uniform(np.log(0.3), np.log(closest)))
    distance = np.clip(height * aspect / (2 * fills * across), 0.45, here.deepest)
    low = 0.5 if fills < 1.2 else min(0.82, 1 - 0.5 / fills + rng.normal(0, 0.08))
    target = np.array([0, 0, stand + height * low])
    # Somewhere else than in the middle, but not out of the picture.
    shown = distance * across
    target += [rng.normal(0, 0.3) * shown, 0, rng.normal(0, 0.12) * shown]
    eye = np.array([rng.normal(0, 0.25) * distance, -distance, 0])
    eye[2] = np.clip(
        target[2] + rng.normal(0.15, 0.3) * min(distance, 3), 0.12, 2.2 if here.inside else 4
    )
    if rng.random() < 0.08:  # from above, as a camera under the ceiling
        eye[2] = target[2] + 0.8 * distance if not here.inside else 2.2
    meshes = here.meshes + subject.meshes
    if rng.random() < 0.2:
        meshes = meshes + _in_front(rng, here, eye, target)
    up = np.array([rng.normal(0, 0.06), 0, 1])
    return View(meshes, here.lights, eye, target, up, fov, aspect)


def _in_front(rng, here: Place, eye: np.ndarray, target: np.ndarray) -> list[Mesh]:
    """Something between the camera and what it looks at, which hides a part."""
    group = (
        [furniture.table, furniture.chair, plants.plant, wares.small_box, furniture.shelf]
        if here.inside
        else [plants.bush, outdoors.fence, outdoors.cycle, outdoors.bench, outdoors.pole]
    )
    thing = group[rng.integers(len(group))](rng)
    share = rng.uniform(0.35, 0.75)
    spot = eye + share * (target - eye)
    size = rng.uniform(0.4, 0.9) if np.linalg.norm(target - eye) < 3 else 1.0
    return (
        thing.scaled(size)
        .moved((spot[0] + rng.choice([-1, 1]) * rng.uniform(0.1, 0.8), min(spot[1], -0.4), 0))
        .meshes
    )


def _at_table(rng, here: Place, with_people: bool) -> View:
    """A table from near by: with a meal, tools or papers, and perhaps somebody at it."""
    w, d, h = rng.uniform(0.8, 1.6), rng.uniform(0.6, 0.9), rng.uniform(0.7, 0.8)
    paint = paints.wooden(rng) if rng.random() < 0.6 else paints.cloth(rng)
    scene = Thing([box((w, d, 0.05), paint, 0.3, 40).moved((0, 0, h - 0.05))])
    scene.add(*(ware.moved((0, 0, h)) for ware in wares.on_top(rng, w, d, int(rng.integers(2, 9)))))
    if with_people:
        for number, x in enumerate(
            rng.choice([-0.45, 0.0, 0.45], rng.integers(1, 3), replace=False)
        ):
            who = people.person(rng, number, "sitting")
            _, high = who.bounds()
            scene.add(
                who.turned(rng.normal(0, 15)).moved(
                    (x, d / 2 + 0.3, h + 0.62 - high[2] * rng.uniform(0.9, 1.05))
                )
            )
    elif rng.random() < 0.4:
        scene.add(furniture.chair(rng).moved((rng.normal(0, 0.3), d / 2 + 0.3, 0)))
    target = np.array(
        [
            rng.normal(0, 0.15),
            rng.uniform(-0.1, 0.25) + 0.25 * with_people,
            h + (rng.uniform(0.05, 0.45) if with_people else rng.uniform(-0.05, 0.3)),
        ]
    )
    eye = target + np.array([rng.normal(0, 0.4), -rng.uniform(0.5, 1.5), rng.uniform(0.1, 0.9)])
    return View(
        here.meshes + scene.meshes,
        here.lights,
        eye,
        target,
        np.array([rng.normal(0, 0.06), 0.001, 1]),
        rng.uniform(40, 70),
        rng.choice([4 / 3, 1.0, 0.75]),
    )
