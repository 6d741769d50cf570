"""`tinykit test`: pytest, with several tests at the same time where this computer can."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from tinykit.common.errors import TinykitError

_QUICK = "not slow and not notebook"
_MOST_WORKERS = 4
_QUICK_BYTES = 1.5e9  # measured: 0.9 GB, TensorFlow above all, and at times a program beside it
_WORKER_BYTES = 3e9  # at times with a notebook's kernel, 1 to 2.6 GB
# Options with which a person decides otherwise, or watches one process.
_ALONE = ("--numprocesses", "--dist", "--pdb", "--trace", "-s", "--capture", "--co")
_ALONE += ("--collect-only", "--fixtures", "--markers", "--version", "--setup-plan", "-h", "--help")


def pytest_arguments(options: Sequence[str]) -> list[str]:
    """pytest's command line for `tinykit test OPTION ...`.

    `--quick` leaves out notebooks and slow tests. The tests are shared out among workers, as many
    as there are cores (2 to 4) and as fit into the free memory; unless the options say otherwise,
    watch one process, or name a single file or test.

    Raises TinykitError when --quick comes with a choice of one's own.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true")
    known, passed_on = parser.parse_known_args(list(options))
    arguments = []
    if known.quick:
        if any(option.startswith("-m") for option in passed_on):
            raise TinykitError("--quick chooses the tests, as -m does. Give one of the two.")
        arguments = ["-m", _QUICK]
    count = 0 if _runs_alone(passed_on) else workers(_QUICK_BYTES if known.quick else _WORKER_BYTES)
    if count:
        # Tests of one file stay with one worker as far as possible: they share what is made once.
        arguments += ["-n", str(count), "--dist", "worksteal"]
    return [*arguments, *passed_on]


def workers(bytes_each: float) -> int:
    """How many tests to run at the same time; 0 when memory is too short for two."""
    import psutil

    affinity = getattr(os, "sched_getaffinity", None)  # fewer than there are, in a container
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    fitting = int(psutil.virtual_memory().available / bytes_each)
    count = min(max(2, cores), _MOST_WORKERS, fitting)
    return count if count >= 2 else 0


def _runs_alone(options: Sequence[str]) -> bool:
    """Whether these options of pytest are for a single process."""
    chosen = {option.split("=")[0] for option in options}
    if chosen & set(_ALONE) or any(option.startswith("-n") for option in options):
        return True
    if any("::" in option for option in options):
        return True
    places = [Path(option) for option in options if Path(option).exists()]
    return len(places) == 1 and places[0].is_file()
