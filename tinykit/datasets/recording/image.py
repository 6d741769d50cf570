"""Recording your own pictures from a board that runs arduino/capture_image.

Taught in notebook 02.
"""

import base64
import html
import io
import re
import time
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from tinykit.common.errors import TinykitError
from tinykit.common.files import write_atomically
from tinykit.datasets.image_sources import scene_of
from tinykit.datasets.recording.link import COUNT_DOWN, BoardError, Link, check_names, in_notebook
from tinykit.datasets.recording.ports import find_port
from tinykit.features.image import from_camera

_COMMAND = b"p"
_HEADER = re.compile(rb"tinykit image (\d+) (\d+) (\w+) (\d+) ([0-9A-Fa-f]{1,8})\r?\n")
_LARGEST = 640 * 480 * 2  # bytes of a picture
_LONGEST = 200_000  # bytes without a header that are kept
_PATIENCE = 4.0  # seconds without a picture: the camera needs one or two to begin
_ATTEMPTS = 3  # at a picture
_DARK, _BRIGHT = 10, 245  # mean of all pixels
_FLASH = "Flash arduino/capture_image to it (its README says how), then try again."
_SHOWN_WIDTH = 480  # pixels in a notebook
_SHEET_COLUMNS, _SHEET_WIDTH = 10, 96  # of the overview: pictures in a row, pixels of each


def record_images(
    labels: Iterable[str],
    session: str,
    out: Path | str,
    *,
    count: int = 20,
    seconds_between: float = 1.0,
    port: str | None = None,
    show: bool = True,
) -> Path:
    """Take pictures with the camera of a board that runs the sketch arduino/capture_image.

    Before the pictures of each label a count-down runs. Move between two pictures, and move the
    board: pictures that are all alike teach little. One that is damaged on its way, black, white or
    the very same as the last is taken again. Each picture is saved at once, numbered on from those
    that are there: `<out>/<label>/<session>_<number>.png`.

    Args:
        labels: what to take pictures of, in this order, such as ["non_person", "person"].
        session: where and when, such as "kitchen": the pictures of a session look alike, and are
            kept together when the data are split. Record at least three.
        out: folder of the pictures; `tk.datasets.visual_wake_words(data=out)` reads it.
        count: of each label.
        seconds_between: from one picture to the next, if the board is quick enough.
        port: serial port, such as COM3 or /dev/ttyACM0; None for the board that is connected.
        show: in a notebook, show each picture, and all of them at the end.

    Returns:
        `out`.

    Raises:
        TinykitError: when there is no board, or several, another program has the port, the board is
            silent, sends something else or is unplugged, a picture cannot be taken after three
            attempts, or an argument cannot be. Pictures that are done are kept.
    """
    names = _checked(labels, session, count, seconds_between)
    folder = Path(out).expanduser()
    taken: dict[str, list[np.ndarray]] = {name: [] for name in names}
    screen = _Screen(show)
    with Link(port or find_port()) as link:
        try:
            camera = _Camera(link)
            camera.take()  # the first, while the camera finds its exposure
            for name in names:
                _count_down(link, screen, name)
                for number in range(1, count + 1):
                    began = time.monotonic()
                    picture = _good_picture(camera, screen, f"{name} {number}/{count}")
                    _save(picture, folder / name, session)
                    taken[name].append(picture)
                    link.pass_over(began + seconds_between - time.monotonic())
        except BoardError as error:
            done = sum(map(len, taken.values()))
            pictures = "1 picture is" if done == 1 else f"{done} pictures are"
            kept = f"{pictures} kept in {out}; record the others with count=." if done else ""
            raise TinykitError(f"{error} {kept}".strip()) from error
    screen.overview(taken, f"Done: {sum(map(len, taken.values()))} pictures in {out}.")
    return Path(out)


def _checked(labels: Iterable[str], session: str, count: int, seconds_between: float) -> list[str]:
    names = [labels] if isinstance(labels, str) else list(labels or [])
    check_names([*names, session])
    if not names or len(set(names)) < len(names):
        raise TinykitError(f"labels is {names}. Name at least one, none of them twice.")
    if scene_of(f"{session}_001", names) != session:
        raise TinykitError(
            f"The session {session!r} reads like a label or a camera's name for a file. "
            "Take the name of a place, such as 'kitchen'."
        )
    numbers = isinstance(count, int) and isinstance(seconds_between, int | float)
    if not numbers or count < 1 or not 0 <= seconds_between <= 60:
        raise TinykitError(
            f"{count!r} pictures, {seconds_between!r} s apart, cannot be taken. "
            "Take at least one, 0 to 60 s apart."
        )
    return names


def _count_down(link: Link, screen: "_Screen", name: str) -> None:
    for left in range(COUNT_DOWN, 0, -1):
        screen.say(f"{name}: get ready, {left} ...")
        link.pass_over(1.0)


def _good_picture(camera: "_Camera", screen: "_Screen", title: str) -> np.ndarray:
    """The next picture in which there is something to see: uint8 (height, width, 3)."""
    for _ in range(_ATTEMPTS):
        last = camera.last
        picture = camera.take()
        problem = _problem(picture, last)
        if not problem:
            screen.show(picture, title)
            return picture
        screen.say(f"{title}: {problem} Once more.")
    raise BoardError(f"{title} was tried {_ATTEMPTS} times: {problem}")


