"""What a front end is. Every stage that takes one asks for no more than this."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import numpy as np


class FrontEnd(Protocol):
    """From what a sensor gives to what a network sees.

    Attributes:
        kind: of data, `AUDIO`, `MOTION` or `IMAGE` of `tinykit.common.kinds`.
        shape: of the features of one example.
    """

    kind: ClassVar[str]

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __call__(self, examples: Any) -> np.ndarray:
        """Features of examples, float32 (n, *shape), or of one, (*shape)."""

    def config(self) -> dict:
        """The parameters, as written to tinymodel.json; the class takes them back by name."""
