"""What a board takes for each layer, read from its serial port: the virtual board's, and one of a
pseudo-terminal. On the virtual board, measured is what was estimated."""

import contextlib
import os
import threading

import numpy as np
import pytest

import tinykit as tk
from tinykit.board import corrections, measuring
from tinykit.datasets.recording.link import BoardError

SECONDS = 1.0


@pytest.fixture(scope="module")
def compiled(small_tiny):
    return tk.compile(small_tiny)


@pytest.fixture(scope="module")
def run(compiled, tmp_path_factory):
    """The benchmark of the small model on the virtual board."""
    sketch = tk.export_benchmark(compiled, tmp_path_factory.mktemp("measured") / "timing")
    run = tk.VirtualBoard().run(sketch, seconds=SECONDS)
    assert run.fault is None, run.fault
    return run


@pytest.fixture
def lines(run) -> list[str]:
    return [line.text for line in run.serial]


def changed(lines: list[str], name: str, value: str) -> list[str]:
    """The lines with another value of one fact."""
    assert any(line.startswith(f"{name} ") for line in lines)
    return [f"{name} {value}" if line.startswith(f"{name} ") else line for line in lines]


# From end to end


def test_on_the_virtual_board_measured_is_estimated(run, compiled):
    """But for the loop around the layers, and for where the linker put their code: other lines of
    it meet in the cache, which is one percent of a layer and less of the whole."""
    result = tk.measure(run, compiled)
    assert result.board is tk.boards["nano33ble"]
    assert [row.name for row in result.layers] == [step.name for step in compiled.steps]
    for row in result.layers:
        assert row.measured == pytest.approx(row.estimated, rel=0.02, abs=100), row
    assert result.factor == pytest.approx(1, abs=0.005)
    assert result.report.cache is True and result.report.counter == "cycles"
    within = sum(row.measured for row in result.layers)
    assert within == pytest.approx(result.measured, rel=0.002)


def test_it_says_the_same_whatever_stands_for_the_model(run, small_tiny, compiled, tmp_path):
    path = tmp_path / "words.tflite"
    path.write_bytes(small_tiny.tflite)
    for model in (small_tiny, path):
        assert tk.measure(run, model).measured == tk.measure(run, compiled).measured


def test_a_measurement_shows_itself(run, compiled):
    result = tk.measure(run, compiled)
    text = str(result)
    assert all(row.name in text for row in result.layers)
    assert f"{result.measured:,}" in text and "ratio" in text
    assert result._repr_html_().count("<tr>") == len(result.layers) + 2


