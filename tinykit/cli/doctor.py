"""`tinykit doctor`: what this computer has and lacks, and how to mend each."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tinykit.cli.lessons import ROOT
from tinykit.common.errors import TinykitError
from tinykit.datasets.recording.ports import connected_boards
from tinykit.quantization.process import tflm_missing

GIGABYTE = 10**9
_PATIENCE = 300  # seconds for a program that starts for the first time
_AGAIN = f"Delete {ROOT / '.venv'} and run kit.py again"


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Attributes:
        name: what.
        ok: it is there and usable.
        found: version, amount or place, in a few words.
        mend: what to do when it is not ok.
        required: the notebooks need it; else it is for boards or for comfort.
    """

    name: str
    ok: bool
    found: str
    mend: str = ""
    required: bool = True

    def to_dict(self) -> dict:
        """For JSON."""
        return asdict(self)


def check_all() -> list[Check]:
    """Every check, in the order in which to mend."""
    try:
        project = importlib.metadata.metadata("tinykit")  # pyproject.toml, as installed
    except importlib.metadata.PackageNotFoundError:
        raise TinykitError(
            f"tinykit is not installed in {sys.executable}. Run `python3 kit.py doctor`."
        ) from None
    return [
        _python(SpecifierSet(project["Requires-Python"])),
        *_packages(project.get_all("Requires-Dist")),
        _starts("TensorFlow", "tensorflow"),
        _tflm(),
        _board_compiler(),
        _board_emulator(),
        _disk(),
        _memory(),
        _compiler(),
        _arduino_cli(),
        _board(),
        *_measurements(),
    ]


def table(checks: list[Check]) -> str:
    """The checks as lines: ok / missing, name, what was found, and below how to mend it."""
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        mark = "ok" if check.ok else "MISSING" if check.required else "-"
        lines.append(f"{mark:<8}{check.name:<{width}}  {check.found}")
        if not check.ok:
            lines.append(f"{'':<8}{'':<{width}}  {check.mend}")
    missing = sum(check.required and not check.ok for check in checks)
    lines.append(
        f"\n{missing} to mend before the notebooks run."
        if missing
        else "\nEverything that the notebooks need is there."
    )
    return "\n".join(lines)


def _python(supported: SpecifierSet) -> Check:
    version = platform.python_version()
    found = f"{version} on {platform.system()} {platform.machine()}"
    return Check("Python", version in supported, found, f"The packages need {supported}.")


def _packages(requirements: list[str]) -> Iterator[Check]:
    """Each dependency that applies to this system, against its range."""
    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            version = None
        ok = version is not None and requirement.specifier.contains(version, prereleases=True)
        yield Check(
            requirement.name,
            ok,
            version or "not installed",
            f"The kit needs {requirement.specifier}. {_AGAIN}.",
        )


def _starts(name: str, module: str) -> Check:
    """Import in a process of its own: a package may be there and yet end Python, for example on a
    processor without AVX."""
    failure = _failure([sys.executable, "-c", f"import {module}"])
    mend = f"{_AGAIN}; if it stays, use Binder (README)."
    found = f"does not start: {failure}" if failure else "starts"
    return Check(name, not failure, found, mend)


