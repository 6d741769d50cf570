"""Takes are recorded from a serial port - here a pseudo-terminal - as the board sent them."""

import contextlib
import itertools
import os
import select
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import yaml
from cpp_build import SKETCH_FLAGS, STAND_INS, compile_cpp

import tinykit as tk
from tinykit.board import boards
from tinykit.board.sensors import MOTION_SENSORS
from tinykit.common.errors import TinykitError
from tinykit.datasets import load_motion
from tinykit.datasets.recording import link as capture
from tinykit.datasets.recording import motion as recording
from tinykit.datasets.recording import ports as serial_ports

tty = pytest.importorskip("tty", reason="Windows has no pseudo-terminals")

RATE = 119.0
HEADER = b"ms,aX,aY,aZ,gX,gY,gZ\n"
ROOT = Path(__file__).resolve().parents[3]
CYCLE = capture.COUNT_DOWN + 2.0  # seconds from one take to the next, with seconds=2


class Port:
    """A serial port whose other end sends `chunks` as soon as somebody opens it."""

    def __init__(self, chunks: Iterable[bytes], *, unplugged_at_end: bool = False) -> None:
        self._master, slave = os.openpty()
        self._handles = [slave, self._master]
        os.set_blocking(self._master, False)  # or a full buffer would hold the thread for ever
        tty.setraw(slave)
        self.name = os.ttyname(slave)
        self._unplugged = unplugged_at_end
        self._opened, self._over = threading.Event(), False
        self._thread = threading.Thread(target=self._send, args=[chunks], daemon=True)
        self._thread.start()

    def opened(self) -> None:
        self._opened.set()

    def close(self) -> None:
        self._over = True
        self._opened.set()
        self._thread.join()
        self._unplug()

    def _send(self, chunks: Iterable[bytes]) -> None:
        self._opened.wait()
        with contextlib.suppress(OSError):
            for chunk in chunks:
                while chunk and not self._over:
                    chunk = chunk[self._write(chunk[:512]) :]
                if self._over:  # `chunks` may have no end
                    return
            if self._unplugged:
                self._unplug()

    def _write(self, part: bytes) -> int:
        """Write what there is room for; gives the number of bytes."""
        select.select([], [self._master], [], 0.05)
        with contextlib.suppress(BlockingIOError):
            return os.write(self._master, part)
        return 0

    def _unplug(self) -> None:
        while self._handles:  # each once: the number may soon be another file's
            os.close(self._handles.pop(0))


@pytest.fixture
def plug(monkeypatch):
    """Gives a function that plugs in a board: chunks of bytes -> the port's name."""
    ports: list[Port] = []
    really = capture.open_port

    def opened(name: str):
        port = really(name)
        for known in ports:
            if known.name == name:
                known.opened()
        return port

    def plugged(chunks: Iterable[bytes], **how) -> str:
        ports.append(Port(chunks, **how))
        return ports[-1].name

    monkeypatch.setattr(capture, "open_port", opened)
    yield plugged
    for port in ports:
        port.close()


def sent(motion: np.ndarray, rate: float = RATE, start: int = 5_000) -> list[bytes]:
    """Rows as capture_imu sends them."""
    return [
        f"{start + round(index * 1_000 / rate)},{','.join(f'{v:.3f}' for v in row)}\n".encode()
        for index, row in enumerate(motion)
    ]


def waving(seconds: float, at: Iterable[float] = (), rate: float = RATE) -> np.ndarray:
    """A hand at rest that waves for 0.8 s at the times `at`."""
    n = round(seconds * rate)
    times = np.arange(n) / rate
    motion = np.random.default_rng(0).normal(0, 0.01, (n, 6)) * [1, 1, 1, 100, 100, 100]
    motion[:, 2] += 1
    for begin in at:
        during = (times >= begin) & (times < begin + 0.8)
        wave = np.sin(2 * np.pi * 2.5 * (times[during] - begin))
        motion[during, 0] += wave
        motion[during, 4] += 200 * wave
    return motion.round(3)


def now(number: int) -> float:
    """Seconds at which "now" is said for take 0, 1, ... (each wait lasts a row too long)."""
    return recording.WARM_UP + capture.COUNT_DOWN + number * (CYCLE + 0.03)


