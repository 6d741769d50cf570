"""Generated sketches of gesture models: what is in them, and that they decide as Python does."""

import dataclasses
import re

import numpy as np
import pytest
import yaml
from conftest import swings
from cpp_build import SKETCH_FLAGS, STAND_INS, arduino_sources, board_flags, compile_cpp

import tinykit as tk
from tinykit.board import boards
from tinykit.board.fit import ENGINES
from tinykit.board.sensors import motion_driver

BOARDS = [name for name, board in boards.items() if motion_driver(board.imu)]
ARENA = 4_000  # smallest on the host, for "tflm"


def exported(tiny, folder, board="nano33ble", engine="compiled"):
    return tk.export_sketch(tiny, board, folder / "watcher", engine, arena_bytes=ARENA)


def as_felt(motion: np.ndarray) -> np.ndarray:
    """Motion in the whole steps of a sensor of 4 g and 2000 deg/s, as the virtual one gives it."""
    steps = np.array([4, 4, 4, 2000, 2000, 2000], np.float32) / 32_768
    return (np.clip(np.round(motion / steps), -32_768, 32_767) * steps).astype(np.float32)


def one_after_the_other(n: int, seed: int, sample_rate: float) -> np.ndarray:
    takes, _ = swings(n, seed, sample_rate)
    return as_felt(np.concatenate(takes))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("standard", ["gnu++14", "c++17"])
def test_sketch_compiles_without_a_warning(gesture_tiny, tmp_path, board, engine, standard):
    sketch = exported(gesture_tiny, tmp_path, board, engine)
    includes = ["-I", STAND_INS / "arduino", "-I", sketch.path, "-include", "Arduino.h"]
    for source in arduino_sources(sketch.path, tmp_path):
        flags = [f"-std={standard}", *SKETCH_FLAGS, *board_flags(board), "-fsyntax-only"]
        compile_cpp([*flags, *includes, "-x", "c++", source])


def test_sketch_holds_what_it_needs_and_nothing_of_other_kinds(gesture_tiny, tmp_path):
    sketch = exported(gesture_tiny, tmp_path)
    parts = {file.removeprefix("src/tinykit/") for file in sketch.files if "nn/" not in file}
    assert parts == {
        "watcher.ino", "model.h", "model.cpp", "config.h", "sketch.yaml", "README.md",
        "MotionDecider.h", "MotionFeatures.h", "MotionSegmenter.h", "MotionSensorLsm9ds1.h",
    }  # fmt: skip
    readme = (sketch.path / "README.md").read_text(encoding="utf-8")
    assert "--input recording.csv" in readme and "microphone" not in readme


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("board", BOARDS)
def test_the_sensors_library_is_pinned(gesture_tiny, tmp_path, board, engine):
    sketch = exported(gesture_tiny, tmp_path, board, engine)
    project = yaml.safe_load((sketch.path / "sketch.yaml").read_text(encoding="utf-8"))
    libraries = project["profiles"][board]["libraries"]
    sensor = f"Arduino_{boards[board].imu}"
    assert re.fullmatch(rf"{sensor} \(\d+\.\d+\.\d+\)", libraries[0])
    assert len(libraries) == (2 if engine == "tflm" else 1)
    readme = (sketch.path / "README.md").read_text(encoding="utf-8")
    includes = "".join(p.read_text(encoding="utf-8") for p in sketch.path.rglob("MotionSensor*"))
    assert sensor in readme and f"#include <{sensor}.h>" in includes


@pytest.mark.parametrize("board", BOARDS)
def test_constants_are_those_of_the_boards_own_sensor(gesture_tiny, tmp_path, board):
    """Another rate, other numbers of samples: the same seconds."""
    config = (exported(gesture_tiny, tmp_path, board).path / "config.h").read_text(encoding="utf-8")
    frontend = dataclasses.replace(gesture_tiny.frontend, sample_rate=boards[board].imu_rate)
    constants = frontend.constants
    names = ["level_share", "energy_share", "start", "stop", "quiet", "before", "shortest"]
    written = re.search(r"kMotionConstants = \{(.*?)\};", config, re.DOTALL)[1]
    numbers = re.findall(r"^ *(\d+),", written, re.MULTILINE)
    assert list(map(int, numbers)) == [constants[name] for name in names]
    assert f"kLongestSamples = {constants['longest']};" in config
    assert constants["longest"] == round(frontend.longest * boards[board].imu_rate)


