"""arduino/TinyKit as a library of its own: what Arduino's library checks ask for."""

import re
import shutil
import subprocess

import pytest
from cpp_build import LIBRARY, ROOT, STAND_INS, compile_cpp

from tinykit.board import VirtualBoard, boards

FOLDER = LIBRARY.parent
EXAMPLE = FOLDER / "examples" / "Decide" / "Decide.ino"
# https://arduino.github.io/arduino-cli/latest/library-specification/
CATEGORIES = {
    "Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing",
    "Data Storage", "Data Processing", "Other",
}  # fmt: skip


@pytest.fixture(scope="module")
def properties() -> dict[str, str]:
    lines = (FOLDER / "library.properties").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line)


def test_its_properties_are_complete(properties):
    needed = "name version author maintainer sentence paragraph category url architectures includes"
    assert set(needed.split()) <= set(properties)
    assert properties["name"] == FOLDER.name
    assert re.fullmatch(r"\d+\.\d+\.\d+", properties["version"])
    assert properties["category"] in CATEGORIES
    assert re.fullmatch(r"https://\S+", properties["url"])
    assert (LIBRARY / properties["includes"]).is_file()
    assert not properties["paragraph"].startswith(properties["sentence"]), "the IDE shows both"
    assert set(properties["architectures"].split(",")) == {
        board.core.split(":")[1] if "mbed" in board.core else "esp32" for board in boards.values()
    }


def test_it_has_a_licence_a_readme_and_examples():
    assert (FOLDER / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert (FOLDER / "README.md").is_file()
    for example in (FOLDER / "examples").iterdir():
        assert (example / f"{example.name}.ino").is_file(), "an .ino with the folder's name"


def test_keywords_are_names_of_the_library_and_stand_before_tabs():
    """The IDE ignores a line whose separator is no single tab."""
    code = "".join(path.read_text(encoding="utf-8") for path in LIBRARY.rglob("*.h"))
    lines = (FOLDER / "keywords.txt").read_text(encoding="utf-8").splitlines()
    keywords = [line for line in lines if line and not line.startswith("#")]
    assert len(keywords) > 20
    for line in keywords:
        name, kind = line.split("\t")
        assert kind in ("KEYWORD1", "KEYWORD2", "LITERAL1")
        assert name == FOLDER.name or re.search(rf"\b{name}\b", code), f"there is no {name}"


def test_its_example_compiles_and_prints_what_it_says(tmp_path):
    flags = ["-std=gnu++14", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    include = ["-I", STAND_INS / "arduino", "-I", LIBRARY, "-include", "Arduino.h"]
    compile_cpp([*flags, *include, "-x", "c++", EXAMPLE])
    sketch = tmp_path / "Decide"
    shutil.copytree(LIBRARY, sketch / "src")
    text = EXAMPLE.read_text(encoding="utf-8")
    (sketch / "Decide.ino").write_text(text.replace("<TinyKit.h>", '"src/TinyKit.h"'), "utf-8")
    run = VirtualBoard().run(sketch, seconds=12)
    assert [(line.text, round(line.seconds, 1)) for line in run.serial] == [
        ("yes  0.89", 0.6),
        ("yes  0.89", 10.6),
    ]
    comment = text.split("#include")[0]
    assert "//     yes  0.89" in comment and "0.6 seconds after the start" in comment


def test_every_source_compiles_for_a_board_that_it_has_no_microphone_for(tmp_path):
    """An Uno: Arduino compiles all sources of a library, also those that the sketch needs not."""
    for source in sorted(LIBRARY.rglob("*.cpp")):
        compile_cpp(["-std=gnu++11", "-DARDUINO_ARCH_AVR", "-fsyntax-only", source])
    avr = shutil.which("avr-g++")
    if avr is None:
        pytest.skip("the sources are fine; to try the Uno's own compiler install gcc-avr, avr-libc")
    for source in sorted(LIBRARY.rglob("*.cpp")):
        flags = ["-mmcu=atmega328p", "-std=gnu++11", "-Os", "-DARDUINO_ARCH_AVR", "-c"]
        subprocess.run([avr, *flags, source, "-o", tmp_path / "made.o"], check=True)
