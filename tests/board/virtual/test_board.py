"""The virtual board runs sketches: what takes time, inputs, and what it reports."""

import dataclasses
import re
import types
from pathlib import Path

import numpy as np
import pytest
from sketch_runs import EMPTY, TICK, printed, run

import tinykit as tk


def test_a_blinking_led_changes_when_delay_says():
    """Each change comes after the one before by delay()'s time and a few instructions."""
    leds = run(
        "void setup() { pinMode(LED_BUILTIN, OUTPUT); }\n"
        "void loop() {\n"
        "  digitalWrite(LED_BUILTIN, HIGH);\n  delay(250);\n"
        "  digitalWrite(LED_BUILTIN, LOW);\n  delay(750);\n}\n",
        seconds=3,
    ).leds
    assert [change.level for change in leds] == [1, 0] * 3
    assert {change.pin for change in leds} == {"LED_BUILTIN"}
    times = [change.seconds for change in leds]
    assert np.allclose(np.diff(times), [0.25, 0.75, 0.25, 0.75, 0.25], atol=200 * TICK)


def test_millis_and_micros_follow_the_clock():
    lines = run(
        "void setup() {}\n"
        "void loop() {\n  delay(100);\n  Serial.print(millis());\n  Serial.print(' ');\n"
        "  Serial.println(micros());\n}\n",
        seconds=1,
    ).serial
    for line in lines:
        ms, us = map(int, line.text.split())
        assert ms == int(line.seconds * 1000)
        assert abs(us - line.seconds * 1e6) < 50, "printing the first number takes a few us"


WAITING_LOOP = """
unsigned long last = 0;
bool lit = false;
BUSY
void setup() { pinMode(LEDR, OUTPUT); }
void loop() {
  COUNT
  if (millis() - last < 37) return;
  last += 37;
  lit = !lit;
  digitalWrite(LEDR, lit);
}
"""


def test_skipping_a_loop_that_only_waits_changes_nothing_but_the_work():
    """A loop() that counts its calls cannot be skipped: its LED must change at the same times."""
    skipped = run(WAITING_LOOP.replace("BUSY", "").replace("COUNT", ""), seconds=2)
    counting = WAITING_LOOP.replace("BUSY", "volatile long calls;").replace("COUNT", "++calls;")
    executed = run(counting, seconds=2)
    assert len(skipped.leds) == len(executed.leds) == 54
    for one, other in zip(skipped.leds, executed.leds, strict=True):
        # At most one call of loop() later, some 200 cycles.
        assert abs(one.seconds - other.seconds) < 400 * TICK
    assert executed.busy > 0.99
    assert skipped.busy < 0.02
    assert skipped.instructions < executed.instructions / 50


def test_a_loop_that_looks_at_micros_is_not_skipped():
    text = "void setup() {}\nvoid loop() { if (micros() % 7 == 9) Serial.println(); }\n"
    assert run(text, seconds=0.1).busy > 0.99


def test_a_loop_that_changes_only_the_heap_is_not_skipped():
    text = (
        "int* count;\nvoid setup() { count = new int(0); }\n"
        "void loop() {\n  *count = *count + 1;\n"
        "  if (*count == 1000) Serial.println(millis());\n}\n"
    )
    assert printed(text, seconds=1) == ["0"], "1000 calls of this loop take less than 1 ms"


def test_a_changed_sketch_compiles_only_what_changed(tmp_path, monkeypatch):
    """The core and the compiler's library are kept, or every change would cost seconds."""
    from tinykit.board.virtual import toolchain

    commands = []
    zig = toolchain.zig
    monkeypatch.setattr(toolchain, "zig", lambda *call: commands.append(call[0]) or zig(*call))
    text = f"// {tmp_path}\n#include <Arduino.h>\nvoid setup() {{}}\nvoid loop() {{}}\n"
    run(text, seconds=0.1)
    assert len(commands) == 2, "the sketch, and linking it"
    run(text, seconds=0.1)
    assert len(commands) == 2, "nothing when nothing has changed"


