"""Recording your own gestures from a board that runs arduino/capture_imu. Taught in notebook 03."""

import contextlib
import io
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.common.files import write_atomically
from tinykit.datasets.files.motion_columns import COLUMNS
from tinykit.datasets.files.motion_rows import USUAL_RATE, measured_rate, read_motion
from tinykit.datasets.motion_sources import NONE, person_of
from tinykit.datasets.recording.link import COUNT_DOWN, BoardError, Link, check_names, in_notebook
from tinykit.datasets.recording.ports import find_port

WARM_UP = 1.0  # seconds in which the rate is measured
_PATIENCE = 3.0  # seconds without a row of motion
_ATTEMPTS = 3  # at a take
_LOST = 0.02  # share of a take's rows that may be missing
_STILL = (0.2, 50.0)  # g and degrees per second from the median: a hand that is not held still
_EDGE = 0.1  # seconds at the end of a take and before it in which the hand should be still
_RESTARTED = 2_000  # ms; a larger step of the board's clock, or one back: it has started anew
_RATE_OFF = 0.02
_LONGEST = 100_000  # bytes without a line end that are kept
_REDRAWN = 0.2  # seconds between two pictures
_SHOWN = 3.0  # seconds in the picture
_FLASH = "Flash arduino/capture_imu to it (its README says how), then try again."


def record_gestures(
    gestures: Iterable[str],
    person: str,
    out: Path | str,
    *,
    takes: int = 10,
    seconds: float = 2.0,
    port: str | None = None,
    plot: bool = True,
) -> Path:
    """Record takes of gestures from a board that runs the sketch arduino/capture_imu.

    Before each take a count-down runs; the gesture belongs between "now" and the end of the take.
    A take in which nothing moved, that is cut off, or of which rows were lost is recorded again.
    Every take is saved at once, behind those that are there: `<out>/<gesture>/<person>.csv`. The
    gesture "none" is everyday motion, recorded in one piece of takes * seconds.

    Args:
        gestures: what to record, in this order.
        person: who moves; people are kept apart when the data are split.
        out: folder of the recordings; `tk.datasets.gesture_recognition(data=out)` reads it.
        takes: of each gesture.
        seconds: length of a take.
        port: serial port, such as COM3 or /dev/ttyACM0; None for the board that is connected.
        plot: in a notebook, draw what the sensor feels, about five times a second.

    Returns:
        `out`.

    Raises:
        TinykitError: when there is no board, or several, another program has the port, the board is
            silent, sends something else or is unplugged, a take cannot be recorded after three
            attempts, or an argument cannot be. Takes that are done are kept.
    """
    names = _checked(gestures, person, takes, seconds)
    files = {name: _File(Path(out).expanduser() / name / f"{person}.csv") for name in names}
    done = 0
    with _Screen(plot) as screen, _Board(port or find_port(), screen) as board:
        try:
            board.read(WARM_UP)
            for file in files.values():
                file.begin(board.rate)
            for name, file in files.items():
                for motion in _takes(board, screen, name, takes, seconds):
                    file.add(motion, joined=name == NONE)
                    done += 1
            screen.say(
                f"Done: {done} takes in {out}. {board.rate:.1f} rows a second, {board.lost} lost."
            )
        except BoardError as error:
            takes = "1 take is" if done == 1 else f"{done} takes are"
            kept = f"{takes} kept in {out}; record the others with takes=." if done else ""
            raise TinykitError(f"{error} {kept}".strip()) from error
    return Path(out)


def _checked(gestures: Iterable[str], person: str, takes: int, seconds: float) -> list[str]:
    names = [gestures] if isinstance(gestures, str) else list(gestures or [])
    check_names([*names, person])
    if not names or len(set(names)) < len(names):
        raise TinykitError(f"gestures is {names}. Name at least one, none of them twice.")
    if any(not person_of(person, name) for name in names):
        raise TinykitError(
            f"The person {person!r} reads like the name of a take. Take a name, such as 'anna'."
        )
    numbers = isinstance(takes, int) and isinstance(seconds, int | float)
    if not numbers or takes < 1 or not 0.3 <= seconds <= 10:
        raise TinykitError(
            f"{takes!r} takes of {seconds!r} s cannot be recorded. "
            "Record at least one take, of 0.3 to 10 s."
        )
    return names


# One gesture


def _takes(
    board: "_Board", screen: "_Screen", name: str, takes: int, seconds: float
) -> Iterator[np.ndarray]:
    """Record takes, float32 (rows, 6), each when it is asked for."""
    if name == NONE:
        screen.say(f"{name}: move as on any day, for {takes * seconds:g} s.")
        for _ in range(takes):
            yield board.read(seconds)[0]
        return
    for number in range(1, takes + 1):
        title = f"{name} {number}/{takes}"
        for _ in range(_ATTEMPTS):
            for left in range(COUNT_DOWN, 0, -1):
                screen.say(f"{title}: hold still, {left} ...")
                before, _ = board.read(1.0)
            screen.say(f"{title}: now!")
            starts = board.starts
            motion, lost = board.read(seconds)
            problem = _problem(before, motion, lost, board.rate)
            if board.starts > starts:
                problem = "The board has started anew."
            if not problem:
                break
            screen.say(f"{title}: {problem} Once more.")
        else:
            raise BoardError(f"{title} was tried {_ATTEMPTS} times: {problem}")
        yield motion


