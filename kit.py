#!/usr/bin/env python3
"""tinykit: one command for everything. It sets itself up the first time (about two minutes).

    python3 kit.py lab                     JupyterLab, on the notebooks
    python3 kit.py run keyword_spotting    a whole project, from sound to Arduino sketch
    python3 kit.py test                    every test, the notebooks included
    python3 kit.py doctor                  what is missing, and how to mend it
    python3 kit.py --help                  all commands

On Windows write `py kit.py ...`. Everything is installed into the folder .venv beside this file;
delete that folder and nothing is left of it.
"""
# Standard library only, and no syntax newer than Python 3.6: an old Python must be able to read
# this file to say that it is too old.

import configparser
import contextlib
import errno
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST_PYTHON = (3, 10)
NEWEST_PYTHON = (3, 13)
BEST_PYTHON = (3, 12)  # every package has wheels for it
DISK_BYTES = 4 * 10**9  # 2.6 GB of packages, and the downloads while they are unpacked

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
TEMPORARY = VENV / "tmp"  # pip's, on the disk whose free space was looked at
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "tinykit-stamp.txt"  # written last: an environment without it is not complete
LOG = ROOT / "setup.log"

# What users' settings may tell pip: where packages come from. The rest (target, user, constraint,
# no-binary, ...) would bring others, or put them elsewhere.
SOURCES = re.compile(
    r"(extra-)?index-url|find-links|no-index|trusted-host|proxy|(client-)?cert|keyring-provider"
    r"|timeout|(no-)?cache-dir"
)
SAME = {"pypi-url": "index-url", "default-timeout": "timeout"}  # pip's other names for two of them
# Of the variables that steer a Python, .venv's heeds these; a PYTHONPATH or PYTHONOPTIMIZE made for
# another one would hide packages of ours, or drop the checks at the end of a notebook.
KEPT = ("PYTHONIOENCODING", "PYTHONUTF8", "PYTHONUNBUFFERED", "PYTHONHASHSEED")
# Of other variables these would change what the notebooks import and where their figures go.
DROPPED = ("VIRTUAL_ENV", "MPLBACKEND", "KERAS_BACKEND", "TF_USE_LEGACY_KERAS")


class Stop(Exception):  # noqa: N818 (the end of a set-up, not of a program)
    """Set-up cannot go on; the text is one line that says why and what to do."""


