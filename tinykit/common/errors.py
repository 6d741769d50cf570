"""Errors written for students: what is wrong, with the file or value, then what to do."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def one_line(text: str) -> str:
    """`text` with its line breaks (a file's name may have some) shown as `\\n`."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


class TinykitError(Exception):
    """A problem the user can mend. Its text is one sentence what is wrong and one what to do.

    The command line prints it as one line and exits with 2; a notebook shows the same line
    instead of a traceback (IPython calls `_render_traceback_`).
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))

    def _render_traceback_(self) -> list[str]:
        return [f"tinykit: {self}"]
