"""Train the shipped keyword-spotting checkpoint: notebook 01's network, only for longer.

    python -m tinykit.checkpoints.train_keyword_spotting

Bundled recordings only; same seed and machine, same model.
"""

import tinykit as tk
from tinykit.training import save_checkpoint

EPOCHS = 60
CLIPS_PER_EPOCH = 10_000


def main() -> None:
    """Train, and write keyword_spotting.keras and .json beside this file."""
    data = tk.datasets.keyword_spotting()
    frontend = tk.features.LogMel()
    model = tk.models.ds_cnn(frontend.shape, data.labels)
    history = tk.train(model, data, frontend, epochs=EPOCHS, clips_per_epoch=CLIPS_PER_EPOCH)
    save_checkpoint("keyword_spotting", model, history, data.labels)
    print(history)


if __name__ == "__main__":
    main()
