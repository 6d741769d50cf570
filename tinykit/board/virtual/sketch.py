"""An Arduino sketch as C++: what the Arduino IDE does to .ino files before it compiles them.

https://arduino.github.io/arduino-cli/latest/sketch-build-process/
"""

from pathlib import Path

from tinykit.board.virtual.prototypes import with_prototypes
from tinykit.common.errors import TinykitError

_HEADERS = (".h", ".hpp", ".hh", ".inc")
_SOURCES = (".cpp", ".c", ".cc", ".S")


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

    As Arduino does: Arduino.h is included, and every function is declared above the first one.
    """
    text = "".join(f'#line 1 "{name}"\n{ino}\n'.replace("\r\n", "\n") for name, ino in inos.items())
    return "#include <Arduino.h>\n" + with_prototypes(text)
