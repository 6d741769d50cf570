"""A second opinion on the virtual board: arm-none-eabi-g++ and QEMU (both from a Linux package).

The generated C++ of a model runs on QEMU's Cortex-M4F; a plugin (counter.c) counts the last
inference, instruction by instruction. Students need none of this.
"""

import atexit
import bisect
import functools
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tinykit.board.virtual.program import Program

_HERE = Path(__file__).parent
_TARGET = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
_CXX = "arm-none-eabi-g++"
_HARNESS = ("marked_invoke()", "mark_begin", "mark_end")  # main.cpp's own part between the marks
_COMMON = ["-std=gnu++14", *_TARGET, "-fno-exceptions", "-fno-rtti", "-ffunction-sections"]
_COMMON += ["-fdata-sections", "-c"]
_LINK = [*_TARGET, "-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections"]
_LINK += ["-T", _HERE / "board.ld"]


@dataclass(frozen=True)
class QemuRun:
    """What the model answered, and what its last inference cost.

    Attributes:
        outputs: int8 (n, output_size).
        instructions, cycles: of model::invoke and all it calls; cycles are estimated.
        functions: the same per C++ function.
        stack_bytes: deepest stack below the caller of model::invoke.
        static_bytes: variables of the model and its kernels; 0 in `run_program`.
        flash_bytes: their code and constants, without the C library; 0 in `run_program`.
    """

    outputs: np.ndarray
    instructions: int
    cycles: int
    stack_bytes: int
    functions: dict[str, tuple[int, int]] = field(repr=False)
    static_bytes: int = 0
    flash_bytes: int = 0


def missing() -> str:
    """Which program is not installed, "" when all are."""
    programs = ("qemu-system-arm", _CXX, "gcc")
    return ", ".join(name for name in programs if not shutil.which(name))


def run(
    sources: Mapping[str, str], inputs: np.ndarray, flags: tuple[str, ...] = ("-O2",)
) -> QemuRun:
    """Compile a generated model for the Cortex-M4 and run inputs, int8 (n, ...), through it.

    Args:
        sources: file name -> text, from CompiledModel.sources().
        inputs: int8 (n, ...), n at least 1.
        flags: more flags for the compiler, such as its level of optimization.
    """
    with tempfile.TemporaryDirectory(prefix="tinykit-") as name:
        folder = Path(name)
        for path, text in sources.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
        objects = _compile(folder, flags)
        program = folder / "model.elf"
        _call(_CXX, *_LINK, *objects, "-o", program)
        measured = _executed(folder, program, inputs)
        static_bytes, flash_bytes = _sizes(program, objects[:-1])
        return replace(measured, static_bytes=static_bytes, flash_bytes=flash_bytes)


def run_program(program: "Program", header: str, inputs: np.ndarray) -> QemuRun:
    """Run a model that the virtual board compiled: the very program, every address the same.

    Args:
        program: from tinykit.board.
        header: text of the model's model.h.
        inputs: int8 (n, ...), n at least 1.
    """
    with tempfile.TemporaryDirectory(prefix="tinykit-") as name:
        folder = Path(name)
        (folder / "model.h").write_text(header, encoding="utf-8")
        main, harness = folder / "main.o", folder / "harness.elf"
        _call(_CXX, *_COMMON, "-O2", "-I", folder, _HERE / "main.cpp", "-o", main)
        functions = {f.symbol: f.address for f in program.functions if "5model" in f.symbol}
        places = [f"-Wl,--defsym={symbol}={place + 1}" for symbol, place in functions.items()]
        _call(_CXX, *_LINK, main, *places, "-o", harness)
        return _executed(folder, harness, inputs, program)


def _compile(folder: Path, flags: tuple[str, ...]) -> list[Path]:
    """Object files: the model, its kernels, and last the program around them."""
    objects = [folder / "model.o"]
    _call(_CXX, *_COMMON, *WARNINGS, *flags, "-I", folder, folder / "model.cpp", "-o", objects[0])
    for source in sorted(folder.glob("src/**/*.cpp")):
        objects.append(_kernel(source, source.read_text(encoding="utf-8"), flags, folder))
    objects.append(folder / "main.o")
    _call(_CXX, *_COMMON, "-O2", "-I", folder, _HERE / "main.cpp", "-o", objects[-1])
    return objects


