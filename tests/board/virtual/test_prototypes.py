"""The declarations that Arduino puts into a sketch, as the virtual board does it."""

import re
import shutil
import subprocess

import pytest

import tinykit as tk
from tinykit.board.virtual.sketch import as_cpp

SKETCH = """\
#include <stdint.h>
[[noreturn]] void stop(const char* problem);
int tick = 0;
void light(int label) { tick = label; }  // void comment(int) {
[[noreturn]] void stop(const char* problem) {
  for (;;) light(problem[0]);
}
__attribute__((noinline)) int slow(int a) { return a; }
static int area(const int& p)
{ return p; }
inline int doubled(int x) { return x * 2; }
bool readMotion(float (&motion)[6]) { return motion[0] > 0; }
unsigned long
two(int a,
    int b) { return a + b; }
const char* first(const char* const* a, void (*call)(int)) { call(1); return a[0]; }
struct Point { int x; int sum() { return x; } };
void setup() {}
void loop() {}
"""
PROTOTYPES = [
    "void light(int label);",
    "void stop(const char* problem);",
    "int slow(int a);",
    "static int area(const int& p);",
    "inline int doubled(int x);",
    "bool readMotion(float (&motion)[6]);",
    "unsigned long two(int a, int b);",
    "const char* first(const char* const* a, void (*call)(int));",
    "void setup();",
    "void loop();",
]


def put_in(text: str) -> list[str]:
    """The lines that `as_cpp` adds to a sketch, without #line and blank ones."""
    given = text.split("\n")
    added = []
    for line in as_cpp({"a.ino": text}).split("\n")[1:]:
        if given and line == given[0]:
            given.pop(0)
        elif line.strip() and not line.startswith("#line"):
            added.append(line)
    assert not given, f"lines of the sketch are lost: {given}"
    return added


def test_every_function_is_declared_above_the_first_without_attributes():
    """Also those that nobody uses too early: that is how [[noreturn]] gets into trouble."""
    assert put_in(SKETCH) == PROTOTYPES
    text = as_cpp({"a.ino": SKETCH})
    assert text.index("int tick = 0;") < text.index("void light(int label);")


def test_arduinos_own_ctags_finds_the_same_functions(tmp_path):
    """Debian's package arduino-ctags is the program that the Arduino IDE runs."""
    ctags = shutil.which("arduino-ctags")
    if ctags is None:
        pytest.skip("needs arduino-ctags, a package of Debian and Ubuntu")
    file = tmp_path / "a.ino.cpp"
    file.write_text(SKETCH, encoding="utf-8")
    fields = ["--c++-kinds=svpf", "--fields=KSTtzns", "--line-directives"]
    command = [ctags, "-u", "--language-force=c++", "-f", "-", *fields, str(file)]
    found = []
    for row in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    ):
        values = dict(part.split(":", 1) for part in row.split("\t")[3:] if ":" in part)
        if values.get("kind") == "function" and "struct" not in values:
            found.append(f"{values['returntype']} {row.split(chr(9))[0]}{values['signature']};")

    def bare(prototype: str) -> str:
        """Arduino adds `static` by itself, and `inline` makes no difference."""
        return re.sub(r"^(static|inline)|\s", "", prototype)

    assert [bare(prototype) for prototype in found] == [bare(line) for line in PROTOTYPES]


def test_default_arguments_are_not_given_twice():
    text = "void blink(int times = 3) {}\nvoid setup() { blink(); }\nvoid loop() {}\n"
    assert put_in(text) == ["void setup();", "void loop();"]
    assert tk.VirtualBoard().run(text, seconds=0.1).fault is None


def test_noreturn_that_arduino_would_refuse_is_refused_here_too():
    """The sketch of a student: on a board with a new core it does not compile, so not here."""
    body = "[[noreturn]] void stop() {\n  for (;;) delay(1000);\n}\nvoid loop() { stop(); }\n"
    with pytest.raises(tk.TinykitError, match=r"sketch\.ino, line 2: .*noreturn"):
        tk.VirtualBoard().run(f"void setup() {{}}\n{body}", seconds=0.1)
    declared = f"[[noreturn]] void stop();\nvoid setup() {{}}\n{body}"
    assert tk.VirtualBoard().run(declared, seconds=0.1).fault is None


BRANCHES = """\
#if defined(ARDUINO_ARCH_ESP32)
void rest(TaskHandle_t task) { vTaskDelay(task); }
#elif defined(ARDUINO_ARCH_MBED)
void rest(int ms) { delay(late(ms)); }
#else
void rest(NoSuchType x) {}
#endif
void setup() {
  rest(1);
  Serial.println(later());
}
void loop() {}
int late(int ms) { return ms; }
#ifdef NOT_THIS_ONE
int later(OtherType x) { return 1; }
#else
int later() { return 2; }
#endif
"""


def test_functions_of_other_boards_do_no_harm():
    """Arduino reads what the preprocessor leaves; a branch for another board is none of it."""
    run = tk.VirtualBoard().run(BRANCHES, seconds=0.1)
    assert [line.text for line in run.serial] == ["2"]


def test_a_function_may_be_handed_on_above_the_first():
    text = (
        "struct Button {\n  void (*press)();\n  explicit Button(void (*f)()) : press(f) {}\n};\n"
        "Button button(onPress);\n"
        "void setup() { button.press(); }\nvoid loop() {}\n"
        'void onPress() { Serial.println("pressed"); }\n'
    )
    run = tk.VirtualBoard().run(text, seconds=0.1)
    assert [line.text for line in run.serial] == ["pressed"]


def test_a_type_that_comes_after_the_first_function_is_explained():
    """Arduino refuses it, too, with a message that points to a correct line."""
    text = (
        "void setup() {}\nvoid loop() {}\nstruct Point { int x; };\n"
        "int across(Point p) { return p.x; }\n"
    )
    with pytest.raises(tk.TinykitError) as caught:
        tk.VirtualBoard().run(text, seconds=0.1)
    said = str(caught.value)
    assert "line 4" in said and "Point" in said and "above the first function" in said
