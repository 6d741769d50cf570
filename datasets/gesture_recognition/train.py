"""Train the shipped gesture checkpoint: notebook 03's network and recipe.

    python datasets/gesture_recognition/train.py

Bundled recordings only; same seed and machine, same model.
"""

import tinykit as tk
from tinykit.training.checkpoints import save_checkpoint

# As in the notebook: trained for longer, the network learns the simulator too well, and does worse
# on people.
EPOCHS = 28
TAKES_PER_EPOCH = 4_096
LEARNING_RATE = 3e-3


def main() -> None:
    """Train, quantize, and write the folder gesture_recognition beside this file."""
    data = tk.datasets.gesture_recognition()
    frontend = tk.features.Motion(sample_rate=data.sample_rate, axes=data.axes)
    model = tk.models.gesture_cnn(frontend.shape, data.labels)
    history = tk.train(
        model,
        data,
        frontend,
        epochs=EPOCHS,
        clips_per_epoch=TAKES_PER_EPOCH,
        learning_rate=LEARNING_RATE,
    )
    calibration = frontend(data.train.x[:500])
    tiny = tk.quantize(model, calibration, frontend, data.labels, name="gesture_recognition")
    print(history, save_checkpoint("gesture_recognition", model, history, tiny), sep="\n")


if __name__ == "__main__":
    main()