_kernels: dict[tuple, Path] = {}  # what is compiled already; the same for every model


def _kernel(source: Path, text: str, flags: tuple[str, ...], folder: Path) -> Path:
    key = (source.name, text, flags)
    if key not in _kernels:
        made = _cache() / f"{len(_kernels)}.o"
        _call(_CXX, *_COMMON, *WARNINGS, *flags, "-I", folder, source, "-o", made)
        _kernels[key] = made
    return _kernels[key]


def _executed(
    folder: Path, harness: Path, inputs: np.ndarray, program: "Program | None" = None
) -> QemuRun:
    """Run `harness` (with `program` in memory besides) and collect what it and the plugin wrote."""
    symbols = _symbols(harness)
    begin, end = (next(a for a, name in symbols if name == f"mark_{m}") for m in ("begin", "end"))
    (folder / "inputs.bin").write_bytes(np.ascontiguousarray(inputs, np.int8).tobytes())
    plugin = f"{_plugin()},out={folder / 'counts.txt'},begin={begin:x},end={end:x}"
    command = ["qemu-system-arm", "-M", "mps2-an386", "-kernel", harness, "-nographic"]
    command += ["-monitor", "none", "-serial", "none", "-plugin", plugin]
    if program:
        command += ["-device", f"loader,file={program.path}"]
        symbols = sorted(symbols + [(f.address, f.name) for f in program.functions])
    _call(*command, "-semihosting-config", "enable=on,target=native", cwd=folder)
    counts = {}
    for line in (folder / "counts.txt").read_text().splitlines():
        address, *block = (
            int(number, 16 if i == 0 else 10) for i, number in enumerate(line.split())
        )
        function = symbols[bisect.bisect_right(symbols, (address, "\uffff")) - 1][1]
        counts[function] = np.add(counts.get(function, (0, 0)), block)
    counts = {name: count for name, count in counts.items() if not name.endswith(_HARNESS)}
    instructions, cycles = (int(n) for n in sum(counts.values()))
    return QemuRun(
        outputs=np.fromfile(folder / "outputs.bin", np.int8).reshape(len(inputs), -1),
        instructions=instructions,
        cycles=cycles,
        stack_bytes=int(np.fromfile(folder / "stack.bin", "<u4")[0]),
        functions={name: (int(a), int(b)) for name, (a, b) in counts.items()},
    )


def _symbols(program: Path) -> list[tuple[int, str]]:
    """Address and name of every function, by address."""
    lines = _call("arm-none-eabi-nm", "-C", "-n", program).splitlines()
    fields = [line.split(maxsplit=2) for line in lines]
    return [(int(f[0], 16), f[2]) for f in fields if len(f) == 3 and f[1] in "tTwW"]


def _sizes(program: Path, objects: list[Path]) -> tuple[int, int]:
    """RAM and flash of what the linker kept of the model and its kernels."""
    own = set()
    for path in objects:
        lines = _call("arm-none-eabi-nm", path).splitlines()
        own |= {f[-1] for f in (line.split() for line in lines) if f[-2] not in "Uwn"}
    sizes = Counter()
    for line in _call("arm-none-eabi-nm", "-S", program).splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[3] in own:
            sizes["ram" if fields[2] in "bBdD" else "flash"] += int(fields[1], 16)
    return sizes["ram"], sizes["flash"]


@functools.cache
def _cache() -> Path:
    path = Path(tempfile.mkdtemp(prefix="tinykit-qemu-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@functools.cache
def _plugin() -> Path:
    path = _cache() / "counter.so"
    _call("gcc", "-O2", "-Wall", "-shared", "-fPIC", _HERE / "counter.c", "-o", path)
    return path


def _call(*command: str | Path, cwd: Path | None = None) -> str:
    result = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, cwd=cwd, timeout=600
    )
    assert result.returncode == 0, f"{command[0]} failed:\n{result.stderr[:5000]}"
    return result.stdout