def _problem(before: np.ndarray, motion: np.ndarray, lost: int, rate: float) -> str:
    """Why a take is of no use; empty when it is fine."""
    if lost > _LOST * (len(motion) + lost):
        return (
            f"{lost} of {len(motion) + lost} rows were lost. Close other programs that are busy, "
            "or try another cable."
        )
    edge = max(1, round(_EDGE * rate))
    pose = np.median(np.concatenate([before, motion]), axis=0)
    moving = _moving(motion - pose)
    if not moving.any():
        return "Nothing moved."
    if _moving(before[-edge:] - np.median(before, axis=0)).mean() > 0.5:
        return "You began before 'now'."
    if moving[-edge:].mean() > 0.5 and not moving[: len(moving) // 2].any():
        return "You began too late, and the end is missing."
    return ""


def _moving(difference: np.ndarray) -> np.ndarray:
    """In which rows the hand moves, from the difference to how it is held."""
    acceleration = np.linalg.norm(difference[:, :3], axis=1) > _STILL[0]
    return acceleration | (np.linalg.norm(difference[:, 3:], axis=1) > _STILL[1])


# The file


class _File:
    """Takes of one gesture by one person, written whole after every take."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text, self._rate = "", 0.0
        with contextlib.suppress(FileNotFoundError):
            self._text = self._there()
        self._separator = "\n" if self._text else ""

    def _there(self) -> str:
        """The text that takes are added to; TinykitError when it was not recorded here."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise TinykitError(
                f"{self._path} cannot be read ({error.strerror}). Choose another folder."
            ) from error
        text = content.decode("utf-8", errors="replace").replace("\r\n", "\n").rstrip("\n") + "\n"
        if not text.startswith("# sample_rate:") or f"\n{','.join(COLUMNS)}\n" not in text:
            raise TinykitError(
                f"{self._path} is there and was not recorded by tinykit. Choose another folder."
            )
        rate = read_motion(content, str(self._path)).rate
        if rate is None:  # somebody has changed the comment
            raise TinykitError(
                f"{self._path}, line 1: the sample rate is missing. "
                "Write it there, such as '# sample_rate: 119', or choose another folder."
            )
        self._rate = rate
        return text

    def begin(self, rate: float) -> None:
        """State the measured rate, in Hz; TinykitError when the takes that are there have another.

        They are of another board then.
        """
        if not self._text:
            self._rate = rate
            self._text = f"# sample_rate: {rate:.1f}\n{','.join(COLUMNS)}\n"
        elif abs(rate / self._rate - 1) > _RATE_OFF:
            raise TinykitError(
                f"{self._path} was recorded with {self._rate:g} rows a second, this board gives "
                f"{rate:.1f}. Choose another folder or another name of the person."
            )

    def add(self, motion: np.ndarray, *, joined: bool) -> None:
        """Append a take, or `joined` to the last one, one that goes on."""
        rows = "".join(",".join(f"{value:.3f}" for value in row) + "\n" for row in motion)
        self._text += self._separator + rows
        self._separator = "" if joined else "\n"
        write_atomically(self._path, self._text)


# The board