def test_other_front_end_constants_and_decisions_reach_the_sketch(gesture_tiny, tmp_path):
    frontend = dataclasses.replace(gesture_tiny.frontend, start=0.5, longest=1.5)
    tiny = dataclasses.replace(gesture_tiny, frontend=frontend, decision={"threshold": 99})
    sketch = exported(tiny, tmp_path)
    config = (sketch.path / "config.h").read_text(encoding="utf-8")
    assert sketch.decision == {"threshold": 99} and "kThreshold = 99;" in config
    assert f"    {round((256 * 0.5) ** 2)},  // energy above which" in config
    assert f"kLongestSamples = {round(1.5 * 119)};" in config
    assert "true, true, true, false," in config, "none is never reported"


# ---- Refusals ----


@pytest.mark.parametrize("board", [name for name in boards if name not in BOARDS])
def test_boards_whose_sensor_is_missing_or_unknown_are_refused(gesture_tiny, tmp_path, board):
    with pytest.raises(tk.TinykitError, match=r"no motion sensor|cannot read") as caught:
        exported(gesture_tiny, tmp_path, board)
    assert "Choose one of: nano33ble, nano33ble_rev2." in str(caught.value)
    assert "\n" not in str(caught.value) and not (tmp_path / "watcher").exists()


def test_models_that_do_not_fit_their_front_end_are_refused(gesture_tiny, tmp_path):
    frontend = dataclasses.replace(gesture_tiny.frontend, frames=40)
    with pytest.raises(tk.TinykitError, match="its front end makes"):
        exported(dataclasses.replace(gesture_tiny, frontend=frontend), tmp_path)


def test_constants_that_contradict_each_other_at_the_sensors_rate_are_refused(
    gesture_tiny, tmp_path
):
    """2.4 s and 2.402 s are 2,400 and 2,402 samples of 1,000 Hz, but both 286 of 119 Hz."""
    frontend = dataclasses.replace(gesture_tiny.frontend, sample_rate=1_000.0, before=2.4)
    frontend = dataclasses.replace(frontend, longest=2.402)
    with pytest.raises(tk.TinykitError, match=r"before=2.4 s leaves nothing of longest"):
        exported(dataclasses.replace(gesture_tiny, frontend=frontend), tmp_path)


# ---- The whole sketch on the virtual board ----


@pytest.mark.parametrize("board", BOARDS)
def test_what_is_checked_is_what_is_flashed(gesture_tiny, tmp_path, board):
    """The very C++ of the sketch prints what Python sees in a recording: the same gestures with the
    same scores, later by the start of the sensor, its wires and an inference. No sample is lost,
    none of the memory that the course allows is exceeded."""
    sketch = exported(gesture_tiny, tmp_path, board)
    rate = boards[board].imu_rate
    motion = one_after_the_other(30, 7, rate)
    run = tk.VirtualBoard(board).run(sketch, motion=motion)
    assert run.fault is None and run.lost_motion == 0
    expected = tk.stream(gesture_tiny, motion, sketch.decision, sample_rate=rate)
    assert len(run.inferences) == len(expected.times) >= 25, "one inference for each movement"
    assert {label for _, label, _ in expected.events} == {"thrust", "sway", "turn"}
    printed = [line.text.split() for line in run.serial]
    assert [(label, score) for _, _, label, score in printed] == [
        (label, f"{score:.2f}") for _, label, score in expected.events
    ]
    for (seconds, *_), (felt, _, _) in zip(printed, expected.events, strict=True):
        assert 0 <= float(seconds) - felt <= 0.03
    assert run.flash_bytes <= 60_000 and run.ram_bytes <= 16_384


