"""Errors written for students: what is wrong, with the file or value, then what to do."""


class TinykitError(Exception):
    """A problem the user can mend. Its text is one sentence what is wrong and one what to do.

    The command line prints it as one line and exits with 2; a notebook shows the same line
    instead of a traceback (IPython calls `_render_traceback_`).
    """

    def _render_traceback_(self) -> list[str]:
        return [f"tinykit: {self}"]
