"""Generated sketches: what is in them, that they compile, and that they decide as Python does."""

import dataclasses
import math
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from cpp_build import (
    SKETCH_FLAGS,
    STAND_INS,
    HostSketch,
    arduino_sources,
    board_flags,
    compile_cpp,
    sketch_sources,
)

from tinykit.board import VirtualBoard, boards
from tinykit.board.fit import ENGINES
from tinykit.board.libraries import LIBRARIES
from tinykit.common.errors import TinykitError
from tinykit.compiler import cpp
from tinykit.export import export_sketch, sketch_name
from tinykit.features.audio import LogMel
from tinykit.quantization.tiny_model import TinyModel
from tinykit.streaming.audio import KeywordDecider
from tinykit.streaming.stream import stream
from tinykit.training.checkpoints import CHECKPOINTS

ARENA = 12_000
# TFLM's part of a sketch is the same on all boards; the microphone is one of two.
BUILDS = [(board, "compiled") for board in boards]
BUILDS += [("nano33ble", "tflm"), ("xiao_esp32s3", "tflm")]
BLOCK = 256  # samples per interrupt of the stand-in
HOSTILE = [
    'say "yes"', "back\\slash", "ends with \\", "??/ trigraph", "int", "*/ // #include", "%s%n%d",
    "new\nline", "tab\there", "смайл 🙂", "\x07bell", "12", "'; DROP", "unknown", "silence",
]  # fmt: skip


@pytest.fixture(scope="module")
def recording() -> np.ndarray:
    """Fifteen seconds: noise that swells, with tones and full-scale bursts in it."""
    random = np.random.default_rng(3)
    time = np.arange(15 * 16_000) / 16_000
    sound = 2_000 * random.normal(size=time.size) * (1 + np.sin(time))
    sound += 8_000 * np.sin(2 * np.pi * (300 + 100 * np.floor(time)) * time) * (time % 1 < 0.5)
    sound[40_000:48_000] *= 20
    return sound.clip(-32_768, 32_767).astype(np.int16)


def exported(tiny, folder: Path, board: str = "nano33ble", engine: str = "compiled"):
    return export_sketch(tiny, board, folder / "listener", engine, arena_bytes=ARENA)


def with_labels(tiny: TinyModel, labels: list[str], **changes) -> TinyModel:
    return dataclasses.replace(tiny, labels=labels, **changes)


@pytest.mark.parametrize(("board", "engine"), BUILDS)
@pytest.mark.parametrize("standard", ["gnu++14", "c++17", "gnu++2b"])
def test_sketch_compiles_without_a_warning(small_tiny, tmp_path, board, engine, standard):
    """The mbed cores compile as C++14, the ESP32 core as C++23."""
    sketch = exported(small_tiny, tmp_path, board, engine)
    includes = ["-I", STAND_INS / "arduino", "-I", sketch.path, "-include", "Arduino.h"]
    for source in arduino_sources(sketch.path, tmp_path):
        flags = [f"-std={standard}", *SKETCH_FLAGS, *board_flags(board), "-fsyntax-only"]
        compile_cpp([*flags, *includes, "-x", "c++", source])


@pytest.mark.parametrize("engine", ENGINES)
def test_sketch_folder_is_complete(small_tiny, tmp_path, engine):
    sketch = exported(small_tiny, tmp_path, engine=engine)
    assert {file for file in sketch.files if not file.startswith("src/")} == {
        "listener.ino", "model.h", "model.cpp", "config.h", "sketch.yaml", "README.md",
    }  # fmt: skip
    assert all(file.startswith("src/tinykit/") for file in sketch.files if "src" in file)
    assert sketch.files["model.cpp"] == (sketch.path / "model.cpp").stat().st_size
    for text in (str(sketch), sketch._repr_html_()):
        assert "model.cpp" in text and "it fits" in text
    names = {path.name for path in sketch_sources(sketch.path)}
    assert len(names) == len(sketch_sources(sketch.path)), "Arduino puts all objects in one folder"


