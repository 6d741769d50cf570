"""The house: a stage is a folder, arrows run downwards only, and nothing runs in a circle.

Every import counts, late ones inside functions and those for type checkers, too.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tinykit"
FLOORS = (  # from the top: each imports only what stands below it
    *("cli", "plots", "techniques", "export", "verification", "board", "compiler", "streaming"),
    *("training", "datasets", "quantization", "models", "features", "common"),
)
MOST_AT_THE_TOP = 16
MOST_LINES, MOST_CODE_LINES = 450, 60
DEEPEST = 4  # folders; the board's C++ core is one deeper


def modules() -> dict[str, Path]:
    """Every module of the package by its name: `tinykit.features.audio`."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def arrows_of(name: str) -> Iterator[str]:
    """The modules that one module imports, wherever in it."""
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively: write the whole name"
            module = node.module or ""
            for alias in node.names:
                whole = f"{module}.{alias.name}"
                yield whole if whole in MODULES else module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


ARROWS = {
    name: sorted({to for to in arrows_of(name) if to in MODULES and to != name}) for name in MODULES
}


def floor(name: str) -> str:
    """The stage that a module belongs to; "" for the package's own front door."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] != "__main__" else ""


def test_every_stage_is_on_the_plan():
    stages = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert stages == set(FLOORS), "a stage without a floor: say in FLOORS what may import it"


def test_the_top_of_the_package_is_one_screen():
    entries = [path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"]
    assert len(entries) <= MOST_AT_THE_TOP, entries


def test_arrows_run_downwards_only():
    upwards = [
        f"{name} -> {to}"
        for name, targets in ARROWS.items()
        for to in targets
        if floor(name) and floor(to) and FLOORS.index(floor(name)) > FLOORS.index(floor(to))
    ]
    assert not upwards, "these import something above them:\n" + "\n".join(upwards)


def test_only_the_front_door_knows_where_everything_is():
    """`from tinykit import ...` inside the package would import everything, in a circle."""
    through = [name for name, targets in ARROWS.items() if "tinykit" in targets and floor(name)]
    assert through in ([], ["tinykit.cli.main"]), through  # which prints the version


def test_nothing_imports_itself_in_a_circle():
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> None:
        assert name not in path, "a circle: " + " -> ".join([*path[path.index(name) :], name])
        if name in done:
            return
        for to in ARROWS[name]:
            if floor(to):
                walk(to, [*path, name])
        done.add(name)

    for name in MODULES:
        if floor(name):
            walk(name, [])


def test_one_table_a_stage_tells_kinds_of_data_apart():
    """Where a stage differs by kind, one dict `BY_KIND` says how; nobody asks for class names."""
    tables: dict[str, list[str]] = {}
    for name, path in MODULES.items():
        text = path.read_text(encoding="utf-8")
        assert "type(frontend).__name__" not in text, f"{name} asks a front end for its class name"
        if "BY_KIND = {" in text or "BY_KIND: " in text:
            tables.setdefault(".".join(name.split(".")[:2]), []).append(name)
    several = {stage: found for stage, found in tables.items() if len(found) > 1}
    assert not several, f"more than one table of kinds in a stage: {several}"


def code_lines(function: ast.AST) -> int:
    """Lines of a function without its docstring, comments and blank lines."""
    body = function.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        body = body[1:]
    return len({node.lineno for part in body for node in ast.walk(part) if hasattr(node, "lineno")})


def test_modules_and_functions_fit_on_their_screens():
    too_long = []
    for name, path in MODULES.items():
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > MOST_LINES:
            too_long.append(f"{name}: {len(text.splitlines())} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = code_lines(node)
                if lines > MOST_CODE_LINES:
                    too_long.append(f"{name}.{node.name}: {lines} lines of code")
    assert not too_long, "too long to be read at once:\n" + "\n".join(too_long)


def test_folders_are_not_deep():
    deep = {
        path.parent.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and len(path.parent.relative_to(ROOT).parts) > DEEPEST
    }
    deep = {folder for folder in deep if "/core" not in folder and "__pycache__" not in folder}
    assert not deep, deep


def test_tests_mirror_the_package():
    """tests/STAGE/... has only folders that the package has, too."""
    helpers = {"benchmarks", "cpp", "qemu", "__pycache__"}
    folders = {
        path.relative_to(ROOT / "tests").as_posix()
        for path in (ROOT / "tests").rglob("*")
        if path.is_dir() and not helpers & set(path.relative_to(ROOT / "tests").parts)
    }
    strangers = sorted(folder for folder in folders if not (PACKAGE / folder).is_dir())
    assert not strangers, f"folders of tests without a stage: {strangers}"
