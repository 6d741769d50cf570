"""What recording from a board needs, whatever is recorded: the connection, names of files."""

import contextlib
import errno
import re
import sys
import time
from collections.abc import Iterable, Iterator

from tinykit.common.errors import TinykitError
from tinykit.datasets.recording.ports import connected_boards

BAUD = 115_200
COUNT_DOWN = 3  # seconds
_FORBIDDEN = re.compile(r'[<>:"/\\|?*#@\x00-\x1f]|^\.|[. ]$')


class BoardError(Exception):
    """Nothing more can be recorded; what is done is kept."""


class Link:
    """The connection to a board on a serial port.

    Raises TinykitError when the port cannot be opened, and BoardError when the board is unplugged
    while it is in use.
    """

    def __init__(self, port: str) -> None:
        self.port = port
        self._serial = open_port(port)

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the port back."""
        with contextlib.suppress(OSError):  # it is gone
            self._serial.close()

    def receive(self) -> bytes:
        """What has arrived; after a twentieth of a second without anything, nothing."""
        with self._explained():
            return self._serial.read(max(1, self._serial.in_waiting))

    def send(self, content: bytes) -> None:
        """Send bytes to the board."""
        with self._explained():
            self._serial.write(content)

    def pass_over(self, seconds: float) -> None:
        """Let time pass, and forget what arrives meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.receive()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        import serial

        try:
            yield
        except (serial.SerialException, OSError) as error:
            raise BoardError(
                f"The board on {self.port} was unplugged. Connect it again."
            ) from error


def open_port(port: str):
    """The serial port, or a TinykitError that says why not."""
    import serial

    try:
        return serial.Serial(port, BAUD, timeout=0.05, exclusive=True)
    except (serial.SerialException, OSError, ValueError) as error:
        code, text = getattr(error, "errno", None), str(error)
        if code == errno.ENOENT or "FileNotFound" in text:
            ports = ", ".join(name for name, _ in connected_boards()) or "none"
            what = f"There is no port {port} (connected boards: {ports}). Check its name"
        elif code in (errno.EBUSY, errno.EAGAIN) or "lock" in text or "Access is denied" in text:
            what = f"Another program has {port} open. Close the Serial Monitor"
        elif code in (errno.EACCES, errno.EPERM):
            what = f"You may not open {port}. On Linux: sudo usermod -a -G dialout $USER, log in"
        else:
            what = f"{port} cannot be opened ({text}). Check the cable"
        raise TinykitError(f"{what} and try again.") from error


def check_names(names: Iterable[object]) -> None:
    """Raise TinykitError for a name that a file cannot have on every system."""
    for name in names:
        if not isinstance(name, str) or not name.strip() or _FORBIDDEN.search(name):
            raise TinykitError(
                f"{name!r} cannot be the name of a file. Take letters, digits, spaces and '_'."
            )


def in_notebook() -> bool:
    """Whether this runs in a notebook, where pictures can be shown."""
    if "ipykernel" not in sys.modules:
        return False
    from IPython import get_ipython

    return type(get_ipython()).__name__ == "ZMQInteractiveShell"
