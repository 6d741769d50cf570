"""The virtual board runs sketches: time, Serial, pins, sensors, interrupts, and what goes wrong."""

import dataclasses
import re
import types
from pathlib import Path

import numpy as np
import pytest

import tinykit as tk
from tinykit.board import BoardRun
from tinykit.board.virtual import sketch as sketches

EMPTY = "void setup() {}\nvoid loop() {}\n"
TICK = 1 / 64e6  # a cycle


def run(text: str | Path, **inputs) -> BoardRun:
    """Run a sketch that should work."""
    result = tk.VirtualBoard().run(text, **inputs)
    assert result.fault is None, result.fault
    return result


def printed(text: str | Path, **inputs) -> list[str]:
    """The lines that a sketch prints."""
    return [line.text for line in run(text, **inputs).serial]


def setup_prints(statements: str) -> list[str]:
    return printed(f"void setup() {{\n{statements}\n}}\nvoid loop() {{}}\n", seconds=0.1)


# ---- Time


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


# ---- Serial


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("42", "42"),
        ("-42", "-42"),
        ("(uint8_t)200", "200"),
        ("'x'", "x"),
        ("true", "1"),
        ("-2147483647 - 1", "-2147483648"),
        ("4294967295u", "4294967295"),
        ("123456789012345LL", "123456789012345"),
        ("255, HEX", "FF"),
        ("-1, HEX", "FFFFFFFF"),
        ("5, BIN", "101"),
        ("64, OCT", "100"),
        ("1.0", "1.00"),
        ("-0.5f, 3", "-0.500"),
        ("2.999999, 2", "3.00"),
        ("1e10", "ovf"),
        ("NAN", "nan"),
        ("INFINITY", "inf"),
        ('F("in flash")', "in flash"),
        ("String(\"a\") + 1 + 'b' + String(2.5, 1)", "a1b2.5"),
    ],
)
def test_serial_prints_as_arduino_does(value, expected):
    assert setup_prints(f"Serial.println({value});") == [expected]


def test_empty_lines_have_a_time_of_their_own():
    text = 'void setup() {}\nvoid loop() {\n  Serial.print("\\n");\n  delay(100);\n}\n'
    lines = run(text, seconds=0.35).serial
    assert [line.text for line in lines] == [""] * 4
    assert np.allclose(np.diff([line.seconds for line in lines]), 0.1, atol=1e-4)


def test_printf_formats_as_python_does():
    cases = [
        ("%d|%5d|%-5d|%05d|%+d", (1, 2, 3, 4, 5)),
        ("%x %X %o %c %u", (255, 255, 8, ord("c"), 7)),
        ("%8.3f|%-8.1f|%.0f", (3.14159, 2.25, 7.0)),
        ("%s|%6s|%-6s|%.2s", ("ab", "cd", "ef", "ghi")),
    ]
    for template, values in cases:
        arguments = ", ".join(f'"{v}"' if isinstance(v, str) else str(v) for v in values)
        lines = setup_prints(
            f'char text[80];\nsnprintf(text, sizeof(text), "{template}", {arguments});\n'
            "Serial.println(text);"
        )
        assert lines == [template % values]


def test_what_is_typed_arrives_on_serial():
    text = (
        "void setup() {}\nvoid loop() {\n  if (!Serial.available()) return;\n"
        "  int n = Serial.parseInt();\n  Serial.read();\n  Serial.println(n * n);\n}\n"
    )
    result = run(text, typed=[(0.5, "12\n"), (1.5, "-7\n")], seconds=4)
    assert [line.text for line in result.serial] == ["144", "49"]
    assert [round(line.seconds, 1) for line in result.serial] == [0.5, 1.5]


def test_string_handles_text():
    lines = setup_prints(
        'String s = "  The quick fox ";\ns.trim();\nSerial.println(s);\n'
        "Serial.println(s.length());\nSerial.println(s.indexOf('q'));\n"
        's.replace("quick", "slow");\ns.toUpperCase();\nSerial.println(s);\n'
        'Serial.println(s.substring(4, 8));\nSerial.println(String("17").toInt() + 1);\n'
        'Serial.println(s.startsWith("THE") && s.endsWith("FOX") && s != "x");'
    )
    assert lines == ["The quick fox", "13", "4", "THE SLOW FOX", "SLOW", "18", "1"]


