"""Models trained for longer than a lesson has time for (datasets/*/train.py trained them)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tinykit.common.backend import load_keras
from tinykit.common.errors import TinykitError
from tinykit.common.files import write_together
from tinykit.quantization.tiny_model import TinyModel
from tinykit.training.loop import History

if TYPE_CHECKING:
    import keras

CHECKPOINTS = Path(__file__).parent


def save_checkpoint(name: str, model: keras.Model, history: History, tiny: TinyModel) -> Path:
    """Put a trained model, its curves and its int8 form where `load_checkpoint` finds them.

    Returns the folder; `TinyModel.load` reads the int8 form from it.
    """
    folder = CHECKPOINTS / name
    weights_only = load_keras().models.clone_model(model)
    weights_only.set_weights(model.get_weights())
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "model.keras"
        weights_only.save(path)
        curves = json.dumps(asdict(history), indent=1) + "\n"
        write_together(folder, {path.name: path.read_bytes(), "history.json": curves})
    return tiny.save(folder)


def check_checkpoint(name: str, labels: Sequence[str]) -> None:
    """Raise TinykitError when there is no checkpoint `name`, or it was trained for other labels."""
    folder = CHECKPOINTS / name
    if not (folder / "model.keras").is_file():
        known = ", ".join(sorted(p.parent.name for p in CHECKPOINTS.glob("*/model.keras")))
        raise TinykitError(
            f"There is no checkpoint {name!r}. Choose from: {known or 'none in this folder'}."
        )
    trained_for = TinyModel.load(folder).labels
    if trained_for != list(labels):
        raise TinykitError(
            f"The checkpoint {name!r} knows {', '.join(trained_for)}, "
            f"not {', '.join(labels)}. Choose its labels in its order, or train instead."
        )


def load_checkpoint(name: str, labels: Sequence[str]) -> tuple[keras.Model, History]:
    """A shipped float model and how its training went.

    Args:
        name: of the project, such as "keyword_spotting".
        labels: the labels it is wanted for, in order.

    Raises TinykitError when there is none of this name or it was trained for other labels.
    """
    check_checkpoint(name, labels)
    folder = CHECKPOINTS / name
    history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
    return load_keras().models.load_model(folder / "model.keras"), History(**history)
