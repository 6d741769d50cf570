"""Make pictures.zip: rendered pictures with and without people. DATASHEET.md describes them.

    python -m venv .venv-render
    .venv-render/bin/pip install -r datasets/visual_wake_words/requirements.txt
    .venv-render/bin/python datasets/visual_wake_words/generate.py

Only those who want to change the pictures need this; it takes about an hour on two processor cores.
"""

from __future__ import annotations

import argparse
import csv
import io
import multiprocessing
import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

SCENES = 2060
VIEWS = 4  # of each scene, half of them with people
SIZE = 112  # pixels
SAMPLES = 16  # rays to the pixel
QUALITY = 72  # of WebP
BOX_SHARE = 0.005  # of the picture that a person's box must exceed: the rule of Visual Wake Words
SEED = 2019


@dataclass
class Picture:
    """One picture: its label and file, where people are (a PNG), their share, how many."""

    label: str
    content: bytes
    mask: bytes
    area: float
    persons: int


def scene(number: int) -> list[Picture]:
    """All views of one scene."""
    import camera  # here, because each process loads the renderer for itself
    import places

    rng = np.random.default_rng((SEED, number))
    here = places.place(rng)
    pictures = []
    for index in range(VIEWS):
        wanted = index % 2 == 0
        for _ in range(6):  # until the label is what it should be
            seen = places.view(rng, here, wanted)
            whose, light = camera.render(
                seen.meshes,
                seen.lights,
                seen.eye,
                seen.target,
                seen.up,
                seen.fov,
                SIZE,
                seen.aspect,
                SAMPLES,
            )
            boxes, area = _boxes(whose), float((whose >= 0).mean())
            hardly = wanted and area < 0.1 and rng.random() < 0.8  # few are that small
            if (len(boxes) > 0) == wanted and not hardly:
                label = "person" if wanted else "non_person"
                content = camera.photograph(light(), rng, QUALITY)
                pictures.append(Picture(label, content, _png(whose >= 0), area, len(boxes)))
                break
    return pictures


def _png(mask: np.ndarray) -> bytes:
    """Black and white, white where `mask` is True."""
    png = io.BytesIO()
    Image.fromarray(mask).save(png, "PNG", optimize=True)
    return png.getvalue()


def _boxes(whose: np.ndarray) -> list[float]:
    """The share of the picture that the box of each person takes, where it is above the limit."""
    shares = []
    for person in np.unique(whose[whose >= 0]):
        rows, columns = np.nonzero(whose == person)
        shares.append((np.ptp(rows) + 1) * (np.ptp(columns) + 1) / whose.size)
    return [share for share in shares if share > BOX_SHARE]


def split_of(number: int) -> str:
    """Scenes are shared out: 80 % train, 10 % validation, 10 % test."""
    return ["test", "validation"][number % 10] if number % 10 < 2 else "train"


def write(out: Path, scenes: Iterable[list[Picture]]) -> None:
    """Put the pictures of all scenes, in order, into a zip archive."""
    files, rows = {}, [("file", "scene", "split", "area", "persons")]
    for number, pictures in enumerate(scenes):
        for index, picture in enumerate(pictures):
            name = f"{picture.label}/{number:04d}_{index}.webp"
            files[name] = picture.content
            if picture.area:
                files[f"masks/{number:04d}_{index}.png"] = picture.mask
            rows.append(
                (name, f"{number:04d}", split_of(number), f"{picture.area:.4f}", picture.persons)
            )
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    files["pictures.csv"] = text.getvalue().encode()
    archive_bytes = io.BytesIO()
    with zipfile.ZipFile(archive_bytes, "w") as archive:
        for name in sorted(files):  # no time stamps: the bytes depend on the seed alone
            archive.writestr(zipfile.ZipInfo(name), files[name])
    temporary = out.with_suffix(".part")
    temporary.write_bytes(archive_bytes.getvalue())
    temporary.replace(out)
    print(f"{out}: {out.stat().st_size:,} bytes, {len(rows) - 1} pictures")


def main() -> None:
    """Write the zip beside this file, or where --out says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures.zip")
    parser.add_argument("--scenes", type=int, default=SCENES)
    options = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        scenes = pool.imap(scene, range(options.scenes), chunksize=4)
        write(options.out, tqdm(scenes, "scenes", options.scenes))


if __name__ == "__main__":
    main()
