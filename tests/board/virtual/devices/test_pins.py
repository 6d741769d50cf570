"""Pins: levels that a sketch reads and sets, and what asking costs."""

from sketch_runs import printed, run, setup_prints


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


def test_asking_takes_time():
    """Some microseconds for a pin, some twenty for a conversion, as on the board."""
    us = setup_prints(
        "unsigned long t = micros();\nfor (int i = 0; i < 1000; i++) digitalRead(2);\n"
        "Serial.println((micros() - t) / 1000);\nt = micros();\n"
        "for (int i = 0; i < 1000; i++) analogRead(A0);\nSerial.println((micros() - t) / 1000);"
    )
    assert 2 <= int(us[0]) <= 6
    assert 20 <= int(us[1]) <= 25
