"""Compiling C++ in tests: the library as a shared library, a generated sketch as a program."""

import ctypes
import dataclasses
import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinykit.board import find_board
from tinykit.board.virtual.sketch import as_cpp
from tinykit.compiler import cpp
from tinykit.export import audio, sketch
from tinykit.features import LogMel, Motion, Picture
from tinykit.features.motion import FAINT

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "arduino" / "TinyKit" / "src"
STAND_INS = ROOT / "tests" / "cpp"

# As strict as the sketches should be; the Arduino cores compile without exceptions and RTTI, too.
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wdouble-promotion"]
SKETCH_FLAGS = [*WARNINGS, "-Werror", "-fno-exceptions", "-fno-rtti"]


@functools.cache
def compiler() -> str:
    """The C++ compiler; skips the test when there is none."""
    for name in (os.environ.get("CXX"), "g++", "clang++", "c++"):
        if name and shutil.which(name):
            return name
    pytest.skip("needs a C++ compiler: install g++ or clang++ (or set CXX)")


def compile_cpp(arguments: list[str | Path]) -> None:
    """Run the compiler; what it says about the code is the message of the failure."""
    result = subprocess.run(
        [compiler(), *map(str, arguments)], capture_output=True, text=True, encoding="utf-8"
    )
    assert result.returncode == 0, f"the C++ code does not compile:\n{result.stderr[:5000]}"


