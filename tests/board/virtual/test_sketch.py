"""Sketches as Arduino understands them."""

import re

from sketch_runs import printed

from tinykit.board.virtual import sketch as sketches


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
