"""kit.py in the shells of real users: variables, pip's settings, folders, another set-up.

Every set-up here is a real one, with a real pip, of a project that has one small package.
"""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kit_project import load, make_installable, make_project, plain_shell, start

posix = pytest.mark.skipif(os.name == "nt", reason="signals, HOME and read-only as on Linux, macOS")

# Says what a lesson would see: the locked package, the switches of Python, the variables.
PROGRAM = """
import json, locked, os, sys
names = ("VIRTUAL_ENV", "MPLBACKEND", "KERAS_BACKEND", "PYTHONSTARTUP", "PYTHONUTF8", "PIP_TARGET")
seen = {name: os.environ.get(name) for name in names}
print(json.dumps({**seen, "answer": locked.answer, "optimize": sys.flags.optimize,
                  "prefix": sys.prefix, "bytecode": not sys.dont_write_bytecode}))
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Path:
    """A project in a folder with a space and an umlaut, set up once in a shell without settings."""
    project = tmp_path_factory.mktemp("Übung 1") / "tiny kit"
    make_installable(make_project(project, PROGRAM))
    done = start(project, "run", env=offline(project))
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.fixture
def project(shared) -> Path:
    """The same with both packages gone and a changed lock: the next start installs them anew."""
    kit = load(shared)
    for path in [*kit.packages_folder().glob("locked*"), *kit.packages_folder().glob("tinykit*")]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    kit.STAMP.write_text(kit.stamp(), encoding="utf-8")
    kit.LOCK.write_text(kit.LOCK.read_text() + "#\n")
    return shared


def offline(project: Path, **variables: str) -> dict[str, str]:
    """A shell whose pip finds packages in the project's folder of wheels alone."""
    return plain_shell(PIP_NO_INDEX="1", PIP_FIND_LINKS=(project / "wheels").as_uri(), **variables)


def report(done: subprocess.CompletedProcess) -> dict:
    """What the program saw, when set-up and hand-over went well."""
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_folder_with_spaces_and_umlauts(shared):
    seen = report(start(shared, "run", env=offline(shared)))
    assert seen["answer"] == 42 and Path(seen["prefix"]) == shared / ".venv"
    assert not (shared / ".venv/tmp").exists(), "pip's temporary files are gone"


