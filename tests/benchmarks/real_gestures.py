"""A trained model on gestures of real people it has never felt, under TFLM.

    python tests/benchmarks/real_gestures.py build/gesture_recognition DATA
    python tests/benchmarks/real_gestures.py build/gesture_recognition --everyday 10

All takes of the data count, whatever their split: the model must have been trained on other data.
With --everyday, minutes of daily motion are simulated of people who are nowhere in the bundled
data, and the model watches them as its sketch does; and as many minutes of test people's gestures
among their daily motion.
"""

import argparse
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np

import tinykit as tk
from tinykit.datasets.dataset import Table
from tinykit.datasets.motion import BUNDLED, NONE
from tinykit.quantization import process
from tinykit.streaming.score import score

FULL_NAMES = {"circ": "circle", "hori": "horizontal", "vert": "vertical"}
NEW_PEOPLE = 1_000  # the first number; the bundled people begin at 0
SECONDS_EACH = 40


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", help="folder of a run, with model.tflite and tinymodel.json")
    parser.add_argument("data", nargs="?", help="recordings: a folder, an archive or a file")
    parser.add_argument("--rows", type=int, help="rows of each take, if nothing is between them")
    parser.add_argument("--everyday", type=float, metavar="MINUTES", help="count false alarms")
    arguments = parser.parse_args()
    if arguments.data is None and arguments.everyday is None:
        parser.error("name recordings, or --everyday MINUTES")
    tiny = tk.TinyModel.load(arguments.out)
    if arguments.data is not None:
        takes, y, sample_rate = real_takes(arguments.data, tiny.labels, arguments.rows)
        print_accuracy(tiny, takes, y, sample_rate)
    if arguments.everyday is not None:
        print_false_alarms(tiny, arguments.everyday)
        print_scene(tiny, arguments.everyday)


def real_takes(
    data: str, labels: list[str], rows: int | None = None
) -> tuple[list[np.ndarray], np.ndarray, float]:
    """Every take of a gesture that the model knows, its label's index, and their rate in Hz."""
    found = tk.datasets.gesture_recognition(data=data, rows=rows)
    takes, y = [], []
    for split in (found.train, found.validation, found.test):
        for take, index in zip(split.x, split.y, strict=True):
            name = FULL_NAMES.get(found.labels[index], found.labels[index])
            if name in labels and name != NONE:  # which may be the bundled one
                takes.append(take)
                y.append(labels.index(name))
    return takes, np.array(y), found.sample_rate


def print_accuracy(
    tiny: tk.TinyModel, takes: list[np.ndarray], y: np.ndarray, sample_rate: float
) -> None:
    """Confusion, recall by label, accuracy and its mean over the labels."""
    frontend = replace(tiny.frontend, sample_rate=sample_rate)
    features = frontend([take[:, : frontend.axes] for take in takes])
    engine = "tflm" if importlib.util.find_spec("tflite_micro") else "litert"
    outputs = process.run(tiny.tflite, tiny.quantize(features), engine).outputs
    answers = outputs.reshape(len(y), -1).argmax(axis=1)
    rows, recall = [["made, taken for", *tiny.labels, "recall"]], []
    for label in np.unique(y):
        counts = np.bincount(answers[y == label], minlength=len(tiny.labels))
        recall.append(counts[label] / counts.sum())
        rows.append([tiny.labels[label], *map(str, counts), f"{recall[-1]:.1%}"])
    print(Table(rows))
    print(f"accuracy {np.mean(answers == y):.1%} of {len(y)} takes at {sample_rate:g} Hz, {engine}")
    print(f"balanced {np.mean(recall):.1%}")


def print_false_alarms(tiny: tk.TinyModel, minutes: float) -> None:
    """What the sketch would report in daily motion of new people, where there are no gestures."""
    generate = generator()
    movements, events, seconds = 0, [], 0.0
    for number in range(max(1, round(minutes * 60 / SECONDS_EACH))):
        person = generate.person(NEW_PEOPLE + number, seed=0)
        motion = generate.everyday(person, np.random.default_rng(number), SECONDS_EACH)
        watched = tk.stream(tiny, motion, sample_rate=generate.SAMPLE_RATE)
        movements += len(watched.times)
        events += watched.events
        seconds += len(motion) / generate.SAMPLE_RATE
    names = [label for _, label, _ in events]
    counts = ", ".join(f"{name} {names.count(name)}" for name in sorted(set(names)))
    print(
        f"everyday motion: {len(events)} false alarms in {seconds / 60:.1f} minutes "
        f"({len(events) * 60 / seconds:.2f} a minute) of {movements} movements. {counts}"
    )


def print_scene(tiny: tk.TinyModel, minutes: float) -> None:
    """Hits, misses and false alarms among test people's gestures and daily motion."""
    data = tk.datasets.gesture_recognition()
    motion, done = tk.datasets.motion_scene(data, 60 * minutes)
    watched = tk.stream(tiny, motion, sample_rate=data.sample_rate)
    print(f"scene: {score(watched.events, done, seconds=60 * minutes)}")


def generator() -> ModuleType:
    """The simulator of the bundled data, which is a program beside them."""
    path = Path(BUNDLED).with_name("generate.py")
    spec = importlib.util.spec_from_file_location("generate", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
