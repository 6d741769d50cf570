"""A home folder for the tools: Matplotlib, Jupyter and the compiler keep settings and caches there.

On a school's computer it may be missing, read-only or full, and each tool has its own way to fail.
"""

import os
import sys
import tempfile
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2]
_BLOCK = 4096  # bytes: on a full disk an empty file can still be made

# Where tools look before they look at the home folder; and what names it, by system.
_PLACES = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
_NAMES = ("USERPROFILE", "LOCALAPPDATA", "APPDATA") if os.name == "nt" else ("HOME",)


def ensure_home() -> None:
    """When nothing can be written to the home folder, give this process and its children another.

    It is `build/home` in the project (where that cannot be written either, a temporary folder). One
    line on stderr says so.
    """
    home = os.path.expanduser("~")  # stays "~" where the system knows of no home
    for name in _PLACES:
        if name in os.environ and not _takes_files(_existing(Path(os.environ[name]))):
            del os.environ[name]  # the tools go to the home folder then
    if _takes_files(Path(home)):
        return
    other = _project_home() or Path(tempfile.mkdtemp(prefix="tinykit-home-"))
    for name in _NAMES:
        os.environ[name] = str(other)
    print(f"tinykit: {home} cannot be written; settings and caches go to {other}.", file=sys.stderr)


def _project_home() -> Path | None:
    home = _PROJECT / "build" / "home"
    if not (_PROJECT / "pyproject.toml").is_file():  # installed without its project
        return None
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return home if _takes_files(home) else None


def _existing(folder: Path) -> Path:
    """`folder`, or the first one above it that is there: the tools make the rest."""
    return next(place for place in (folder, *folder.absolute().parents) if os.path.exists(place))


def _takes_files(folder: Path) -> bool:
    """Whether something can be written into `folder`.

    Permissions do not tell: quotas, read-only disks and network disks have their own mind.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_BLOCK))
    except OSError:
        return False
    return True


def settings_folder() -> Path:
    """Where the kit keeps what it was told once; TINYKIT_SETTINGS names another place."""
    return _own_folder("TINYKIT_SETTINGS", "APPDATA", "Application Support", "XDG_CONFIG_HOME")


def cache_folder() -> Path:
    """Where builds are kept; safe to delete. TINYKIT_CACHE names another place."""
    return _own_folder("TINYKIT_CACHE", "LOCALAPPDATA", "Caches", "XDG_CACHE_HOME")


def _own_folder(chosen: str, windows: str, macos: str, linux: str) -> Path:
    """A folder of the kit's. All but `macos` are environment variables, which may be missing."""
    if place := os.environ.get(chosen):
        return Path(place)
    usual = {
        "APPDATA": "AppData/Roaming",
        "LOCALAPPDATA": "AppData/Local",
        "XDG_CONFIG_HOME": ".config",
        "XDG_CACHE_HOME": ".cache",
    }
    if sys.platform == "darwin":
        return Path.home() / "Library" / macos / "tinykit"
    variable = windows if os.name == "nt" else linux
    return Path(os.environ.get(variable, Path.home() / usual[variable])) / "tinykit"
