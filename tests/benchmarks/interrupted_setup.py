"""Interrupts set-up at random moments, in the ways it happens in class, and starts it again.

    python tests/benchmarks/interrupted_setup.py
    python tests/benchmarks/interrupted_setup.py --times 8 --in-a-row 4 --seed 3

Works on a copy of the project in a temporary folder (3 GB while it runs; TMPDIR names another
place), in a pseudo-terminal, so that the display is at work as well. Linux and macOS. The moments
are spread over a whole set-up; after `--in-a-row` interruptions one goes to its end, and every file
of every package is held against the SHA-256 that its author gave it. 20 take some 45 minutes on 2
cores, with 4 in a row 25. Exit code 1 when a set-up did not end well.
"""

import argparse
import atexit
import base64
import contextlib
import csv
import hashlib
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "build", "__pycache__", ".*_cache", "setup.log"
)
PATIENCE = 1200  # seconds for one set-up

# What happens -> (signal, whether pip gets it too, as every program of a terminal does)
WAYS = {
    "Ctrl-C": (signal.SIGINT, True),
    "kill -9 of all": (signal.SIGKILL, True),
    "kill -9 of kit.py": (signal.SIGKILL, False),
    "window closed": (signal.SIGHUP, True),
    "kill of kit.py": (signal.SIGTERM, False),
}


class SetUp:
    """One run of `kit.py --version` in a terminal of its own.

    Attributes:
        shown: what it has printed so far.
        seconds: how long it has run.
    """

    def __init__(self, project: Path) -> None:
        screen, terminal = pty.openpty()
        self.shown, self._started = "", time.monotonic()
        atexit.register(self.end)  # Ctrl-C of this script does not reach a terminal of its own
        self.process = subprocess.Popen(
            [sys.executable, project / "kit.py", "--version"],
            cwd=project,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)
        threading.Thread(target=self._watch, args=[screen], daemon=True).start()

    def _watch(self, screen: int) -> None:
        try:
            while piece := os.read(screen, 4096):
                self.shown += piece.decode(errors="replace")
        except OSError:  # Linux: nobody has the terminal open any more
            pass
        os.close(screen)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    @property
    def step(self) -> str:
        """Where it is: the last line on the screen, without its seconds."""
        lines = [line.strip() for line in re.split(r"[\r\n]+", self.shown) if line.strip()]
        return re.sub(r" *\[\d+ s\]", "", lines[-1])[:45] if lines else "starting"

    def interrupt(self, way: str) -> None:
        """End it in one of the WAYS and wait until it has ended."""
        number, everyone = WAYS[way]
        (os.killpg if everyone else os.kill)(self.process.pid, number)
        self.process.wait(timeout=60)

    def end(self) -> None:
        """End it and what it started, if any of that is left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def result(self) -> str:
        """Wait for its end; "" when it was a good one, else what went wrong."""
        try:
            code = self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.end()
            return f"not ready after {PATIENCE} s"
        return "" if code == 0 else f"code {code}: {self.step}"


def damage(project: Path) -> str:
    """The first file of a package that is not as its author packed it; "" when all are."""
    checked = 0
    for record in sorted((project / ".venv").glob("lib/python*/site-packages/*.dist-info/RECORD")):
        for name, digest, _ in csv.reader(record.read_text(encoding="utf-8").splitlines()):
            file = record.parents[1] / name
            if not digest or name.startswith("../"):  # scripts name the place they were put to
                continue
            kind, _, expected = digest.partition("=")
            if not file.is_file():
                return f"{name} is missing"
            found = hashlib.new(kind, file.read_bytes()).digest()
            if base64.urlsafe_b64encode(found).decode().rstrip("=") != expected:
                return f"{name} is damaged"
            checked += 1
    return "" if checked > 10_000 else f"only {checked} files are there"


def finished(project: Path) -> tuple[float, str]:
    """Set up to the end: seconds, and what is wrong ("" when nothing is)."""
    run = SetUp(project)
    problem = run.result()
    seconds = run.seconds
    leftover = (project / ".venv/tmp").exists() and "temporary files are left"
    return seconds, problem or damage(project) or leftover or ""


def main() -> int:
    """Interrupt, start again, print a line of the table each time; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20, help="interruptions")
    parser.add_argument("--in-a-row", type=int, default=1, help="before one set-up goes to its end")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a script's background
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="tinykit-", ignore_cleanup_errors=True) as folder:
        project = Path(folder, "kit")
        shutil.copytree(ROOT, project, ignore=NOT_COPIED)
        whole, problem = finished(project)
        print(f"undisturbed: {whole:.0f} s {problem or 'well'}", flush=True)
        print(f"{'':3}{'after':>7}  {'way':<18} {'where':<46}then", flush=True)
        shares = [(i + chance.random()) / options.times for i in range(options.times)]
        ways = [list(WAYS)[i % len(WAYS)] for i in range(options.times)]
        chance.shuffle(shares)
        bad = bool(problem)
        for number, (share, way) in enumerate(zip(shares, ways, strict=True), 1):
            if number % options.in_a_row == 1 % options.in_a_row:
                shutil.rmtree(project / ".venv")
            run = SetUp(project)
            time.sleep(share * whole)
            step, after = run.step, run.seconds
            if run.process.poll() is None:
                run.interrupt(way)
            else:
                step = f"had ended, code {run.process.returncode}"
            outcome = "interrupted again"
            if number % options.in_a_row == 0 or number == options.times:
                seconds, problem = finished(project)
                bad |= bool(problem)
                outcome = f"{seconds:.0f} s, {problem or 'well'}"
            print(f"{number:2} {after:6.1f}s  {way:<18} {step:<46}{outcome}", flush=True)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
