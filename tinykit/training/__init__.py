"""Teaching a network, and the networks that were taught already."""

from tinykit.training.checkpoints import CHECKPOINTS, load_checkpoint, save_checkpoint
from tinykit.training.loop import History, train

__all__ = ["CHECKPOINTS", "History", "load_checkpoint", "save_checkpoint", "train"]