def main(arguments: list) -> int:
    """Set up when needed, then run `python -m tinykit` with `arguments`; gives its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a path may hold what an old console cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        check_python()
        if not is_set_up():
            if not arguments or arguments[0] in ("-h", "--help"):
                print(__doc__.strip())
                return 0
            set_up()
        return hand_over(arguments)
    except Stop as stop:
        return fail(str(stop), 2)
    except OSError as error:
        return fail(f"{error.filename or ROOT}: {error.strerror or error}. Free or allow it.", 2)
    except KeyboardInterrupt:
        say()  # the display may stand in the middle of a line
        return fail("stopped. Run the same command again to go on.", 2)


def fail(message: str, code: int) -> int:
    """Print the one line a student gets instead of a traceback; gives `code` back."""
    say(end="")
    print(f"tinykit: {message}", file=sys.stderr)
    return code


def say(text: str = "", end: str = "\n") -> None:
    """Print; when nobody can hear it (a closed terminal, `| head -1`) the work goes on."""
    with contextlib.suppress(Exception):
        print(text, end=end, flush=True)


def check_python(
    version: tuple = sys.version_info[:2],
    system: tuple = (platform.system(), platform.machine().lower()),
    is_cpython_64: bool = platform.python_implementation() == "CPython" and sys.maxsize > 2**32,
) -> None:
    """Raise Stop when TensorFlow has no packages for this Python or this computer."""
    oldest, best, newest = (
        ".".join(map(str, v)) for v in (OLDEST_PYTHON, BEST_PYTHON, NEWEST_PYTHON)
    )
    install = f"Install Python {best} (64 bit) from https://www.python.org/downloads/"
    if not OLDEST_PYTHON <= version <= NEWEST_PYTHON:
        raise Stop(
            f"this is Python {version[0]}.{version[1]}, and the packages need {oldest} to {newest}."
            f" {install} and start kit.py with that one."
        )
    if not is_cpython_64:
        raise Stop(f"this Python is not a 64-bit CPython. {install}.")
    if system == ("Darwin", "x86_64"):
        raise Stop(
            "TensorFlow has no packages for Intel Macs any more. Use Binder (see the README); "
            f"on an Apple-silicon Mac this Python is the wrong one. {install}."
        )
    if system == ("Windows", "arm64"):
        raise Stop(
            "TensorFlow has no packages for Windows on ARM. Install the x86-64 build of Python "
            f"{best} from https://www.python.org/downloads/: it runs there too."
        )


def is_set_up() -> bool:
    """True when .venv was completed from the present lock file."""
    if not is_whole():
        return False
    with contextlib.suppress(FileNotFoundError):  # another terminal begins to set up just now
        return STAMP.read_text(encoding="utf-8") == stamp()
    return False


def is_whole() -> bool:
    """True when .venv was completed once, here, and the Python it was made from still exists."""
    try:
        place = STAMP.read_text(encoding="utf-8").splitlines()[0]
        config = (VENV / "pyvenv.cfg").read_text(encoding="utf-8")
        home = re.search(r"^home *= *(.+)$", config, re.MULTILINE).group(1).strip()
    except (OSError, ValueError, IndexError, AttributeError):
        return False
    return place == str(ROOT) and Path(home).is_dir() and PYTHON.exists()


def stamp() -> str:
    """What a complete environment rests on: its place, the locked packages, the project file."""
    hashes = (
        hashlib.sha256(path.read_bytes()).hexdigest() for path in (LOCK, ROOT / "pyproject.toml")
    )
    return "\n".join([str(ROOT), *hashes])


def set_up() -> None:
    """Make .venv and install the locked packages and the project into it, with progress."""
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise Stop(
                f"this Python has no {module} module. Debian and Ubuntu: sudo apt install "
                f"python{sys.version_info[0]}.{sys.version_info[1]}-venv, then run this again."
            )
    with only_one_set_up():
        if is_set_up():  # the terminal we waited for has done it
            return
        free = shutil.disk_usage(str(ROOT)).free
        if free < DISK_BYTES:
            raise Stop(
                f"{free / 1e9:.1f} GB are free on the disk of {ROOT}, and the packages need "
                f"{DISK_BYTES / 1e9:.0f} GB. Free some space, then run this again."
            )
        started = time.monotonic()
        LOG.write_bytes(b"")
        say(f"Setting up (only the first time): packages go to {VENV}, details to {LOG.name}")
        install_everything()
        STAMP.write_text(stamp(), encoding="utf-8")
        say(f"Ready after {time.monotonic() - started:.0f} s.\n")


def install_everything() -> None:
    """The three steps; each ends in Stop when it fails."""
    # An installation that was interrupted starts afresh: pip would take a half-unpacked package
    # for an installed one. What was downloaded waits in pip's cache.
    whole = is_whole()
    with contextlib.suppress(FileNotFoundError):
        STAMP.unlink()
    python = [getattr(sys, "_base_executable", None) or sys.executable, "-I", "-m"]
    if not whole:
        run_step("1/3 Python environment", [*python, "venv", "--clear", str(VENV)])
    TEMPORARY.mkdir(exist_ok=True)
    settings = pip_settings()
    pip = [str(PYTHON), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    # The lock is complete: nothing to resolve, nothing to build, every hash checked. Byte code is
    # left to the first import, which needs a fraction of it.
    locked = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--no-compile"]
    quiet = ["--progress-bar", "off", "--retries", "3"]
    packages = [*pip, *locked, *quiet, "-r", str(LOCK)]
    run_step("2/3 Packages", packages, packages_done, settings)
    project = [*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    run_step("3/3 tinykit itself", project, settings=settings)
    shutil.rmtree(str(TEMPORARY), ignore_errors=True)


def pip_settings() -> dict:
    """What the user's settings say about where packages come from: {name: (value, who says it)}."""
    found = {}
    parsers = [(file, read_settings(file)) for file in pip_files()]
    for section in ("global", "install"):  # in pip's order: what comes later counts
        for file, parser in parsers:
            if parser.has_section(section):
                found.update({name: (value, file) for name, value in parser.items(section)})
    found.update({k[4:]: (value, k) for k, value in os.environ.items() if k.startswith("PIP_")})
    settings = {}
    for name, setting in found.items():
        name = name.lower().replace("_", "-")
        name = SAME.get(name, name)
        if setting[0] and SOURCES.fullmatch(name):
            settings[name] = setting
    return settings


