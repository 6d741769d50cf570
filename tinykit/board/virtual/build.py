"""From C++ sources to a program for the board.

Every source file becomes an object file, kept in the cache under the hash of the file, of all
headers and of the compiler's flags; so after a change only what changed is compiled again.
"""

import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tinykit.board.virtual import toolchain
from tinykit.board.virtual.program import RAM_START, Program

_LINKER_SCRIPT = toolchain.CORE / "board.ld.in"
_ALWAYS = ("boot.cpp", "math.cpp", "strings.cpp")  # of the core; the linker leaves out the unused
# So that a backtrace shows every function of the student's that was on its way, and so that what
# cannot be executed stops the program instead of running into the next function.
_INO_FLAGS = ("-fno-optimize-sibling-calls", "-mllvm", "-trap-unreachable")
# Mistakes that would be compiled to something else than is written there.
_SURE_MISTAKES = (
    *("-Werror=uninitialized", "-Werror=division-by-zero", "-Werror=array-bounds"),
    "-Werror=shift-count-overflow",
)
_ONLY_CPP = ("-std=gnu++17", "-fno-rtti", "-fno-threadsafe-statics", "-nostdinc++")
_SOURCE_SUFFIXES = (".cpp", ".c", ".cc", ".cxx", ".S")


@dataclass(frozen=True)
class Memory:
    """What a program may fill, in bytes. `ram` includes the stack, of `stack` bytes."""

    flash: int
    ram: int
    stack: int


def build(
    files: Mapping[str, str],
    memory: Memory,
    *,
    roots: Sequence[str],
    core: Sequence[str] = (),
    flags: Sequence[str] = (),
) -> Program:
    """Compile and link a folder of sources, together with the start-up code.

    Args:
        files: text of every source and header by its path in the folder, with forward slashes.
            Headers are found as from the folder itself.
        memory: what there is.
        roots: symbols to keep, with all they need; the linker leaves out what nobody calls.
        core: further source files of the core.
        flags: further flags for the compiler.

    Raises CompileError.
    """
    arguments = [*toolchain.BOARD_FLAGS, *flags]
    objects = _objects_of_sketch(files, arguments) + _objects_of_core(core, arguments)
    script = _linker_script(memory)
    link = [f"-Wl,-u,{root}" for root in ("boardExit", "boardConstruct", *roots)]
    ingredients = [script, *link, *(made.build.path.name for made in objects)]
    program = toolchain.cached("programs", ".elf", ingredients)
    if not program.exists:
        _compile(files, [made for made in objects if not made.build.exists])
        with program.building() as target:
            script_file = target.with_suffix(".ld")
            script_file.write_text(script, encoding="utf-8", newline="\n")
            toolchain.zig(
                [
                    *("c++", *toolchain.BOARD_FLAGS, "-Wl,--gc-sections", *link),
                    *(made.build.path for made in objects),
                    *("-T", script_file, "-o", target),
                ],
                target.parent,
            )
    return Program(program.path)


@dataclass(frozen=True)
class _Object:
    """An object file: its place in the cache, and the compiler's arguments that make it."""

    build: toolchain.CachedBuild
    arguments: Sequence[str]


def _objects_of_sketch(files: Mapping[str, str], arguments: Sequence[str]) -> list[_Object]:
    sources = [name for name in files if PurePosixPath(name).suffix in _SOURCE_SUFFIXES]
    headers = [f"{name}\0{files[name]}" for name in sorted(set(files) - set(sources))]
    objects = []
    for name in sources:
        own = [*arguments, *_SURE_MISTAKES, *(_INO_FLAGS if name.endswith(".ino.cpp") else ())]
        if name.endswith(".c"):
            own = [argument for argument in own if argument not in _ONLY_CPP]
        key = [name, files[name], *headers, *map(_portable, own), _core_headers()]
        command = ["cc" if name.endswith(".c") else "c++", *own, "-I.", "-c", name]
        objects.append(_Object(toolchain.cached("objects", ".o", key), command))
    return objects


def _objects_of_core(core: Sequence[str], arguments: Sequence[str]) -> list[_Object]:
    objects = []
    for path in (toolchain.CORE / name for name in (*_ALWAYS, *core)):
        key = [path.name, path.read_text("utf-8"), *map(_portable, arguments), _core_headers()]
        command = ["c++", *arguments, "-c", str(path)]
        objects.append(_Object(toolchain.cached("objects", ".o", key), command))
    return objects


def _compile(files: Mapping[str, str], objects: Sequence[_Object]) -> None:
    """Compile what is not in the cache, several files at a time; a terminal shows how far it is."""
    from tinykit.common.progress import Bar

    with tempfile.TemporaryDirectory(prefix="tinykit") as temporary:
        folder = Path(temporary)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")

        def compile_one(made: _Object) -> None:
            with made.build.building() as target:
                toolchain.zig([*made.arguments, "-o", target], folder)

        quiet = len(objects) < 4 or not sys.stderr.isatty()
        with (
            ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as workers,
            Bar(total=len(objects), desc="compiling", disable=quiet, leave=False) as bar,
        ):
            for _ in workers.map(compile_one, objects):
                bar.update()


def _core_headers() -> str:
    """The text of the core's headers."""
    places = [*toolchain.CORE.glob("*.h"), *(toolchain.CORE / "include").rglob("*")]
    return "\0".join(path.read_text("utf-8") for path in sorted(places) if path.is_file())


def _portable(argument: str) -> str:
    """A compiler argument without the place where tinykit is installed."""
    return argument.replace(str(toolchain.CORE), "CORE")


def _linker_script(memory: Memory) -> str:
    values = {
        "FLASH_BYTES": memory.flash,
        "VARIABLES_START": f"{RAM_START + memory.stack:#x}",
        "VARIABLES_BYTES": memory.ram - memory.stack,
    }
    text = _LINKER_SCRIPT.read_text(encoding="utf-8")
    return re.sub("@(\\w+)@", lambda found: str(values[found[1]]), text)
