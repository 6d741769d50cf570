"""C++ to machine code: for the board's Cortex-M4F, and the block counter for this computer.

The compiler is clang, as the `ziglang` package brings it: the same on Linux, macOS and Windows, and
nothing to install besides. What was built is kept in a cache folder under the hash of everything
that went into it, so the second build of the same sources takes no time.
"""

import contextlib
import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tinykit.common.errors import TinykitError
from tinykit.common.home import cache_folder

_MOST_CACHED = 200_000_000  # bytes in each folder of the cache
CORE = Path(__file__).parent / "core"

# As the Nano 33 BLE's Arduino core builds sketches: for size. The kernels hardly notice (0.5 %).
BOARD_FLAGS = (
    *("-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4+vfp4d16sp"),
    *("-std=gnu++17", "-Os", "-g", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"),
    *("-ffunction-sections", "-fdata-sections", "-fno-sanitize=all", "-fno-unwind-tables"),
    *("-fomit-frame-pointer", "-fno-asynchronous-unwind-tables"),
    *(
        "-nostdinc++",
        "-fhosted",
        "-fno-math-errno",
        "-fno-finite-loops",
        # Address 0 is like any other, so what touches it is executed and noticed.
        "-fno-delete-null-pointer-checks",
        "-isystem",
        str(CORE / "include"),
    ),
)


class CompileError(Exception):
    """The compiler refused. `messages` is what it said."""

    def __init__(self, messages: str) -> None:
        super().__init__(messages)
        self.messages = messages


def require(package: str, purpose: str) -> None:
    """Raise TinykitError when a package that the virtual board needs is not installed."""
    if importlib.util.find_spec(package) is None:
        name = {"elftools": "pyelftools"}.get(package, package)
        raise TinykitError(
            f'{purpose} needs the package "{name}", which is not installed. '
            f"Install it: python -m pip install {name}"
        )


def zig(arguments: Sequence[str | Path], folder: Path) -> str:
    """Run the compiler in a temporary `folder`; returns what it printed. Raises CompileError."""
    require("ziglang", "The virtual board")
    command = [sys.executable, "-m", "ziglang", *map(str, arguments)]
    # The compiler's own cache keeps its run-time library; what is compiled here is in ours.
    caches = {
        "ZIG_GLOBAL_CACHE_DIR": str(cache_folder() / "zig"),
        "ZIG_LOCAL_CACHE_DIR": str(folder / ".zig"),
    }
    done = subprocess.run(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=os.environ | caches,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode != 0:
        raise CompileError(done.stdout)
    return done.stdout


def cached(kind: str, suffix: str, ingredients: Sequence[str | bytes]) -> "CachedBuild":
    """The place of a build in the cache, found by the hash of all that goes into it."""
    require("ziglang", "The virtual board")
    digest = hashlib.sha256()
    for part in (_compiler_version(), *ingredients):
        data = part.encode("utf-8") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return CachedBuild(cache_folder() / kind / f"{digest.hexdigest()[:32]}{suffix}")


class CachedBuild:
    """A file in the cache that may have to be built first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether it was built before."""
        with contextlib.suppress(OSError):
            os.utime(self.path)  # used just now: not the one to delete when there are too many
        return self.path.is_file()

    @contextlib.contextmanager
    def building(self) -> Iterator[Path]:
        """Give a temporary path to build into; it moves into the cache when the block succeeds."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=".build", dir=self.path.parent))
        except OSError as error:
            raise TinykitError(
                f"{self.path.parent} cannot be written ({error.strerror}). Free some space, or "
                "name another folder in the environment variable TINYKIT_CACHE."
            ) from error
        try:
            yield folder / self.path.name
            # Another process may have built the same meanwhile: theirs is as good.
            with contextlib.suppress(OSError):
                os.replace(folder / self.path.name, self.path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        _delete_oldest(self.path.parent)


def _delete_oldest(folder: Path) -> None:
    """Keep the builds in a folder of the cache below a limit; the last used ones stay."""
    with contextlib.suppress(OSError):  # another process may be doing the same
        files = [(path.stat(), path) for path in folder.iterdir() if path.is_file()]
        total = sum(status.st_size for status, _ in files)
        for status, path in sorted(files, key=lambda file: file[0].st_mtime):
            if total <= _MOST_CACHED:
                break
            path.unlink()
            total -= status.st_size


@functools.cache
def _compiler_version() -> str:
    from importlib.metadata import version

    return version("ziglang")