def test_both_engines_have_the_same_header(small_tiny, tmp_path):
    """The sketch is the same; only what is behind model.h is another."""
    compiled, tflm = (exported(small_tiny, tmp_path / name, engine=name).path for name in ENGINES)
    for file in ("model.h", "listener.ino"):
        one, other = (folder / file for folder in (compiled, tflm))
        assert one.read_text(encoding="utf-8") == other.read_text(encoding="utf-8")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_model_gives_the_same_bytes(small_tiny, tmp_path, engine):
    first, second = (exported(small_tiny, tmp_path / name, engine=engine).path for name in "ab")
    for file in (path for path in first.rglob("*") if path.is_file()):
        content = file.read_bytes()
        assert content == (second / file.relative_to(first)).read_bytes()
        assert b"\r" not in content, f"{file.name}: line ends must not depend on the system"
        assert str(tmp_path).encode() not in content


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("board", boards)
def test_board_core_and_library_are_pinned(small_tiny, tmp_path, board, engine):
    """The compiled engine needs no library: nothing that could be lost."""
    sketch = exported(small_tiny, tmp_path, board, engine)
    project = yaml.safe_load((sketch.path / "sketch.yaml").read_text(encoding="utf-8"))
    profile = project["profiles"][project["default_profile"]]
    assert profile["fqbn"] == boards[board].fqbn
    platform = profile["platforms"][0]
    assert platform["platform"] == f"{boards[board].core} ({boards[board].core_version})"
    assert platform.get("platform_index_url", "") == boards[board].core_url
    library = "Chirale_TensorFLowLite (2.0.0)"
    assert profile.get("libraries", []) == ([library] if engine == "tflm" else [])
    readme = (sketch.path / "README.md").read_text(encoding="utf-8")
    assert (library in readme) == (engine == "tflm")


@pytest.mark.parametrize("board", boards)
def test_the_readme_says_what_helps_when_an_upload_fails(small_tiny, tmp_path, board):
    readme = (exported(small_tiny, tmp_path, board).path / "README.md").read_text(encoding="utf-8")
    flat = " ".join(readme.split())
    assert boards[board].boot in flat and "may have another name" in flat and "dialout" in flat
    by_button = "xiao" not in board
    assert ("double-tap the reset button" in flat) == by_button
    script = f"{boards[board].core.split(':')[1]}/{boards[board].core_version}/post_install.sh"
    assert (script in readme) == ("udev" in readme) == (board in ("nicla_vision", "nano_rp2040"))


def test_the_sketch_holds_exactly_the_ops_of_the_model(small_tiny, tmp_path):
    sketch = exported(small_tiny, tmp_path, engine="tflm")
    source = (sketch.path / "model.cpp").read_text(encoding="utf-8")
    calls = re.findall(r"ops\.Add(\w+)\(\);", source)
    names = {op: op.capitalize() for op in ("MEAN", "RESHAPE", "SOFTMAX")}
    names |= {"CONV_2D": "Conv2D", "DEPTHWISE_CONV_2D": "DepthwiseConv2D"}
    names |= {"FULLY_CONNECTED": "FullyConnected", "AVERAGE_POOL_2D": "AveragePool2D"}
    assert calls == [names[op] for op in dict.fromkeys(small_tiny.ops)]
    assert f"MicroMutableOpResolver<{len(calls)}>" in source


def test_headers_are_those_of_the_library_pinned(small_tiny, tmp_path):
    """Until 1.1.0 it had TensorFlowLite.h, from 2.0.0 on it has this one. The stand-ins of the
    tests have the headers of 2.0.0 and no others, so that a sketch for another does not compile."""
    sketch = exported(small_tiny, tmp_path, engine="tflm")
    source = (sketch.path / "model.cpp").read_text(encoding="utf-8")
    included = re.findall(r'#include [<"](.*TensorFl.*|tensorflow.*)[>"]', source, re.IGNORECASE)
    assert included == [
        "Chirale_TensorFlowLite.h",
        "tensorflow/lite/micro/micro_interpreter.h",
        "tensorflow/lite/micro/micro_mutable_op_resolver.h",
        "tensorflow/lite/schema/schema_generated.h",
    ]
    stand_ins = STAND_INS / "arduino"
    assert all((stand_ins / name).is_file() for name in included)
    assert not (stand_ins / "TensorFlowLite.h").exists()


@pytest.mark.parametrize("library", LIBRARIES, ids=str)
def test_every_library_pinned_has_a_stand_in(library):
    assert (STAND_INS / "arduino" / library.header).is_file()


# ---- The whole sketch on the host ----


