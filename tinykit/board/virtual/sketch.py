"""An Arduino sketch as C++: what the Arduino IDE does to .ino files before it compiles them.

https://arduino.github.io/arduino-cli/latest/sketch-build-process/
"""

import re
from pathlib import Path

from tinykit.common.errors import TinykitError

_HEADERS = (".h", ".hpp", ".hh", ".inc")
_SOURCES = (".cpp", ".c", ".cc", ".S")
_NOT_FUNCTIONS = {"if", "for", "while", "switch", "catch", "return", "sizeof", "alignas"}
_COMMENT_OR_STRING = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""", re.DOTALL | re.VERBOSE
)


def read_sketch(sketch: object) -> tuple[str, dict[str, str]]:
    """Name and C++ files (text by path) of a sketch: a Sketch, its folder, an .ino file, or text.

    Raises TinykitError when there is no sketch.
    """
    path = getattr(sketch, "path", sketch)
    if isinstance(path, str) and "\n" in path:
        return "sketch", {"sketch.ino.cpp": as_cpp({"sketch.ino": path})}
    if not isinstance(path, str | Path):
        raise TinykitError(
            f"{sketch!r} is no Arduino sketch. "
            "Give a Sketch, a sketch's folder, an .ino file, or the text of one."
        )
    folder = Path(path)
    if folder.suffix == ".ino":
        folder = folder.parent
    main = folder / f"{folder.resolve().name}.ino"
    inos = sorted(folder.glob("*.ino"), key=lambda ino: (ino.name != main.name, ino.name))
    if isinstance(path, Path | str) and Path(path).suffix == ".ino":
        main = Path(path)
        if main.name != f"{folder.resolve().name}.ino":
            inos = [main]  # a single file, not a sketch's folder
    if not main.is_file():
        raise TinykitError(
            f"{path} is no Arduino sketch: there is no {main.name} in it. "
            "Give a sketch's folder, or an .ino file."
        )
    texts = {ino.name: _text(ino) for ino in inos}
    files = {f"{main.name}.cpp": as_cpp(texts)}
    single = inos == [main] and main.stem != folder.resolve().name
    for file in [] if single else _further_files(folder):
        files[file.relative_to(folder).as_posix()] = _text(file)
    return main.stem, files


def _further_files(folder: Path) -> list[Path]:
    """What Arduino compiles besides: sources beside the sketch and anywhere below src/."""
    found = [path for path in folder.glob("*") if path.suffix in _HEADERS + _SOURCES]
    found += [p for p in (folder / "src").rglob("*") if p.suffix in _HEADERS + _SOURCES]
    return sorted(path for path in found if path.is_file())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise TinykitError(f"{path} cannot be read ({error.strerror}). Check the file.") from error


def as_cpp(inos: dict[str, str]) -> str:
    """One C++ file from the texts of the .ino files (by name, the main one first).

    Arduino.h is included, and functions that are used above their definition are declared.
    """
    text = "".join(f'#line 1 "{name}"\n{ino}\n'.replace("\r\n", "\n") for name, ino in inos.items())
    first, prototypes = _missing_prototypes(text)
    if prototypes:
        place = _line_directive(text, first)
        text = "".join([text[:first], "\n", *(place + p for p in prototypes), place, text[first:]])
    return "#include <Arduino.h>\n" + text


def _line_directive(text: str, position: int) -> str:
    """What tells the compiler which line of which .ino file follows `position`."""
    start = text.rindex("#line", 0, position + 1)
    name = re.match(r'#line 1 (".*")', text[start:])[1]
    return f"#line {text.count(chr(10), start, position)} {name}\n"


def _missing_prototypes(text: str) -> tuple[int, list[str]]:
    """Where the first function begins, and declarations of those that are used too early."""
    plain = _without_comments(text)
    functions = list(_functions(plain))
    prototypes = [
        " ".join(head.split()) + ";\n"
        for start, name, head in functions
        if re.search(rf"\b{re.escape(name)}\b", plain[:start]) and "=" not in head
    ]
    return (functions[0][0] if functions else 0), prototypes


def _without_comments(text: str) -> str:
    """`text` with comments, strings and preprocessor lines blanked; every position stays."""

    def blank(found: re.Match) -> str:
        return re.sub(r"[^\n]", " ", found[0])

    text = _COMMENT_OR_STRING.sub(blank, text)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.MULTILINE)


def _functions(plain: str):
    """(position, name, head) of every function that is defined at the top level."""
    depth, start = 0, 0
    for found in re.finditer(r"[{};]", plain):
        if found[0] == "{":
            if depth == 0:
                head = plain[start : found.start()]
                name = _function_name(head)
                if name:
                    yield start + len(head) - len(head.lstrip()), name, head.strip()
            depth += 1
            continue
        if found[0] == "}":
            depth = max(0, depth - 1)
        if depth == 0:
            start = found.end()


def _function_name(head: str) -> str | None:
    """The name of the function whose definition begins like this; None when it is none."""
    head = head.strip()
    found = re.fullmatch(
        r"(?P<type>(?:\[\[[^\]]*\]\]\s*)?[\w\s*&:<>,]+?[\s*&])(?P<name>\w+)\s*\((?P<args>.*)\)",
        head,
        re.DOTALL,
    )
    if not found or found["name"] in _NOT_FUNCTIONS:
        return None
    if re.match(r"(?:template|class|struct|enum|union|namespace|extern|return|else)\b", head):
        return None
    return found["name"]
