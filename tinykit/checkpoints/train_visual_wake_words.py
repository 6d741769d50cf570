"""Train the shipped checkpoint for visual wake words: notebook 02's network, for longer.

    python -m tinykit.checkpoints.train_visual_wake_words

Bundled pictures only; same seed and machine, same model. About 40 minutes on two processor cores.
"""

import tinykit as tk
from tinykit.training import save_checkpoint

EPOCHS = 80
PICTURES_PER_EPOCH = 8_000
PASSES = 2
BATCH_SIZE = 32
LEARNING_RATE = 1e-2


def main() -> None:
    """Train, quantize, and write the folder visual_wake_words beside this file."""
    data = tk.datasets.visual_wake_words()
    frontend = tk.features.Picture(size=96, channels=1)
    model = tk.models.mobilenet(frontend.shape, data.labels)
    history = tk.train(
        model,
        data,
        frontend,
        epochs=EPOCHS,
        clips_per_epoch=PICTURES_PER_EPOCH,
        batch_size=BATCH_SIZE,
        passes=PASSES,
        learning_rate=LEARNING_RATE,
    )
    tiny = tk.quantize(model, frontend(data.train.x[:500]), frontend, data.labels)
    print(history, save_checkpoint("visual_wake_words", model, history, tiny), sep="\n")


if __name__ == "__main__":
    main()