class Simulation:
    """What the sketch should do, from the Python twins: when it infers, on what, and what follows.

    The stand-in delivers blocks of 256 samples and calls loop() after each.
    """

    def __init__(self, tiny: TinyModel, decision: dict[str, int], samples: int) -> None:
        frontend = tiny.frontend
        self.windows: list[int] = []  # number of frames seen at each inference
        self.times: list[int] = []
        new = before = 0
        for played in range(BLOCK, samples + BLOCK, BLOCK):
            frames = max(0, 1 + (played - frontend.frame_length) // frontend.hop_length)
            new, before = new + frames - before, frames
            if new >= decision["stride_frames"] and frames >= frontend.n_frames:
                self.windows.append(frames)
                self.times.append(played * 1000 // frontend.sample_rate)
                new = 0


def serial_of(labels, scores, times, decision: dict[str, int], start_ms: int = 0) -> list[str]:
    """The lines the sketch should print for these int8 scores."""
    arguments = {key: decision[key] for key in ("window", "threshold", "refractory_ms")}
    decider = KeywordDecider(labels, **arguments)
    lines = []
    for q, time in zip(scores, times, strict=True):
        now = (start_ms + time) % 2**32
        label = decider.update(q.astype(int) + 128, now)
        if label >= 0:
            percent = decider.percent(label)
            score = f"{percent // 100}.{percent % 100:02d}"
            lines.append(f"{now // 1000}.{now % 1000:03d} s  {labels[label]}  {score}")
    return lines


def bursts(n_inferences: int, n_labels: int, seed: int = 5) -> np.ndarray:
    """int8 scores as of a network that hears a word now and then, and flickers."""
    random = np.random.default_rng(seed)
    scores = random.integers(-128, -100, (n_inferences, n_labels))
    for start in range(0, n_inferences, 9):
        label = random.integers(n_labels)
        scores[start : start + random.integers(1, 9), label] = random.integers(0, 128)
    return scores.astype(np.int8)


@pytest.fixture(scope="module", params=BUILDS, ids="-".join)
def host_sketch(request, small_tiny, tmp_path_factory) -> tuple[HostSketch, dict[str, int]]:
    """The sketch of each board and engine, built for the host, and its decision constants."""
    board, engine = request.param
    build = tmp_path_factory.mktemp(f"{board}-{engine}")
    sketch = exported(small_tiny, build, board, engine)
    return HostSketch(sketch.path, board, build), sketch.decision


def test_sketch_decides_as_python_does(host_sketch, small_tiny, recording, tmp_path):
    """A long recording plays into the microphone; features, scores and Serial output follow."""
    program, decision = host_sketch
    expected = Simulation(small_tiny, decision, len(recording))
    scores = bursts(len(expected.times), 4)
    start_ms = 2**32 - 7_000  # millis() wraps on the way
    serial = program.run(tmp_path, recording, small_tiny, scores=scores, start_ms=start_ms)

    frames = small_tiny.frontend(recording)
    n = small_tiny.frontend.n_frames
    windows = np.stack([frames[seen - n : seen] for seen in expected.windows])
    inputs = np.fromfile(tmp_path / "inputs", np.int8).reshape(-1, *small_tiny.input_shape)
    assert len(inputs) == len(windows), "the model is asked as often as in Python"
    difference = np.abs(inputs.astype(int) - small_tiny.quantize(windows))
    assert difference.max() <= 1, "the model sees what it would see in Python, to one int8 step"

    lines = serial_of(small_tiny.labels, scores, expected.times, decision, start_ms)
    assert len(lines) >= 2, "the test needs decisions"
    assert serial.splitlines() == lines
    if not program.is_compiled:
        assert (tmp_path / "network").read_bytes() == small_tiny.tflite


def test_sketch_reports_what_the_model_itself_hears(host_sketch, small_tiny, recording, tmp_path):
    """The scores are those of the real network for the very bytes that the C++ gave it. The
    compiled model computes them itself; TFLM's stand-in is told them."""
    program, decision = host_sketch
    program.run(tmp_path, recording, small_tiny)
    inputs = np.fromfile(tmp_path / "inputs", np.int8).reshape(-1, *small_tiny.input_shape)
    scores = np.rint(small_tiny.predict(inputs) * 256 - 128).astype(np.int8)
    if program.is_compiled:
        outputs = np.fromfile(tmp_path / "outputs", np.int8).reshape(scores.shape)
        np.testing.assert_array_equal(outputs, scores)
    times = Simulation(small_tiny, decision, len(recording)).times
    serial = program.run(tmp_path, recording, small_tiny, scores=scores)
    assert serial.splitlines() == serial_of(small_tiny.labels, scores, times, decision)


def test_stream_in_python_decides_as_the_board(small_tiny, recording, tmp_path):
    """`tk.stream` with the sketch's constants reports what the sketch prints, when it prints it."""
    tiny = dataclasses.replace(small_tiny, decision={"threshold": 60, "refractory_ms": 500})
    sketch = exported(tiny, tmp_path)
    serial = HostSketch(sketch.path, "nano33ble", tmp_path).run(tmp_path, recording, tiny)
    printed = [line.split() for line in serial.splitlines()]
    events = stream(tiny, recording, sketch.decision).events
    assert len(events) >= 3, "the test needs decisions"
    assert [word for _, _, word, _ in printed] == [label for _, label, _ in events]
    for (seconds, *_), (heard, _, _) in zip(printed, events, strict=True):
        assert 0 <= float(seconds) - heard <= BLOCK / 16_000, "it hears in blocks"


@pytest.fixture(scope="module")
def course_tiny() -> TinyModel:
    return TinyModel.load(CHECKPOINTS / "keyword_spotting")


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, list[tuple[float, str]]]:
    """Ten seconds with a "yes", a "no" and other words, by test voices."""
    from tinykit.datasets import keyword_spotting, scene

    return scene(keyword_spotting(words=["yes", "no"]), seconds=10, seed=1)


@pytest.mark.slow
def test_what_is_checked_is_what_is_flashed(course_tiny, scene, tmp_path):
    """The very C++ of the sketch, on the virtual board, prints what Python hears in a recording:
    the same words with the same scores, later by the time of an inference. It keeps up: at least
    four inferences a second on at most half of the processor's time, no sound lost."""
    recording, spoken = scene
    sketch = export_sketch(course_tiny, "nano33ble", tmp_path / "listener")
    run = VirtualBoard("nano33ble").run(sketch, audio=recording)
    assert run.fault is None and run.lost_samples == 0
    assert run.busy <= 0.5
    intervals = np.diff([inference.seconds for inference in run.inferences])
    assert len(intervals) > 30 and intervals.max() <= 0.25

    events = stream(course_tiny, recording, sketch.decision).events
    printed = [line.text.split() for line in run.serial]
    assert [(word, score) for _, _, word, score in printed] == [
        (label, f"{score:.2f}") for _, label, score in events
    ]
    words = [label for _, label in spoken if label in ("yes", "no")]
    assert [word for _, _, word, _ in printed] == words, "every keyword, and nothing else"
    inference = run.inferences[0].cycles / 64_000_000
    for (seconds, *_), (heard, _, _) in zip(printed, events, strict=True):
        assert 0 <= float(seconds) - heard <= inference + 0.04, "it hears in blocks of 16 ms"


@pytest.mark.slow
def test_the_pace_estimated_is_the_pace_on_the_virtual_board(course_tiny, scene, tmp_path):
    sketch = export_sketch(course_tiny, "nano33ble", tmp_path / "listener")
    run = VirtualBoard("nano33ble").run(sketch, audio=scene[0])
    seconds = [inference.seconds for inference in run.inferences]
    assert np.mean(np.diff(seconds)) == pytest.approx(sketch.fit.pace.seconds, rel=0.02)
    # The front end is counted at the size-optimized build, and the first second has no inference.
    assert run.busy == pytest.approx(sketch.fit.pace.busy, abs=0.06)
    assert run.inferences[0].cycles == pytest.approx(sketch.fit.seconds * 64e6, rel=0.001)


def test_led_lights_for_half_a_second(host_sketch, small_tiny, recording, tmp_path):
    program, _ = host_sketch
    scores = np.full((200, 4), -128, np.int8)
    scores[20:24, 1] = 127  # one "no"
    serial = program.run(tmp_path, recording, small_tiny, scores=scores)
    (line,) = serial.splitlines()
    log = [tuple(map(int, line.split())) for line in (tmp_path / "leds").read_text().splitlines()]
    (on_ms, pin, on), (off_ms, same_pin, off) = log[-2:]
    assert pin == same_pin and on != off
    assert line.startswith(f"{on_ms // 1000}.{on_ms % 1000:03d} s  no  ")
    # loop() runs once per block of 16 ms
    assert 500 <= off_ms - on_ms <= 516


def test_a_slow_model_loses_samples_only_when_the_ring_is_full(
    host_sketch, small_tiny, recording, tmp_path
):
    program, _ = host_sketch
    config = (program.folder / "config.h").read_text(encoding="utf-8")
    ring_ms = int(re.search(r"kRingSamples = (\d+)", config).group(1)) // 16
    block_ms = BLOCK // 16
    enough = program.run(tmp_path, recording, small_tiny, invoke_ms=ring_ms - 2 * block_ms)
    assert "lost" not in enough
    too_slow = program.run(tmp_path, recording, small_tiny, invoke_ms=ring_ms + 10 * block_ms)
    assert re.search(r"^\d+\.\d{3} s  \d+ samples lost$", too_slow, re.MULTILINE)


def test_what_goes_wrong_at_the_start_is_said_again_and_again(
    host_sketch, small_tiny, recording, tmp_path
):
    """Serial may be opened late, so the sketch repeats itself."""
    program, _ = host_sketch
    mute = program.run(tmp_path, recording, small_tiny, microphone=0)
    assert mute == "The microphone does not answer.\n" * 2
    if program.is_compiled:
        return  # its memory is static: nothing is left that could fail
    tight = program.run(tmp_path, recording, small_tiny, need_arena=10**6)
    assert tight == "The model cannot be set up: make kArenaBytes in model.cpp larger.\n" * 2


# ---- Labels and names ----


def test_hostile_labels_reach_serial_unchanged(hostile_tiny, recording, tmp_path):
    decision = {"window": 1, "threshold": 100, "refractory_ms": 0, "stride_frames": 4}
    tiny = dataclasses.replace(hostile_tiny, decision=decision)
    sketch = exported(tiny, tmp_path)
    decision = sketch.decision
    program = HostSketch(sketch.path, "nano33ble", tmp_path)
    scores = np.where(np.eye(len(HOSTILE), dtype=bool), 127, -128).astype(np.int8)
    serial = program.run(tmp_path, recording, tiny, scores=scores)
    times = Simulation(tiny, decision, len(recording)).times[: len(scores)]
    lines = serial_of(tiny.labels, scores, times, decision)
    assert len(lines) == len(HOSTILE) - 2, "all but unknown and silence"
    assert serial == "".join(line + "\n" for line in lines)


@pytest.fixture(scope="module")
def hostile_tiny(small_features) -> TinyModel:
    import tinykit as tk

    frontend = LogMel()
    model = tk.models.ds_cnn(frontend.shape, HOSTILE, channels=4, blocks=1)
    return tk.quantize(model, small_features, frontend, HOSTILE, name='a/b\\c "d" 🙂')


@pytest.mark.parametrize("text", [*HOSTILE, "", "\0 in the middle", "??=??(", "\u202ereversed"])
def test_cpp_string_is_what_it_was(text, tmp_path):
    """The compiler is the judge, as bytes of UTF-8; -trigraphs replaces ??x even in strings."""
    expected = ", ".join(str(byte) for byte in text.encode("utf-8"))
    source = f"""
    constexpr char text[] = {cpp.string(text)};
    constexpr unsigned char expected[] = {{{expected}{"," if text else ""} 0}};
    static_assert(sizeof(text) == sizeof(expected), "length");
    constexpr bool same(unsigned i) {{
      return i == sizeof(text) || ((text[i] & 255) == expected[i] && same(i + 1));
    }}
    static_assert(same(0), "bytes");
    """
    path = tmp_path / "text.cpp"
    path.write_text(source, encoding="utf-8")
    compile_cpp(["-std=c++14", "-trigraphs", "-Wall", "-fsyntax-only", path])


@pytest.mark.parametrize("value", [0.0, 1.0, 1e-3, 1 / 3, 7 / 255, 3.4e38, 1.2e-38, -128.5, 1e10])
def test_cpp_number_gives_the_same_float32_again(value):
    literal = cpp.number(value)
    assert re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?f", literal) and (
        "." in literal or "e" in literal
    )
    assert np.float32(literal[:-1]) == np.float32(value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("keyword_spotting", "keyword_spotting"),
        ("int", "int"),
        ("my words!", "my_words"),
        ("../../etc/passwd", "etc_passwd"),
        ("🙂", "sketch"),
        ("", "sketch"),
        ("nul", "sketch_nul"),
        ("COM1", "sketch_COM1"),
        ("x" * 200, "x" * 63),
        ("-.-", "sketch"),
        ("12 words", "12_words"),
    ],
)
def test_sketch_names_are_valid_everywhere(text, name):
    assert sketch_name(text) == name
    assert sketch_name(name) == name


