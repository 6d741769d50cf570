"""How long a network is taught, and in what portions."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """The numbers of a training.

    Attributes:
        epochs: rounds; what is measured is measured after each.
        clips_per_epoch: examples drawn for a round: clips, takes or pictures.
        batch_size: examples a step.
        passes: how often an epoch's examples are learned before others take their place. What it
            took to change them is then shared by more steps.
        learning_rate: the highest step size of AdamW.
        weight_decay: of AdamW.
        label_smoothing: share of certainty given to the other labels.
        seed: the same seed and machine give the same weights.
    """

    epochs: int = 12
    clips_per_epoch: int = 8_000
    batch_size: int = 128
    passes: int = 1
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    label_smoothing: float = 0.05
    seed: int = 0
