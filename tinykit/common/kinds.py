"""What kind of data a model is for: sound, motion, pictures.

A front end says its kind itself (`LogMel.kind`). A stage that differs by kind has one table,
`BY_KIND`, with a module or a class for each.
"""

from typing import Any

from tinykit.common.errors import TinykitError

AUDIO, MOTION, IMAGE = "audio", "motion", "image"


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
