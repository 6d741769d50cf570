"""What the two dials of a picture network cost: width and size, trained alike and measured.

    python tests/benchmarks/image_dials.py [--out dials.json] [--epochs 30]

Every network is trained from nothing on the bundled pictures, for much less time than the shipped
one, quantized, and asked about the test pictures under TFLM. Notebook 02 draws the result
(`tk.load_dials`). Networks that are in --out already, trained for as long, are kept, so that a run
can be interrupted; all of them take a night on two processor cores.
"""

import argparse
import time
from pathlib import Path

import numpy as np

import tinykit as tk
from tinykit.techniques.dials import MEASURED, Dials, load_dials, needs, room

WIDTHS = (0.125, 0.25, 0.3125, 0.5, 0.75)
SIZES = (48, 64, 96, 112)  # the bundled pictures have 112 pixels: larger ones would show no more
PASSES = 3
BOARDS = ("nano33ble", "nicla_vision")
# What the challenge allowed (A. Chowdhery et al. 2019): 250 KB of flash and of RAM, 60 M MACs.
CHALLENGE = {"ram_bytes": 250_000, "flash_bytes": 250_000, "macs": 60e6}


def main() -> None:
    """Train what is missing, and write it all after each network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=MEASURED)
    parser.add_argument("--widths", type=float, nargs="+", default=WIDTHS)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--channels", type=int, default=3, choices=[1, 3])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--pictures", type=int, default=2_400, help="of an epoch")
    parser.add_argument("--data", help="instead of the bundled pictures")
    options = parser.parse_args()
    recipe = {
        "epochs": options.epochs,
        "pictures": options.pictures,
        "passes": PASSES,
        "channels": options.channels,
    }
    rows = kept(options.out, recipe)
    data = None
    # The small ones first: something to look at after minutes.
    for size in sorted(options.sizes):
        for width in sorted(options.widths):
            if any((row["width"], row["size"]) == (width, size) for row in rows):
                continue
            data = data or tk.datasets.visual_wake_words(
                options.data, size=max(112, *options.sizes)
            )
            row, limits = measured(data, width, size, recipe)
            rows = sorted([*rows, row], key=lambda row: (row["width"], row["size"]))
            Dials(rows, limits, tk.boards[BOARDS[0]].title).save(options.out)
            print(row, flush=True)


def kept(path: Path, recipe: dict) -> list[dict]:
    """Networks that were measured before, by the same recipe."""
    if not path.is_file():
        return []
    rows = load_dials(path).rows
    return [row for row in rows if recipe.items() <= row.items()]


def measured(data, width: float, size: int, recipe: dict) -> tuple[dict, dict]:
    """A row of `Dials`, and the limits."""
    started = time.monotonic()
    frontend = tk.features.Picture(size, recipe["channels"])
    model = tk.models.mobilenet(frontend.shape, data.labels, width=width)
    tk.train(
        model,
        data,
        frontend,
        epochs=recipe["epochs"],
        clips_per_epoch=recipe["pictures"],
        batch_size=32,
        passes=recipe["passes"],
        learning_rate=1e-2,
    )
    tiny = tk.quantize(model, frontend(data.train.x[:300]), frontend, data.labels)
    report = tk.verify(tiny, data.test, model=model)
    ram, flash = needs(tiny, BOARDS[0])
    row = {
        "width": width,
        "size": size,
        "accuracy": float(np.mean([report.recall[label] for label in data.labels])),
        "ram_bytes": ram,
        "flash_bytes": flash,
        "macs": tiny.macs,
        "tflite_bytes": tiny.size,
        "seconds": round(time.monotonic() - started),
        **recipe,
    }
    limits = room(tiny, BOARDS)
    for key, limit in CHALLENGE.items():
        limits.setdefault(key, {})["the challenge's limit"] = limit
    return row, limits


if __name__ == "__main__":
    main()
