"""Train the shipped keyword-spotting checkpoint: notebook 01's network, only for longer.

    python datasets/keyword_spotting/train.py

Bundled recordings only; same seed and machine, same model.
"""

import tinykit as tk
from tinykit.training.checkpoints import save_checkpoint

EPOCHS = 40
CLIPS_PER_EPOCH = 8_000
# With so many epochs the network would learn the synthetic voices too well, and do worse on people:
# the clips are bent more than in the lesson.
AUGMENTATION = tk.Augmentation(
    speed=(0.75, 1.3), reverb=0.6, equaliser_db=14.0, noise=0.8, snr_db=(0.0, 45.0)
)


def main() -> None:
    """Train, quantize, and write the folder keyword_spotting beside this file."""
    data = tk.datasets.keyword_spotting()
    frontend = tk.features.LogMel()
    model = tk.models.ds_cnn(frontend.shape, data.labels)
    history = tk.train(
        model,
        data,
        frontend,
        epochs=EPOCHS,
        clips_per_epoch=CLIPS_PER_EPOCH,
        augmentation=AUGMENTATION,
    )
    calibration = frontend(data.train.x[:500])
    tiny = tk.quantize(model, calibration, frontend, data.labels, name="keyword_spotting")
    print(history, save_checkpoint("keyword_spotting", model, history, tiny), sep="\n")


if __name__ == "__main__":
    main()
