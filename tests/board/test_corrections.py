"""What a board has measured is kept, corrects the estimates of that board, and is forgotten."""

import dataclasses
import json

import numpy as np
import pytest
from sketch_runs import EMPTY

import tinykit as tk
from tinykit.board import corrections

NANO, NICLA = tk.boards["nano33ble"], tk.boards["nicla_vision"]


@pytest.fixture(autouse=True)
def own_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYKIT_SETTINGS", str(tmp_path / "settings"))


def test_without_a_measurement_nothing_is_corrected():
    assert corrections.saved() == {}
    assert corrections.saved_correction(NANO) == 1
    assert tk.forget_measurement("nano33ble") is False


def test_each_board_has_its_own_factor():
    corrections.save(NANO, 1.25, "words", "2026-11-28")
    corrections.save(NICLA, 0.5, "words", "2026-11-28")
    corrections.save(NANO, 1.5, "people", "2026-11-29")
    assert corrections.saved_correction(NANO) == 1.5
    assert corrections.saved_correction(NICLA) == 0.5
    assert corrections.saved_correction(tk.boards["nano33ble_rev2"]) == 1
    assert tk.forget_measurement("nano33ble") is True
    assert corrections.saved_correction(NANO) == 1
    assert corrections.saved_correction(NICLA) == 0.5


def test_models_take_longer_by_it(small_tiny):
    compiled = tk.compile(small_tiny)
    x = np.zeros((1, *compiled.input_shape), np.int8)
    before = tk.VirtualBoard().run_model(compiled, x)
    corrections.save(NANO, 1.25, "words", "2026-11-28")
    after = tk.VirtualBoard().run_model(compiled, x)
    assert after.instructions == before.instructions
    assert after.cycles == pytest.approx(1.25 * before.cycles, rel=1e-5)
    assert after.waits == pytest.approx(1.25 * before.waits, rel=1e-3)
    for old, new in zip(before.layers, after.layers, strict=True):
        assert new.cycles == pytest.approx(1.25 * old.cycles, rel=1e-3, abs=2)
    said = "corrected by your board's measurement (x 1.25)"
    assert said in " ".join(str(after).split()) and said not in " ".join(str(before).split())
    assert tk.check_fit(small_tiny).seconds == after.cycles / NANO.clock


def test_sketches_too():
    counting = (
        "void setup() { unsigned long start = micros(); volatile int i = 0;\n"
        "  while (i < 100000) i = i + 1;\n  Serial.println(micros() - start); }\n"
        "void loop() {}\n"
    )
    before = tk.VirtualBoard().run(counting, seconds=0.1)
    corrections.save(NANO, 2.0, "words", "2026-11-28")
    after = tk.VirtualBoard().run(counting, seconds=0.1)
    assert int(after.serial[0].text) == pytest.approx(2 * int(before.serial[0].text), rel=1e-3)
    assert "times are corrected by your board's measurement (x 2.00)" in str(after)
    assert "corrected" not in str(before)


def test_delay_still_waits_by_the_clock():
    corrections.save(NANO, 2.0, "words", "2026-11-28")
    sketch = EMPTY.replace("loop() {", "loop() { delay(100); Serial.println();")
    assert len(tk.VirtualBoard().run(sketch, seconds=1).serial) == 9


@pytest.mark.parametrize("factor", [0.0, 0.1, 7.0, float("inf"), float("nan")])
def test_what_cannot_be_is_not_kept(factor):
    with pytest.raises(tk.TinykitError, match="which cannot be"):
        corrections.save(NANO, factor, "words", "2026-11-28")
    assert corrections.saved() == {}


@pytest.mark.parametrize(
    "content", ["no JSON", "[1]", "{}x", json.dumps({"nano33ble": {"factor": 99}}), '{"a": 1}']
)
def test_a_damaged_file_is_named(content):
    path = corrections.corrections_file()
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    with pytest.raises(tk.TinykitError, match=r"measured\.json.*Delete it and measure again"):
        corrections.saved()


def test_a_board_of_ones_own_is_not_corrected_by_another():
    corrections.save(NANO, 1.5, "words", "2026-11-28")
    assert corrections.saved_correction(dataclasses.replace(NANO, name="mine")) == 1