def session(takes: int, late: float = 0.4) -> np.ndarray:
    """A person who does as told: a wave `late` seconds after each "now"."""
    return waving(now(takes) + 10, [now(number) + late for number in range(takes)])


def refused(*arguments, **named) -> str:
    with pytest.raises(TinykitError) as error:
        tk.record_gestures(*arguments, **named)
    assert "\n" not in str(error.value)
    return str(error.value)


# What is recorded


def test_a_take_holds_the_very_rows_that_the_board_sent(plug, tmp_path):
    motion = session(3)
    out = tk.record_gestures(
        ["wave"], "anna", tmp_path / "mine", takes=3, port=plug([HEADER, *sent(motion)])
    )
    assert out == tmp_path / "mine"
    recorded = load_motion(out / "wave" / "anna.csv")
    assert recorded.notes == [] and len(recorded.takes) == 3
    assert recorded.sample_rate == pytest.approx(RATE, abs=0.1)
    begin = 0
    for number, take in enumerate(recorded.takes):
        assert len(take) == pytest.approx(2 * RATE, abs=2)
        at = [
            row
            for row in range(begin, len(motion) - len(take))
            if np.array_equal(motion[row : row + len(take)].astype(np.float32), take)
        ]
        assert len(at) == 1, f"take {number} is not a stretch of what was sent"
        assert at[0] / RATE == pytest.approx(now(number), abs=0.1), "it began with 'now'"
        begin = at[0] + len(take)


def test_what_was_recorded_trains_and_names_the_person(plug, tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "WARM_UP", 0.5)
    for number, person in enumerate(("anna", "ben", "carla")):
        motion = session(4)  # each of them a little otherwise: no two people move alike
        motion = motion + np.random.default_rng(number).normal(0, 0.01, motion.shape)
        port = plug([HEADER, *sent(motion)])
        tk.record_gestures(["wave", "none"], person, tmp_path, takes=2, port=port)
    data = tk.datasets.gesture_recognition(data=tmp_path)
    assert data.labels == ["wave", "none"]
    people = [set(split.speakers) for split in (data.train, data.validation, data.test)]
    assert sorted(person for group in people for person in group) == ["anna", "ben", "carla"]
    assert not any("sample rate" in note for note in data.notes)


def test_more_takes_are_added_to_those_that_are_there(plug, tmp_path):
    for count in (2, 3):
        port = plug([HEADER, *sent(session(1))])
        tk.record_gestures(["wave"], "anna", tmp_path, takes=1, port=port)
        recorded = load_motion(tmp_path / "wave" / "anna.csv")
        assert len(recorded.takes) == count - 1
    text = (tmp_path / "wave" / "anna.csv").read_text(encoding="utf-8")
    assert text.count("sample_rate") == text.count("aX") == 1


def test_everyday_motion_is_one_piece(plug, tmp_path, capsys):
    motion = waving(12, [2, 5, 8])
    port = plug([HEADER, *sent(motion)])
    tk.record_gestures(["none"], "anna", tmp_path, takes=4, seconds=2, port=port)
    recorded = load_motion(tmp_path / "none" / "anna.csv")
    assert len(recorded.takes) == 1 and len(recorded.takes[0]) == pytest.approx(8 * RATE, abs=8)
    start = round(RATE * recording.WARM_UP)
    windows = np.lib.stride_tricks.sliding_window_view(motion[start - 2 :], 100, axis=0)
    first = recorded.takes[0][:100].T
    assert any(np.allclose(window, first) for window in windows[:5]), "rows are missing"
    assert "hold still" not in capsys.readouterr().out


