"""Mitsuba (https://mitsuba-renderer.org) follows the light; then a cheap camera makes a picture."""

from __future__ import annotations

import io
from collections.abc import Callable

import mitsuba as mi
import numpy as np
from PIL import Image, ImageFilter
from shapes import Mesh, joined

mi.set_variant("scalar_rgb")
mi.set_log_level(mi.LogLevel.Error)
_T = mi.ScalarTransform4f


def _rgb(colour) -> dict:
    return {"type": "rgb", "value": [float(value) for value in colour]}


def _shape(mesh: Mesh) -> mi.Mesh:
    bsdf = {"type": "diffuse", "reflectance": {"type": "mesh_attribute", "name": "vertex_color"}}
    if mesh.gloss:
        coat = {"type": "roughconductor", "alpha": 0.35 - 0.25 * mesh.gloss}
        bsdf = {"type": "blendbsdf", "weight": 0.12 * mesh.gloss, "below": bsdf, "above": coat}
    props = mi.Properties()
    props["mesh_bsdf"] = mi.load_dict({"type": "twosided", "bsdf": bsdf})
    shape = mi.Mesh("mesh", len(mesh.vertices), len(mesh.faces), props=props)
    parameters = mi.traverse(shape)
    parameters["vertex_positions"] = mesh.vertices.astype(np.float32).ravel()
    parameters["faces"] = mesh.faces.astype(np.uint32).ravel()
    parameters.update()
    shape.add_attribute("vertex_color", 3, mesh.colours.astype(np.float32).ravel())
    return shape


def render(
    meshes: list[Mesh],
    lights: dict,
    eye,
    target,
    up,
    fov: float,
    size: int,
    aspect: float,
    samples: int,
) -> tuple[np.ndarray, Callable[[], np.ndarray]]:
    """What is seen from `eye`.

    Args:
        lights: of Mitsuba, by name.
        fov: across, degrees.
        size: pixels of each side: the picture, `aspect` times as wide as high, is squeezed.
        samples: rays to the pixel.

    Returns whose each spot is, int (size / 2, size / 2): the number of a person, or -1; and a
    function that gives linear light, float (size, size, 3).
    """
    width, height = round(size * min(aspect, 1)), round(size * min(1 / aspect, 1))
    film = {"type": "hdrfilm", "rfilter": {"type": "box"}, "pixel_format": "rgb"}
    view = _T().look_at(
        origin=list(map(float, eye)), target=list(map(float, target)), up=list(map(float, up))
    )
    surfaces, owners = _merged(meshes)
    sensor = {
        "type": "perspective",
        "fov": float(fov),
        "fov_axis": "x",
        "to_world": view,
        "near_clip": 0.05,
        "sampler": {"type": "independent", "sample_count": samples},
    }
    scene = mi.load_dict(
        {
            "type": "scene",
            "full": {**sensor, "film": {**film, "width": width, "height": height}},
            "half": {**sensor, "film": {**film, "width": width // 2, "height": height // 2}},
            **{f"mesh{i}": _shape(mesh) for i, mesh in enumerate(surfaces)},
            **lights,
        }
    )
    index = (
        np.array(mi.render(scene, sensor=1, integrator=mi.load_dict(_INDEX), spp=1))[..., 0]
        .round()
        .astype(int)
    )
    # Mitsuba counts shapes from 1; 0 is where there is none.
    whose = np.concatenate([[-1], owners, [-1] * len(lights)])[index]
    rows, columns = (np.arange(size // 2) * length // (size // 2) for length in index.shape)

    def light() -> np.ndarray:
        return _squeezed(
            np.array(mi.render(scene, sensor=0, integrator=mi.load_dict(_PATHS), spp=samples)), size
        )

    return whose[rows[:, None], columns], light


_INDEX = {"type": "aov", "aovs": "index:shape_index"}
_PATHS = {"type": "path", "max_depth": 3}


def _merged(meshes: list[Mesh]) -> tuple[list[Mesh], np.ndarray]:
    """Meshes of the same gloss and person as one, and whose each is: far quicker to render."""
    groups: dict[tuple, list[Mesh]] = {}
    for mesh in meshes:
        groups.setdefault((mesh.person, round(2 * mesh.gloss) / 2), []).append(mesh)
    merged = [
        Mesh(*joined(group), np.concatenate([mesh.colours for mesh in group]), gloss, person)
        for (person, gloss), group in groups.items()
    ]
    return merged, np.array([mesh.person for mesh in merged])


def _squeezed(light: np.ndarray, size: int) -> np.ndarray:
    """A picture of any sides as a square of `size` pixels."""
    channels = [Image.fromarray(np.float32(channel)) for channel in np.moveaxis(light, 2, 0)]
    return np.stack(
        [np.asarray(channel.resize((size, size), Image.BICUBIC)) for channel in channels], -1
    ).clip(0)


def photograph(light: np.ndarray, rng: np.random.Generator, quality: int) -> bytes:
    """The picture a cheap camera makes of linear light, float (size, size, 3): a WebP file.

    Exposure by its own guess, a white balance that is a little off, a lens that blurs and darkens
    towards the corners, noise that grows with the gain, a steep tone curve, JPEG in between.
    """
    size, light = light.shape[0], _smoothed(light)
    middle = np.exp(np.mean(np.log(light.mean(axis=2) + 0.02)))
    light = light.clip(0) / middle * 0.2 * 2 ** rng.normal(0, 0.45)
    light = light * np.exp(rng.normal(0, 0.06, 3))
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    light = light * (1 - rng.uniform(0, 0.25) * (x**2 + y**2))[..., None]
    noise = rng.uniform(0.001, 0.016)
    light = light + rng.normal(size=light.shape) * np.sqrt(
        noise**2 + noise * 0.1 * np.clip(light, 0, 1)
    )
    values = np.clip(light, 0, 1) ** (1 / 2.2)
    contrast = rng.uniform(0, 0.6)
    values = (1 - contrast) * values + contrast * (3 * values**2 - 2 * values**3)
    picture = Image.fromarray((values * 255 + 0.5).astype(np.uint8))
    if rng.random() < 0.4:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.7)))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=int(rng.integers(45, 95)))
    webp = io.BytesIO()
    Image.open(jpeg).save(webp, "WEBP", quality=quality, method=6)
    return webp.getvalue()


def _smoothed(light: np.ndarray) -> np.ndarray:
    """Take away the grain of few rays: a mean over neighbours that are about as bright."""
    log = np.log(light + 0.01)
    total, weights = np.zeros_like(log), np.zeros((*log.shape[:2], 1))
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            other = np.roll(log, (dy, dx), (0, 1))
            weight = np.exp(
                -((log - other) ** 2).sum(axis=2, keepdims=True) / 0.25 - (dx**2 + dy**2) / 3
            )
            total, weights = total + weight * other, weights + weight
    return np.exp(total / weights) - 0.01
