"""Export the three example sketches and the benchmark anew, from the shipped checkpoints.

    .venv/bin/python arduino/make_examples.py

A test compares them byte for byte with what the kit exports: run this after a change to the
library TinyKit, the templates, the compiler or a checkpoint, and look at the difference.
"""

from pathlib import Path

import tinykit as tk
from tinykit.training import CHECKPOINTS

HERE = Path(__file__).resolve().parent
MEASURED = "keyword_spotting"  # by arduino/benchmark
EXAMPLES = ("keyword_spotting", "visual_wake_words", "gesture_recognition")


def main() -> None:
    """Replace the folder of each example."""
    for name in EXAMPLES:
        tiny = tk.TinyModel.load(CHECKPOINTS / name)
        print(tk.export_sketch(tiny, "nano33ble", HERE / name))
    tiny = tk.TinyModel.load(CHECKPOINTS / MEASURED)
    print(tk.export_benchmark(tiny, HERE / "benchmark", "nano33ble"))


if __name__ == "__main__":
    main()
