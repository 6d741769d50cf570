"""Pictures are recorded from a serial port - here a pseudo-terminal - as the camera gave them."""

import contextlib
import itertools
import os
import select
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import yaml
from cpp_build import SKETCH_FLAGS, STAND_INS, compile_cpp
from PIL import Image

import tinykit as tk
from tinykit.board import boards
from tinykit.board.sensors import CAMERAS
from tinykit.board.virtual.devices import devices
from tinykit.board.virtual.devices.image import sensor_frame
from tinykit.common.errors import TinykitError
from tinykit.datasets import load_image
from tinykit.datasets.recording import image as image_recording
from tinykit.features.image import from_camera

tty = pytest.importorskip("tty", reason="Windows has no pseudo-terminals")

ROOT = Path(__file__).resolve().parents[3]
SKETCH = ROOT / "arduino" / "capture_image"
WIDTH, HEIGHT = 160, 120


def view(seed: int, brightness: float = 1.0) -> np.ndarray:
    """What a camera sees, different for each seed: uint8 (120, 160, 3)."""
    random = np.random.default_rng(seed)
    return (random.integers(0, 256, (HEIGHT, WIDTH, 3)) * brightness).astype(np.uint8)


def sent(picture: np.ndarray) -> bytes:
    """A picture as capture_image sends it."""
    content = sensor_frame(picture, WIDTH, HEIGHT, "RGB565").tobytes()
    header = f"tinykit image {WIDTH} {HEIGHT} RGB565 {len(content)} {zlib.crc32(content):X}\r\n"
    return header.encode() + content + b"\r\n"


def arrived(picture: np.ndarray) -> np.ndarray:
    """What is left of a picture's colours with 16 bits a pixel."""
    content = sensor_frame(picture, WIDTH, HEIGHT, "RGB565")
    return from_camera(content, WIDTH, HEIGHT, "RGB565")


class Camera:
    """A serial port whose other end answers each "p" with the next of `answers`.

    Without a next one it is silent, or `unplugged_at_end`. `chatter` is sent at the beginning.
    """

    def __init__(
        self, answers: Iterable[bytes], *, unplugged_at_end: bool = False, chatter: bytes = b""
    ) -> None:
        self._master, slave = os.openpty()
        self._handles = [slave, self._master]
        os.set_blocking(self._master, False)  # or a full buffer would hold the thread for ever
        tty.setraw(slave)
        self.name = os.ttyname(slave)
        self._answers, self._unplugged = iter(answers), unplugged_at_end
        self._chatter = chatter
        self._over = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over = True
        self._thread.join()
        self._unplug()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            self._send(self._chatter)
            while not self._over:
                if not self._asked():
                    continue
                answer = next(self._answers, None)
                if answer is not None:
                    self._send(answer)
                elif self._unplugged:
                    return self._unplug()

    def _asked(self) -> bool:
        readable, _, _ = select.select([self._master], [], [], 0.02)
        return bool(readable) and os.read(self._master, 1) == b"p"

    def _send(self, content: bytes) -> None:
        while content and not self._over:
            select.select([], [self._master], [], 0.05)
            with contextlib.suppress(BlockingIOError):
                content = content[os.write(self._master, content[:512]) :]

    def _unplug(self) -> None:
        while self._handles:  # each once: the number may soon be another file's
            os.close(self._handles.pop(0))


@pytest.fixture
def plug(monkeypatch) -> Callable[..., str]:
    """Gives a function that plugs in a board: answers -> the port's name. Nobody waits long."""
    monkeypatch.setattr(image_recording, "COUNT_DOWN", 0)
    cameras: list[Camera] = []

    def plugged(answers: Iterable[bytes], **how) -> str:
        cameras.append(Camera(answers, **how))
        return cameras[-1].name

    yield plugged
    for camera in cameras:
        camera.close()


def record(labels, session, out, port, **how) -> Path:
    return tk.record_images(labels, session, out, port=port, seconds_between=0, **how)


def refused(*arguments, **named) -> str:
    with pytest.raises(TinykitError) as error:
        tk.record_images(*arguments, **{"seconds_between": 0} | named)
    assert "\n" not in str(error.value)
    return str(error.value)


