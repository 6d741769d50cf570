"""Folders, tar and zip archives read alike, and archives without unpacking them to disk."""

import bz2
import contextlib
import gzip
import lzma
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from tinykit.common.errors import TinykitError
from tinykit.common.files import is_hidden

# What Python's archive modules raise for a file that is cut short, altered or encrypted.
_DAMAGED = (
    EOFError,
    KeyError,
    OSError,
    RuntimeError,
    UnicodeError,
    lzma.LZMAError,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_TAR_BLOCK = 512


@dataclass(frozen=True)
class Tree:
    """The files of a folder or an archive.

    Attributes:
        path: the folder or archive.
        names: paths inside it, `/` between folders, in the order that is quickest to read.
            What nobody put there as an example (`.DS_Store`, `desktop.ini`, `@eaDir/`; see
            `tinykit.common.files.is_hidden`) is not among them.
        read: gives the content of one of `names`; raises TinykitError when it cannot be read.
    """

    path: Path
    names: list[str]
    read: Callable[[str], bytes]


@contextlib.contextmanager
def open_tree(path: Path) -> Iterator[Tree]:
    """Open a folder, a tar (plain or compressed with gzip, bzip2, xz) or a zip for reading.

    Raises TinykitError when `path` does not exist or is none of these, when an archive is cut
    short or damaged, or when one of its members is a link or would leave its folder.
    """
    if path.is_dir():
        yield _folder(path)
        return
    start = _first_bytes(path)
    if start.startswith(_ZIP_STARTS):
        with _explained(path):
            archive = zipfile.ZipFile(path)
        with archive:
            yield _zip(path, archive)
    elif start.startswith(tuple(_OPENERS)) or start[257:262] == b"ustar":
        opener = next((o for magic, o in _OPENERS.items() if start.startswith(magic)), open)
        with _explained(path):
            file = opener(path, "rb")
        with file:
            yield _tar(path, file)
    else:
        raise TinykitError(
            f"{path} is neither a folder nor a tar or zip archive. "
            "Give the folder that holds the data, or its archive."
        )


@contextlib.contextmanager
def open_tree_of_zips(path: Path) -> Iterator[Tree]:
    """As `open_tree`; a zip archive in a folder counts as a folder, unless it is unpacked, too."""
    with contextlib.ExitStack() as opened:
        tree = opened.enter_context(open_tree(path))
        folders = {name.rpartition("/")[0] for name in tree.names}
        where = {}
        for name in tree.names:
            stem = name.removesuffix(".zip")
            if not path.is_dir() or stem == name:
                where[name] = tree, name
            elif stem not in folders:
                archive = opened.enter_context(open_tree(path / name))
                where |= {f"{stem}/{inside}": (archive, inside) for inside in archive.names}

        def read(name: str) -> bytes:
            source, inside = where[name]
            return source.read(inside)

        yield Tree(path, list(where), read)


def place(data: Path | str | None, bundled: Path) -> Path:
    """Where the examples are: `data`, or the bundled ones for None (TinykitError: missing)."""
    if data is not None:
        return Path(data).expanduser()
    if not bundled.exists():
        raise TinykitError(
            f"The bundled {bundled.stem} are missing ({bundled}). "
            "Get the whole tinykit folder again, or pass your own with data=..."
        )
    return bundled


def common_folder(names: list[str]) -> str:
    """The folder, "a/b/", that all files are in: an archive often holds one with everything.

    The last folder before the files is not taken: it is the files' class.
    """
    root = ""
    while names:
        folder = names[0].removeprefix(root).partition("/")[0]
        inner = f"{root}{folder}/"
        if not all(name.startswith(inner) and "/" in name[len(inner) :] for name in names):
            break
        root = inner
    return root


def natural_order(name: str) -> list[tuple[int, str]]:
    """A key that sorts take_10 behind take_9."""
    return [
        (int(part or 0), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)
    ]


def listed(names: list[str], at_most: int = 3) -> str:
    """The first names, and how many more there are."""
    more = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {more:,} more" if more > 0 else "")


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_TAR_BLOCK)
    except FileNotFoundError as error:
        raise TinykitError(f"{path} does not exist. Check the spelling of the path.") from error
    except OSError as error:
        raise TinykitError(
            f"{path} cannot be read ({error.strerror}). Check that you may open it."
        ) from error


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise TinykitError(
            f"{path} is cut short or damaged ({reason}). Download or copy it again."
        ) from error


def _folder(path: Path) -> Tree:
    names, seen = [], set()
    for place, folders, files in os.walk(path, followlinks=True):
        if os.path.realpath(place) in seen:  # a link back to a folder above it
            folders.clear()
            continue
        seen.add(os.path.realpath(place))
        folders[:] = sorted(folder for folder in folders if not is_hidden(folder))
        inside = Path(place).relative_to(path)
        names += [(inside / file).as_posix() for file in sorted(files) if not is_hidden(file)]

    def read(name: str) -> bytes:
        try:
            return (path / name).read_bytes()
        except OSError as error:
            raise TinykitError(
                f"{path / name} cannot be read ({error.strerror}). Delete it or record it again."
            ) from error

    return Tree(path, names, read)


def _zip(path: Path, archive: zipfile.ZipFile) -> Tree:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    # Windows PowerShell 5 writes "\" between folders.
    windows = not any("/" in info.filename for info in infos)
    members = {}
    for info in infos:
        name = info.filename.replace("\\", "/") if windows else info.filename
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _link(path, name)
        members[_inside(path, name)] = info

    def read(name: str) -> bytes:
        with _explained(path):
            return archive.read(members[name])

    return Tree(path, [name for name in members if not is_hidden(name)], read)


def _tar(path: Path, file) -> Tree:
    with _explained(path):
        archive = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115 - the caller closes `file`
        infos = archive.getmembers()
        _check_end(archive, file)
    members = {}
    for info in infos:
        name = _inside(path, info.name)
        if not (info.isreg() or info.isdir() or info.islnk()):
            raise _link(path, info.name)
        if not info.isdir():
            members[name] = info

    def read(name: str) -> bytes:
        with _explained(path):
            return archive.extractfile(members[name]).read()

    return Tree(path, [name for name in members if not is_hidden(name)], read)


def _check_end(archive: tarfile.TarFile, file) -> None:
    """Raise EOFError unless the archive ends as it should.

    Python's tarfile takes any unreadable header for the end, so a tar that was cut there would
    only seem smaller. A complete one ends in a block of zeros; reading on from there lets a
    compressed file check its checksum.
    """
    file.seek(archive.offset)
    if file.read(_TAR_BLOCK) != bytes(_TAR_BLOCK):
        raise EOFError("its end is missing")
    while file.read(1 << 20):
        pass


def _inside(path: Path, name: str) -> str:
    """`name` in its shortest form; TinykitError when it leads out of the archive's folder."""
    windows = PureWindowsPath(name)  # takes both "/" and "\" for separators
    if windows.anchor or ".." in windows.parts:
        raise TinykitError(
            f"{path} is refused: its member {name!r} would leave the folder it is unpacked in. "
            "Take the archive from a source you trust, or pack the folder again."
        )
    return PurePosixPath(name).as_posix()


def _link(path: Path, name: str) -> TinykitError:
    return TinykitError(
        f"{path} is refused: its member {name!r} is a link or a device, not a file. "
        "Pack the files themselves (tar --dereference)."
    )
