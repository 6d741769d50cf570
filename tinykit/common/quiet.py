"""Catching what libraries written in C++ print, which Python's own redirection does not see."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import IO


@contextlib.contextmanager
def captured_output() -> Iterator[IO[str]]:
    """Send everything printed inside the block into a temporary file, which is given.

    Caught are Python's stdout and stderr and the file descriptors 1 and 2 on which C++ writes.
    Exceptions come out as usual. Read the file inside the block, after `seek(0)`.
    """
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
        _descriptors_to(log.fileno()),
    ):
        yield log


@contextlib.contextmanager
def silent_descriptors() -> Iterator[None]:
    """Drop what C++ prints inside the block; Python's own streams stay what they are.

    For imports: a library may keep the stream it finds then for all later messages.
    """
    with open(os.devnull, "w") as nothing, _descriptors_to(nothing.fileno()):
        yield


@contextlib.contextmanager
def _descriptors_to(target: int) -> Iterator[None]:
    saved = {}
    for stream in (sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # pythonw has no streams
            stream.flush()
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            saved[descriptor] = os.dup(descriptor)
            os.dup2(target, descriptor)
    try:
        yield
    finally:
        for descriptor, original in saved.items():
            os.dup2(original, descriptor)
            os.close(original)