@pytest.mark.parametrize("board", ["nano33ble", "nano33ble_rev2"])
def test_the_sketch_gives_the_motion_back(plug, tmp_path, board):
    """Motion -> virtual board -> Serial -> recorder -> file: within a step of sensor and text."""
    rate = 99.84 if board == "nano33ble_rev2" else RATE
    motion = waving(14, [now(number) + 0.4 for number in range(2)], rate)
    run = tk.VirtualBoard(board).run(ROOT / "arduino" / "capture_imu", motion=motion)
    assert run.fault is None and run.serial[0].text + "\n" == HEADER.decode()
    assert len(run.serial) == 1 + len(motion), "a row for each sample"
    port = plug([f"{line.text}\n".encode() for line in run.serial])
    tk.record_gestures(["wave"], "anna", tmp_path, takes=2, port=port)
    recorded = load_motion(tmp_path / "wave" / "anna.csv")
    assert recorded.sample_rate == pytest.approx(rate, rel=0.002)
    # The sensors' steps are 4/32768 g and 2000/32768 degrees/s; the text's are 0.001.
    tolerance = np.repeat([4 / 32_768 + 0.001, 2_000 / 32_768 + 0.001], 3)
    for take in recorded.takes:
        windows = np.lib.stride_tricks.sliding_window_view(motion, len(take), axis=0)
        error = np.abs(windows.transpose(0, 2, 1) - take).max(axis=1)
        assert (error <= tolerance).all(axis=1).sum() == 1


def test_what_could_not_be_read_from_the_sensor_is_no_row():
    """A loose wire: every tenth answer fails, with NaN as Arduino's library leaves it. Printed, it
    would be a row of zeros, which looks like motion; the sensor still has the sample."""
    text = (ROOT / "arduino" / "capture_imu" / "capture_imu.ino").read_text(encoding="utf-8")
    failing = """
bool failing(float& x, float& y, float& z) {
  static int calls = 0;
  if (++calls % 10 != 0) return IMU.readAcceleration(x, y, z) != 0;
  x = y = z = NAN;
  return false;
}
"""
    changed = text.replace("IMU.readAcceleration(", "failing(")
    assert changed != text
    first = "// Writes `value` in decimal"  # Arduino declares all functions above the first one
    changed = changed.replace(first, failing + first)
    motion = waving(2)
    run = tk.VirtualBoard().run(changed, motion=motion)
    rows = np.array([line.text.split(",") for line in run.serial[1:]], float)
    assert len(rows) == len(motion)
    np.testing.assert_allclose(rows[:, 3], motion[:, 2], atol=4 / 32_768 + 0.001)


@pytest.mark.parametrize("standard", ["gnu++14", "c++17"])
@pytest.mark.parametrize("revision", [1, 2])
def test_the_sketch_compiles_without_a_warning(tmp_path, revision, standard):
    """Arduino's core for this board compiles C++14, newer ones C++17."""
    sketch = ROOT / "arduino" / "capture_imu" / "capture_imu.ino"
    flags = [*SKETCH_FLAGS, f"-std={standard}", f"-DBOARD_REVISION={revision}"]
    include = ["-I", STAND_INS / "arduino", "-include", "Arduino.h"]
    compile_cpp([*flags, *include, "-x", "c++", "-c", sketch, "-o", tmp_path / "sketch.o"])


def test_the_sketch_pins_the_libraries_that_generated_sketches_pin():
    project = yaml.safe_load((ROOT / "arduino/capture_imu/sketch.yaml").read_text("utf-8"))
    for name, profile in project["profiles"].items():
        board = boards[name]
        assert profile["fqbn"] == board.fqbn
        assert profile["platforms"] == [{"platform": f"{board.core} ({board.core_version})"}]
        assert profile["libraries"] == list(MOTION_SENSORS[board.imu].libraries)


# What goes wrong


def test_chatter_and_half_a_line_at_the_start_do_no_harm(plug, tmp_path):
    start = [b"7,0.0,0.0,1.0,0", b".0,0.0,0.0\n", b"\x00\xffhello\r\n", HEADER]
    port = plug([*start, *sent(session(1))])
    tk.record_gestures(["wave"], "anna", tmp_path, takes=1, port=port)
    assert load_motion(tmp_path / "wave" / "anna.csv").notes == []


def test_a_take_with_lost_rows_is_recorded_again(plug, tmp_path, capsys):
    rows = sent(session(3))
    first = round((now(0) + 0.5) * RATE)
    port = plug([HEADER, *rows[:first], *rows[first + 12 :]])
    tk.record_gestures(["wave"], "anna", tmp_path, takes=1, port=port)
    said = capsys.readouterr().out
    # 238 rows in 2 s, 12 of them lost: 5 %.
    assert "12 of 23" in said and "Once more" in said
    assert "12 lost" in said.splitlines()[-1]
    assert len(load_motion(tmp_path / "wave" / "anna.csv").takes) == 1


