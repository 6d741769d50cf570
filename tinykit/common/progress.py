"""One line that says how far a long step is: in a notebook's output, or a tqdm bar elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time

from tqdm import tqdm


class Bar(tqdm):
    """A tqdm bar that never stops the work it shows, whatever befalls the screen.

    A terminal may be closed and a pipe's reader gone (`| head`) hours before a training ends.
    """

    @staticmethod
    def status_printer(file: object) -> object:
        """What writes a line; to a screen that is lost already, nothing."""
        with contextlib.suppress(Exception):
            return tqdm.status_printer(file)
        return lambda text: None

    def display(self, *args: object, **options: object) -> bool:
        """Draw; gives whether something was drawn."""
        with contextlib.suppress(Exception):
            return super().display(*args, **options)
        return False

    def close(self) -> None:
        """Wipe or end the line."""
        with contextlib.suppress(Exception):
            super().close()


class Progress:
    """Counts the steps of a long task and says how long the rest will take.

    In a notebook one output line is rewritten in place, so that the stored notebook keeps only
    the last; in a terminal a tqdm bar is drawn on stderr; in a pipe nothing is.

    Args:
        unit: what is counted, such as "epoch".
        total: how many there will be.
    """

    def __init__(self, unit: str, total: int) -> None:
        self.unit, self.total, self.done = unit, total, 0
        self._started = time.monotonic()
        self._line = _notebook_line()
        in_terminal = self._line is None and sys.stderr.isatty()
        self._bar = Bar(total=total, unit=unit, disable=not in_terminal, leave=False)

    def __enter__(self) -> Progress:
        self._show("starting")
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def step(self, news: str = "") -> None:
        """One more is done; `news` is shown beside the count."""
        self.done += 1
        self._bar.update()
        self._bar.set_postfix_str(news)
        self._show(news)

    def _show(self, news: str) -> None:
        if self._line is None:
            return
        passed = time.monotonic() - self._started
        when = f"{passed:.0f} s"
        if 0 < self.done < self.total:
            when += f", about {passed / self.done * (self.total - self.done):.0f} s left"
        text = f"{self.unit} {self.done}/{self.total}: {news} ({when})"
        with contextlib.suppress(Exception):  # as Bar
            self._line.update({"text/plain": text}, raw=True)


def _notebook_line():
    """An output of the running notebook cell that can be rewritten; None outside notebooks."""
    if "ipykernel" not in sys.modules:
        return None
    from IPython import get_ipython
    from IPython.display import display

    if type(get_ipython()).__name__ != "ZMQInteractiveShell":
        return None
    return display({"text/plain": ""}, raw=True, display_id=True)
