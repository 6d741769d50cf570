"""How the reader starts this program, for messages that say which command comes next."""

import os
import sys
from pathlib import Path

_KIT = Path(__file__).resolve().parents[2] / "kit.py"


def started_as() -> str:
    """The command to write before `run`, `predict` ...: the one that this reader has.

    `tinykit` when that was typed (an activated environment); else kit.py, which everybody has who
    has the kit's folder; else this Python.
    """
    if Path(sys.argv[0]).stem == "tinykit":
        return "tinykit"
    if _KIT.is_file():
        return f"{'py' if os.name == 'nt' else 'python3'} kit.py"
    return "python -m tinykit"
