"""What a sketch is for: which kind of data its model takes, and which labels it knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tinykit.common.kinds import AUDIO, IMAGE, MOTION, kind_of_model
from tinykit.quantization.tiny_model import TinyModel
from tinykit.streaming.image import DEFAULT_DECISION

# What only the config.h of this kind has.
_MARKS = {"kMelBands": AUDIO, "kMotionConstants": MOTION, "kInputOfPixel": IMAGE}
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


@dataclass(frozen=True)
class Purpose:
    """What a sketch is for.

    Attributes:
        kind: `AUDIO`, `MOTION` or `IMAGE`.
        labels: of its model, in the order of the outputs.
        axes: of a motion sensor that the model needs, 3 or 6.
        crop: of a picture the model sees the square in the middle, else all of it, squeezed.
        agree: pictures in a row that must say the same.
    """

    kind: str
    labels: tuple[str, ...]
    axes: int = 6
    crop: bool = False
    agree: int = DEFAULT_DECISION["agree"]

    @classmethod
    def of_model(cls, tiny: TinyModel) -> Purpose:
        """Of a model with its front end. Raises TinykitError when it has none."""
        return cls(
            kind_of_model(tiny),
            tuple(tiny.labels),
            getattr(tiny.frontend, "axes", 6),
            getattr(tiny.frontend, "crop", False),
            tiny.decision.get("agree", DEFAULT_DECISION["agree"]),
        )

    @classmethod
    def of_sketch(cls, folder: Path) -> Purpose | None:
        """Read from a generated sketch's config.h and model.cpp; None for any other sketch."""
        try:
            config = (folder / "config.h").read_text(encoding="utf-8", errors="replace")
            model = (folder / "model.cpp").read_bytes()
        except OSError:
            return None
        kinds = [kind for mark, kind in _MARKS.items() if mark in config]
        names = re.search(rb"kLabelNames\[kLabels\] = \{(.*?)\n\};", model, re.DOTALL)
        if len(kinds) != 1 or not names:
            return None
        labels = tuple(map(_text, re.findall(rb'"((?:[^"\\]|\\.)*)"', names[1], re.DOTALL)))
        axes, crop, agree = (_constant(config, name) for name in ("kAxes", "kCrop", "kAgree"))
        return cls(
            kinds[0],
            labels,
            int(axes or 6),
            crop == "true",
            int(agree or DEFAULT_DECISION["agree"]),
        )


def _constant(config: str, name: str) -> str | None:
    found = re.search(rf"^constexpr \w+ {name} = (\w+);", config, re.MULTILINE)
    return found[1] if found else None


def _text(literal: bytes) -> str:
    """What a string literal of `tinykit.compiler.cpp.string` holds."""

    def character(escape: re.Match) -> bytes:
        code = escape[1]
        return bytes([int(code, 8)]) if code.isdigit() else _ESCAPED.get(code, code)

    content = re.sub(rb"\\([0-7]{3}|.)", character, literal)
    return content.decode("utf-8", "replace")
