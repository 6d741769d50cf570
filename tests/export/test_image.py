"""Generated sketches of picture models: what is in them, and that they decide as Python does."""

import dataclasses
import re

import numpy as np
import pytest
import yaml
from conftest import bars
from cpp_build import LIBRARY, SKETCH_FLAGS, STAND_INS, arduino_sources, board_flags, compile_cpp

import tinykit as tk
from tinykit.board import boards
from tinykit.board.fit import ENGINES
from tinykit.board.sensing.cost import sensing_cost
from tinykit.board.sensors import CAMERAS
from tinykit.board.virtual.devices.image import sensor_frame
from tinykit.board.virtual.toolchain import zig
from tinykit.common.kinds import IMAGE
from tinykit.features.image import from_camera
from tinykit.streaming.image import SECONDS_PER_FRAME

BOARDS = [name for name, board in boards.items() if board.camera in CAMERAS]
EMULATED = ["nano33ble", "nano33ble_rev2"]
ARENA = 20_000  # smallest on the host, for "tflm"
COURSE_RAM = 180_000  # bytes, of 262,144: what the course allows a picture sketch in all


def exported(tiny, folder, board="nano33ble", engine="compiled"):
    return tk.export_sketch(tiny, board, folder / "looker", engine, arena_bytes=ARENA)


def as_colour_camera(frames: np.ndarray) -> np.ndarray:
    """Frames of 120 x 160 as RGB565 keeps them: 5, 6 and 5 bits."""
    shape = frames.shape[2], frames.shape[1], "RGB565"
    return np.stack([from_camera(sensor_frame(frame, *shape), *shape) for frame in frames])