def test_saved_it_corrects_the_next_runs(run, compiled, tmp_path, monkeypatch):
    """Here by a board that is said to take one and a half times as long."""
    monkeypatch.setenv("TINYKIT_SETTINGS", str(tmp_path))
    slower = []
    for line in (line.text for line in run.serial):
        *words, number = line.split(" ")
        if words and words[0] in ("layer", "total"):
            line = " ".join([*words, str(int(number) * 3 // 2)])
        slower.append(line)
    result = measuring.compared(measuring.first_report(slower), compiled)
    path = result.save()
    assert path == tmp_path / "measured.json"
    entry = corrections.saved()["nano33ble"]
    assert entry["factor"] == result.factor == pytest.approx(1.5, abs=0.01)
    assert entry["model"] == "keyword_spotting"
    q = measuring.fixed_input(compiled)
    corrected = tk.VirtualBoard().run_model(compiled, q)
    assert corrected.cycles == pytest.approx(result.measured, rel=1e-4)
    again = measuring.compared(measuring.first_report(slower), compiled)
    assert again.factor == result.factor, "beside the estimate as it is, not the corrected one"


@pytest.mark.parametrize("name", [name for name in tk.boards if "nano33" not in name])
def test_boards_that_cannot_be_emulated_have_an_estimate_too(lines, compiled, name):
    board = tk.boards[name]
    told = changed(changed(lines, "board", name), "clock", str(board.clock))
    result = measuring.compared(measuring.first_report(told), compiled)
    computing = tk.VirtualBoard().run_model(compiled, measuring.fixed_input(compiled))
    without_waits = computing.cycles - computing.waits
    assert result.estimated == pytest.approx(without_waits * board.slowdown, rel=1e-4)


def test_the_fixed_input_is_spread_over_all_values(compiled):
    q = measuring.fixed_input(compiled)
    assert q.shape == tuple(compiled.input_shape) and q.dtype == np.int8
    assert len(np.unique(q)) > 250 and abs(q.mean()) < 5


def test_what_only_a_board_knows_is_remarked(lines, compiled):
    off = measuring.compared(measuring.first_report(changed(lines, "cache", "off")), compiled)
    assert "The instruction cache of this board is off" in str(off)
    micros = measuring.first_report(changed(lines, "counter", "micros"))
    assert "whole microseconds" in str(measuring.compared(micros, compiled))


# What the board prints


def test_a_report_is_read_from_its_first_line_on(lines):
    whole = measuring.first_report(lines)
    end = lines.index("end")
    assert measuring.first_report([*lines[5 : end + 1], "", "something", *lines]) == whole
    assert measuring.first_report(lines[1 : end + 1]) is None
    assert measuring.first_report(lines[:end]) is None


def test_damaged_reports_are_refused(lines):
    end = lines.index("end") + 1
    layer = next(index for index, line in enumerate(lines) if line.startswith("layer 2"))
    damaged = [
        lines[:layer] + lines[layer + 1 : end],  # a line is missing
        [*lines[:layer], lines[layer][:-3] + "\ufffd1", *lines[layer + 1 : end]],
        [line for line in lines[:end] if not line.startswith("crc")],
        changed(lines, "total", "many"),
        changed(lines, "layers", "99"),
    ]
    for text in damaged:
        with pytest.raises(tk.TinykitError, match="damaged or missing"):
            measuring.first_report(text)


def test_other_boards_models_and_versions_are_noticed(lines, compiled, gesture_tiny):
    def say(told, model=compiled):
        measuring.compared(measuring.first_report(told), model)

    with pytest.raises(tk.TinykitError, match='"nano9000", a board that this kit does not know'):
        say(changed(lines, "board", "nano9000"))
    with pytest.raises(tk.TinykitError, match=r"runs at 16,000,000 Hz, and .* at 64,000,000"):
        say(changed(lines, "clock", "16000000"))
    with pytest.raises(tk.TinykitError, match="runs another model: keyword_spotting with"):
        say(lines, tk.compile(gesture_tiny))
    with pytest.raises(tk.TinykitError, match="gives other outputs than"):
        say(changed(lines, "crc", "12345"))
    with pytest.raises(tk.TinykitError, match="of another version of tinykit"):
        say(["tinykit benchmark 2", *lines[1:]])
    with pytest.raises(tk.TinykitError, match="cannot run the model: no room"):
        say([*lines[:3], "problem no room"])


def test_a_sketch_that_prints_no_report_is_explained(compiled):
    other = tk.VirtualBoard().run("void setup() {}\nvoid loop() {}\n", seconds=0.1)
    with pytest.raises(tk.TinykitError, match=r"no whole report: it ran for 0\.1 s"):
        tk.measure(other, compiled)


# The serial port


class FakeLink:
    """A port on which `content` arrives, and then nothing."""

    def __init__(self, content: bytes) -> None:
        self.port = "COM7"
        self._chunks = [content[i : i + 100] for i in range(0, len(content), 100)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def receive(self) -> bytes:
        return self._chunks.pop(0) if self._chunks else b""


@pytest.fixture
def heard(monkeypatch):
    """Gives a function that says what arrives on the port."""
    monkeypatch.setattr(measuring, "_PATIENCE", 0.1)
    return lambda content: monkeypatch.setattr(measuring, "Link", lambda port: FakeLink(content))


def test_a_report_that_has_begun_before_is_passed_over(heard, lines, compiled, run):
    cut = "\r\n".join([*lines[9:], *lines, ""]).encode()
    heard(cut)
    assert tk.measure("COM7", compiled).report == tk.measure(run, compiled).report


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Nothing is heard from COM7"),
        (b"yes 0.94\r\nno 0.91\r\n", 'runs another sketch: it says "no 0.91"'),
        (bytes(range(128, 256)) * 3, "no text at 115,200 baud"),
        (b"tinykit benchmark 1\nboard nano33ble\nrun 1\n", "fell silent"),
        (b"tinykit benchmark 1\nboard nano33ble\n" + 99 * b"no 0.91\n", "fell silent"),
    ],
)
def test_what_is_heard_instead_of_a_report_is_explained(heard, compiled, content, said):
    heard(content)
    with pytest.raises(tk.TinykitError, match=said):
        tk.measure("COM7", compiled)


def test_a_board_that_is_unplugged_is_explained(monkeypatch, compiled):
    class Unplugged(FakeLink):
        def receive(self):
            raise BoardError("The board on COM7 was unplugged. Connect it again.")

    monkeypatch.setattr(measuring, "Link", lambda port: Unplugged(b""))
    with pytest.raises(tk.TinykitError, match="was unplugged"):
        tk.measure("COM7", compiled)


def test_there_has_to_be_a_port(compiled, monkeypatch):
    pytest.importorskip("serial")
    with pytest.raises(tk.TinykitError, match=r"There is no port /dev/ttyNONE|cannot be opened"):
        tk.measure("/dev/ttyNONE", compiled)
    monkeypatch.setattr("tinykit.datasets.recording.ports.connected_boards", lambda: [])
    with pytest.raises(tk.TinykitError, match="No board is connected"):
        tk.measure(None, compiled)


def test_a_real_port_is_read(lines, compiled, run):
    """Through pyserial, from a pseudo-terminal."""
    tty = pytest.importorskip("tty", reason="Windows has no pseudo-terminals")
    master, slave = os.openpty()
    tty.setraw(slave)
    content, over = "\r\n".join([*lines, ""]).encode(), threading.Event()

    def send() -> None:
        """Again and again, as the board does; what finds no room now is sent later."""
        rest = b""
        while not over.wait(0.002):
            rest = rest or content
            with contextlib.suppress(BlockingIOError):
                rest = rest[os.write(master, rest) :]

    os.set_blocking(master, False)
    thread = threading.Thread(target=send)
    thread.start()
    try:
        report = tk.measure(os.ttyname(slave), compiled).report
    finally:
        over.set()
        thread.join()
        os.close(master)
        os.close(slave)
    assert report == tk.measure(run, compiled).report
