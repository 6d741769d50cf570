"""Writing files so that a full disk, a crash or Ctrl-C never costs what was there before."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tinykit.errors import TinykitError


def write_atomically(path: Path | str, content: bytes | str) -> Path:
    """Write `content` to a temporary file beside `path`, then rename it into place.

    Text is written as UTF-8 with `\\n` line ends on every system. Raises TinykitError when the
    folder cannot be written or the disk is full; `path` then still holds what it held before.
    """
    path = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    return path


@contextlib.contextmanager
def replaced_folder(path: Path | str) -> Iterator[Path]:
    """Give an empty folder to fill; it takes the place of `path` only when the block succeeds.

    Raises TinykitError when the folder cannot be written or the disk is full.
    """
    path = Path(path)
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
        old = temporary.with_name(temporary.name + ".old")
        try:
            os.chmod(temporary, 0o777 & ~_umask())
            yield temporary
            if path.exists():
                os.replace(path, old)
            os.replace(temporary, path)
        except BaseException:
            if old.exists() and not path.exists():
                os.replace(old, path)
            raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write into a sentence for the student."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise TinykitError(
            f"{path} cannot be written ({reason}). "
            "Free some space or choose another folder; nothing that was there has been changed."
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
