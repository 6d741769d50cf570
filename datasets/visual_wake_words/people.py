"""People: bodies, dressed and posed. Their clothes are cut from the helpers around the body."""

from __future__ import annotations

import numpy as np
import paints
from body import GROUPS, body
from poses import pose_turns
from scipy.spatial.transform import Rotation
from shapes import Mesh, Thing, ball, box, cylinder, lathe, limb, painted, tube, waves

# Heights in the body at rest of an average adult, metres.
_EYES, _MOUTH, _HAIRLINE, _FRONT = 0.648, 0.585, 0.71, -0.149
_WAIST = 0.1


# Clothes


def person(rng: np.random.Generator, number: int, pose: str | None = None) -> Thing:
    """Somebody, looking towards -y, on z = 0."""
    who = body()
    pose = pose or rng.choice(
        ["standing", "walking", "sitting", "bending"], p=[0.48, 0.22, 0.2, 0.1]
    )
    shape = _phenotype(rng)
    vertices, bones, tall = who.posed(shape, pose_turns(rng, pose))
    size = tall / who.tall  # against the average
    skin = paints.near(rng, paints.SKINS[rng.integers(len(paints.SKINS))], 0.04)
    hair = paints.near(rng, paints.HAIRS[rng.integers(len(paints.HAIRS))], 0.03)
    if shape["age"] > 0.85 and rng.random() < 0.7:
        hair = paints.near(rng, (0.75, 0.74, 0.72), 0.1)

    thing = Thing([_skin(rng, vertices, skin, hair, shape), _eyes(vertices)])
    thing.add(*_clothes(rng, vertices, size, shape))
    thing.add(*_on_head(rng, vertices, bones, hair, size, shape))
    thing.add(*_held(rng, bones, size))
    lowest = min(mesh.vertices[:, 2].min() for mesh in thing.meshes)
    for mesh in thing.meshes:
        mesh.person = number
    return thing.moved((0, 0, -lowest))


def _phenotype(rng: np.random.Generator) -> dict[str, float]:
    age = rng.uniform(0.5, 1.0) if rng.random() < 0.8 else rng.uniform(0.12, 0.5)
    gender = np.clip(rng.choice([0.05, 0.95]) + rng.normal(0, 0.1), 0, 1)
    values = {
        name: float(np.clip(rng.normal(0.5, 0.2), 0, 1))
        for name in ("muscle", "weight", "height", "proportions")
    }
    return {"age": float(age), "gender": float(gender), **values}


def _skin(rng, vertices: np.ndarray, skin: np.ndarray, hair: np.ndarray, shape: dict) -> Mesh:
    """The body itself, with lips, brows, perhaps a beard."""
    who, span = body(), slice(*GROUPS["body"])
    x, y, z = who.rest[span].T
    colours = np.tile(skin, (len(x), 1)) * (1 + 0.05 * waves(rng, 0.1)(who.rest[span]))[:, None]
    face = who.where("head")[span] & (y < -0.06)

    def tint(where: np.ndarray, colour, share: float) -> None:
        colours[where] = (1 - share) * colours[where] + share * np.asarray(colour)

    tint(
        face & (np.abs(z - _MOUTH) < 0.011) & (np.abs(x) < 0.027) & (y < -0.11),
        skin * [0.9, 0.45, 0.42],
        0.8,
    )
    tint(
        face
        & (np.abs(z - _EYES - 0.022 - 0.004 * np.cos(x * 60)) < 0.006)
        & (np.abs(np.abs(x) - 0.032) < 0.022),
        hair,
        0.75,
    )
    tint(face & (np.abs(z - _EYES) < 0.014) & (np.abs(np.abs(x) - 0.03) < 0.02), skin * 0.6, 0.45)
    tint(face & (np.abs(x) > 0.02) & (np.abs(z - 0.615) < 0.025), skin * [1.1, 0.8, 0.75], 0.3)
    if shape["gender"] > 0.5 and shape["age"] > 0.5 and rng.random() < 0.4:
        beard = (
            who.where("head")[span]
            & (z < 0.598 + 0.5 * np.maximum(np.abs(x) - 0.035, 0))
            & (z > 0.54)
            & (y < -0.03)
        )
        beard &= ~((np.abs(z - _MOUTH) < 0.008) & (np.abs(x) < 0.022))
        tint(beard, hair, rng.uniform(0.3, 0.95))
    if rng.random() < 0.85:  # short hair, or what shows at the parting
        tint(_scalp(0.0)[span], hair, 0.95)
    return Mesh(vertices[span], who.faces["body"], np.clip(colours, 0, 1), gloss=0.25)


def _scalp(lower: float) -> np.ndarray:
    """Whether hair grows there: bool (19158,). `lower` moves its edge down, metres."""
    who = body()
    x, y, z = who.rest.T
    edge = _HAIRLINE - lower - 1.15 * np.clip(y + 0.115, 0, 0.11)
    ear = (np.abs(x) > 0.07) & (y < 0.0) & (z < 0.655)
    return who.where("head") & (z > edge) & ~ear