# Each of these alone ended a set-up, or sent the packages elsewhere, when pip and Python saw it.
VARIABLES = {
    "pip, where to": {
        "PIP_TARGET": "elsewhere",
        "PIP_PREFIX": "elsewhere",
        "PIP_ROOT": "elsewhere",
        "PIP_USER": "1",
        "PIP_DRY_RUN": "1",
        "PIP_REPORT": "elsewhere",
    },
    "pip, what": {
        "PIP_REQUIREMENT": "none.txt",
        "PIP_CONSTRAINT": "none.txt",
        "PIP_NO_BINARY": ":all:",
        "PIP_PLATFORM": "none",
        "PIP_PYTHON": "/none/python",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_LOG": "/none/log",
        "PIP_QUIET": "3",
    },
    "Python": {
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUSERBASE": "elsewhere",
        "PYTHONOPTIMIZE": "2",
        "PYTHONWARNINGS": "error",
    },
    "places and terminal": {
        "TMPDIR": "/none",
        "TEMP": "/none",
        "HOME": "/dev/null/x",
        "XDG_CACHE_HOME": "/dev/null/x",
        "PIP_CACHE_DIR": "/dev/null/x",
        "LC_ALL": "C",
        "TERM": "dumb",
        "COLUMNS": "no number",
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIABLES)
def test_variables_of_the_shell_change_nothing(project, name):
    done = start(project, "run", env=offline(project, **VARIABLES[name]))
    seen = report(done)
    assert seen["answer"] == 42 and done.stderr == ""
    assert seen["optimize"] == 0, "asserts are the checks of a lesson: they must not be dropped"
    assert seen["bytecode"], "without byte code every start compiles TensorFlow anew"
    assert not (project / "elsewhere").exists()
    site = load(project).packages_folder()
    assert (site / "locked.py").is_file() and (site / "tinykit.pth").is_file()


@pytest.mark.slow
@posix
def test_settings_in_pip_conf_change_nothing_but_where_packages_come_from(project, tmp_path):
    settings = tmp_path / ".pip/pip.conf"
    settings.parent.mkdir()
    settings.write_text(
        f"[global]\nno_index = yes\nuser = yes\nrequire-virtualenv = yes\nlog = /none/log\n"
        f"index-url = http://127.0.0.1:9/simple\n"
        f"[install]\ntarget = {tmp_path}/elsewhere\nno-binary = :all:\n"
        f"find-links =\n    /none\n    {(project / 'wheels').as_uri()}\n"
    )
    env = plain_shell(HOME=str(tmp_path))
    del env["PIP_CONFIG_FILE"]
    assert report(start(project, "run", env=env))["answer"] == 42
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.slow
def test_damaged_pip_conf_is_named(project, tmp_path):
    settings = tmp_path / "pip.conf"
    settings.write_text("index-url = http://127.0.0.1:9/simple\n")
    done = start(project, "run", env=plain_shell(PIP_CONFIG_FILE=str(settings)))
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert str(settings) in done.stderr and "Mend or rename" in done.stderr


@pytest.mark.slow
def test_index_that_nobody_serves_is_named_with_the_place_that_sets_it(project, tmp_path):
    settings = tmp_path / "pip.conf"
    settings.write_text("[global]\nindex-url = http://user:secret@127.0.0.1:9/simple\n")
    done = start(project, "run", env=plain_shell(PIP_CONFIG_FILE=str(settings)))
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"index-url=http://127.0.0.1:9/simple (set by {settings})" in done.stderr
    assert "secret" not in done.stderr + done.stdout


@pytest.mark.slow
def test_mirror_of_a_school_is_used(project):
    """An index as pip reads it (PEP 503), served by nobody but the disk."""
    page = project / "mirror/locked"
    page.mkdir(parents=True, exist_ok=True)
    wheel = next((project / "wheels").glob("*.whl"))
    (page / "index.html").write_text(f'<a href="{wheel.as_uri()}">{wheel.name}</a>')
    mirror = (project / "mirror").as_uri()
    assert report(start(project, "run", env=plain_shell(PIP_INDEX_URL=mirror)))["answer"] == 42


def test_settings_follow_the_order_of_pip(shared, monkeypatch, tmp_path):
    """Later files before earlier ones, [install] before [global], variables before all."""
    kit = load(shared)
    texts = [
        "[global]\ntimeout=1\nproxy=a\ncert=a\n[install]\nproxy=b",
        "[global]\nproxy=c\ntimeout=2\ncert=\n",
    ]
    files = [tmp_path / "1.conf", tmp_path / "2.conf"]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    monkeypatch.setattr(kit, "pip_files", lambda: [*map(str, files), str(tmp_path / "none.conf")])
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_PYPI_URL", "file:///mirror")
    monkeypatch.setenv("PIP_TARGET", "elsewhere")
    assert kit.pip_settings() == {
        "proxy": ("b", str(files[0])),
        "timeout": ("2", str(files[1])),
        "index-url": ("file:///mirror", "PIP_PYPI_URL"),
    }


def test_variables_for_another_python_do_not_reach_the_lessons(shared):
    """A notebook's kernel would take packages from VIRTUAL_ENV, and draw on MPLBACKEND's screen."""
    lost = {"VIRTUAL_ENV": "/none", "MPLBACKEND": "TkAgg", "KERAS_BACKEND": "torch"}
    lost |= {"PYTHONSTARTUP": "/none.py", "PYTHONPATH": "/none"}
    kept = {"PYTHONUTF8": "1", "PIP_TARGET": "mine"}
    seen = report(start(shared, "run", env=offline(shared, **lost, **kept)))
    assert [seen[name] for name in lost if name in seen] == [None] * 4
    assert {name: seen[name] for name in kept} == kept


@pytest.mark.slow
def test_started_with_the_python_of_another_environment(tmp_path):
    """A venv within a venv: ours rests on the Python below, not on one that may be deleted."""
    other = tmp_path / "other"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", other], check=True)
    python = other / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    project = make_installable(make_project(tmp_path / "kit", PROGRAM))
    env = offline(project, VIRTUAL_ENV=str(other), CONDA_PREFIX=str(other))
    assert report(start(project, "run", env=env, python=python))["answer"] == 42
    assert str(other) not in (project / ".venv/pyvenv.cfg").read_text(encoding="utf-8")


@posix
def test_folder_that_cannot_be_written_is_named(tmp_path):
    """Root may write everywhere; not into a folder where the lock's place is taken, though."""
    project = make_project(tmp_path / "kit", PROGRAM)
    (project / ".setup.lock").mkdir()
    done = start(project, "run", env=offline(project))
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"{project} cannot be written" in done.stderr and "Move" in done.stderr


def test_disk_without_locks_is_no_endless_wait(shared, monkeypatch):
    kit = load(shared)
    fcntl = pytest.importorskip("fcntl")
    codes = iter([errno.EAGAIN, errno.ENOLCK])

    def refuse(*_):
        raise OSError(next(codes), "")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with (shared / ".setup.lock").open("a") as file:
        assert not kit.try_lock(file), "another set-up has it: wait"
        assert kit.try_lock(file), "NFS without locks: go on"


@posix
def test_step_left_behind_by_a_killed_kit_is_waited_for(tmp_path):
    """`kill -9` ends kit.py, and pip goes on unpacking: the next set-up must not run beside it."""
    project = make_project(tmp_path / "kit", PROGRAM)
    step = "import time; open('started', 'w'); time.sleep(3); open('ended', 'w')"
    code = "import sys, kit\nwith kit.only_one_set_up():\n"
    code += f"    kit.run_step('2/3 Packages', [sys.executable, '-c', {step!r}])"
    first = subprocess.Popen([sys.executable, "-c", code], cwd=project, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not (project / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not (project / "ended").exists()
    with load(project).only_one_set_up():
        assert (project / "ended").exists(), "the second one began while the first one's pip ran"
