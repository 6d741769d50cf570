"""Train the shipped checkpoint for visual wake words: notebook 02's network, for longer.

    python datasets/visual_wake_words/train.py

Bundled pictures only; same seed and machine, same model. About an hour on two processor cores.

Most of it is learned from pictures of 96 pixels, which cost less than the network's 112; the rest
at full size. Training zooms into pictures, so a network has seen people larger than they are in the
test. At full size they are as large as it knows them, which alone makes it better (Touvron et al.
2019, "Fixing the train-test resolution discrepancy").
"""

import tinykit as tk
from tinykit.training.checkpoints import save_checkpoint
from tinykit.training.loop import History

STAGES = (
    {"size": 96, "epochs": 84, "passes": 3, "learning_rate": 1e-2},
    {"size": 112, "epochs": 8, "passes": 2, "learning_rate": 3e-3},
)
PICTURES_PER_EPOCH = 8_000
BATCH_SIZE = 32


def main() -> None:
    """Train, quantize, and write the folder visual_wake_words beside this file."""
    data = tk.datasets.visual_wake_words()
    weights, history = None, History()
    for seed, stage in enumerate(STAGES):
        frontend = tk.features.Picture(stage["size"], channels=3)
        model = tk.models.mobilenet(frontend.shape, data.labels)
        if weights is not None:
            model.set_weights(weights)  # a convolution's do not depend on the picture's size
        history += tk.train(
            model,
            data,
            frontend,
            epochs=stage["epochs"],
            clips_per_epoch=PICTURES_PER_EPOCH,
            batch_size=BATCH_SIZE,
            passes=stage["passes"],
            learning_rate=stage["learning_rate"],
            seed=seed,
        )
        weights = model.get_weights()
    calibration = frontend(data.train.x[:500])
    tiny = tk.quantize(model, calibration, frontend, data.labels, name="visual_wake_words")
    print(history, save_checkpoint("visual_wake_words", model, history, tiny), sep="\n")


if __name__ == "__main__":
    main()