def test_a_model_without_rotation_runs_on_the_same_board(tmp_path):
    """Untrained, so that every movement is reported: what counts is that both see the same."""
    from tinykit.common.backend import load_keras

    keras = load_keras()
    keras.utils.set_random_seed(3)
    frontend, labels = tk.features.Motion(axes=3), ["a", "b", "c"]
    spread = keras.initializers.RandomNormal(stddev=2, seed=3)
    model = keras.Sequential(
        [
            keras.Input((*frontend.shape, 1)),
            keras.layers.Conv2D(4, (5, 3), (2, 1), activation="relu"),
            keras.layers.GlobalAveragePooling2D(keepdims=True),
            keras.layers.Conv2D(3, 1, kernel_initializer=spread),
            keras.layers.Flatten(),
            keras.layers.Softmax(),
        ]
    )
    motion = one_after_the_other(18, 11, 119.0)
    takes = [motion[a:b, :3] for a, b in frontend.segments(motion[:, :3])]
    tiny = tk.quantize(model, frontend(takes), frontend, labels)
    tiny = dataclasses.replace(tiny, decision={"threshold": 0})
    run = tk.VirtualBoard().run(exported(tiny, tmp_path), motion=motion)
    events = tk.stream(tiny, motion).events
    assert len({score for _, _, score in events}) >= 5, "the test needs different scores"
    said = [line.text.split()[2:] for line in run.serial]
    assert said == [[label, f"{score:.2f}"] for _, label, score in events]


@pytest.mark.parametrize("board", BOARDS)
def test_a_board_that_lies_still_asks_nobody_and_says_nothing(gesture_tiny, tmp_path, board):
    run = tk.VirtualBoard(board).run(exported(gesture_tiny, tmp_path, board), seconds=20)
    assert run.fault is None and run.serial == [] and run.inferences == []
    assert run.busy < 0.05


def test_no_gesture_is_missed_while_the_network_runs(gesture_tiny, tmp_path):
    """Even a network of 200 ms, 24 samples: the sensor's queue holds 32."""
    sketch = exported(gesture_tiny, tmp_path)
    source = sketch.path / "watcher.ino"
    text = source.read_text(encoding="utf-8")
    slow = text.replace("  if (!model::invoke())", "  delay(200);\n  if (!model::invoke())")
    assert slow != text
    source.write_text(slow, encoding="utf-8")
    motion = one_after_the_other(12, 8, 119.0)
    run = tk.VirtualBoard().run(sketch.path, motion=motion)
    expected = tk.stream(gesture_tiny, motion, sketch.decision)
    assert run.lost_motion == 0
    words = [line.text.split()[2:] for line in run.serial]
    assert words == [[label, f"{score:.2f}"] for _, label, score in expected.events]


def test_a_sketch_for_another_boards_sensor_is_refused(gesture_tiny, tmp_path):
    """On the real board its driver would find no sensor."""
    sketch = exported(gesture_tiny, tmp_path, "nano33ble")
    for given in (sketch, sketch.path, sketch.path / "watcher.ino"):
        with pytest.raises(tk.TinykitError, match=r'another motion sensor.*board="nano33ble_rev2"'):
            tk.VirtualBoard("nano33ble_rev2").run(given)


def test_led_lights_for_half_a_second(gesture_tiny, tmp_path):
    sketch = exported(gesture_tiny, tmp_path)
    motion = one_after_the_other(1, 9, 119.0)
    motion = np.concatenate([motion, np.tile(motion[-1], (119, 1))])
    run = tk.VirtualBoard().run(sketch, motion=motion)
    (line,) = run.serial
    on, off = run.leds[-2:]
    assert (on.level, off.level) == (0, 1) and on.pin == off.pin == "LEDG", "the first label"
    assert off.seconds - on.seconds == pytest.approx(0.5, abs=0.01)
    assert on.seconds == pytest.approx(line.seconds, abs=0.01)


def test_hostile_labels_reach_serial_unchanged(gesture_tiny, tmp_path):
    labels = ['say "yes"', "back\\slash ??/", "смайл 🙂", "none"]
    tiny = dataclasses.replace(gesture_tiny, labels=labels, name='a/b "c"')
    motion = one_after_the_other(6, 10, 119.0)
    run = tk.VirtualBoard().run(exported(tiny, tmp_path), motion=motion)
    events = tk.stream(tiny, motion).events
    assert len({label for _, label, _ in events}) == 3
    said = [line.text.split("  ", 1)[1] for line in run.serial]
    assert said == [f"{label}  {score:.2f}" for _, label, score in events]