def flags_for(sketch, board: str, standard: str) -> list:
    includes = ["-I", STAND_INS / "arduino", "-I", sketch.path, "-include", "Arduino.h"]
    return [f"-std={standard}", *SKETCH_FLAGS, *board_flags(board), *includes, "-x", "c++"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("model", ["picture_tiny", "colour_tiny"])
@pytest.mark.parametrize("standard", ["gnu++14", "c++17"])
def test_sketch_compiles_without_a_warning(model, tmp_path, board, engine, standard, request):
    sketch = exported(request.getfixturevalue(model), tmp_path, board, engine)
    for source in arduino_sources(sketch.path, tmp_path):
        compile_cpp([*flags_for(sketch, board, standard), "-fsyntax-only", source])


@pytest.mark.parametrize("board", BOARDS)
def test_clang_has_nothing_to_say_about_it_either(colour_tiny, tmp_path, board):
    sketch = exported(colour_tiny, tmp_path, board)
    source = sketch.path / "looker.ino"
    zig(["c++", *flags_for(sketch, board, "gnu++14"), "-c", source, "-o", "looker.o"], tmp_path)


def test_sketch_holds_what_it_needs_and_nothing_of_other_kinds(picture_tiny, tmp_path):
    sketch = exported(picture_tiny, tmp_path)
    parts = {file.removeprefix("src/tinykit/") for file in sketch.files if "nn/" not in file}
    assert parts == {
        "looker.ino", "model.h", "model.cpp", "config.h", "sketch.yaml", "README.md",
        "CameraOv7675.h", "FrameDecider.h", "PictureResizer.h", "PixelFormats.h",
    }  # fmt: skip
    readme = (sketch.path / "README.md").read_text(encoding="utf-8")
    assert "--input pictures/" in readme and "Tiny Machine Learning shield" in readme
    assert "microphone" not in readme and "half a second" not in readme


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("board", BOARDS)
def test_the_cameras_library_is_pinned_unless_it_comes_with_the_core(
    picture_tiny, tmp_path, board, engine
):
    sketch = exported(picture_tiny, tmp_path, board, engine)
    project = yaml.safe_load((sketch.path / "sketch.yaml").read_text(encoding="utf-8"))
    libraries = project["profiles"][board].get("libraries", [])
    own = [name for name in libraries if "TensorFL" not in name]
    if boards[board].camera == "OV7675":
        assert len(own) == 1 and re.fullmatch(r"Arduino_OV767X \(\d+\.\d+\.\d+\)", own[0])
    else:
        assert own == []
    assert len(libraries) - len(own) == (engine == "tflm")


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_fit_check_counts_the_cameras_buffer_as_it_is(tmp_path, board, channels):
    """Width, height and format stand in C++ and, for the fit check, in Python."""
    tiny = tk.TinyModel(b"", ["a", "b"], tk.features.Picture(channels=channels))
    counted = sensing_cost(IMAGE, tiny, boards[board], inference=0.1).ram["camera frame"]
    source = tmp_path / "camera.cpp"
    source.write_text(
        f"""
        #include "{CAMERAS[boards[board].camera].header}"
        constexpr int kTaken = static_cast<int>(sizeof(tinykit::BoardCamera<{channels}>));
        static_assert(kTaken >= {counted} && kTaken <= {counted} + 128, "buffer and little else");
        """,
        encoding="utf-8",
    )
    includes = ["-I", STAND_INS / "arduino", "-I", LIBRARY]
    compile_cpp(["-std=gnu++14", "-fsyntax-only", *includes, source])


@pytest.mark.parametrize("board", BOARDS)
def test_the_readme_says_what_to_expect_of_the_camera(picture_tiny, tmp_path, board):
    """The library's release knows the OV7670 alone, and the board's core is no `mbed`."""
    readme = (exported(picture_tiny, tmp_path, board).path / "README.md").read_text("utf-8")
    concerns = boards[board].camera == "OV7675"
    for words in ("OV7670", "off-centre", "architecture `mbed`"):
        assert (words in " ".join(readme.split())) == concerns


def test_front_end_and_decision_constants_reach_the_sketch(colour_tiny, tmp_path):
    frontend = dataclasses.replace(colour_tiny.frontend, crop=True)
    decision = {"agree": 5, "threshold": 99}
    tiny = dataclasses.replace(colour_tiny, frontend=frontend, decision=decision)
    sketch = exported(tiny, tmp_path)
    assert sketch.decision == decision
    config = (sketch.path / "config.h").read_text(encoding="utf-8")
    for line in (
        "kSize = 32;",
        "kChannels = 3;",
        "kCrop = true;",
        "kAgree = 5;",
        "kThreshold = 99;",
    ):
        assert line in config


@pytest.mark.parametrize("model", ["picture_tiny", "colour_tiny"])
def test_the_table_of_inputs_is_what_the_model_was_quantized_with(model, tmp_path, request):
    tiny = request.getfixturevalue(model)
    config = (exported(tiny, tmp_path).path / "config.h").read_text(encoding="utf-8")
    written = re.search(r"kInputOfPixel\[256\] = \{[^\n]*\n(.*?)\};", config, re.DOTALL)[1]
    table = np.array([int(number) for number in written.replace("\n", " ").split(",")[:-1]])
    for pixel in range(256):
        flat = np.full((40, 40), pixel, np.uint8)
        assert (tiny.quantize(tiny.frontend([flat])) == table[pixel]).all()


# ---- Refusals ----


@pytest.mark.parametrize("board", [name for name in boards if name not in BOARDS])
def test_boards_whose_camera_is_missing_or_unknown_are_refused(picture_tiny, tmp_path, board):
    with pytest.raises(
        tk.TinykitError, match=r"no camera|camera \(OV2640\) that the kit"
    ) as caught:
        exported(picture_tiny, tmp_path, board)
    assert "Choose one of: nano33ble, nano33ble_rev2, nicla_vision." in str(caught.value)
    assert "\n" not in str(caught.value) and not (tmp_path / "looker").exists()


def test_models_that_do_not_fit_their_front_end_are_refused(picture_tiny, tmp_path):
    frontend = dataclasses.replace(picture_tiny.frontend, size=48)
    with pytest.raises(tk.TinykitError, match="its front end makes"):
        exported(dataclasses.replace(picture_tiny, frontend=frontend), tmp_path)


# ---- The whole sketch on the virtual board ----

SHOWN = [0, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("board", EMULATED)
@pytest.mark.parametrize("model", ["picture_tiny", "colour_tiny"])
def test_what_is_checked_is_what_is_flashed(model, tmp_path, board, request):
    """The very C++ of the sketch prints what Python sees in the same pictures: the same changes,
    the same scores. The camera in colour keeps 16 bits of a pixel, so Python sees those, too."""
    tiny = request.getfixturevalue(model)
    frames = bars(SHOWN, seed=8)
    sketch = exported(tiny, tmp_path, board)
    run = tk.VirtualBoard(board).run(sketch, images=frames)
    assert run.fault is None
    assert len(run.inferences) == len(run.pictures) == len(frames), "one inference for each picture"
    seen = frames if model == "picture_tiny" else as_colour_camera(frames)
    expected = tk.stream(tiny, seen, sketch.decision)
    assert [label for _, label, _ in expected.events] == ["upright", "lying", "upright"]
    printed = [line.text.split() for line in run.serial]
    assert [(label, score) for _, _, label, score in printed] == [
        (label, f"{score:.2f}") for _, label, score in expected.events
    ]
    for (seconds, *_), (time, _, _) in zip(printed, expected.events, strict=True):
        taken = run.pictures[round(time / SECONDS_PER_FRAME) - 1]
        assert 0 <= float(seconds) - taken <= 0.2, "printed before the next picture is taken"
    assert np.allclose(np.diff(run.pictures), SECONDS_PER_FRAME), "five a second, every other seen"


def test_a_cropping_front_end_sees_the_same_on_the_board(picture_tiny, tmp_path):
    frontend = dataclasses.replace(picture_tiny.frontend, crop=True)
    tiny = dataclasses.replace(picture_tiny, frontend=frontend, decision={"agree": 1})
    frames = bars(SHOWN, seed=11)
    run = tk.VirtualBoard().run(exported(tiny, tmp_path), images=frames)
    events = tk.stream(tiny, frames).events
    assert len(events) >= 2, "the test needs changes"
    assert [line.text.split()[2:] for line in run.serial] == [
        [label, f"{score:.2f}"] for _, label, score in events
    ]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_courses_network_stays_within_its_memory(tmp_path, channels):
    """96 x 96 pixels with the camera's frame, core and stack, as counted and as really linked."""
    frontend, labels = tk.features.Picture(96, channels), ["non_person", "person"]
    model = tk.models.mobilenet(frontend.shape, labels)
    noise = np.random.default_rng(5).uniform(-1, 1, (8, *frontend.shape)).astype(np.float32)
    for _ in range(40):  # untrained, but with the statistics of its layers
        model(noise, training=True)
    sketch = exported(tk.quantize(model, noise, frontend, labels), tmp_path)
    assert sketch.fit.passed and sum(sketch.fit.ram.values()) <= COURSE_RAM
    run = tk.VirtualBoard().run(sketch, images=bars([0, 1], seed=12))
    board = boards["nano33ble"]
    assert run.fault is None and len(run.inferences) == 2
    assert run.static_bytes + board.core_ram + board.stack <= COURSE_RAM
    assert run.stack_bytes <= 2_048
    counted = sum(sketch.fit.ram[part] for part in ("tensor arena", "front end", "camera frame"))
    assert counted <= run.static_bytes <= counted + 1_024, "the fit check has forgotten something"


def test_led_is_lit_as_long_as_something_is_seen(picture_tiny, tmp_path):
    run = tk.VirtualBoard().run(exported(picture_tiny, tmp_path), images=bars(SHOWN, seed=8))
    seen, gone, again = (line.seconds for line in run.serial)
    changes = [(change.level, change.seconds) for change in run.leds if change.pin == "LEDG"]
    levels = [level for level, _ in changes[-3:]]
    assert levels == [0, 1, 0], "on, off, on: the LED is active low"
    for (_, lit), printed in zip(changes[-3:], (seen, gone, again), strict=True):
        assert lit == pytest.approx(printed, abs=0.01)
    assert all(change.seconds < 0.1 for change in run.leds if change.pin != "LEDG"), "never lit"


def test_a_camera_in_the_dark_says_nothing(picture_tiny, tmp_path):
    run = tk.VirtualBoard().run(exported(picture_tiny, tmp_path), seconds=6)
    assert run.fault is None and len(run.inferences) >= 10
    assert all("upright" in line.text or "lying" in line.text for line in run.serial)


def test_a_sketch_for_another_boards_camera_is_refused(picture_tiny, tmp_path):
    """On the real board its driver would find no camera."""
    sketch = exported(picture_tiny, tmp_path, "nicla_vision")
    for given in (sketch.path, sketch.path / "looker.ino"):
        with pytest.raises(tk.TinykitError, match=r'another camera than.*board="nano33ble"'):
            tk.VirtualBoard().run(given)


def test_hostile_labels_reach_serial_and_readme_unchanged(picture_tiny, tmp_path):
    labels = ['say "no"', "back\\slash ??/ смайл 🙂"]
    tiny = dataclasses.replace(picture_tiny, labels=labels, name='a/b "c"')
    frames = bars([1, 1, 1, 0, 0, 0], seed=9)
    run = tk.VirtualBoard().run(exported(tiny, tmp_path), images=frames)
    said = [line.text.split("  ", 1)[1] for line in run.serial]
    assert said == [f"{label}  {score:.2f}" for _, label, score in tk.stream(tiny, frames).events]