def test_string_gives_its_letters_away_and_takes_numbers():
    lines = setup_prints(
        "String s = \"abc\";\ns.concat(5);\ns.concat('d');\ns.concat(String(1.5));\n"
        's.concat("!");\nSerial.println(s);\n'
        "char few[4], all[20];\ns.toCharArray(few, 4);\ns.toCharArray(all, 20, 3);\n"
        "Serial.println(few);\nSerial.println(all);\n"
        "s.toCharArray(all, 20, 100);\nSerial.println(strlen(all));"
    )
    assert lines == ["abc5d1.50!", "abc", "5d1.50!", "0"]


def test_exit_ends_the_sketch_and_not_the_run():
    text = 'void setup() {\n  Serial.println("a");\n  exit(0);\n}\nvoid loop() {}\n'
    result = run(text, seconds=3)
    assert [line.text for line in result.serial] == ["a"]
    assert result.notes == ("setup() has been waiting for 3.0 s",)


def test_the_heap_reaches_to_the_end_of_ram_and_is_given_back():
    lines = setup_prints(
        "size_t largest = 0;\nfor (size_t size = 1000; size < 300000; size += 1000) {\n"
        "  char* volatile memory = (char*)malloc(size);\n  if (memory == nullptr) break;\n"
        "  memory[size - 1] = 1;\n  largest = size;\n  free(memory);\n}\n"
        "Serial.println(largest);\n"
        "int* numbers = new int[1000];\nnumbers[999] = 7;\nSerial.println(numbers[999]);\n"
        "delete[] numbers;"
    )
    board = tk.boards["nano33ble"]
    most = board.ram - board.core_ram - board.stack
    assert most - 2000 < int(lines[0]) < most
    assert lines[1] == "7"


def test_a_loop_that_changes_only_the_heap_is_not_skipped():
    text = (
        "int* count;\nvoid setup() { count = new int(0); }\n"
        "void loop() {\n  *count = *count + 1;\n"
        "  if (*count == 1000) Serial.println(millis());\n}\n"
    )
    assert printed(text, seconds=1) == ["0"], "1000 calls of this loop take less than 1 ms"


# ---- Pins


def test_input_pins_have_the_levels_they_are_given():
    text = (
        "void setup() {\n  pinMode(2, INPUT);\n  pinMode(3, INPUT_PULLUP);\n"
        "  Serial.println(digitalRead(2));\n  Serial.println(digitalRead(3));\n"
        "  Serial.println(digitalRead(4));\n  Serial.println(analogRead(A0));\n}\n"
        "void loop() {}\n"
    )
    assert printed(text, inputs={"D2": 1, "A0": 512}, seconds=0.1) == ["1", "1", "0", "512"]


def test_a_loop_that_sets_pins_to_what_they_are_is_skipped_too():
    """A button that lights an LED, as in Arduino's first examples: no delay, and quick to run."""
    text = (
        "void setup() { pinMode(2, INPUT_PULLUP); pinMode(LED_BUILTIN, OUTPUT); }\n"
        "void loop() { digitalWrite(LED_BUILTIN, !digitalRead(2)); }\n"
    )
    result = run(text, seconds=5)
    assert [change.level for change in result.leds] == [0]
    assert result.busy < 0.02
    assert [change.level for change in run(text, inputs={"D2": 0}, seconds=1).leds] == [1]


# ---- Sketches as Arduino understands them


def test_functions_may_be_used_above_their_definition():
    text = (
        "// helper(int) comes later { not here }\n"
        'const char* brace = "{ int wrong() {";\n'
        "struct Point { int x, y; };\n"
        "void setup() {\n  Point p = {3, 4};\n  Serial.println(helper(2) + area(p));\n}\n"
        "void loop() {}\n"
        "int helper(int n) { return n * 10; }\n"
        "static int area(const Point& p)\n{\n  return p.x * p.y;\n}\n"
        "template <class T>\nT twice(T x) { return x + x; }\n"
    )
    assert printed(text, seconds=0.1) == ["32"]


