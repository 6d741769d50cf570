"""Python values as C++ source: strings, arrays, the front end's tables."""

from pathlib import Path

import jinja2
import numpy as np

_ESCAPES = {"\\": r"\\", '"': r"\"", "?": r"\?", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


def string(text: str) -> str:
    """A C++ string literal that holds `text` as UTF-8, whatever is in it.

    Printable characters stay readable. Others become octal escapes, which - unlike hexadecimal ones
    - end after three digits; `?` is escaped because of trigraphs.
    """
    return '"' + "".join(_character(c) for c in text) + '"'


def _character(c: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    if c.isprintable():
        return c
    return "".join(f"\\{byte:03o}" for byte in c.encode("utf-8", "surrogatepass"))


def number(value: float) -> str:
    """A float literal that gives the same float32 again (nine digits are enough for any)."""
    digits = f"{np.float32(value):.9g}"
    return digits + ("f" if "." in digits or "e" in digits else ".0f")


def rows(items: list[str], indent: int = 4, width: int = 100) -> str:
    """Items of an array, separated by commas, in lines of at most `width` characters."""
    lines, line = [], " " * indent
    for item in items:
        if len(line) + len(item) + 1 > width and line.strip():
            lines.append(line.rstrip())
            line = " " * indent
        line += f"{item}, "
    return "\n".join([*lines, line.rstrip()])


def templates(folder: Path) -> jinja2.Environment:
    """The templates of C++ files in `folder`, which may write arrays with `rows` and `number`."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder, encoding="utf-8"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"number": number, "rows": rows}
    return environment