def test_without_a_folder_the_sketch_goes_to_build(hostile_tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sketch = export_sketch(hostile_tiny)
    assert sketch.path == Path("build/a_b_c_d/sketch/a_b_c_d")
    assert "a_b_c_d.ino" in sketch.files


# ---- Refusals: one line, and nothing lost ----


def assert_refused(match: str, *arguments, **options) -> None:
    with pytest.raises(TinykitError, match=match) as error:
        export_sketch(*arguments, **{"arena_bytes": ARENA} | options)
    assert "\n" not in str(error.value)


def test_unknown_engines_and_boards_are_refused(small_tiny, tmp_path):
    assert_refused('no engine "tensorrt".*compiled, tflm', small_tiny, engine="tensorrt")
    assert_refused('no board "uno"', small_tiny, "uno")


def test_models_that_the_sketch_cannot_run_are_refused(small_tiny, real_models, tmp_path):
    out = tmp_path / "listener"
    foreign = TinyModel.from_tflite(real_models / "kws_ref_model.tflite")
    assert_refused("has no front end", foreign, out=out)
    other = dataclasses.replace(small_tiny, frontend=LogMel(n_mels=20))
    assert_refused("its front end makes", other, out=out)
    odd = dataclasses.replace(small_tiny, frontend=LogMel(frame_length=500))
    assert_refused("power of two", odd, out=out)
    gaps = dataclasses.replace(small_tiny, frontend=LogMel(hop_length=600))
    assert_refused("hop_length <= frame_length", gaps, out=out)
    no_softmax = TinyModel.from_tflite(real_models / "ad01_int8.tflite")
    bands = dataclasses.replace(no_softmax, frontend=LogMel(n_mels=128, duration=0.112))
    assert math.prod(bands.input_shape) == math.prod(bands.frontend.shape)
    assert_refused("not an int8 softmax", bands, out=out)
    assert not out.exists()


def test_a_folder_that_cannot_be_written_is_refused(small_tiny, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    assert_refused("cannot be written", small_tiny, out=tmp_path / "file" / "listener")
    assert_refused("is a file", small_tiny, out=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "not a folder"


def test_names_that_arduino_does_not_take_are_refused(small_tiny, tmp_path):
    assert_refused('"my sketch" cannot.*my_sketch', small_tiny, out=tmp_path / "my sketch")


@pytest.mark.parametrize("name", ["thesis.txt", "src/mine.h", "src/tinykit/mine.h", "listener.ino"])
def test_folders_with_other_files_are_left_alone(small_tiny, tmp_path, name):
    """Also beside an earlier sketch, and when a student's own sketch has the same name."""
    exported(small_tiny, tmp_path)
    own = tmp_path / "listener" / name
    own.write_text("three years of work")
    assert_refused(
        f"holds {name}, which the kit did not write", small_tiny, out=own.parents[name.count("/")]
    )
    assert own.read_text() == "three years of work"


def test_an_older_sketch_is_replaced_as_a_whole(small_tiny, tmp_path):
    sketch = exported(small_tiny, tmp_path, "xiao_esp32s3")
    assert "src/tinykit/MicrophoneEsp32.cpp" in sketch.files
    sketch = exported(small_tiny, tmp_path, "nano33ble")
    assert "src/tinykit/MicrophoneEsp32.cpp" not in sketch.files
    assert [path.name for path in tmp_path.iterdir()] == ["listener"], "nothing is left beside it"


@pytest.mark.parametrize(
    "interruption", [OSError(28, "No space left on device"), KeyboardInterrupt()]
)
def test_an_older_sketch_survives_a_full_disk_and_ctrl_c(
    small_tiny, tmp_path, monkeypatch, interruption
):
    sketch = exported(small_tiny, tmp_path)
    before = {file: (sketch.path / file).read_bytes() for file in sketch.files}
    original, written = Path.write_text, []

    def write_three_files(self, *arguments, **options):
        if len(written) == 3:
            raise interruption
        written.append(self)
        return original(self, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", write_three_files)
    expected = KeyboardInterrupt if isinstance(interruption, KeyboardInterrupt) else TinykitError
    with pytest.raises(expected):
        exported(small_tiny, tmp_path, "nicla_vision")
    monkeypatch.undo()
    assert {file: (sketch.path / file).read_bytes() for file in sketch.files} == before
    assert [path.name for path in tmp_path.iterdir()] == ["listener"]


def test_a_sketch_with_the_kernels_of_an_earlier_version_is_written_again(small_tiny, tmp_path):
    """Conv.cpp has become Matrix.cpp: a student who updates the kit exports to the same folder."""
    folder = tmp_path / "keyword_spotting"
    export_sketch(small_tiny, "nano33ble", folder)
    old = folder / "src" / "tinykit" / "nn" / "Conv.cpp"
    old.write_text("// tinykit")
    export_sketch(small_tiny, "nano33ble", folder)
    assert not old.exists()