def _eyes(vertices: np.ndarray) -> Mesh:
    span, who = slice(*GROUPS["eyes"]), body()
    front = who.rest[span, 1] < -0.117
    colours = np.where(front[:, None], [[0.03, 0.02, 0.02]], [[0.75, 0.73, 0.7]])
    return Mesh(vertices[span], who.faces["eyes"] - span.start, colours, gloss=0.6)


def _clothes(rng, vertices: np.ndarray, size: float, shape: dict) -> list[Mesh]:
    who = body()
    x, y, z = who.rest.T
    arm = who.where("upperarm", "lowerarm")
    along_arm = np.linalg.norm(
        who.rest - [0.182, 0, 0.469] * np.sign(x)[:, None] ** [1, 0, 0], axis=1
    )
    torso = who.where("spine", "clavicle", "shoulder", "pelvis", "upperleg01", "neck")
    legs = who.where("upperleg", "lowerleg", "pelvis", "spine05", "spine04")
    feet = who.where("foot", "toe") | (who.where("lowerleg") & (z < -0.83))
    sleeve = rng.choice([0.0, 0.17, 0.25, 0.5, 0.62], p=[0.1, 0.15, 0.2, 0.1, 0.45])
    hem, leg_end = rng.uniform(-0.12, 0.06), rng.choice([-0.3, -0.42, -0.82], p=[0.12, 0.15, 0.73])
    neckline = rng.uniform(0.45, 0.55) - 1.2 * np.clip(0.09 - np.abs(x), 0, 0.1) * (
        y < 0.0
    ) * rng.uniform(0, 1.5)
    top = (torso & (z > hem) & (z < neckline) & ~arm) | (arm & (along_arm < sleeve) & (sleeve > 0))
    bottom = legs & (z < _WAIST + 0.02) & (z > leg_end)

    top_paint, bottom_paint = paints.cloth(rng), paints.cloth(rng)
    if rng.random() < 0.1:  # a dress or an overall
        bottom_paint = top_paint
    meshes = [_garment(rng, vertices, "suit", bottom, bottom_paint, 0.008 * size)]
    if leg_end < -0.5 or rng.random() < 0.5:
        meshes.append(
            _garment(rng, vertices, "suit", feet, paints.anything(rng, 0.3) * 0.6, 0.008 * size)
        )
    meshes.append(_garment(rng, vertices, "suit", top, top_paint, rng.uniform(0.01, 0.022) * size))
    if shape["gender"] < 0.5 and rng.random() < 0.35:
        skirt = z > rng.uniform(-0.75, -0.25)
        meshes.append(_garment(rng, vertices, "skirt", skirt, bottom_paint, 0.02 * size))
    if rng.random() < 0.3:  # an open jacket
        jacket = top | (arm & (along_arm < 0.6)) | (torso & (z > hem - 0.08) & (z < 0.5) & ~arm)
        opening = rng.uniform(0.02, 0.07) + 0.15 * np.clip(z - 0.1, 0, None) * rng.random()
        jacket &= ~((np.abs(x) < opening) & (y < -0.02) & ~arm)
        meshes.append(
            _garment(
                rng, vertices, "suit", jacket, paints.cloth(rng), rng.uniform(0.025, 0.04) * size
            )
        )
        if rng.random() < 0.4:
            tie = (np.abs(x) < 0.02) & (y < -0.02) & (z > 0.1) & (z < 0.48) & torso
            meshes.append(_garment(rng, vertices, "suit", tie, paints.cloth(rng), 0.028 * size))
    return meshes


def _garment(rng, vertices, group: str, where: np.ndarray, paint, offset: float) -> Mesh:
    """Part of a helper as cloth: `offset` metres farther out than it is, with folds."""
    who, (start, end) = body(), GROUPS[group]
    faces = who.faces[group]
    faces = faces[where[faces].all(axis=1)] - start
    places, rest = vertices[start:end], who.rest[start:end]
    folds = 1 + 0.6 * waves(rng, 0.12)(rest)
    places = places + (offset * folds)[:, None] * _normals(places, who.faces[group] - start)
    return Mesh(places, faces, painted(rest, faces, paint).colours)


def _normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = vertices[faces.T]
    flat = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for corner in faces.T:
        np.add.at(normals, corner, flat)
    return normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12)


# What is on the head and in the hands


def _on_head(rng, vertices, bones, hair, size: float, shape: dict) -> list[Mesh]:
    who, parts = body(), []
    style = rng.random()
    if style < (0.65 if shape["gender"] < 0.5 else 0.12):
        shortest = rng.choice([0.15, 0.4, 0.5, 0.58])
        _, y, z = who.rest.T
        keep = (z > shortest) & ((z > _HAIRLINE) | (y > -0.075))  # not over the face
        parts.append(
            _garment(
                rng, vertices, "hair", keep, paints.speckled(rng, hair, 0.03, 0.3), 0.006 * size
            )
        )
    elif style < 0.93 and not (shape["age"] > 0.8 and rng.random() < 0.4):
        parts.append(_short_hair(rng, vertices, hair, size))
    at_head = _frame(vertices)
    if rng.random() < 0.2:
        parts += [at_head(mesh) for mesh in _glasses(rng).meshes]
    if rng.random() < 0.25:
        parts += [at_head(mesh) for mesh in _hat(rng).meshes]
    return parts


