"""A trained model on people it has never heard: balanced accuracy under TFLM.

    python tests/benchmarks/real_people.py build/keyword_spotting speech_commands_sample.tar.gz

All clips of the data count, whatever their split: the model must have been trained on other data.
"unknown" are all its other words; "silence" are 100 seconds of each of its background recordings at
random volume.
"""

import argparse
from pathlib import Path

import numpy as np

import tinykit as tk
from tinykit.datasets.archives import open_tree
from tinykit.datasets.files.audio import to_clip, to_samples
from tinykit.quantization import process

SILENT_SECONDS = 100


def main() -> None:
    """Print recall by label, and balanced accuracy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", help="folder of a run, with model.tflite and tinymodel.json")
    parser.add_argument("data", help="Speech Commands or a sample of it, folder or archive")
    arguments = parser.parse_args()
    tiny = tk.TinyModel.load(arguments.out)
    clips, y = real_clips(arguments.data, tiny.labels)
    outputs = process.run(tiny.tflite, tiny.quantize(tiny.frontend(clips)), "tflm").outputs
    answers = outputs.reshape(len(y), -1).argmax(axis=1)
    recall = [np.mean(answers[y == label] == label) for label in range(len(tiny.labels))]
    for label, share in zip(tiny.labels, recall, strict=True):
        count = np.sum(y == tiny.labels.index(label))
        print(f"{label:10} {share:6.1%} of {count:,}")
    print(f"{'balanced':10} {np.mean(recall):6.1%}")


def real_clips(data: str, labels: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Every clip there is, int16 (n, 16000), and its label's index."""
    clips, y = [], []
    random = np.random.default_rng(0)
    with open_tree(Path(data)) as tree:
        for name in (name for name in tree.names if name.endswith(".wav")):
            content = tree.read(name)
            word = Path(name).parent.name
            if word == "_background_noise_":
                for clip in silence(content, name, random):
                    clips.append(clip)
                    y.append(labels.index("silence"))
            else:
                clips.append(to_clip(content, name, 16_000, 16_000, as_published=True)[0])
                y.append(labels.index(word if word in labels else "unknown"))
    return np.stack(clips), np.array(y)


def silence(content: bytes, name: str, random: np.random.Generator) -> list[np.ndarray]:
    """Random seconds of a background recording at random volume."""
    samples, _ = to_samples(content, name, 16_000)
    starts = random.integers(0, len(samples) - 16_000, SILENT_SECONDS)
    return [(samples[s : s + 16_000] * random.uniform(0, 1)).astype(np.int16) for s in starts]


if __name__ == "__main__":
    main()
