"""A network that streams beside the one of lesson 01: how busy the board is, and what it hears.

    python tests/benchmarks/always_on.py MODEL [DATA]

`MODEL` is the folder of a quantized tk.models.stream_cnn, which train_streaming.py in
datasets/keyword_spotting trains; `DATA` Speech Commands or a sample of it.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from real_people import real_clips

import tinykit as tk
from tinykit.common.tables import Table
from tinykit.training.checkpoints import CHECKPOINTS

SECONDS = 10


def main() -> None:
    """Print a line for each network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder with model.tflite and tinymodel.json")
    parser.add_argument("data", nargs="?", help="Speech Commands or a sample of it")
    arguments = parser.parse_args()
    windows = tk.TinyModel.load(arguments.model)
    models = {
        "lesson 01": tk.TinyModel.load(CHECKPOINTS / "keyword_spotting"),
        "streaming": tk.streaming_form(windows),
    }
    data = tk.datasets.keyword_spotting()
    recording, _ = tk.datasets.scene(data, seconds=SECONDS, seed=1)
    rows = [(name, *measured(tiny, recording, arguments.data)) for name, tiny in models.items()]
    header = ("network", "questions/s", "MACs/s", "ms each", "busy", "accuracy", "real people")
    print(Table(rows, header))


def measured(tiny: tk.TinyModel, recording: np.ndarray, real: str | None) -> tuple[str, ...]:
    """One line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        sketch = tk.export_sketch(tiny, out=Path(folder) / "listener")
        run = tk.VirtualBoard().run(sketch, audio=recording)
    assert run.fault is None and run.lost_samples == 0
    rate = 1 / sketch.fit.pace.seconds
    cycles = max(inference.cycles for inference in run.inferences)
    held_out = tk.datasets.keyword_spotting().test
    return (
        f"{rate:.0f}",
        f"{rate * tiny.macs / 1e6:.1f} M",
        f"{1000 * cycles / run.board.clock:.1f}",
        f"{run.busy:.1%}",
        f"{balanced(tiny, held_out.x, held_out.y):.1%}",
        f"{balanced(tiny, *real_clips(real, tiny.labels)):.1%}" if real else "-",
    )


def balanced(tiny: tk.TinyModel, clips: np.ndarray, y: np.ndarray) -> float:
    """Mean over the labels of the share of clips recognised."""
    answers = tiny.scores(tiny.frontend(clips), "tflm").argmax(axis=1)
    return float(np.mean([np.mean(answers[y == label] == label) for label in np.unique(y)]))


if __name__ == "__main__":
    main()