def pip_files() -> list:
    """The files that .venv's pip would read its settings from, there or not."""
    where = "from pip._internal.configuration import get_configuration_files as files"
    command = [str(PYTHON), "-I", "-c", f"import json; {where}; print(json.dumps(files()))"]
    try:
        files = json.loads(subprocess.check_output(command, stderr=subprocess.DEVNULL).decode())
    except (subprocess.CalledProcessError, ValueError):
        raise Stop(
            f"pip does not start in {VENV}. Delete that folder, then run this again."
        ) from None
    named = os.environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    return [*files["global"], *([named] if os.path.isfile(named) else files["user"])]


def read_settings(file: str) -> configparser.RawConfigParser:
    """The sections of one pip.conf; none when there is no such file."""
    parser = configparser.RawConfigParser()
    try:
        parser.read(file)
    except (configparser.Error, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise Stop(
            f"pip's settings in {file} are damaged ({reason}). Mend or rename that file."
        ) from None
    return parser


def own_environment() -> dict:
    """The user's variables without those that are meant for another Python than .venv's."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in DROPPED and (not name.startswith("PYTHON") or name in KEPT)
    }
    if environment.get("LC_ALL") in ("C", "POSIX"):  # Python 3.11 could not read "Übung" in a .pth
        del environment["LC_ALL"]
        environment["LC_CTYPE"] = "C"  # which Python takes for C.UTF-8
    return environment


def set_up_environment(settings: dict) -> dict:
    """The variables for a step of set-up: pip follows `settings` and no file or other variable."""
    environment = {k: v for k, v in own_environment().items() if not k.startswith("PIP_")}
    environment["PIP_CONFIG_FILE"] = os.devnull
    for name, (value, _) in settings.items():
        environment["PIP_" + name.upper().replace("-", "_")] = value
    for name in ("TMPDIR", "TEMP", "TMP"):
        environment[name] = str(TEMPORARY)
    return environment


def packages_done() -> str:
    """How far pip is, in a few words: from its log, and while it unpacks in silence from a count.

    The count reads names of one folder, never the files below it: pip moves those about.
    """
    log = LOG.read_text(encoding="utf-8", errors="replace").splitlines()
    total = sum(line[:1].isalnum() for line in LOCK.read_text(encoding="utf-8").splitlines())
    total -= sum(line.startswith("Ignoring ") for line in log)  # packages for another system
    if any(line.startswith("Installing collected packages") for line in log):
        there = sum(name.endswith(".dist-info") for name in os.listdir(str(packages_folder())))
        return f"unpacking {min(there, total)} of {total}"
    names = [re.split("[= ]+", line)[1] for line in log if line.startswith("Collecting ")]
    return f"downloading {len(names)} of {total}: {names[-1]}" if names else "reading the list"


def packages_folder() -> Path:
    """Where .venv's packages lie."""
    return next(VENV.glob("lib/python*/site-packages"), VENV / "Lib" / "site-packages")


def run_step(title: str, command: list, progress: object = str, settings: object = ()) -> None:
    """Run one command with its output in the log; raises Stop with the reason when it fails.

    `progress()` says how far it is. The command writes to the log itself and waits for nobody:
    whatever befalls the display, the work goes on.
    """
    settings = dict(settings)
    started, pause = time.monotonic(), 0.2 if in_terminal() else 15
    with LOG.open("ab") as log:
        child = subprocess.Popen(
            command,
            cwd=str(ROOT),
            env=set_up_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            close_fds=False,  # it holds the lock of set-up, should we be killed before it ends
        )
    try:
        while child.returncode is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=pause)
            with contextlib.suppress(Exception):
                show(title, child.returncode, progress, started)
    finally:  # Ctrl-C reaches pip too; never leave it running behind our back
        child.terminate()
        child.wait()
    if child.returncode != 0:
        raise Stop(
            why_it_failed(LOG.read_text(encoding="utf-8", errors="replace"), title, settings)
        )