def test_one_lost_row_is_counted_and_the_take_is_kept(plug, tmp_path, capsys):
    rows = sent(session(1))
    first = round((now(0) + 0.5) * RATE)
    port = plug([HEADER, *rows[:first], *rows[first + 1 :]])
    tk.record_gestures(["wave"], "anna", tmp_path, takes=1, port=port)
    said = capsys.readouterr().out
    assert "Once more" not in said and "119.0 rows a second, 1 lost" in said


def test_a_board_that_starts_anew_spoils_only_the_take(plug, tmp_path, capsys):
    rows = session(3)
    half = round((now(0) + 1) * RATE)
    again = sent(waving(30, [1 + capture.COUNT_DOWN + 0.4]), start=20)
    port = plug([HEADER, *sent(rows[:half]), HEADER, *again])
    tk.record_gestures(["wave"], "anna", tmp_path, takes=1, port=port)
    said = capsys.readouterr().out
    assert "The board has started anew. Once more." in said and "0 lost" in said
    assert len(load_motion(tmp_path / "wave" / "anna.csv").takes) == 1


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (None, "Nothing moved"),
        (-0.5, "You began before 'now'"),
        (1.5, "You began too late, and the end is missing"),
    ],
)
def test_a_take_without_its_gesture_is_tried_three_times(plug, tmp_path, late, said):
    at = [] if late is None else [now(number) + late for number in range(4)]
    message = refused(
        ["wave"], "anna", tmp_path, takes=1, port=plug([HEADER, *sent(waving(40, at))])
    )
    assert message.startswith("wave 1/1 was tried 3 times: ") and said in message
    assert not list(tmp_path.iterdir()), "nothing was recorded, nothing is there"


def test_takes_stay_when_the_board_is_unplugged(plug, tmp_path):
    rows = sent(session(5))
    end = round((now(2) + 1) * RATE)
    port = plug([HEADER, *rows[:end]], unplugged_at_end=True)
    message = refused(["wave"], "anna", tmp_path, takes=5, port=port)
    assert "was unplugged" in message and f"2 takes are kept in {tmp_path}" in message
    assert len(load_motion(tmp_path / "wave" / "anna.csv").takes) == 2
    assert [path.name for path in tmp_path.rglob("*.*")] == ["anna.csv"], "no half-written file"


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        ([], "has sent nothing for 0.4 s. Press its reset button"),
        ([b"\n" * 100], "has sent nothing"),
        ([b"Hello\n"] * 100, "sends 'Hello' instead of rows of motion. Flash arduino/capture_imu"),
        ([b"0.1,0.2,0.9,1,2,3\n"] * 100, "instead of rows of motion"),
        ([b"\x00\xff\xfe" * 90_000], "has sent nothing"),
        ([b"The motion sensor does not answer.\n"] * 5, "'The motion sensor does not answer.'"),
        ([HEADER, *sent(waving(2))], "has sent nothing"),
        (itertools.repeat(b"7,0.1,0.2,0.9,1,2,3\n"), "sends rows whose first number is no time"),
    ],
    ids=[
        *("silent", "empty lines", "other sketch", "no time", "no lines", "no sensor", "stops"),
        "time stands still",
    ],
)
def test_a_board_that_sends_no_rows_is_named(plug, tmp_path, monkeypatch, chunks, said):
    monkeypatch.setattr(recording, "_PATIENCE", 0.4)
    monkeypatch.setattr(recording, "WARM_UP", 0.2)
    port = plug(chunks)
    message = refused(["wave"], "anna", tmp_path, port=port)
    assert port in message and said in message


def test_a_board_that_starts_anew_all_the_time_is_given_up(plug, tmp_path):
    message = refused(["wave"], "anna", tmp_path, port=plug(itertools.cycle(sent(waving(0.1)))))
    assert message == "wave 1/10 was tried 3 times: The board has started anew."


def test_a_port_that_another_program_has_open_is_named(plug, tmp_path):
    import serial

    port = plug([])
    with serial.Serial(port, exclusive=True):
        message = refused(["wave"], "anna", tmp_path, port=port)
    assert message.startswith(f"Another program has {port} open. Close the Serial Monitor")


