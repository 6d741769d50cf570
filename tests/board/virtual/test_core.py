"""The board's C++ core: text, memory, and how a program begins and ends."""

from sketch_runs import printed, run, setup_prints

import tinykit as tk


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


def test_global_objects_may_have_destructors():
    text = (
        'String name = "Ada";\nvoid setup() {\n  static String other = "Grace";\n'
        "  Serial.println(name + other);\n}\nvoid loop() {}\n"
    )
    assert printed(text, seconds=0.1) == ["AdaGrace"]