def test_the_same_run_twice_is_the_same():
    text = (
        "void setup() {}\nvoid loop() {\n  delay(random(20));\n  Serial.println(micros());\n"
        "  analogWrite(LEDB, random(255));\n}\n"
    )
    one, other = (tk.VirtualBoard().run(text, seconds=1) for _ in range(2))
    for field in dataclasses.fields(one):
        assert getattr(one, field.name) == getattr(other, field.name), field.name


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("setup", "delay(6000);"),
        ("setup", "while (1) delay(100);"),
        ("setup", "while (Serial.available() == 0) {}"),
        ("loop", "while (Serial.available() == 0) {}"),
        ("loop", "while (digitalRead(2) == HIGH) {}"),
        ("loop", "while (analogRead(A0) < 100) {}"),
        ("loop", "while (millis() < 9000) {}"),
        ("loop", "while (true) delay(100);"),
        ("loop", "delay(4000);"),
    ],
)
@pytest.mark.slow
def test_a_sketch_that_waits_is_no_fault(name, statement):
    """It looks at the clock or at the world outside; the report says where it waits."""
    bodies = {"setup": "pinMode(2, INPUT_PULLUP);", "loop": ""}
    bodies[name] += f"\n  {statement}"
    text = "".join(f"void {function}() {{ {body}\n}}\n" for function, body in bodies.items())
    line = text[: text.index(statement)].count("\n") + 1
    result = run(text, seconds=3)
    note = f"{name}() has been waiting in sketch.ino, line {line}, for 3.0 s"
    assert result.notes == (note,)
    assert note in str(result)
    assert note in result._repr_html_()
    assert not run(EMPTY, seconds=2).notes


def test_wrong_inputs_are_explained(tmp_path):
    board = tk.VirtualBoard()
    for inputs, word in [
        ({"audio": np.zeros(10)}, "int16"),
        ({"audio": tmp_path / "missing.wav"}, "missing.wav"),
        ({"motion": np.zeros((5, 3))}, "(n, 6)"),
        ({"images": np.zeros((2, 3))}, "uint8"),
    ]:
        with pytest.raises(tk.TinykitError, match=re.escape(word)):
            board.run(EMPTY, **inputs)
    for sketch in (tmp_path, 5, None):
        with pytest.raises(tk.TinykitError, match="no Arduino sketch"):
            board.run(sketch)
    for seconds in ("3", 0, -1, float("nan"), float("inf"), True):
        with pytest.raises(tk.TinykitError, match="Give a number above 0"):
            board.run(EMPTY, seconds=seconds)
    for_another = types.SimpleNamespace(path=tmp_path, board=tk.boards["xiao_esp32s3"])
    with pytest.raises(tk.TinykitError, match=r'made for the Seeed.*board="nano33ble"'):
        board.run(for_another)
    with pytest.raises(tk.TinykitError, match=r"nano33ble, nano33ble_rev2"):
        tk.VirtualBoard("xiao_esp32s3")


@pytest.mark.parametrize("package", ["ziglang", "unicorn", "elftools"])
def test_a_missing_package_is_named(package, monkeypatch):
    from tinykit.board.virtual import toolchain

    found = toolchain.importlib.util.find_spec
    monkeypatch.setattr(
        toolchain.importlib.util, "find_spec", lambda name: None if name == package else found(name)
    )
    install = {"elftools": "pyelftools"}.get(package, package)
    with pytest.raises(tk.TinykitError, match=f"pip install {install}"):
        tk.VirtualBoard().run(EMPTY)


def test_a_run_shows_itself():
    result = run('void setup() { Serial.println("<b>&"); }\nvoid loop() {}\n', seconds=0.5)
    assert "<b>&" in str(result)
    assert "&lt;b&gt;&amp;" in result._repr_html_()
    assert result.ram_bytes == result.static_bytes + result.stack_bytes
    assert 0 < result.flash_bytes < 20_000
    assert {"setup", "loop"} <= {function.name for function in result.functions}
    assert sum(f.instructions for f in result.functions) == result.instructions


@pytest.mark.slow
def test_the_keyword_sketch_keeps_up_with_the_microphone():
    """At four decisions a second or more, with half of the processor's time to spare."""
    folder = Path(__file__).resolve().parents[3] / "arduino" / "keyword_spotting"
    audio = np.random.default_rng(0).normal(0, 3000, 5 * 16_000).astype(np.int16)
    result = run(folder, audio=audio)
    assert result.lost_samples == 0
    assert result.busy <= 0.5
    starts = [inference.seconds for inference in result.inferences]
    assert len(starts) >= 4 * (result.seconds - 1), "the first window is full after a second"
    assert max(np.diff(starts)) <= 0.25