def test_lines_keep_their_numbers_in_the_cpp_file():
    """The compiler must name the student's file and line, prototypes or not."""
    text = "int x;\nvoid setup() {\n  later();\n}\nvoid loop() {}\nvoid later() {}\n"
    numbered = {}
    place = ("", 0)
    for line in sketches.as_cpp({"a.ino": text, "b.ino": "void other() {}\n"}).split("\n"):
        directive = re.match(r'#line (\d+) "(.*)"', line)
        if directive:
            place = (directive[2], int(directive[1]))
            continue
        numbered.setdefault(place, []).append(line)
        place = (place[0], place[1] + 1)
    for number, line in enumerate(text.split("\n")[:-1], 1):
        assert line in numbered["a.ino", number]
    assert "void other() {}" in numbered["b.ino", 1]


def test_a_folder_with_several_files_is_one_sketch(tmp_path):
    folder = tmp_path / "demo"
    (folder / "src" / "deep").mkdir(parents=True)
    (folder / "demo.ino").write_text(
        '#include "part.h"\nvoid setup() { Serial.println(plain(part() + second())); }\n'
        "void loop() {}\n"
    )
    (folder / "a_second.ino").write_text(
        '#include "src/deep/three.h"\nint second() { return kThree; }\n'
    )
    (folder / "part.cpp").write_text('#include "part.h"\nint part() { return 40; }\n')
    (folder / "src" / "deep" / "three.h").write_text("constexpr int kThree = 3;\n")
    (folder / "plain.c").write_text("int plain(int new) { return new + 1; }\n")  # no C++
    (folder / "part.h").write_text('int part();\nextern "C" int plain(int);\n')
    (folder / "notes.txt").write_text("neither C nor C++")
    assert printed(folder, seconds=0.1) == ["44"]
    assert printed(str(folder / "demo.ino"), seconds=0.1) == ["44"]


# ---- Microphone

CHECKSUM = """
#include <PDM.h>
short block[256];
volatile unsigned long sum = 0, samples = 0, calls = 0;
void onData() {
  int count = PDM.read(block, sizeof(block)) / 2;
  for (int i = 0; i < count; i++) sum = sum * 31 + (unsigned short)block[i];
  samples += count;
  calls++;
}
void setup() {
  PDM.onReceive(onData);
  if (!PDM.begin(1, 16000)) Serial.println("no microphone");
}
void loop() {
  if (samples < 16384) return;
  Serial.println(sum);
  Serial.println(calls);
  while (true) delay(1000);
}
"""


def test_every_sample_reaches_the_sketch_once_and_in_order():
    """A checksum that depends on the order, computed on the board and here."""
    audio = np.random.default_rng(0).integers(-32768, 32768, 20_000).astype(np.int16)
    expected = 0
    for sample in audio[:16384].view(np.uint16).tolist():
        expected = (expected * 31 + sample) % 2**32
    result = tk.VirtualBoard().run(CHECKSUM, audio=audio)
    assert [line.text for line in result.serial] == [str(expected), "64"]
    assert result.lost_samples == 0
    # 16384 samples take 1.024 s at 16 kHz.
    assert abs(result.serial[0].seconds - 1.024) < 1e-3


def test_the_microphone_stops_when_a_block_is_not_read():
    """Arduino's PDM library disables the microphone when the block before is still unread."""
    text = CHECKSUM.replace("int count = PDM.read(block, sizeof(block)) / 2;", "int count = 0;")
    result = tk.VirtualBoard().run(text, audio=np.zeros(16_000, np.int16), seconds=1)
    assert result.microphone_stopped == pytest.approx(0.032, abs=1e-3)
    assert result.lost_samples == pytest.approx(16_000 - 256, abs=16)
    assert "not been read" in str(result)


