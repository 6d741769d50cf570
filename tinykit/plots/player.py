"""A player for sound below a notebook's cell."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import soundfile

if TYPE_CHECKING:
    from IPython.display import Audio

_MP3_COMPRESSION = 0.85  # libsndfile's measure, 0 to 1: 32 kbit a second at 16 kHz


def listen(clip: np.ndarray, sample_rate: int = 16_000) -> Audio:
    """A player for a sound, which is as loud as it was recorded.

    The notebook keeps it as MP3, which every browser plays, in an eighth of the bytes of a WAV.

    Args:
        clip: int16, or float in -1 ... 1, (samples,).
        sample_rate: Hz.
    """
    from IPython.display import Audio

    content = io.BytesIO()
    soundfile.write(
        content,
        clip,
        sample_rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=_MP3_COMPRESSION,
        bitrate_mode="CONSTANT",
    )
    player = Audio(data=content.getvalue())
    player.mimetype = "audio/mpeg"  # of bytes, IPython assumes WAV
    return player
