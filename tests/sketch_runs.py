"""Running small sketches on the virtual board, and what they print."""

from pathlib import Path

import tinykit as tk
from tinykit.board import BoardRun

EMPTY = "void setup() {}\nvoid loop() {}\n"
TICK = 1 / 64e6  # a cycle


def run(text: str | Path, **inputs) -> BoardRun:
    """Run a sketch that should work."""
    result = tk.VirtualBoard().run(text, **inputs)
    assert result.fault is None, result.fault
    return result


def printed(text: str | Path, **inputs) -> list[str]:
    """The lines that a sketch prints."""
    return [line.text for line in run(text, **inputs).serial]


def setup_prints(statements: str) -> list[str]:
    return printed(f"void setup() {{\n{statements}\n}}\nvoid loop() {{}}\n", seconds=0.1)
