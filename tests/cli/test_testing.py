"""`tinykit test`: which tests, and how many at the same time."""

import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from tinykit.cli import testing
from tinykit.cli.lessons import ROOT
from tinykit.common.errors import TinykitError

QUICK = ["-m", "not slow and not notebook"]


@pytest.fixture
def computer(monkeypatch):
    """Sets the number of cores and the free memory (GB) of this computer."""

    def set_to(cores: int, free: float) -> None:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
        memory = SimpleNamespace(available=free * 1e9)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)

    set_to(2, 16)
    return set_to


@pytest.mark.parametrize(
    ("cores", "free", "count"),
    [
        (2, 16, "2"),
        (8, 16, "4"),  # not more: each holds TensorFlow
        (1, 16, "2"),  # tests that wait for programs overlap
        (8, 10, "3"),  # what fits into memory
    ],
)
def test_there_are_as_many_workers_as_cores_and_memory_allow(cores, free, count, computer):
    computer(cores, free)
    assert testing.pytest_arguments([]) == ["-n", count, "--dist", "worksteal"]


def test_with_little_memory_one_test_follows_another(computer):
    computer(8, 4)
    assert testing.pytest_arguments([]) == []
    assert testing.pytest_arguments(["--quick"])[:4] == [*QUICK, "-n", "2"], "they need less"


def test_quick_leaves_out_notebooks_and_slow_tests_and_passes_the_rest_on(computer):
    arguments = testing.pytest_arguments(["tests/features", "--quick", "-x"])
    assert arguments == [*QUICK, "-n", "2", "--dist", "worksteal", "tests/features", "-x"]


@pytest.mark.parametrize("own", [["-m", "slow"], ["-mslow"]])
def test_quick_and_a_choice_of_ones_own_contradict_each_other(own):
    with pytest.raises(TinykitError, match="Give one of the two"):
        testing.pytest_arguments(["--quick", *own])


@pytest.mark.parametrize(
    "options",
    [
        ["-n", "3"],
        ["-n0"],
        ["--numprocesses=1"],
        ["--pdb"],
        ["-s"],
        ["--co"],
        ["tests/cli/test_testing.py::test_one"],
        ["tests/cli/test_testing.py", "-k", "one"],
    ],
)
def test_who_watches_one_process_or_one_test_gets_one(options, computer, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert testing.pytest_arguments(options) == options


def test_the_command_ends_with_pytests_summary_line(tmp_path):
    """CI and people read it, also when several processes ran the tests."""
    for name in ("one", "two"):
        (tmp_path / f"test_{name}.py").write_text(f"def test_{name}():\n    pass\n")
    command = [sys.executable, "-m", "tinykit", "test", "--quick", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed in " in done.stdout.splitlines()[-1]
