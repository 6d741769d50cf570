"""Serial: what a sketch prints and reads is what Arduino's would."""

import numpy as np
import pytest
from sketch_runs import run, setup_prints


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


def test_what_is_typed_arrives_on_serial():
    text = (
        "void setup() {}\nvoid loop() {\n  if (!Serial.available()) return;\n"
        "  int n = Serial.parseInt();\n  Serial.read();\n  Serial.println(n * n);\n}\n"
    )
    result = run(text, typed=[(0.5, "12\n"), (1.5, "-7\n")], seconds=4)
    assert [line.text for line in result.serial] == ["144", "49"]
    assert [round(line.seconds, 1) for line in result.serial] == [0.5, 1.5]