def test_blocks_are_lost_while_interrupts_are_off_for_long():
    """Off for 50 ms: of the blocks that end at 16, 32 and 48 ms, two are overwritten."""
    off = "noInterrupts(); delay(50); interrupts(); done = true;"
    text = CHECKSUM.replace(
        "void loop() {", f"void loop() {{\n  static bool done;\n  if (!done) {{ {off} }}\n"
    )
    result = tk.VirtualBoard().run(text, audio=np.ones(32_000, np.int16))
    assert result.lost_samples == 512
    assert result.serial[1].text == "64"


def test_a_recording_may_be_a_file(tmp_path):
    import soundfile

    audio = np.random.default_rng(1).integers(-9000, 9000, 20_000).astype(np.int16)
    soundfile.write(tmp_path / "take.wav", audio, 16_000)
    from_file = tk.VirtualBoard().run(CHECKSUM, audio=tmp_path / "take.wav")
    assert from_file.serial == tk.VirtualBoard().run(CHECKSUM, audio=audio).serial


# ---- Motion sensor

MOTION = """
#include <Arduino_LSM9DS1.h>
float ax, ay, az, gx, gy, gz;
void setup() { if (!IMU.begin()) Serial.println("no sensor"); }
void loop() {
  if (!IMU.accelerationAvailable() || !IMU.gyroscopeAvailable()) return;
  IMU.readAcceleration(ax, ay, az);
  IMU.readGyroscope(gx, gy, gz);
  float all[] = {ax, ay, az, gx, gy, gz};
  for (float value : all) { Serial.print(value, 5); Serial.print(','); }
  Serial.println();
}
"""


@pytest.mark.parametrize(
    ("board", "library"),
    [("nano33ble", "Arduino_LSM9DS1.h"), ("nano33ble_rev2", "Arduino_BMI270_BMM150.h")],
)
def test_every_row_of_motion_is_felt_at_the_sensors_rate(board, library):
    """To half a step of the 16-bit sensor, 4 g / 32768 and 2000 deg/s / 32768, and the 5 digits."""
    rows = np.random.default_rng(0).normal(size=(60, 6)) * [1, 1, 1, 100, 100, 100]
    rows[7] = [9, -9, 0, 5000, -5000, 0]  # beyond what the sensor can feel
    text = MOTION.replace("Arduino_LSM9DS1.h", library)
    result = tk.VirtualBoard(board).run(text, motion=rows)
    felt = np.array([[float(v) for v in line.text.split(",")[:-1]] for line in result.serial])
    limits = np.array([4, 4, 4, 2000, 2000, 2000])
    expected = rows.clip(-limits, limits * 32767 / 32768)
    assert felt.shape == rows.shape
    assert (np.abs(felt - expected) <= limits / 65536 + 1e-5).all()
    rate = {"nano33ble": 119, "nano33ble_rev2": 99.84}[board]
    spacing = np.diff([line.seconds for line in result.serial])
    # Every question takes time on the wire, so a row is noticed up to 3 ms late.
    assert abs(spacing.mean() - 1 / rate) < 1e-4
    assert spacing.max() < 1 / rate + 3e-3


def test_without_motion_the_board_lies_still():
    assert set(printed(MOTION, seconds=0.5)) == {"0.00000,0.00000,1.00000,0.00000,0.00000,0.00000,"}


QUEUED = """
#include <Arduino_LSM9DS1.h>
float ax, ay, az, gx, gy, gz;
void setup() { IMU.begin(); IMU.setContinuousMode(); }
void loop() {
  while (IMU.accelerationAvailable()) {
    IMU.readGyroscope(gx, gy, gz);
    IMU.readAcceleration(ax, ay, az);
    Serial.print(ax, 7); Serial.print(' '); Serial.println(gx, 0);
  }
  delay(PAUSE);
}
"""


