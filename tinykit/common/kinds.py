"""What kind of data a model is for: sound, motion, pictures. Stages that differ have a table."""

from typing import Any

from tinykit.common.errors import TinykitError

AUDIO, MOTION, IMAGE = "audio", "motion", "image"

#: Kind of data by the name of the front end's class (in `tinykit.features`).
KINDS = {"LogMel": AUDIO, "Motion": MOTION, "Picture": IMAGE}


def kind_of(frontend: Any) -> str | None:
    """`AUDIO`, `MOTION` or `IMAGE`; None for no front end, or one that tinykit does not know."""
    return KINDS.get(type(frontend).__name__)


def kind_of_model(tiny: Any) -> str:
    """The kind of a TinyModel's front end. Raises TinykitError when it has none."""
    kind = kind_of(tiny.frontend)
    if kind is None:
        raise TinykitError(
            f'The model "{tiny.name}" has no front end. '
            "Take a model made by tk.quantize with a front end of tk.features."
        )
    return kind
