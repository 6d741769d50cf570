"""Triangles with a colour at each corner, and the simple bodies that things are put together from.

Lengths are in metres, z points up. Colours are linear red, green, blue, 0 ... 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial.transform import Rotation

Colouring = Callable[[np.ndarray], np.ndarray]  # (n, 3) places to (n, 3) colours


@dataclass
class Mesh:
    """One surface.

    Attributes:
        vertices: float (n, 3), metres.
        faces: int (m, 3), indices of vertices.
        colours: float (n, 3), linear, 0 ... 1.
        gloss: 0 for cloth and plaster, up to 1 for lacquer.
        person: number of the person that it belongs to, or -1.
    """

    vertices: np.ndarray
    faces: np.ndarray
    colours: np.ndarray
    gloss: float = 0.0
    person: int = -1

    def moved(self, offset: Sequence[float]) -> Mesh:
        """The same somewhere else."""
        return replace(self, vertices=self.vertices + np.asarray(offset))

    def turned(self, axis: str, degrees: float) -> Mesh:
        """The same turned about an axis ("x", "y" or "z") through the origin."""
        turn = Rotation.from_euler(axis, degrees, degrees=True)
        return replace(self, vertices=turn.apply(self.vertices))

    def scaled(self, factors: float | Sequence[float]) -> Mesh:
        """The same larger or smaller, seen from the origin."""
        return replace(self, vertices=self.vertices * np.asarray(factors))


@dataclass
class Thing:
    """Several surfaces that belong together, standing on z = 0 around the origin."""

    meshes: list[Mesh] = field(default_factory=list)

    def add(self, *things: Mesh | Thing) -> Thing:
        """Put more into it; returns itself."""
        for thing in things:
            self.meshes += thing.meshes if isinstance(thing, Thing) else [thing]
        return self

    def moved(self, offset: Sequence[float]) -> Thing:
        """The same somewhere else."""
        return Thing([mesh.moved(offset) for mesh in self.meshes])

    def turned(self, degrees: float, axis: str = "z") -> Thing:
        """The same turned about an axis through the origin."""
        return Thing([mesh.turned(axis, degrees) for mesh in self.meshes])

    def scaled(self, factors: float | Sequence[float]) -> Thing:
        """The same larger or smaller."""
        return Thing([mesh.scaled(factors) for mesh in self.meshes])

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The smallest and largest x, y, z."""
        corners = np.concatenate([mesh.vertices for mesh in self.meshes])
        return corners.min(axis=0), corners.max(axis=0)


def painted(vertices: np.ndarray, faces: np.ndarray, paint, gloss: float = 0.0) -> Mesh:
    """A mesh in one colour, (3,), or coloured by a function of place."""
    colours = (
        paint(vertices)
        if callable(paint)
        else np.tile(np.asarray(paint, float), (len(vertices), 1))
    )
    return Mesh(vertices, np.asarray(faces), np.clip(colours, 0, 1), gloss)


def grid(width: float, depth: float, paint, steps: int = 2, gloss: float = 0.0) -> Mesh:
    """A flat rectangle in x and y around the origin, facing up; finely divided to be painted on."""
    across = max(2, int(steps))
    along = max(2, int(steps * depth / width)) if width > 0 else across
    along = min(along, 4 * across)
    x, y = np.meshgrid(
        np.linspace(-0.5, 0.5, across) * width, np.linspace(-0.5, 0.5, along) * depth
    )
    vertices = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)
    return painted(vertices, _quads(along, across), paint, gloss)


def box(size: Sequence[float], paint, gloss: float = 0.0, steps: int = 2) -> Mesh:
    """A box that stands on z = 0: width (x), depth (y), height (z)."""
    w, d, h = size
    sides = [
        grid(w, d, (0, 0, 0), steps).moved((0, 0, h / 2)),
        grid(w, d, (0, 0, 0), steps).turned("x", 180).moved((0, 0, -h / 2)),
        grid(w, h, (0, 0, 0), steps).turned("x", 90).moved((0, -d / 2, 0)),
        grid(w, h, (0, 0, 0), steps).turned("x", -90).moved((0, d / 2, 0)),
        grid(d, h, (0, 0, 0), steps).turned("x", 90).turned("z", 90).moved((w / 2, 0, 0)),
        grid(d, h, (0, 0, 0), steps).turned("x", 90).turned("z", -90).moved((-w / 2, 0, 0)),
    ]
    return painted(*joined(sides), paint, gloss).moved((0, 0, h / 2))