def _problem(picture: np.ndarray | None, last: np.ndarray | None) -> str:
    """Why a picture is of no use; empty when it is fine."""
    if picture is None:
        return "The picture was damaged on its way. Try another cable, without a hub."
    if last is not None and np.array_equal(picture, last):
        return "The camera gave the very same picture again. Press the board's reset button."
    if picture.mean() < _DARK:
        return "The picture is black. Take the cap off the camera, or make more light."
    if picture.mean() > _BRIGHT:
        return "The picture is white. Turn the camera away from the light."
    return ""


def _save(picture: np.ndarray, folder: Path, session: str) -> None:
    """Save as PNG, numbered on from the pictures of the session that are there."""
    number = re.compile(re.escape(session) + r"_(\d+)\.png", re.IGNORECASE)
    there = [number.fullmatch(path.name) for path in folder.glob("*")]
    following = max((int(found[1]) for found in there if found), default=0) + 1
    write_atomically(folder / f"{session}_{following:03d}.png", _as_file(picture, "PNG"))


def _as_file(picture: np.ndarray | Image.Image, kind: str) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


# The board


class _Camera:
    """A board that sends a picture when it is asked for one.

    Attributes:
        last: the last picture that arrived whole.
    """

    def __init__(self, link: Link) -> None:
        self.last: np.ndarray | None = None
        self._link = link

    def take(self) -> np.ndarray | None:
        """A picture, uint8 (height, width, 3); None when it was damaged on its way.

        Raises BoardError when nothing that begins like a picture comes for some seconds.
        """
        deadline = time.monotonic() + _PATIENCE
        while self._link.receive() and time.monotonic() < deadline:  # the rest of a damaged one
            pass
        self._link.send(_COMMAND)
        received, deadline = b"", time.monotonic() + _PATIENCE
        while (header := _HEADER.search(received)) is None:
            if time.monotonic() > deadline:
                raise BoardError(self._silence(received))
            received = (received + self._link.receive())[-_LONGEST:]
        width, height, size = (int(header[group]) for group in (1, 2, 4))
        content = received[header.end() :]
        while len(content) < min(size, _LARGEST) and (more := self._next()):
            content += more
        content = content[:size]
        if size > _LARGEST or zlib.crc32(content) != int(header[5], 16):
            return None
        self.last = from_camera(content, width, height, header[3].decode())
        return self.last

    def _next(self) -> bytes:
        """What arrives next; nothing when nothing comes for some seconds."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if arrived := self._link.receive():
                return arrived
        return b""

    def _silence(self, received: bytes) -> str:
        whole = received.rpartition(b"\n")[0] or received  # without a last line that is cut off
        lines = whole.decode("ascii", errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        if said and said[-1].startswith("The camera "):
            return f"The board on {self._link.port} says: {said[-1]}"
        if said:
            what = f"sends {said[-1][:80]!r} instead of a picture"
            return f"The board on {self._link.port} {what}. {_FLASH}"
        return (
            f"The board on {self._link.port} has sent nothing for {_PATIENCE:g} s. Press its reset "
            f"button. Or else: {_FLASH}"
        )


# What the person sees


class _Screen:
    """Tells what to do: above the last picture in a notebook, else in lines of text."""

    def __init__(self, show: bool) -> None:
        self._display, self._picture = None, ""
        if show and in_notebook():
            from IPython.display import HTML, display

            self._display = display(HTML(""), display_id=True)

    def say(self, text: str) -> None:
        if self._display is None:
            print(text, flush=True)
            return
        from IPython.display import HTML

        self._display.update(HTML(f"<p>{html.escape(text)}</p>{self._picture}"))

    def show(self, picture: np.ndarray, title: str) -> None:
        if self._display:
            self._picture = _tag(Image.fromarray(picture), _SHOWN_WIDTH)
        self.say(title)

    def overview(self, taken: dict[str, list[np.ndarray]], title: str) -> None:
        """In a notebook, all pictures in the place of the last, a block for each label."""
        if self._display:
            self._picture = "".join(
                f"<p>{html.escape(name)}</p>{_tag(_sheet(pictures), 0)}"
                for name, pictures in taken.items()
            )
        self.say(title)


def _tag(image: Image.Image, width: int) -> str:
    """A picture in HTML, drawn so wide; 0: as it is."""
    data = base64.b64encode(_as_file(image, "JPEG")).decode("ascii")
    return f'<img src="data:image/jpeg;base64,{data}" width="{width or image.width}">'


def _sheet(pictures: list[np.ndarray]) -> Image.Image:
    height = _SHEET_WIDTH * pictures[0].shape[0] // pictures[0].shape[1]
    rows = -(-len(pictures) // _SHEET_COLUMNS)
    columns = min(len(pictures), _SHEET_COLUMNS)
    sheet = Image.new("RGB", (columns * _SHEET_WIDTH, rows * height), "white")
    for index, picture in enumerate(pictures):
        row, column = divmod(index, _SHEET_COLUMNS)
        small = Image.fromarray(picture).resize((_SHEET_WIDTH, height))
        sheet.paste(small, (column * _SHEET_WIDTH, row * height))
    return sheet