def test_in_continuous_mode_the_sensor_queues_what_is_not_read_at_once():
    """32 samples, as its data sheet says: with 200 ms between two looks none of 119 a second is
    lost, and acceleration and rotation of one sample stay together."""
    rows = np.zeros((240, 6))
    rows[:, 0], rows[:, 3] = np.arange(240) / 128, np.arange(240)
    expected = [f"{a:.7f} {g:.0f}" for a, g in rows[:, [0, 3]]]
    result = run(QUEUED.replace("PAUSE", "200"), motion=rows, seconds=3)
    assert [line.text for line in result.serial] == expected
    assert result.lost_motion == 0
    slow = run(QUEUED.replace("PAUSE", "500"), motion=rows, seconds=3)
    seen = [int(line.text.split()[1]) for line in slow.serial]
    assert slow.lost_motion == 1 + seen[-1] - seen[0] - len(seen) > 0
    assert "samples of the motion sensor were not read" in str(slow)
    assert max(np.diff(seen)) > 20, "the oldest are gone"


def test_a_recorded_file_of_motion_can_be_felt(tmp_path):
    """At the sensor's rate, with rests between the takes."""
    rows = "".join(f"0,0,1,{gx},0,0\n" for gx in [*[100] * 40, "", *[200] * 40])
    path = tmp_path / "two takes.csv"
    path.write_text("aX,aY,aZ,gX,gY,gZ\n" + rows.replace("0,0,1,,0,0\n", "\n"), encoding="utf-8")
    result = run(QUEUED.replace("PAUSE", "50"), motion=path)
    felt = [float(line.text.split()[1]) for line in result.serial]
    assert (np.array(felt) == 100).sum() >= 38 and (np.array(felt) == 200).sum() >= 38
    assert felt.index(200) - felt.index(100) > 40 + 50, "half a second of rest, at the least"
    assert felt[-1] == 0
    with pytest.raises(tk.TinykitError, match=r"missing\.csv"):
        tk.VirtualBoard().run(EMPTY, motion=tmp_path / "missing.csv")


# ---- Camera

CAMERA = """
#include <Arduino_OV767X.h>
byte frame[176 * 144 * BYTES];
void setup() {
  if (!Camera.begin(QCIF, FORMAT, 5)) Serial.println("no camera");
}
void loop() {
  Camera.readFrame(frame);
  unsigned long sum = 0;
  for (size_t i = 0; i < sizeof(frame); i++) sum = sum * 31 + frame[i];
  Serial.println(sum);
}
"""


def test_the_camera_shows_each_picture_once():
    pictures = np.random.default_rng(0).integers(0, 256, (3, 144, 176), dtype=np.uint8)
    text = CAMERA.replace("BYTES", "1").replace("FORMAT", "GRAYSCALE")
    result = run(text, images=pictures)
    expected = []
    for picture in pictures:
        total = 0
        for byte in picture.tobytes():
            total = (total * 31 + byte) % 2**32
        expected.append(str(total))
    assert [line.text for line in result.serial] == expected
    assert np.diff([line.seconds for line in result.serial]).min() > 0.2, "5 pictures a second"


def test_coloured_pictures_arrive_as_rgb565():
    picture = np.zeros((1, 144, 176, 3), np.uint8)
    picture[..., 0], picture[..., 1], picture[..., 2] = 0xF8, 0x04, 0x08
    text = CAMERA.replace("BYTES", "2").replace("FORMAT", "RGB565").replace(
        "Serial.println(sum)", "Serial.print(frame[0], HEX);\nSerial.println(frame[1], HEX)"
    )  # fmt: skip
    assert printed(text, images=picture) == ["F821"]


# ---- What goes wrong

