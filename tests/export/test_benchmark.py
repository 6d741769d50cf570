"""Generated benchmarks: what is in them, that they compile everywhere, and the shipped example."""

from pathlib import Path

import pytest
from cpp_build import SKETCH_FLAGS, STAND_INS, arduino_sources, board_flags, compile_cpp

import tinykit as tk
from tinykit.board import boards
from tinykit.training import CHECKPOINTS

ARDUINO = Path(__file__).resolve().parents[2] / "arduino"


def text_of(sketch, file: str) -> str:
    return (sketch.path / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("board", boards)
def test_it_compiles_without_a_warning(small_tiny, tmp_path, board):
    sketch = tk.export_benchmark(small_tiny, tmp_path / "timing", board)
    includes = ["-I", STAND_INS / "arduino", "-I", sketch.path, "-include", "Arduino.h"]
    for source in arduino_sources(sketch.path, tmp_path):
        flags = ["-std=gnu++14", *SKETCH_FLAGS, *board_flags(board), "-fsyntax-only"]
        compile_cpp([*flags, *includes, "-x", "c++", source])


def test_each_board_is_asked_in_its_own_way(small_tiny, tmp_path):
    asked = {
        "nano33ble": "0xE0001004",
        "nano33ble_rev2": "0xE0001004",
        "nicla_vision": "0xC5ACCE55",  # a Cortex-M7 wants its counter unlocked
        "nano_rp2040": "micros()",  # a Cortex-M0+ has none
        "xiao_esp32s3": "ESP.getCycleCount()",
    }
    for board, how in asked.items():
        ino = text_of(tk.export_benchmark(small_tiny, tmp_path / board, board), f"{board}.ino")
        assert how in ino
        assert ("counter micros" in ino) == (board == "nano_rp2040")


def test_the_model_in_it_is_the_one_that_compile_makes(small_tiny, tmp_path):
    """Nothing is added to model.cpp to measure its layers: what is measured is what runs."""
    compiled = tk.compile(small_tiny)
    sketch = tk.export_benchmark(compiled, tmp_path / "timing")
    for file, text in compiled.sources().items():
        assert text_of(sketch, file) == text
    layers = text_of(sketch, "layers.h")
    assert all(
        f'{{"{step.function}", model::{step.function}}}' in layers for step in compiled.steps
    )
    assert sketch.layers == len(compiled.steps)


def test_another_export_replaces_it_and_nothing_else(small_tiny, tmp_path):
    tk.export_benchmark(small_tiny, tmp_path / "timing", "nano33ble")
    again = tk.export_benchmark(small_tiny, tmp_path / "timing", "nicla_vision")
    assert "nicla_vision" in text_of(again, "sketch.yaml")
    (tmp_path / "timing" / "notes.txt").write_text("mine")
    with pytest.raises(tk.TinykitError, match=r"notes\.txt"):
        tk.export_benchmark(small_tiny, tmp_path / "timing")
    with pytest.raises(tk.TinykitError, match="Name the folder my_timing"):
        tk.export_benchmark(small_tiny, tmp_path / "my timing")


def test_the_shipped_example_is_what_the_kit_makes_byte_for_byte(tmp_path):
    """After a change: arduino/make_examples.py."""
    tiny = tk.TinyModel.load(CHECKPOINTS / "keyword_spotting")
    made = tk.export_benchmark(tiny, tmp_path / "benchmark").path
    shipped = ARDUINO / "benchmark"
    files = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
    assert files == {path.relative_to(shipped) for path in shipped.rglob("*") if path.is_file()}
    for file in files:
        assert (made / file).read_bytes() == (shipped / file).read_bytes(), file