def in_terminal() -> bool:
    """Whether a line on the screen can be rewritten."""
    return sys.stdout is not None and sys.stdout.isatty()


def show(title: str, code: object, progress: object, started: float) -> None:
    """How far a step is (its exit `code` is None), or its end: in a terminal in one line."""
    text = progress() if code is None else "done" * (code == 0)
    line = f"  {title}  {text}  [{time.monotonic() - started:.0f} s]"
    if in_terminal():
        width = shutil.get_terminal_size().columns - 1
        print("\r" + line[:width].ljust(width), end="" if code is None else "\n", flush=True)
    else:
        print(line, flush=True)


REASONS = (
    (r"No space left on device|Errno 28\b|not enough space", "the disk is full. Free 4 GB"),
    (r"Long Path", "the path is too long for Windows. Move the kit to C:\\tinykit"),
    (r"DO NOT MATCH THE HASHES", "a download arrived damaged. Check the network"),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|TLS CA certificate",
        "the packages cannot be downloaded (no secure connection). Set this computer's clock, and "
        "ask who runs the network{places}",
    ),
    (
        r"NewConnectionError|Name or service not known|name resolution|getaddrinfo failed"
        r"|Network is unreachable|Connection (refused|broken|aborted|reset)|timed? ?out|ProxyError",
        "the packages cannot be downloaded (no connection). Connect to the internet{places}",
    ),
    (
        r"No matching distribution",
        "a package is not where pip looks for it. Look into the log{places}",
    ),
    (
        r"Permission denied|Access is denied|Errno 13\b",
        "a file is in use or read-only. Mend that",
    ),
)


def why_it_failed(log: str, title: str, settings: dict) -> str:
    """One line for the student, from the end of what venv or pip printed."""
    places = "".join(
        ", or mend {}={} (set by {})".format(name, re.sub("//[^/@]*@", "//", value), origin)
        for name, (value, origin) in settings.items()
        if name in ("index-url", "no-index", "proxy", "cert")
    )
    for pattern, reason in REASONS:
        if re.search(pattern, log, re.IGNORECASE):
            reason = reason.format(places=places)
            return f"{title[4:]}: {reason}, then run the same command again (details: {LOG})."
    said = re.findall(r"^(?:ERROR|Error): *(.+)$", log, re.MULTILINE) or log.split("\n")
    said = [line.strip()[:200] for line in said if line.strip()] or ["it stopped without a reason"]
    return f"{title[4:]} failed: {said[-1]}. Run it again; if it stays, show {LOG} to your teacher."


@contextlib.contextmanager
def only_one_set_up() -> object:
    """Two must not fill one .venv: the second waits, also for a pip whose kit.py was killed."""
    try:
        file = (ROOT / ".setup.lock").open("a")
    except OSError as error:
        raise Stop(
            f"{ROOT} cannot be written ({error.strerror}), and the packages go there. "
            "Move that folder to a place of your own, then run this again."
        ) from None
    with file:
        told = False
        while not try_lock(file):
            if not told:
                say("Another terminal is setting tinykit up: waiting for it.")
            told = True
            time.sleep(0.5)
        yield


def try_lock(file: object) -> bool:
    """Lock an open file for this process and its children; False when others hold it."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.set_inheritable(file.fileno(), True)
    except OSError as error:  # some network disks know no locks: then without
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True


def hand_over(arguments: list) -> int:
    """Run the package with .venv's Python: same terminal, same exit code."""
    command = [str(PYTHON), "-m", "tinykit", *arguments]
    say(end="")
    if os.name != "nt":  # becomes that process: Ctrl-C and signals go to it alone
        os.execve(command[0], command, own_environment())
    child = subprocess.Popen(command, env=own_environment())
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # it got the Ctrl-C as well, and cleans up
            return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
