"""Every sketch of the kit, as Arduino gives it to the compiler, under old and new compilers.

The real cores cannot be had from a package registry, so stand-in headers with the names of the real
ones take their place (tests/cpp/arduino). The compilers are those that are there: the one for the
virtual board's processor always is; others (`apt install gcc-arm-none-eabi
libstdc++-arm-none-eabi-newlib`, g++-14, clang) are used where they are installed. The tests of each
kind of sketch have the ordinary g++, under several standards.
"""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from cpp_build import LIBRARY, ROOT, STAND_INS, arduino_sources, board_flags

import tinykit as tk
from tinykit.board import boards
from tinykit.board.fit import ENGINES
from tinykit.board.virtual.sketch import as_cpp
from tinykit.board.virtual.toolchain import BOARD_FLAGS, CompileError, zig

ARDUINO = ROOT / "arduino"
EXAMPLES = ("keyword_spotting", "visual_wake_words", "gesture_recognition")
# What Arduino's mbed core 4.4.1 sets, with all of its warnings; each is an error here.
FLAGS = ["-std=gnu++14", "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti"]
INCLUDES = ["-I", str(STAND_INS / "arduino"), "-include", "Arduino.h"]
OTHERS = ("g++-13", "g++-14", "g++-15", "clang++", "arm-none-eabi-g++")
FUNCTION = re.compile(r"^(?!//)([\w:*&\[\] ]+?) ?(\w+)\((.*)\) \{", re.MULTILINE)


@dataclass(frozen=True)
class Build:
    """One sketch for one board."""

    name: str
    folder: Path
    flags: tuple[str, ...]  # what the core of the board defines


@pytest.fixture(scope="module")
def builds(request, tmp_path_factory) -> list[Build]:
    """All boards, engines and kinds of data, the examples, the sketches that record and measure."""
    found = [Build(name, ARDUINO / name, tuple(board_flags("nano33ble"))) for name in EXAMPLES]
    found += [
        Build(f"capture_imu {revision}", ARDUINO / "capture_imu", (*board_flags(board), revision))
        for board, revision in (
            ("nano33ble", "-DBOARD_REVISION=1"),
            ("nano33ble_rev2", "-DBOARD_REVISION=2"),
        )
    ]
    found += [
        Build(f"capture_image {board}", ARDUINO / "capture_image", tuple(board_flags(board)))
        for board in ("nano33ble", "nicla_vision")
    ]
    small = request.getfixturevalue("small_tiny")
    for board in boards:
        path = tk.export_benchmark(small, tmp_path_factory.mktemp(board) / "benchmark", board).path
        found.append(Build(f"benchmark {board}", path, tuple(board_flags(board))))
    example = LIBRARY.parent / "examples" / "Decide"
    found.append(Build("Decide", example, tuple(board_flags("nano33ble"))))
    for model in ("small_tiny", "gesture_tiny", "picture_tiny", "colour_tiny"):
        found += exports(request.getfixturevalue(model), model, tmp_path_factory.mktemp(model))
    return found


def exports(tiny, model: str, folder: Path) -> list[Build]:
    """The sketches of a model for every board that has the sensor, and both engines."""
    made = []
    for board in boards:
        for engine in ENGINES:
            path = folder / f"{board}_{engine}" / "sketch"
            try:
                tk.export_sketch(tiny, board, path, engine, arena_bytes=20_000)
            except tk.TinykitError as error:
                assert "Choose one of" in str(error), error
                continue
            made.append(Build(f"{model} {board} {engine}", path, tuple(board_flags(board))))
    return made


def test_there_is_a_sketch_for_every_board_and_engine(builds):
    names = " ".join(build.name for build in builds)
    for board in boards:
        assert all(f"small_tiny {board} {engine}" in names for engine in ENGINES)
    assert all(f"benchmark {board}" in names for board in boards)
    assert len(builds) == 8 + 5 + 2 * (5 + 2 + 3 + 3)


def compile_all(builds: list[Build], work: Path, compile_one) -> None:
    """Give every source of the sketches to `compile_one`, those that are alike only once."""
    jobs = {}
    for number, build in enumerate(builds):
        (work / str(number)).mkdir()
        for source in arduino_sources(build.folder, work / str(number)):
            text = source.read_text(encoding="utf-8")
            own = None if "tinykit" in source.parts[-3:] else build.folder  # else of the library
            jobs.setdefault((text, build.flags, own), (build, source))
    with ThreadPoolExecutor(2) as workers:
        for said in workers.map(lambda job: compile_one(*job), jobs.values()):
            assert not said, said


@pytest.mark.parametrize("name", OTHERS)
def test_other_compilers_have_nothing_to_say(builds, tmp_path, name):
    """GCC 14, which the ESP32's core has and the next mbed cores will, refuses what 12 lets pass,
    and clang warns of what neither sees."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")

    def compile_one(build: Build, source: Path) -> str:
        include = [*INCLUDES, "-I", str(build.folder), "-I", str(LIBRARY)]
        command = [program, *FLAGS, *build.flags, *include, "-fsyntax-only", "-x", "c++"]
        done = subprocess.run([*command, str(source)], capture_output=True, text=True)
        return "" if done.returncode == 0 else f"{build.name}, {name}: {done.stderr[:3000]}"

    compile_all(builds, tmp_path, compile_one)


def test_the_boards_compiler_has_nothing_to_say(builds, tmp_path):
    """clang for the Cortex-M4F. It builds the kernels in all tests of the virtual board; here it
    sees the sketches, with the headers' names and the microphones' code."""
    target = [flag for flag in BOARD_FLAGS if flag not in ("-std=gnu++17", "-Os", "-g")]

    def compile_one(build: Build, source: Path) -> str:
        if "nn" in source.parts:
            return ""
        include = [*INCLUDES, "-I", str(build.folder), "-I", str(LIBRARY)]
        place = tmp_path / f"zig{abs(hash((build.name, source)))}"
        place.mkdir()
        command = ["c++", *target, *FLAGS, "-O0", *build.flags, *include, "-c", str(source)]
        try:
            zig([*command, "-o", str(place / "made.o")], place)
        except CompileError as error:
            return f"{build.name}: {error.messages[:3000]}"
        return ""

    compile_all(builds, tmp_path, compile_one)


def test_all_functions_of_the_sketches_are_declared_above_the_first(builds):
    """Counted in a simpler way: the kit's sketches are formatted, so every function begins at the
    start of a line. Plain declarations of all of them are legal at the first one."""
    for build in builds:
        ino = build.folder / f"{build.folder.name}.ino"
        text = ino.read_text(encoding="utf-8")
        functions = list(FUNCTION.finditer(text))
        assert {"setup", "loop"} <= {found[2] for found in functions}, build.name
        made = squeezed(as_cpp({ino.name: text}))
        for found in functions:
            plain = found[1].replace("[[noreturn]]", "")
            prototype = squeezed(f"{plain}{found[2]}({found[3]});")
            assert prototype in made, f"{build.name}: {found[2]}() is not declared"


def squeezed(text: str) -> str:
    """Without white space."""
    return "".join(text.split())