def _short_hair(rng, vertices, hair, size: float) -> Mesh:
    who, span = body(), slice(*GROUPS["body"])
    grown = _scalp(rng.uniform(-0.01, 0.03))
    faces = who.faces["body"]
    faces = faces[grown[faces].all(axis=1)]
    normals = _normals(vertices[span], who.faces["body"])
    thick = rng.uniform(0.006, 0.035) * size * (1 + 0.5 * waves(rng, 0.05)(who.rest[span]))
    places = vertices[span] + thick[:, None] * normals
    return Mesh(
        places, faces, painted(who.rest[span], faces, paints.speckled(rng, hair, 0.03, 0.3)).colours
    )


def _frame(vertices: np.ndarray):
    """Carries a mesh from the head of the body at rest to the head as it is."""
    who = body()
    head = who.where("head")[: GROUPS["body"][1]]
    old, new = who.rest[: len(head)][head], vertices[: len(head)][head]
    (a, b), (c, d) = (old.mean(0), new.mean(0)), (old - old.mean(0), new - new.mean(0))
    turn, _ = Rotation.align_vectors(d[::8], c[::8])
    scale = np.sqrt((d**2).sum() / (c**2).sum())

    def carried(mesh: Mesh) -> Mesh:
        return Mesh(b + scale * turn.apply(mesh.vertices - a), mesh.faces, mesh.colours, mesh.gloss)

    return carried


def _glasses(rng) -> Thing:
    colour = paints.anything(rng, 0.3) * 0.2
    dark = rng.random() < 0.45
    glasses = Thing()
    for side in (-1, 1):
        centre = np.array([side * 0.033, _FRONT + 0.012, _EYES])
        if dark:
            glasses.add(ball((0.027, 0.006, 0.021), (0.01, 0.01, 0.012), 0.9).moved(centre))
        angle = np.linspace(0, 2 * np.pi, 17)
        ring = centre + np.stack([0.027 * np.cos(angle), 0 * angle, 0.021 * np.sin(angle)], 1)
        glasses.add(tube(ring, 0.003, colour))
        glasses.add(
            limb(
                centre + np.array([side * 0.026, 0, 0.005]),
                (side * 0.078, -0.01, _EYES),
                (0.003, 0.003),
                colour,
            )
        )
    return glasses


def _hat(rng) -> Thing:
    paint, top = paints.cloth(rng), 0.69
    kind = rng.choice(["cap", "brim", "beanie", "helmet"])
    dome = {"cap": 0.095, "brim": 0.12, "beanie": 0.12, "helmet": 0.13}[kind]
    wide = 1.22 if kind == "helmet" else 1.08
    profile = [(0.0, dome), (0.05, dome * 0.95), (0.085, dome * 0.6), (0.097, 0.0), (0.097, -0.02)]
    crown = lathe(profile[::-1], paint, 0.7 if kind == "helmet" else 0)
    hat = Thing([crown.scaled((0.95 * wide, 1.12 * wide, 1)).moved((0, -0.04, top))])
    if kind == "cap":
        hat.add(ball((0.075, 0.08, 0.008), paint).turned("x", 8).moved((0, -0.18, top - 0.005)))
    if kind == "brim":
        out = rng.uniform(0.15, 0.22)
        hat.add(
            lathe([(0.09, 0.0), (out, -0.01), (out, 0.0), (0.09, 0.012)], paint).moved(
                (0, -0.04, top)
            )
        )
    return hat


def _held(rng, bones, size: float) -> list[Mesh]:
    if rng.random() > 0.3:
        return []
    hand = bones[f"finger3-1.{rng.choice(['L', 'R'])}"][:3, 3]
    paint, kind = paints.anything(rng, 0.8), rng.integers(6)
    if kind == 0:
        thing = box((0.07, 0.01, 0.14), paint * 0.3, 0.6)
    elif kind == 1:
        thing = cylinder(0.04, 0.1, paint, 0.5)
    elif kind == 2:
        thing = ball(rng.uniform(0.08, 0.13), paint)
    elif kind == 3:
        thing = box((0.3, 0.1, 0.25), paint).moved((0, 0, -0.28))
    elif kind == 4:
        thing = limb((0, 0.2, -0.4), (0, -0.2, 0.5), (0.015, 0.02), paint)
    else:
        thing = ball((0.14, 0.14, 0.02), paint, 0.5)
    return [thing.turned("z", rng.uniform(0, 360)).scaled(size).moved(hand)]
