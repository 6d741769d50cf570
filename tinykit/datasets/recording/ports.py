"""Which boards are connected. Imports nothing but the standard library until it is asked."""

from tinykit.common.errors import TinykitError

USB_VENDORS = {0x2341: "Arduino", 0x2886: "Seeed Studio", 0x303A: "Espressif"}


def find_port() -> str:
    """The serial port of the board that is connected; TinykitError when there is none, or two."""
    boards = connected_boards()
    if len(boards) == 1:
        return boards[0][0]
    if boards:
        names = ", ".join(f"{name} on {port}" for port, name in boards)
        raise TinykitError(f"Several boards are connected: {names}. Choose one with port=.")
    raise TinykitError(
        "No board is connected. Use a USB cable that carries data (many only charge), or name the "
        "serial port with port=."
    )


def connected_boards() -> list[tuple[str, str]]:
    """Serial port and maker of each board on USB."""
    from serial.tools import list_ports

    return [
        (port.device, USB_VENDORS[port.vid])
        for port in list_ports.comports()
        if port.vid in USB_VENDORS
    ]
