"""Train the shipped always-on checkpoint: the words of lesson 01 by a network that can stream.

    python datasets/keyword_spotting/train_streaming.py

Bundled recordings only; same seed and machine, same model.
"""

from train import AUGMENTATION, CLIPS_PER_EPOCH

import tinykit as tk
from tinykit.training.checkpoints import save_checkpoint

EPOCHS = 20


def main() -> None:
    """Train, quantize, and save; `tk.streaming_form` makes the form that streams."""
    data = tk.datasets.keyword_spotting()
    frontend = tk.features.LogMel()
    model = tk.models.stream_cnn(frontend.shape, data.labels)
    history = tk.train(
        model,
        data,
        frontend,
        epochs=EPOCHS,
        clips_per_epoch=CLIPS_PER_EPOCH,
        augmentation=AUGMENTATION,
    )
    calibration = frontend(data.train.x[:500])
    tiny = tk.quantize(model, calibration, frontend, data.labels, name="always_on")
    print(history, save_checkpoint("always_on", model, history, tiny), sep="\n")


if __name__ == "__main__":
    main()