def _failure(command: list[str]) -> str:
    """Run `command`: "" when it succeeds, else the last line it said."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)[:200]
    if done.returncode == 0:
        return ""
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return (said or [f"ended with code {done.returncode}"])[-1][:200]


def _tflm() -> Check:
    name = "TensorFlow Lite Micro"
    try:
        missing = tflm_missing()
    except TinykitError:  # it has a package for this system
        return Check(name, False, "not installed", f"{_AGAIN}.")
    if not missing:
        return _starts(name, "tflite_micro")
    mend = f"{missing}; everything else runs here (README)."
    return Check(name, False, "no package for this system", mend, required=False)


def _board_compiler() -> Check:
    """Make one line of C++ into a program for the virtual board's processor.

    The first time it compiles its own libraries, so that later programs need not wait for them.
    """
    from tinykit.board.virtual import toolchain

    failure = ""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        source = Path(folder, "one.cpp")
        source.write_text('extern "C" double half(double x) { return x / 2; }\n', encoding="utf-8")
        command = ["c++", *toolchain.BOARD_FLAGS, source, "-Wl,-e,half", "-o", source.stem]
        try:
            toolchain.zig(command, source.parent)
        except toolchain.CompileError as error:
            failure = (error.messages.strip().splitlines() or ["no message"])[-1][:200]
        except TinykitError as error:
            failure = str(error)
    found = f"does not compile: {failure}" if failure else "compiles for the Cortex-M4F"
    mend = f"{_AGAIN}; a virus scanner may have taken zig away, or the disk is full."
    return Check("board compiler (zig)", not failure, found, mend)


_ONE_INSTRUCTION = """
from unicorn import Uc, arm_const, unicorn_const
board = Uc(unicorn_const.UC_ARCH_ARM, unicorn_const.UC_MODE_THUMB | unicorn_const.UC_MODE_MCLASS)
board.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M4)
board.mem_map(0, 4096)
board.mem_write(0, bytes([42, 0x20]))  # movs r0, #42
board.emu_start(1, 2)
assert board.reg_read(arm_const.UC_ARM_REG_R0) == 42, "the emulator computes wrongly"
"""


def _board_emulator() -> Check:
    """Execute one instruction of the virtual board's processor."""
    failure = _failure([sys.executable, "-c", _ONE_INSTRUCTION])
    found = f"does not run: {failure}" if failure else "runs Cortex-M4F code"
    mend = f"{_AGAIN}; if it stays, use Binder (README)."
    return Check("board emulator (unicorn)", not failure, found, mend)


def _disk() -> Check:
    free = shutil.disk_usage(ROOT).free / GIGABYTE
    return Check("disk", free > 1, f"{free:.1f} GB free", "Free at least 1 GB.")


def _memory() -> Check:
    import psutil

    free = psutil.virtual_memory().available / GIGABYTE
    return Check("memory", free > 2.5, f"{free:.1f} GB free", "Close other programs.")


def _compiler() -> Check:
    for name in ("g++", "clang++"):
        if shutil.which(name):
            return Check("C++ compiler", True, _first_line([name, "--version"]), required=False)
    mend = {
        "Linux": "sudo apt install g++",
        "Darwin": "xcode-select --install",
        "Windows": "Use WSL.",
    }.get(platform.system(), "Install g++.")
    found = "none (for the tests of the C++ code)"
    return Check("C++ compiler", False, found, mend, required=False)


def _arduino_cli() -> Check:
    if shutil.which("arduino-cli"):
        found = _first_line(["arduino-cli", "version"])
        return Check("arduino-cli", True, found, required=False)
    return Check(
        "arduino-cli",
        False,
        "none (only to flash a board)",
        "Install it from https://arduino.github.io/arduino-cli/, or use the Arduino IDE 2.",
        required=False,
    )


def _board() -> Check:
    boards = connected_boards()
    if not boards:
        mend = "Connect it with a USB cable that carries data (many only charge)."
        return Check("board", False, "none connected (none is needed)", mend, required=False)
    port, maker = boards[0]
    found = f"{maker} on {port}"
    if platform.system() == "Linux" and not os.access(port, os.R_OK | os.W_OK):
        mend = "sudo usermod -a -G dialout $USER, then log in again."
        return Check("board", False, f"{found}, not accessible", mend, required=False)
    return Check("board", True, found, required=False)


def _measurements() -> Iterator[Check]:
    """What boards have measured and `tk.measure(...).save()` has kept."""
    from tinykit.board import corrections

    name = "measured by boards"
    try:
        entries = corrections.saved()
    except TinykitError as error:
        yield Check(name, False, "cannot be read", str(error), required=False)
        return
    if entries:
        found = [
            f"{board} x {entry['factor']:.2f} ({entry.get('model')}, {entry.get('date')})"
            for board, entry in entries.items()
        ]
        yield Check(name, True, f"estimates are corrected: {', '.join(found)}", required=False)


def _first_line(command: list[str]) -> str:
    try:
        text = subprocess.run(command, capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]} does not answer ({error})"
    return (text.splitlines() or [command[0]])[0]