class Twin:
    """The C++ library, compiled for one LogMel and the int8 input of one model."""

    def __init__(self, folder: Path, frontend: LogMel, scale: float, zero_point: int) -> None:
        self.frontend = frontend
        tables = {"tables": audio.log_mel_tables(frontend), "frontend": frontend}
        template = cpp.templates(sketch._TEMPLATES).get_template("audio/LogMelTables.h.j2")
        (folder / "LogMelTables.h").write_text(template.render(tables), encoding="utf-8")
        constants = {
            "int kFrameLength": frontend.frame_length,
            "int kHopLength": frontend.hop_length,
            "int kMelBands": frontend.n_mels,
            "int kFrames": frontend.n_frames,
            "float kScale": cpp.number(scale),
            "int kZeroPoint": zero_point,
        }
        lines = [f"constexpr {name} = {value};\n" for name, value in constants.items()]
        (folder / "parameters.h").write_text("".join(lines), encoding="utf-8")
        path = folder / ("twin.dll" if sys.platform == "win32" else "twin.so")
        sources = [STAND_INS / "twin.cpp", LIBRARY / "RealFft.cpp"]
        flags = ["-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-pthread"]
        # Windows finds no libraries beside the compiler, elsewhere the code must be movable.
        flags.append("-static" if sys.platform == "win32" else "-fPIC")
        compile_cpp([*flags, "-I", folder, "-I", LIBRARY, *sources, "-o", path])
        self.functions = ctypes.CDLL(str(path))

    def frames(self, samples: np.ndarray, chunks: list[int] | None = None) -> np.ndarray:
        """int8 features (frames, bands) of int16 samples, pushed in chunks of these sizes."""
        if chunks is None:
            chunks = [len(samples) - start for start in range(0, len(samples), 1000)]
            chunks = [min(1000, rest) for rest in chunks]
        samples = np.ascontiguousarray(samples, np.int16)
        sizes = np.array(chunks, np.intc)
        assert sizes.sum() == len(samples)
        room = 1 + max(0, len(samples) - self.frontend.frame_length) // self.frontend.hop_length
        frames = np.zeros((room, self.frontend.n_mels), np.int8)
        made = self.functions.front_end(
            _pointer(samples), _pointer(sizes), len(sizes), _pointer(frames)
        )
        assert made >= 0, "more frames than the window holds, or ready() too early or too late"
        return frames[:made]

    def power_spectrum(self, samples: np.ndarray) -> np.ndarray:
        """Power at the len / 2 + 1 frequencies of a real signal, float32."""
        size = len(samples)
        angles = -2 * np.pi * np.arange(size // 2) / size
        twiddles = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
        x = np.array(samples, np.float32)
        self.functions.power_spectrum(_pointer(x), size, _pointer(twiddles))
        return x[: size // 2 + 1]

    def decisions(
        self, scores: np.ndarray, times: list[int], window: int, threshold: int, refractory_ms: int
    ) -> tuple[list[int], list[int]]:
        """What the C++ decider reports for int8 scores (n, 4), and label 0's percentages."""
        scores = np.ascontiguousarray(scores, np.int8)
        times_ms = np.array(times, np.uint32)
        reports = np.zeros(len(times), np.intc)
        percents = np.zeros(len(times), np.intc)
        self.functions.decide(
            window,
            _pointer(scores),
            _pointer(times_ms),
            len(times),
            threshold,
            ctypes.c_uint32(refractory_ms),
            _pointer(reports),
            _pointer(percents),
        )
        return reports.tolist(), percents.tolist()

    def ring_push(self, samples: list[int]) -> None:
        """Put samples into a SampleRing of 16."""
        block = np.array(samples, np.int16)
        self.functions.ring_push(_pointer(block), len(block))

    def ring_pop(self, count: int) -> list[int]:
        """Take up to `count` samples out of it."""
        block = np.zeros(count, np.int16)
        return block[: self.functions.ring_pop(_pointer(block), count)].tolist()


class MotionTwin:
    """The C++ front end of motion, compiled for one Motion and the int8 input of one model."""

    def __init__(self, folder: Path, frontend: Motion, scale: float, zero_point: int) -> None:
        self.frontend = frontend
        facts = {
            "frontend": frontend,
            "constants": frontend.constants,
            "faint": FAINT,
            "decision": {"threshold": 180},
            "is_reported": [True],
            "board": find_board("nano33ble"),
        }
        config = cpp.templates(sketch._TEMPLATES).get_template("motion/config.h.j2").render(facts)
        # What a sketch gets, without the parts that are for the board.
        config = config.split("// Decisions.")[0].replace("#include <Arduino.h>\n", "")
        (folder / "config.h").write_text(config.replace("src/tinykit/", ""), encoding="utf-8")
        lines = f"constexpr float kScale = {cpp.number(scale)};\n"
        lines += f"constexpr int kZeroPoint = {zero_point};\n"
        (folder / "parameters.h").write_text(lines, encoding="utf-8")
        path = folder / ("motion.dll" if sys.platform == "win32" else "motion.so")
        flags = ["-std=c++17", "-O2", *WARNINGS, "-Werror", "-shared"]
        flags.append("-static" if sys.platform == "win32" else "-fPIC")
        source = STAND_INS / "motion_twin.cpp"
        compile_cpp([*flags, "-I", folder, "-I", LIBRARY, source, "-o", path])
        self.functions = ctypes.CDLL(str(path))

    def movements(self, motion: np.ndarray) -> tuple[list[int], list[int], np.ndarray]:
        """Of each movement: samples played until it was over, its length, its int8 features."""
        motion = np.ascontiguousarray(motion, np.float32)
        most = 1 + len(motion)
        ends, lengths = np.zeros(most, np.intc), np.zeros(most, np.intc)
        features = np.zeros((most, *self.frontend.shape), np.int8)
        found = self.functions.movements(
            _pointer(motion), len(motion), _pointer(ends), _pointer(lengths), _pointer(features)
        )
        return ends[:found].tolist(), lengths[:found].tolist(), features[:found]

    def first_movement(self, motion: np.ndarray) -> np.ndarray:
        """The samples of the first movement as they were kept, int16 (n, axes)."""
        motion = np.ascontiguousarray(motion, np.float32)
        kept = np.zeros(motion.shape, np.int16)
        length = self.functions.first_movement(_pointer(motion), len(motion), _pointer(kept))
        return kept[:length]

    def decisions(self, scores: np.ndarray, threshold: int) -> tuple[list[int], list[int]]:
        """What the C++ decider reports for int8 scores (n, 4), and label 0's percentages."""
        scores = np.ascontiguousarray(scores, np.int8)
        reports, percents = (np.zeros(len(scores), np.intc) for _ in range(2))
        self.functions.decide_motion(
            _pointer(scores), len(scores), threshold, _pointer(reports), _pointer(percents)
        )
        return reports.tolist(), percents.tolist()


@dataclasses.dataclass(frozen=True)
class PictureCase:
    """A camera's frames and the front end that makes them smaller."""

    format: str  # "GRAYSCALE", "RGB565" or "YUV422"
    width: int
    height: int
    frontend: Picture

    @property
    def line(self) -> str:
        """Its line in cases.h (picture_twin.cpp)."""
        frontend, name = self.frontend, self.format.capitalize()
        crop = "true" if frontend.crop else "false"
        shape = f"{self.width}, {self.height}, {frontend.size}, {frontend.channels}, {crop}"
        return f"CASE(k{name}, {shape})\n"


class PictureTwin:
    """The C++ front end of pictures, compiled for several cameras and front ends."""

    def __init__(self, folder: Path, cases: list[PictureCase]) -> None:
        self.cases = cases
        (folder / "cases.h").write_text("".join(case.line for case in cases), encoding="utf-8")
        path = folder / ("picture.dll" if sys.platform == "win32" else "picture.so")
        flags = ["-std=gnu++14", "-O2", *WARNINGS, "-Werror", "-shared"]
        flags.append("-static" if sys.platform == "win32" else "-fPIC")
        source = STAND_INS / "picture_twin.cpp"
        compile_cpp([*flags, "-I", folder, "-I", LIBRARY, source, "-o", path])
        self.functions = ctypes.CDLL(str(path))

    def pixels(self, case: PictureCase, frame: np.ndarray) -> np.ndarray:
        """The small picture, uint8 (size, size, channels), of a frame's bytes, uint8 (n,)."""
        q, _ = self.resized(case, frame, np.arange(-128, 128, dtype=np.int8))
        return (q.astype(int) + 128).astype(np.uint8)

    def resized(
        self, case: PictureCase, frame: np.ndarray, input_of_pixel: np.ndarray
    ) -> tuple[np.ndarray, int]:
        """The model's input, int8 (size, size, channels), and the bytes that the resizer takes."""
        frame, table = np.ascontiguousarray(frame, np.uint8), input_of_pixel.astype(np.int8)
        size = 2 if case.format != "GRAYSCALE" else 1
        assert frame.shape == (case.width * case.height * size,) and table.shape == (256,)
        # A pixel too many would be seen behind the input.
        count = int(np.prod(case.frontend.shape))
        q = np.full(count + 64, 85, np.int8)
        which = self.cases.index(case)
        size = self.functions.resize_picture(which, _pointer(frame), _pointer(table), _pointer(q))
        assert (q[count:] == 85).all(), "it wrote beyond the model's input"
        return q[:count].reshape(case.frontend.shape), size

    def decisions(
        self, scores: np.ndarray, agree: int, threshold: int
    ) -> tuple[list[int], list[int]]:
        """What the C++ decider returns for int8 scores (n, 3), and label 0's percentages."""
        scores = np.ascontiguousarray(scores, np.int8)
        changes, percents = (np.zeros(len(scores), np.intc) for _ in range(2))
        self.functions.decide_frames(
            _pointer(scores), len(scores), agree, threshold, _pointer(changes), _pointer(percents)
        )
        return changes.tolist(), percents.tolist()


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


_NANO_33_BLE = ("ARDUINO_ARCH_MBED", "ARDUINO_ARCH_NRF52840", "ARDUINO_ARDUINO_NANO33BLE")
_DEFINES = {
    "nano33ble": _NANO_33_BLE,
    "nano33ble_rev2": _NANO_33_BLE,
    "nicla_vision": ("ARDUINO_ARCH_MBED", "ARDUINO_NICLA_VISION"),
    "nano_rp2040": ("ARDUINO_ARCH_MBED", "ARDUINO_ARCH_RP2040", "ARDUINO_NANO_RP2040_CONNECT"),
    "xiao_esp32s3": ("ARDUINO_ARCH_ESP32",),
}


def board_flags(board: str) -> list[str]:
    """What the core of a board defines for every source file."""
    return [f"-D{name}" for name in _DEFINES[board]]


def sketch_sources(folder: Path) -> list[Path]:
    """What Arduino compiles: the .ino, and every .cpp in the folder and below src/."""
    return [folder / f"{folder.name}.ino", *sorted(folder.rglob("*.cpp"))]


def arduino_sources(folder: Path, work: Path) -> list[Path]:
    """The same, with the .ino as Arduino gives it to the compiler: every function declared above
    the first one. That file is written into `work`."""
    ino, *further = sketch_sources(folder)
    made = work / f"{ino.name}.cpp"
    made.write_text(as_cpp({ino.name: ino.read_text(encoding="utf-8")}), encoding="utf-8")
    return [made, *further]


class HostSketch:
    """A generated sketch as a program on the host (tests/cpp/host.cpp)."""

    def __init__(self, folder: Path, board: str, build: Path) -> None:
        self.folder = folder
        self.is_compiled = (folder / "src/tinykit/nn").is_dir()
        self.program = build / ("sketch.exe" if sys.platform == "win32" else "sketch")
        include = ["-I", STAND_INS / "arduino", "-I", folder, "-include", "Arduino.h", "-x", "c++"]
        common = ["-std=c++17", "-O1", *board_flags(board), *include]
        common += ["-DCOMPILED"] * self.is_compiled
        renamed = ["-Dinvoke=compiledInvoke", "-Doutput=compiledOutput"] * self.is_compiled
        objects = []
        # The sketch itself under the strict flags, the stand-in is ordinary C++.
        for source in [*arduino_sources(folder, build), STAND_INS / "host.cpp"]:
            strict = [] if source.name == "host.cpp" else SKETCH_FLAGS
            own = renamed if source.name == "model.cpp" else []
            objects.append(build / f"{source.name}.o")
            compile_cpp([*common, *strict, *own, "-c", source, "-o", objects[-1]])
        compile_cpp([*objects, "-pthread", "-o", self.program])

    def run(self, work: Path, recording: np.ndarray, tiny, **options) -> str:
        """Serial output of the sketch while `recording` (int16) plays; see host.cpp for options.

        `scores`: int8 (n, labels), what the model answers. Files it writes are in `work`.
        """
        (work / "recording").write_bytes(np.ascontiguousarray(recording, "<i2").tobytes())
        scores = options.pop("scores", np.zeros((0, 1), np.int8))
        (work / "scores").write_bytes(np.ascontiguousarray(scores, np.int8).tobytes())
        files = ("recording", "scores", "inputs", "outputs", "network", "leds")
        options |= {name: work / name for name in files}
        options |= {
            "labels": len(tiny.labels),
            "input_size": int(np.prod(tiny.input_shape)),
            "network_size": tiny.size,
        }
        arguments = [f"{name}={value}" for name, value in options.items()]
        result = subprocess.run(
            [str(self.program), *arguments], capture_output=True, timeout=60, check=False
        )
        assert result.returncode == 0, f"the sketch crashed ({result.returncode}): {result.stderr}"
        return result.stdout.decode("utf-8").replace("\r\n", "\n")
