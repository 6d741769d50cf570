"""Teaching a network, and the networks that were taught already."""

from tinykit.training.checkpoints import CHECKPOINTS, load_checkpoint, save_checkpoint
from tinykit.training.loop import History, train
from tinykit.training.recipe import Recipe
from tinykit.training.task import Task

__all__ = [
    "CHECKPOINTS",
    "History",
    "Recipe",
    "Task",
    "load_checkpoint",
    "save_checkpoint",
    "train",
]
