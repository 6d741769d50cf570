"""What a network for pictures costs, and what its two dials - width and size - change.

Taught in notebook 02.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tinykit.common.errors import TinykitError
from tinykit.common.files import write_atomically
from tinykit.training.checkpoints import CHECKPOINTS

if TYPE_CHECKING:
    from tinykit.quantization.tiny_model import TinyModel

MEASURED = CHECKPOINTS / "visual_wake_words" / "dials.json"

# Of a Fit: what depends on the network. The rest is what a board needs whatever the network.
_OF_NETWORK = {"tensor arena", "front end", "weights", "model code"}


@dataclass(frozen=True)
class Dials:
    """What networks of several widths, for pictures of several sizes, were measured to need.

    Attributes:
        rows: a network each: `width`; `size` of its pictures, pixels; `channels` of them;
            `accuracy`, 0 ... 1, of the int8 network on test pictures; `ram_bytes` and
            `flash_bytes`, what the network and its front end take of the board; `macs`;
            `tflite_bytes`.
        limits: for these keys of a row, by name, what a board leaves to the network, or another
            limit. A board of the same name is in all that concern it.
        board: the name of the first limit, the board that counts.
    """

    rows: list[dict]
    limits: dict[str, dict[str, float]]
    board: str

    def is_over(self, row: dict) -> bool:
        """Whether a network is too large for `board`."""
        return any(row[key] > of.get(self.board, math.inf) for key, of in self.limits.items())

    def save(self, path: Path | str = MEASURED) -> Path:
        """Write them as JSON."""
        return write_atomically(Path(path), json.dumps(asdict(self), indent=1) + "\n")


def load_dials(path: Path | str = MEASURED) -> Dials:
    """The networks that were measured for the course, or those of your own `Dials.save`.

    Raises TinykitError when the file cannot be read.
    """
    try:
        return Dials(**json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise TinykitError(
            f"{path} holds no measured dials ({type(error).__name__}). "
            "tests/benchmarks/image_dials.py makes it."
        ) from error


def needs(tiny: TinyModel, board: str = "nano33ble") -> tuple[int, int]:
    """Bytes of RAM and of flash that a network takes of a board: compiled, with its front end."""
    from tinykit.board import check_fit

    fit = check_fit(tiny, board)
    return tuple(
        sum(size for part, size in parts.items() if part in _OF_NETWORK)
        for parts in (fit.ram, fit.flash)
    )


def room(tiny: TinyModel, boards: Sequence[str]) -> dict[str, dict[str, float]]:
    """What boards leave to a network of this kind: the limits of `Dials`.

    The rest of their memory holds the stack, a camera frame, the sketch and the board's core.
    """
    from tinykit.board import check_fit

    limits = {"ram_bytes": {}, "flash_bytes": {}}
    for name in boards:
        fit = check_fit(tiny, name)
        for key, parts, total in (
            ("ram_bytes", fit.ram, fit.board.ram),
            ("flash_bytes", fit.flash, fit.board.flash),
        ):
            rest = sum(size for part, size in parts.items() if part not in _OF_NETWORK)
            limits[key][fit.board.title] = total - rest
    return limits