def test_a_port_that_is_not_there_is_named(tmp_path):
    message = refused(["wave"], "anna", tmp_path, port="/dev/ttyNONE7")
    assert message.startswith("There is no port /dev/ttyNONE7 (connected boards: ")
    assert message.endswith("). Check its name and try again.")


def test_the_port_of_the_only_board_is_found(monkeypatch, tmp_path):
    for found, said in [
        ([], "No board is connected. Use a USB cable that carries data"),
        ([("COM3", "Arduino"), ("COM4", "Arduino")], "Arduino on COM3, Arduino on COM4. Choose"),
    ]:
        monkeypatch.setattr(serial_ports, "connected_boards", lambda found=found: found)
        assert said in refused(["wave"], "anna", tmp_path)
    monkeypatch.setattr(serial_ports, "connected_boards", lambda: [("COM3", "Arduino")])
    assert serial_ports.find_port() == "COM3"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((["a/b"], "anna"), "'a/b' cannot be the name of a file"),
        ((["wave"], "an:na"), "'an:na' cannot be the name of a file"),
        ((["wave"], ".."), "'..' cannot be the name of a file"),
        ((["wave", "wave"], "anna"), "none of them twice"),
        (([], "anna"), "Name at least one"),
        ((["wave"], "take_3"), "reads like the name of a take"),
        ((["wave"], "people"), "reads like"),
        ((None, "anna"), "Name at least one"),
        (([7], "anna"), "7 cannot be the name"),
    ],
)
def test_names_that_would_not_come_back_are_refused(tmp_path, arguments, said):
    assert said in refused(*arguments, tmp_path, port="none")


@pytest.mark.parametrize(("takes", "seconds"), [(0, 2), ("ten", 2), (5, 0), (5, 60), (5, "long")])
def test_takes_that_cannot_be_recorded_are_refused(tmp_path, takes, seconds):
    message = refused(["wave"], "anna", tmp_path, takes=takes, seconds=seconds, port="none")
    assert message.startswith(f"{takes!r} takes of {seconds!r} s cannot be recorded.")


def test_a_file_of_another_origin_or_rate_is_left_alone(plug, tmp_path):
    file = tmp_path / "wave" / "anna.csv"
    file.parent.mkdir()
    for text, said in [
        ("aX,aY\n1,2\n", "was not recorded by tinykit"),
        (
            "# sample_rate:\naX,aY,aZ,gX,gY,gZ\n" + "0,0,1,0,0,0\n" * 20,
            "line 1: the sample rate is missing",
        ),
        (
            "# sample_rate: 99.8\naX,aY,aZ,gX,gY,gZ\n" + "0,0,1,0,0,0\n" * 20,
            "was recorded with 99.8 rows a second, this board gives 119.0",
        ),
    ]:
        file.write_text(text, encoding="utf-8")
        message = refused(
            ["wave"], "anna", tmp_path, takes=1, port=plug([HEADER, *sent(session(1))])
        )
        assert said in message and str(file) in message
        assert file.read_text(encoding="utf-8") == text


# In a notebook


@pytest.mark.slow
def test_a_notebook_shows_one_picture_that_moves(tmp_path):
    """The cell's output is one image, replaced while it runs; the last one is stored."""
    import nbformat
    from nbclient import NotebookClient

    cell = f"""
        import sys; sys.path[:0] = {[str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)]!r}
        import test_motion as t, tinykit as tk
        from tinykit.datasets.recording import link as capture
        port = t.Port([t.HEADER, *t.sent(t.session(1))])
        really = capture.open_port
        def opened(name):
            serial = really(name)
            port.opened()
            return serial
        capture.open_port = opened
        tk.record_gestures(["wave"], "anna", {str(tmp_path)!r}, takes=1, port=port.name)
        """
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell.replace("        ", ""))]
    )
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [o for o in notebook.cells[0].outputs if o.output_type == "display_data"]
    assert len(outputs) == 1 and "image/png" in outputs[0].data
    assert len(load_motion(tmp_path / "wave" / "anna.csv").takes) == 1


def test_importing_costs_neither_matplotlib_nor_pyserial():
    import subprocess
    import sys

    code = (
        "import sys, tinykit.datasets.recording.motion; "
        "assert not {'serial', 'matplotlib', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