class _Board:
    """A serial port on which rows of motion arrive.

    Attributes:
        rate: rows a second, measured by the board's clock.
        lost: rows that never arrived.
        starts: how often the board has started anew.
    """

    def __init__(self, port: str, screen: "_Screen") -> None:
        self.rate, self.lost, self.starts = 0.0, 0, 0
        self._screen = screen
        self._link = Link(port)
        self._received = b""
        self._in_step = False  # whether the beginning of a line is known
        self._ms: list[float] = []  # of the last rows
        self._rows: deque[tuple[float, list[float]]] = deque()  # arrived, and not read yet

    def __enter__(self) -> "_Board":
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close()

    def read(self, seconds: float) -> tuple[np.ndarray, int]:
        """The rows of the next `seconds` of the board's clock, float32 (rows, 6), and how many
        were lost among them."""
        rows, lost, passed = [], 0, 0.0
        latest = time.monotonic() + 3 * seconds + _PATIENCE
        while passed < 1_000 * seconds:
            ms, motion = self._next()
            if time.monotonic() > latest:
                raise BoardError(
                    f"The board on {self._link.port} sends rows whose first number is no time. "
                    f"{_FLASH}"
                )
            step = ms - self._ms[-1] if self._ms else 0.0
            if not 0 <= step < _RESTARTED:
                self.starts += 1
                self._ms.clear()
                step = 0.0
            elif self.rate and step > 1.6 * 1_000 / self.rate:
                lost += round(step / 1_000 * self.rate) - 1
            self._ms = [*self._ms[-1_000:], ms]
            passed += step
            rows.append(motion)
        self.rate = measured_rate([np.array(self._ms)]) or self.rate
        self.lost += lost
        return np.array(rows, np.float32), lost

    def _next(self) -> tuple[float, list[float]]:
        """The next row: milliseconds, motion. BoardError when none comes for some seconds."""
        deadline, other = time.monotonic() + _PATIENCE, ""
        while not self._rows:
            for line in self._lines():
                values = _values(line)
                if values is None:
                    other = line.strip() or other
                else:
                    self._rows.append((values[0], values[1:]))
            self._screen.draw([motion for _, motion in self._rows], self.rate)
            if not self._rows and time.monotonic() > deadline:
                raise BoardError(self._silence(other))
        return self._rows.popleft()

    def _lines(self) -> list[str]:
        """The complete lines that have arrived."""
        self._received += self._link.receive()
        *lines, self._received = self._received[-_LONGEST:].split(b"\n")
        texts = [line.decode("ascii", errors="replace") for line in lines]
        if not self._in_step and texts:  # the first line may be half a line
            self._in_step = True
            return texts[1:]
        return texts

    def _silence(self, other: str) -> str:
        if other:
            what = f"sends {other[:60]!r} instead of rows of motion"
            return f"The board on {self._link.port} {what}. {_FLASH}"
        return (
            f"The board on {self._link.port} has sent nothing for {_PATIENCE:g} s. Press its reset "
            f"button. Or else: {_FLASH}"
        )


def _values(line: str) -> list[float] | None:
    """Milliseconds and six values of a row; None for anything else."""
    try:
        values = [float(part) for part in line.split(",")]
    except ValueError:
        return None
    good = len(values) == 1 + len(COLUMNS) and np.isfinite(values).all()
    largest = max(map(abs, values[1:4]), default=0) if good else 0
    return values if good and largest <= 32 else None


# What the person sees


class _Screen:
    """Tells what to do: above a moving picture in a notebook, else in lines of text."""

    def __init__(self, plot: bool) -> None:
        self._picture = _LivePlot() if plot and in_notebook() else None

    def __enter__(self) -> "_Screen":
        return self

    def __exit__(self, *_: object) -> None:
        if self._picture:
            self._picture.draw()

    def say(self, text: str) -> None:
        if self._picture:
            self._picture.title = text
            self._picture.draw()
        else:
            print(text, flush=True)

    def draw(self, rows: list[list[float]], rate: float) -> None:
        """Show more rows of motion, when it is time for another picture."""
        if self._picture:
            self._picture.add(rows, rate)


class _LivePlot:
    """The last seconds of acceleration and rotation, redrawn in the same place of a notebook."""

    def __init__(self) -> None:
        from IPython.display import display
        from matplotlib.figure import Figure

        from tinykit.common.plot_style import COLOURS

        self.title = ""
        self._rows = np.zeros((0, len(COLUMNS)))
        self._rate, self._due = 0.0, 0.0
        # Without the automatic layout, which takes longer than all the rest.
        self._figure = Figure(figsize=(7, 3.2))
        self._axes = self._figure.subplots(2, 1, sharex=True)
        self._figure.subplots_adjust(left=0.1, right=0.98, bottom=0.14, top=0.91)
        self._lines = [
            ax.plot([], [], label=axis, color=colour)[0]
            for ax in self._axes
            for axis, colour in zip("xyz", COLOURS, strict=False)
        ]
        for ax, label, limit in zip(self._axes, ("g", "degrees/s"), (4, 500), strict=True):
            ax.set(ylabel=label, ylim=(-limit, limit), xlim=(-_SHOWN, 0))
        self._axes[0].legend(loc="upper left", ncols=3, frameon=False)
        self._display = display(self._image(), display_id=True)

    def add(self, rows: list[list[float]], rate: float) -> None:
        """Take up more rows; draw when the last picture is old enough."""
        if rows:
            self._rows = np.vstack([self._rows, rows])[-1_000:]
        self._rate = rate
        if time.monotonic() > self._due:
            self.draw()

    def draw(self) -> None:
        """Show the picture as it is now."""
        began = time.monotonic()
        seconds = np.arange(-len(self._rows), 0) / (self._rate or USUAL_RATE)
        for line, column in zip(self._lines, self._rows.T, strict=True):
            line.set_data(seconds, column)
        self._axes[0].set_title(self.title, loc="left")
        self._axes[1].set_xlabel(f"seconds, at {self._rate:.1f} rows a second")
        self._display.update(self._image())
        now = time.monotonic()
        self._due = max(began + _REDRAWN, now + (now - began))  # half of the time for the rows

    def _image(self):
        from IPython.display import Image

        png = io.BytesIO()
        self._figure.savefig(png, format="png", dpi=80)
        return Image(data=png.getvalue(), format="png")
