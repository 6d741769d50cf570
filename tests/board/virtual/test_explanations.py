"""What goes wrong, in words: why a sketch cannot be built, why it stopped, and where."""

from pathlib import Path

import pytest

import tinykit as tk

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
