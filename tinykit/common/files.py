"""Writing files so that a full disk, a crash or Ctrl-C never costs what was there before."""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from tinykit.common.errors import TinykitError

#: What systems keep in people's folders for themselves, in small letters: nobody misses it.
CLUTTER = frozenset(
    {
        *(".ds_store", ".spotlight-v100", ".trashes", ".fseventsd", ".temporaryitems"),  # macOS
        *("__macosx", ".appledouble", "icon\r", "network trash folder", "temporary items"),
        *(
            "thumbs.db",
            "ehthumbs.db",
            "ehthumbs_vista.db",
            "desktop.ini",
            "$recycle.bin",
        ),  # Windows
        *("recycler", "recycled", "system volume information", "found.000"),
        *("@eadir", "#recycle", "#snapshot", "@tmp", "@recycle", "@recently-snapshot"),  # Synology
        *(".@__thumb", "lost+found", ".directory", ".ipynb_checkpoints"),  # QNAP, Linux, Jupyter
    }
)
# Files that are not there yet, or no longer; locks of office programs; what a disk server adds.
_UNFINISHED = (
    *(".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".bak", "~"),
    *("@synoeastream", "@synoresource", "zone.identifier", ".lnk", ".url"),
)
_NOTES = frozenset({"metadata.csv"})  # phones' loggers put it beside each recording


def is_clutter(name: str) -> bool:
    """Whether a file or folder of this name is one that systems make for themselves."""
    return name.casefold() in CLUTTER


def is_hidden(path: str) -> bool:
    """Whether a path (`/` between folders) leads to what nobody put there as an example.

    Such are hidden files, what systems keep for themselves, downloads that are not complete, locks
    of office programs (`~$p1.csv`).
    """
    return any(
        part.startswith((".", "~$")) or is_clutter(part) or part.casefold().endswith(_UNFINISHED)
        for part in path.split("/")
    )


def is_note(path: str) -> bool:
    """Whether a file is what a phone's logger writes about the recording beside it.

    It is an example of nothing, but whoever reads the recording wants to know what it says.
    """
    return path.rpartition("/")[2].casefold() in _NOTES


def write_atomically(path: Path | str, content: bytes | str) -> Path:
    """Write `content` to a temporary file beside `path`, then rename it into place.

    Text is written as UTF-8 with `\\n` line ends on every system. Raises TinykitError when the
    folder cannot be written or the disk is full; `path` then still holds what it held before.
    """
    path = Path(path)
    write_together(path.parent, {path.name: content})
    return path


def write_together(folder: Path | str, contents: Mapping[str, bytes | str]) -> Path:
    """Write files that belong together into `folder`: all of them, or none.

    `contents` has the content of each file by its name; otherwise as `write_atomically`. Returns
    the folder.
    """
    folder = Path(folder)
    temporary: dict[str, Path] = {}
    with _explained(folder / next(iter(contents))), made_folder(folder):
        try:
            for name, content in contents.items():
                temporary[name] = _written_beside(folder / name, content)
            for name, written in temporary.items():
                os.replace(written, folder / name)
        except BaseException:
            for written in temporary.values():
                written.unlink(missing_ok=True)
            raise
    return folder


def _written_beside(path: Path, content: bytes | str) -> Path:
    """Write `content` to a new temporary file in the folder of `path`."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o666 & ~_umask())
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return Path(temporary)


@contextlib.contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make `folder` for the block to write in. When the block fails, no empty folder stays."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for place in missing:
            with contextlib.suppress(OSError):  # not empty: it holds what is to be kept
                place.rmdir()
        raise


@contextlib.contextmanager
def replaced_folder(path: Path | str) -> Iterator[Path]:
    """Give an empty folder to fill; it takes the place of `path` only when the block succeeds.

    Raises TinykitError when the folder cannot be written or the disk is full: at once where that
    can be known before the block has worked for minutes.
    """
    path = Path(path).resolve()  # a link stays, and the folder it names is replaced
    with _explained(path), made_folder(path.parent):
        _refuse_irreplaceable(path)
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


def write_folder(path: Path, texts: Mapping[str, str]) -> None:
    """Write a folder of text files, by path within it, in the place of the one that is there.

    UTF-8 with `\\n` line ends; otherwise as `replaced_folder`.
    """
    with replaced_folder(path) as folder:
        for name, text in texts.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")


def files_below(folder: Path) -> list[Path]:
    """Every file in `folder` and the folders in it, sorted.

    What vanishes while it is read (another program at work in there) is left out; rglob would end.
    """
    places = ((Path(place), names) for place, _, names in os.walk(folder))
    return sorted(place / name for place, names in places for name in names)


def refuse_strangers(folder: Path, names: Collection[str]) -> None:
    """Raise TinykitError when `folder` holds a file that the kit did not write: it would be lost.

    `names` are those of all files that the kit may have written there, `/` between their parts. Its
    C++ files name tinykit, which a reader's own files of the same name do not.
    """
    for file in files_below(folder):
        name = file.relative_to(folder).as_posix()
        if not file.is_file() or is_clutter(file.name):
            continue
        code = file.suffix in (".ino", ".cpp", ".h") and "/" not in name
        if name not in names or (code and b"tinykit" not in file.read_bytes()):
            raise TinykitError(
                f"{folder} holds {name}, which the kit did not write and which would be lost. "
                "Choose an empty folder."
            )


def _refuse_irreplaceable(path: Path) -> None:
    """Raise when another folder could not take the place of the folder `path` in the end."""
    if os.path.ismount(path):
        raise TinykitError(f"{path} is a disk of its own. Choose a folder inside it.")
    if path.is_dir():
        handle, probe = tempfile.mkstemp(dir=path)  # OSError where it is read-only
        os.close(handle)
        os.unlink(probe)


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