FAULTS = {
    "a null pointer": (
        "int* p = nullptr;\nvoid setup() {}\nvoid poke() {\n  *p = 5;\n}\n"
        "void loop() {\n  poke();\n}\n",
        ("null pointer", "poke", 4),
    ),
    "an index far outside": (
        "int v[4];\nvolatile int k = 100000000;\nvoid setup() {}\nvoid loop() {\n  v[k] = 3;\n}\n",
        ("no memory", "loop", 5),
    ),
    "writing to a constant": (
        "const int table[] = {1, 2};\nvoid setup() {\n  *(volatile int*)table = 5;\n}\n"
        "void loop() {}\n",
        ("flash", "setup", 3),
    ),
    "recursion without an end": (
        "volatile int x;\nint f(int n) {\n  volatile int a[20];\n  a[0] = n;\n"
        "  return f(n + 1) + a[0];\n}\nvoid setup() {}\nvoid loop() {\n  x = f(0);\n}\n",
        ("stack has overflowed", "f", None),
    ),
    "a local array larger than the stack": (
        "void setup() {}\nvoid loop() {\n  volatile char big[40000];\n"
        "  for (int i = 0; i < 40000; i++) big[i] = 1;\n}\n",
        ("stack has overflowed", "loop", None),
    ),
    "a call of nothing": (
        "void (*callback)() = nullptr;\nvoid setup() {}\nvoid loop() {\n  callback();\n}\n",
        ("null function pointer", "loop", 4),
    ),
    "a jump to nowhere": (
        "volatile uint32_t place = 0x31234567;\nvoid setup() {}\nvoid loop() {\n"
        "  ((void (*)())place)();\n  Serial.println();\n}\n",
        ("beyond its end", "loop", 4),
    ),
    "a null pointer that the compiler knows": (
        "void setup() {\n  int* p = nullptr;\n  *p = 5;\n}\nvoid loop() {}\n",
        ("null pointer", "setup", 3),
    ),
    "an index far below": (
        "int v[4];\nvolatile int k = -9000;\nvoid setup() {}\nvoid loop() {\n  v[k] = 3;\n}\n",
        ("no memory", "loop", 5),
    ),
    "a handler that takes longer than a block": (
        "#include <PDM.h>\nshort block[256];\nvoid onData() {\n"
        "  PDM.read(block, sizeof(block));\n  delay(20);\n}\n"
        "void setup() {\n  PDM.onReceive(onData);\n  PDM.begin(1, 16000);\n}\n"
        "void loop() {\n  delay(100);\n}\n",
        ("microphone's handler needs longer", "loop", 12),
    ),
    "abort": (
        "int n;\nvoid check(int x) {\n  if (x > 2) abort();\n}\nvoid setup() {}\n"
        "void loop() {\n  check(n++);\n}\n",
        ("stopped itself", "check", 3),
    ),
    "a loop that never ends": (
        "volatile bool ready;\nvoid waitForever() {\n  while (!ready) {\n  }\n}\nvoid setup() {}\n"
        "void loop() {\n  waitForever();\n}\n",
        ("loop() has not returned", "waitForever", 3),
    ),
    "a loop that looks once and then computes": (
        "volatile bool ready;\nvoid setup() {}\nvoid loop() {\n  digitalRead(2);\n"
        "  while (!ready) {}\n}\n",
        ("loop() has not returned", "loop", 5),
    ),
    "a setup that never ends": (
        'void setup() {\n  Serial.println("done");\n  while (1);\n}\nvoid loop() {}\n',
        ("setup() has not returned", "setup", 3),
    ),
    "an interrupt that never ends": (
        "#include <PDM.h>\nvoid onData() {\n  while (true) {}\n}\n"
        "void setup() {\n  PDM.onReceive(onData);\n  PDM.begin(1, 16000);\n}\nvoid loop() {}\n",
        ("interrupt handler", "onData", 3),
    ),
    "printing from nowhere": (
        "void setup() {\n  Serial.write((const uint8_t*)0x50000000, 9);\n}\nvoid loop() {}\n",
        ("no memory", "setup", 2),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_function_and_line(name):
    text, (what, function, line) = FAULTS[name]
    fault = tk.VirtualBoard().run(text, seconds=2).fault
    assert fault is not None
    assert what in fault.what
    assert fault.function == function
    assert line is None or (fault.file, fault.line) == ("sketch.ino", line)
    assert "\n" not in fault.what


def test_callers_are_told_too():
    text, _ = FAULTS["a null pointer"]
    fault = tk.VirtualBoard().run(text).fault
    assert "called from loop() (sketch.ino:7)" in str(fault)


def test_no_caller_is_invented_for_a_function_that_never_returns():
    """After println(), the link register still points behind that call, into loop() itself."""
    text = (
        "volatile int n = 0;\nvoid setup() {}\nvoid loop() {\n  Serial.println(n);\n"
        "  while (n < 10) {}\n}\n"
    )
    fault = tk.VirtualBoard().run(text, seconds=2).fault
    assert (fault.function, fault.line) == ("loop", 5)
    assert "called from" not in str(fault)


def test_a_fault_before_setup_is_told_without_the_compilers_names():
    text = "int* q;\nstruct A {\n  A() { *q = 1; }\n};\nA a;\nvoid setup() {}\nvoid loop() {}\n"
    told = str(tk.VirtualBoard().run(text).fault)
    assert "A::A() (sketch.ino:3)" in told
    assert "called from the initial value of a global variable (sketch.ino:5)" in told
    for name in ("__cxx", "_GLOBAL_", "boardConstruct"):
        assert name not in told


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


def test_asking_takes_time():
    """Some microseconds for a pin, some twenty for a conversion, as on the board."""
    us = setup_prints(
        "unsigned long t = micros();\nfor (int i = 0; i < 1000; i++) digitalRead(2);\n"
        "Serial.println((micros() - t) / 1000);\nt = micros();\n"
        "for (int i = 0; i < 1000; i++) analogRead(A0);\nSerial.println((micros() - t) / 1000);"
    )
    assert 2 <= int(us[0]) <= 6
    assert 20 <= int(us[1]) <= 25


def test_global_objects_may_have_destructors():
    text = (
        'String name = "Ada";\nvoid setup() {\n  static String other = "Grace";\n'
        "  Serial.println(name + other);\n}\nvoid loop() {}\n"
    )
    assert printed(text, seconds=0.1) == ["AdaGrace"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "void setup() {\n  int x = 3\n}\nvoid loop() {}\n",
            ["sketch.ino, line 2", "expected ';'"],
        ),
        ("void setup() {\n  blink();\n}\nvoid loop() {}\n", ["sketch.ino, line 2", "blink"]),
        ("#include <Servo.h>\nvoid setup() {}\nvoid loop() {}\n", ["line 1", "Servo.h", "PDM.h"]),
        ("int f() {\n}\nvoid setup() {}\nvoid loop() { f(); }\n", ["line 2", "return"]),
        ("void setup() {\n}\n", ["loop()", "nowhere"]),
        *(
            (f"void setup() {{\n  {statement}\n}}\nvoid loop() {{}}\n", ["line 2", *words])
            for statement, *words in (
                ("int x; Serial.println(x + 1);", "'x' is uninitialized"),
                ("int x = 1 / 0; Serial.println(x);", "division by zero"),
                ("int v[3]; v[7] = 1; Serial.println(v[0]);", "index 7"),
                ("Serial.println(1 << 40);", "shift count"),
                ('Serial.println("hello);', "missing terminating '\"' character"),
                ("Serial.println(1, 2, 3);", "println"),
                ("struct P { int x; } p; Serial.println(String() + p);", "String"),
            )
        ),
        (
            "#include <Chirale_TensorFlowLite.h>\nvoid setup() {}\nvoid loop() {}\n",
            ["TensorFlow Lite Micro", 'engine="compiled"'],
        ),
        (
            "char big[300000];\nvoid setup() { big[millis()] = 1; }\n"
            "void loop() { Serial.println(big[millis()]); }\n",
            ["does not fit", "RAM", "bytes"],
        ),
    ],
)
def test_a_sketch_that_cannot_be_built_is_explained_in_one_line(text, words):
    with pytest.raises(tk.TinykitError) as error:
        tk.VirtualBoard().run(text)
    for word in words:
        assert word in str(error.value)
    assert "\n" not in str(error.value)
    assert str(Path.home()) not in str(error.value), "no path of this computer"
    assert "-W" not in str(error.value), "no flag of the compiler"


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


# ---- The kit's own sketch


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
