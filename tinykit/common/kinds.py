"""What kind of data a model is for: sound, motion, pictures.

A front end says its kind itself (`LogMel.kind`). A stage that differs by kind has one table,
`BY_KIND`, with a module or a class for each.
"""

from collections.abc import Sequence
from typing import Any

from tinykit.common.errors import TinykitError

AUDIO, MOTION, IMAGE = "audio", "motion", "image"


UNKNOWN, SILENCE, NONE, BACKGROUND = "unknown", "silence", "none", "background"

#: Labels of each kind that rest unless a model says otherwise: what nobody waits for. A sketch
#: never reports them.
RESTING = {AUDIO: (UNKNOWN, SILENCE, BACKGROUND), MOTION: (NONE, BACKGROUND), IMAGE: ()}


def resting_among(labels: Sequence[str], kind: str | None) -> tuple[str, ...]:
    """Those of `labels` that rest in models of this kind."""
    return tuple(label for label in labels if label in RESTING.get(kind, ()))


def kind_of(frontend: Any) -> str | None:
    """`AUDIO`, `MOTION` or `IMAGE`; None for no front end, or one that does not say."""
    return getattr(frontend, "kind", None)


def kind_of_model(tiny: Any) -> str:
    """The kind of a TinyModel's front end. Raises TinykitError when it has none."""
    kind = kind_of(tiny.frontend)
    if kind is None:
        raise TinykitError(
            f'The model "{tiny.name}" has no front end. '
            "Take a model made by tk.quantize with a front end of tk.features."
        )
    return kind