def pictures(folder: Path) -> list[str]:
    """The files below a folder, hidden ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# What is recorded


def test_a_file_holds_the_very_pixels_that_the_board_sent(plug, tmp_path, capsys):
    views = [view(seed) for seed in range(7)]
    out = record(["nothing", "cup"], "kitchen", tmp_path / "mine", plug(map(sent, views)), count=3)
    assert out == tmp_path / "mine"
    files = [out / label / f"kitchen_00{n}.png" for label in ("nothing", "cup") for n in (1, 2, 3)]
    assert pictures(out) == sorted(str(file.relative_to(out)) for file in files)
    for file, seen in zip(files, views[1:], strict=True):  # the first warms the camera up
        np.testing.assert_array_equal(load_image(file), arrived(seen))
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == f"Done: 6 pictures in {out}."
    assert [line for line in said if "/" in line][:2] == ["nothing 1/3", "nothing 2/3"]


def test_more_pictures_are_numbered_on_from_those_that_are_there(plug, tmp_path):
    (tmp_path / "cup").mkdir()
    strangers = ["kitchen_041.png", "kitchen_9.txt", "hall_090.png"]
    for name in strangers:
        (tmp_path / "cup" / name).write_bytes(b"mine")
    record("cup", "kitchen", tmp_path, plug(sent(view(seed)) for seed in range(3)), count=2)
    assert pictures(tmp_path) == sorted(
        f"cup/{name}" for name in [*strangers, "kitchen_042.png", "kitchen_043.png"]
    )
    assert all((tmp_path / "cup" / name).read_bytes() == b"mine" for name in strangers)


def test_each_label_is_counted_down_and_there_is_time_between_pictures(
    plug, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(image_recording, "COUNT_DOWN", 2)
    port = plug(sent(view(seed)) for seed in range(5))
    began = time.monotonic()
    tk.record_images(["pot", "cup"], "desk", tmp_path, count=2, seconds_between=0.6, port=port)
    # Twice 2 s of count-down, and 0.6 s for each picture.
    assert time.monotonic() - began >= 6.4
    said = capsys.readouterr().out.splitlines()
    assert said[:6] == [
        *("pot: get ready, 2 ...", "pot: get ready, 1 ...", "pot 1/2", "pot 2/2"),
        *("cup: get ready, 2 ...", "cup: get ready, 1 ..."),
    ]


def test_what_was_recorded_trains_and_names_the_session(plug, tmp_path):
    seeds = itertools.count()
    for session in ("kitchen", "hall", "garden"):
        port = plug(sent(view(next(seeds))) for _ in range(9))
        record(["person", "non_person"], session, tmp_path, port, count=4)
    data = tk.datasets.visual_wake_words(data=tmp_path)
    assert data.labels == ["non_person", "person"]
    scenes = [set(split.speakers) for split in (data.train, data.validation, data.test)]
    assert sorted(scene for group in scenes for scene in group) == ["garden", "hall", "kitchen"]


def test_a_camera_that_gives_grey_is_understood(plug, tmp_path):
    def grey(picture: np.ndarray) -> bytes:
        content = picture[..., 0].tobytes()
        header = f"tinykit image {WIDTH} {HEIGHT} GRAYSCALE {len(content)} "
        return header.encode() + b"%x\n" % zlib.crc32(content) + content

    record("cup", "desk", tmp_path, plug(grey(view(seed)) for seed in range(2)), count=1)
    seen = load_image(tmp_path / "cup" / "desk_001.png")
    np.testing.assert_array_equal(seen, np.repeat(view(1)[..., :1], 3, axis=2))


# The sketch


@pytest.fixture
def sent_by_the_sketch(monkeypatch) -> bytearray:
    """Every byte that a sketch on the virtual board sends: its serial log keeps lines of text."""
    collected = bytearray()
    really = devices.SerialPort.send

    def send(self, count: int) -> None:
        collected.extend(self._machine.memory(self._address, count).tobytes())
        really(self, count)

    monkeypatch.setattr(devices.SerialPort, "send", send)
    return collected


def test_the_sketch_gives_what_the_camera_sees(plug, tmp_path, sent_by_the_sketch):
    """Picture -> virtual camera -> sketch -> Serial -> recorder -> file, bit by bit."""
    views = np.stack([view(seed) for seed in range(4)])
    typed = [(1.2 + index, "p") for index in range(len(views))]
    run = tk.VirtualBoard().run(SKETCH, images=views, typed=typed)
    assert run.fault is None
    assert run.ram_bytes < 40_000, "a picture has 38,400 bytes, and there is only one"
    content = bytes(sent_by_the_sketch)
    starts = [found.start() for found in image_recording._HEADER.finditer(content)]
    assert starts[0] == 0 and len(starts) == len(views), "nothing before, and one for each 'p'"
    answers = [content[a:b] for a, b in itertools.pairwise([*starts, len(content)])]
    record("cup", "desk", tmp_path, plug(answers), count=3)
    for number in (1, 2, 3):
        seen = load_image(tmp_path / "cup" / f"desk_00{number}.png")
        np.testing.assert_array_equal(seen, arrived(views[number]))


def test_the_sketch_waits_until_it_is_asked():
    run = tk.VirtualBoard().run(
        SKETCH, images=np.stack([view(0)]), typed=[(2.0, "xyz\n")], seconds=3
    )
    assert run.fault is None and run.serial == []


@pytest.mark.parametrize("standard", ["gnu++14", "c++17"])
@pytest.mark.parametrize("board", ["ARDUINO_ARDUINO_NANO33BLE", "ARDUINO_NICLA_VISION"])
def test_the_sketch_compiles_without_a_warning(tmp_path, board, standard):
    flags = [*SKETCH_FLAGS, f"-std={standard}", f"-D{board}"]
    include = ["-I", STAND_INS / "arduino", "-include", "Arduino.h"]
    file = SKETCH / "capture_image.ino"
    compile_cpp([*flags, *include, "-x", "c++", "-c", file, "-o", tmp_path / "sketch.o"])


def test_the_sketch_pins_the_libraries_that_generated_sketches_pin():
    project = yaml.safe_load((SKETCH / "sketch.yaml").read_text("utf-8"))
    for name, profile in project["profiles"].items():
        board = boards[name]
        assert profile["fqbn"] == board.fqbn
        assert profile["platforms"] == [{"platform": f"{board.core} ({board.core_version})"}]
        assert tuple(profile.get("libraries", ())) == CAMERAS[board.camera].libraries


# What goes wrong


def test_chatter_before_a_picture_does_no_harm(plug, tmp_path):
    chatter = b"\x00\xffhello\r\ntinykit image 160 1"
    answers = [b"tinykit im\r\n" + sent(view(0)), b"\n\n" + sent(view(1))]
    record("cup", "desk", tmp_path, plug(answers, chatter=chatter), count=1)
    np.testing.assert_array_equal(load_image(tmp_path / "cup" / "desk_001.png"), arrived(view(1)))


def changed(content: bytes) -> bytes:
    return content[:5_000] + bytes([content[5_000] ^ 1]) + content[5_001:]


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (changed(sent(view(1))), "was damaged on its way"),
        (sent(view(1))[:20_000], "was damaged on its way"),
        (sent(view(0)), "gave the very same picture again"),
        (sent(view(1, brightness=0.05)), "is black"),
        (sent(255 - view(1, brightness=0.05)), "is white"),
    ],
    ids=["a bit", "the end", "the same", "black", "white"],
)
def test_a_picture_of_no_use_is_taken_again(plug, tmp_path, capsys, monkeypatch, spoilt, said):
    monkeypatch.setattr(image_recording, "_PATIENCE", 0.5)
    port = plug([sent(view(0)), spoilt, sent(view(2))])
    record("cup", "desk", tmp_path, port, count=1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("cup 1/1: The ") and said in lines[0]
    assert lines[0].endswith(" Once more.") and lines[1] == "cup 1/1"
    np.testing.assert_array_equal(load_image(tmp_path / "cup" / "desk_001.png"), arrived(view(2)))


def test_what_fails_three_times_is_given_up_and_the_rest_is_kept(plug, tmp_path):
    dark = [sent(view(seed, brightness=0.05)) for seed in range(5, 8)]
    port = plug([sent(view(0)), sent(view(1)), sent(view(2)), *dark])
    message = refused(["cup"], "desk", tmp_path, port=port, count=9)
    assert message.startswith("cup 3/9 was tried 3 times: The picture is black. Take the cap off")
    assert message.endswith(f"2 pictures are kept in {tmp_path}; record the others with count=.")
    assert pictures(tmp_path) == ["cup/desk_001.png", "cup/desk_002.png"]


def test_pictures_stay_when_the_board_is_unplugged(plug, tmp_path):
    port = plug([sent(view(seed)) for seed in range(4)], unplugged_at_end=True)
    message = refused(["cup", "pot"], "desk", tmp_path, port=port, count=2)
    assert "was unplugged. Connect it again." in message
    assert message.endswith(f"3 pictures are kept in {tmp_path}; record the others with count=.")
    assert pictures(tmp_path) == ["cup/desk_001.png", "cup/desk_002.png", "pot/desk_001.png"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([], "has sent nothing for 0.4 s. Press its reset button. Or else: Flash"),
        ([b"7,0.1,0.2,0.9,1,2,3\r\n"], "sends '7,0.1,0.2,0.9,1,2,3' instead of a picture. Flash"),
        ([b"\x00\xff\xfe" * 9_000], "instead of a picture"),
        ([b"The camera does not answer. Does it?\r\n"], "says: The camera does not answer. Does"),
        ([b"tinykit image 0 0 RGB565 x y\r\n"], "instead of a picture"),
    ],
    ids=["silent", "another sketch", "no text", "no camera", "no numbers"],
)
def test_a_board_that_sends_no_picture_is_named(plug, tmp_path, monkeypatch, answers, said):
    monkeypatch.setattr(image_recording, "_PATIENCE", 0.4)
    port = plug(answers)
    message = refused(["cup"], "desk", tmp_path, port=port)
    assert port in message and said in message
    assert not list(tmp_path.iterdir()), "nothing was recorded, nothing is there"


def test_a_board_that_talks_all_the_time_is_named(plug, tmp_path, monkeypatch):
    monkeypatch.setattr(image_recording, "_PATIENCE", 2.0)  # a busy computer passes it on late
    port = plug([], chatter=b"1,2,3\r\n" * 2_000_000)
    assert "sends '1,2,3' instead of a picture" in refused(["cup"], "desk", tmp_path, port=port)


@pytest.mark.parametrize(
    "header",
    [
        b"tinykit image 160 120 JPEG 4 %x\n",
        b"tinykit image 4000 4000 RGB565 4 %x\n",
        b"tinykit image 1 1 RGB565 4 %x\n",
    ],
)
def test_a_header_that_does_not_fit_is_refused(plug, tmp_path, header):
    answer = header % zlib.crc32(b"1234") + b"1234"
    message = refused(["cup"], "desk", tmp_path, port=plug([answer] * 9))
    assert "is no format of a camera" in message or "has" in message


def test_a_picture_that_claims_to_be_huge_is_not_waited_for(plug, tmp_path, monkeypatch):
    monkeypatch.setattr(image_recording, "_PATIENCE", 0.3)
    answer = b"tinykit image 60000 60000 RGB565 7200000000 0\n" + bytes(1_000)
    message = refused(["cup"], "desk", tmp_path, port=plug([answer] * 9))
    assert "was tried 3 times: The picture was damaged" in message


def test_a_disk_that_cannot_be_written_is_named(plug, tmp_path):
    (tmp_path / "cup").write_text("a file in the way")
    port = plug(sent(view(seed)) for seed in range(9))
    assert "cannot be written" in refused(["cup"], "desk", tmp_path, port=port)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((["a/b"], "kitchen"), "'a/b' cannot be the name of a file"),
        ((["cup"], "kit:chen"), "'kit:chen' cannot be the name of a file"),
        ((["cup"], ".."), "'..' cannot be the name of a file"),
        ((["cup", "cup"], "kitchen"), "none of them twice"),
        (([], "kitchen"), "Name at least one"),
        ((None, "kitchen"), "Name at least one"),
        (([7], "kitchen"), "7 cannot be the name"),
        ((["cup"], "IMG"), "reads like a label or a camera's name"),
        ((["cup"], "cup"), "reads like a label"),
        ((["cup"], "2024"), "reads like a label"),
    ],
)
def test_names_that_would_not_come_back_are_refused(tmp_path, arguments, said):
    assert said in refused(*arguments, tmp_path, port="none")


@pytest.mark.parametrize(
    ("count", "seconds"), [(0, 1), ("ten", 1), (2.5, 1), (5, -1), (5, 100), (5, "long")]
)
def test_pictures_that_cannot_be_taken_are_refused(tmp_path, count, seconds):
    message = refused(["cup"], "desk", tmp_path, count=count, seconds_between=seconds, port="none")
    assert message.startswith(f"{count!r} pictures, {seconds!r} s apart, cannot be taken.")


# In a notebook


@pytest.mark.slow
def test_a_notebook_shows_each_picture_and_in_the_end_all(tmp_path):
    """The cell's output is one block that is replaced; the last one is stored."""
    import nbformat
    from nbclient import NotebookClient

    cell = f"""
        import sys; sys.path[:0] = {[str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)]!r}
        import test_image as t, tinykit as tk
        from tinykit.datasets.recording import image as image_recording
        image_recording.COUNT_DOWN = 0
        port = t.Camera([t.sent(t.view(seed)) for seed in range(5)])
        t.record(["cup", "pot & pan"], "desk", {str(tmp_path)!r}, port.name, count=2)
        """
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell.replace("        ", ""))]
    )
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [o for o in notebook.cells[0].outputs if o.output_type == "display_data"]
    assert len(outputs) == 1
    shown = outputs[0].data["text/html"]
    assert shown.count("<img ") == 2, "an overview of each label"
    assert "Done: 4 pictures in " in shown and "pot &amp; pan" in shown
    assert not [o for o in notebook.cells[0].outputs if o.output_type == "stream"]


def test_the_overview_has_ten_pictures_in_a_row():
    sheet = image_recording._sheet([view(seed) for seed in range(23)])
    assert sheet.size == (10 * 96, 3 * 72)
    corner = Image.fromarray(view(22)).resize((96, 72))
    np.testing.assert_array_equal(np.asarray(sheet)[144:, 192:288], np.asarray(corner))
    assert (np.asarray(sheet)[144:, 288:] == 255).all()


def test_importing_costs_neither_matplotlib_nor_pyserial():
    code = (
        "import sys, tinykit.datasets.recording.image; "
        "assert not {'serial', 'matplotlib', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