def joined(meshes: Sequence[Mesh]) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and faces of several meshes as of one."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]
    return np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(faces)


def lathe(
    profile: Sequence[tuple[float, float]], paint, gloss: float = 0.0, sides: int = 24
) -> Mesh:
    """A body of rotation about z: `profile` are (radius, height) from the bottom to the top."""
    radius, height = np.asarray(profile, float).T
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    x, y = np.outer(radius, np.cos(angle)), np.outer(radius, np.sin(angle))
    vertices = np.stack([x, y, np.repeat(height[:, None], sides + 1, axis=1)], axis=-1)
    return painted(vertices.reshape(-1, 3), _quads(len(radius), sides + 1), paint, gloss)


def cylinder(radius: float, height: float, paint, gloss: float = 0.0, sides: int = 16) -> Mesh:
    """A closed cylinder that stands on z = 0."""
    profile = [(0, 0), (radius, 0), (radius, height / 2), (radius, height), (0, height)]
    return lathe(profile, paint, gloss, sides)


def ball(radii: float | Sequence[float], paint, gloss: float = 0.0, sides: int = 20) -> Mesh:
    """A sphere or an ellipsoid around the origin."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, sides // 2 + 1)
    unit = lathe(np.stack([np.cos(angle), np.sin(angle)], axis=1), (0, 0, 0), 0, sides)
    return painted(unit.vertices * np.asarray(radii), unit.faces, paint, gloss)


def tube(
    path: np.ndarray, radius: float | np.ndarray, paint, gloss: float = 0.0, sides: int = 8
) -> Mesh:
    """A rope along `path`, (n, 3), of that radius, or of one at each point."""
    path = np.asarray(path, float)
    ahead = np.gradient(path, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True) + 1e-9
    helper = np.eye(3)[np.argmin(np.abs(ahead).sum(axis=0))]
    side = np.cross(ahead, helper)
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-9
    other = np.cross(ahead, side)
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    radius = np.broadcast_to(radius, len(path))[:, None, None]
    ring = side[:, None] * np.cos(angle)[:, None] + other[:, None] * np.sin(angle)[:, None]
    vertices = (path[:, None] + radius * ring).reshape(-1, 3)
    return painted(vertices, _quads(len(path), sides + 1), paint, gloss)


def limb(
    start: Sequence[float], end: Sequence[float], radii: tuple[float, float], paint, gloss=0.0
) -> Mesh:
    """A round stick from one place to another, with rounded ends."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    along = np.linspace(0, 1, 9)
    ends = np.sqrt(np.clip(1 - np.maximum(np.abs(2 * along - 1) - 0.75, 0) ** 2 / 0.0625, 0, 1))
    return tube(
        start + np.outer(along, end - start),
        (radii[0] + (radii[1] - radii[0]) * along) * ends,
        paint,
        gloss,
    )


def bumpy(mesh: Mesh, amount: float, scale: float, rng: np.random.Generator) -> Mesh:
    """The same with dents and bumps up to `amount` metres, `scale` metres apart."""
    noise = waves(rng, scale)
    centre = mesh.vertices.mean(axis=0)
    outward = mesh.vertices - centre
    outward /= np.linalg.norm(outward, axis=1, keepdims=True) + 1e-9
    return replace(mesh, vertices=mesh.vertices + amount * noise(mesh.vertices)[:, None] * outward)


def waves(
    rng: np.random.Generator, scale: float, octaves: int = 3
) -> Callable[[np.ndarray], np.ndarray]:
    """Smooth noise in space: (n, 3) places to (n,) values, mostly -1 ... 1, `scale` metres wide."""
    count = 5 * octaves
    finer = 2.0 ** np.repeat(np.arange(octaves), 5)
    directions = rng.normal(size=(count, 3))
    directions *= (finer * 2 / scale / np.linalg.norm(directions, axis=1))[:, None]
    phases = rng.uniform(0, 2 * np.pi, count)
    shares = 0.55 / finer**0.8

    def noise(places: np.ndarray) -> np.ndarray:
        return np.sin(places @ directions.T + phases) @ shares

    return noise


def _quads(rows: int, columns: int) -> np.ndarray:
    """Two triangles for each square of a grid of vertices."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    return np.concatenate(
        [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    )
