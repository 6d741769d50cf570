"""kit.py: what it refuses, what it takes for a complete environment, how it hands over."""

import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from kit_project import ROOT, load, make_project, plain_shell, start

HANDED_OVER = """
import sys, time
try:
    print(sys.argv[1:], flush=True)
    if "wait" in sys.argv:
        time.sleep(60)
except KeyboardInterrupt:
    print("cleaned up")
    sys.exit(130)
sys.exit(7)
"""


@pytest.fixture
def project(tmp_path) -> Path:
    """A small project of its own: the real kit.py, a package that reports how it was called."""
    return make_project(tmp_path / "kit", HANDED_OVER)


@pytest.fixture
def ready(project) -> Path:
    """The same, set up."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", project / ".venv"], check=True)
    kit = load(project)
    kit.STAMP.write_text(kit.stamp(), encoding="utf-8")
    return project


@pytest.mark.parametrize("version", [(2, 7), (3, 9), (3, 14)])
def test_unsupported_python_is_told_which_to_install(version):
    kit = load(ROOT)
    with pytest.raises(kit.Stop, match=r"needs?.* 3\.10 to 3\.13.*Install Python 3\.12"):
        kit.check_python(version, ("Linux", "x86_64"), True)


@pytest.mark.parametrize("system", [("Darwin", "x86_64"), ("Windows", "arm64")])
def test_computer_without_tensorflow_packages_is_told_what_stands_in(system):
    kit = load(ROOT)
    with pytest.raises(kit.Stop, match=r"TensorFlow has no packages for .*(Install|Binder)"):
        kit.check_python((3, 12), system, True)


def test_32_bit_python_is_refused():
    kit = load(ROOT)
    with pytest.raises(kit.Stop, match="not a 64-bit CPython"):
        kit.check_python((3, 12), ("Windows", "amd64"), False)


@pytest.mark.parametrize("system", [("Linux", "x86_64"), ("Darwin", "arm64"), ("Windows", "amd64")])
def test_usual_computers_are_accepted(system):
    load(ROOT).check_python((3, 12), system, True)


def test_complete_environment_is_recognised(ready):
    assert load(ready).is_set_up()


def test_changed_lock_is_installed_into_the_same_environment(ready):
    (ready / "requirements.lock").write_text("# changed\n")
    kit = load(ready)
    assert kit.is_whole() and not kit.is_set_up()


def test_interrupted_set_up_starts_afresh(ready):
    """The stamp goes before the first package comes: without it nothing in .venv is trusted."""
    kit = load(ready)
    kit.STAMP.unlink()
    assert not kit.is_whole()


def test_moved_folder_is_set_up_again(ready, tmp_path):
    moved = ready.with_name(ready.name + "_moved")
    ready.rename(moved)
    assert not load(moved).is_whole()


def test_environment_of_a_removed_python_is_made_again(ready):
    config = ready / ".venv/pyvenv.cfg"
    lines = config.read_text(encoding="utf-8").splitlines()
    lines = ["home = /no/such/python" if x.startswith("home") else x for x in lines]
    config.write_text("\n".join(lines), encoding="utf-8")
    assert not load(ready).is_whole()


def test_hand_over_passes_arguments_and_exit_code(ready):
    done = start(ready, "run", "two words", "--x=1")
    assert (done.stdout.strip(), done.returncode) == ("['run', 'two words', '--x=1']", 7)
    assert done.stderr == ""


def test_hand_over_hides_the_packages_of_another_installation(ready, tmp_path):
    other = tmp_path / "other/tinykit"
    other.mkdir(parents=True)
    (other / "__main__.py").write_text("print('wrong one')")
    done = start(ready, "run", env={**os.environ, "PYTHONPATH": str(other.parent)})
    assert done.returncode == 7, done.stdout + done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a console, not to a process")
def test_ctrl_c_reaches_the_package_alone(ready):
    command = [sys.executable, ready / "kit.py", "wait"]
    child = subprocess.Popen(command, cwd=ready, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout.readline()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)
    assert (child.returncode, out.strip(), err) == (130, b"cleaned up", b"")


def test_second_start_is_fast(ready):
    start(ready, "run")
    began = time.perf_counter()
    start(ready, "run")
    seconds = time.perf_counter() - began
    assert seconds < 2, f"{seconds:.1f} s for two interpreter starts: what does kit.py import?"


def test_help_needs_no_set_up(project):
    done = start(project, "--help")
    assert done.returncode == 0 and "kit.py run keyword_spotting" in done.stdout
    assert not (project / ".venv").exists()


@pytest.mark.parametrize(
    ("printed", "advice"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("NewConnectionError: Failed to establish a new connection", "Connect to the internet"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE", "damaged"),
        ("ERROR: something nobody foresaw", "something nobody foresaw"),
    ],
)
def test_failed_step_ends_in_one_line_with_the_reason(project, printed, advice):
    kit = load(project)
    command = [sys.executable, "-c", f"print({printed!r}); raise SystemExit(1)"]
    with pytest.raises(kit.Stop, match=advice) as stop:
        kit.run_step("2/3 Packages", command)
    assert "\n" not in str(stop.value) and str(kit.LOG) in str(stop.value)
    assert printed in kit.LOG.read_text(encoding="utf-8")


LOCK = "one==1 \\\n    --hash=x\ntwo==2 ; sys_platform == 'win32' \\\n    --hash=y\n"
UNPACKING = (
    "Ignoring two: markers don't match\nCollecting one==1\nInstalling collected packages: one\n"
)


@pytest.fixture
def unpacking(project) -> Path:
    """A small project whose pip is at work: its log, and the folder it unpacks into."""
    (project / "requirements.lock").write_text(LOCK)
    (project / "setup.log").write_text(UNPACKING)
    (project / ".venv/lib/python3.12/site-packages").mkdir(parents=True)
    return project


def test_progress_counts_the_packages_of_this_system(project):
    (project / "requirements.lock").write_text(LOCK)
    kit = load(project)
    kit.LOG.write_text("")
    assert kit.packages_done() == "reading the list"
    kit.LOG.write_text(UNPACKING.split("Installing")[0])
    assert kit.packages_done() == "downloading 1 of 1: one"


def test_progress_counts_what_is_unpacked(unpacking):
    kit = load(unpacking)
    assert kit.packages_done() == "unpacking 0 of 1"
    (unpacking / ".venv/lib/python3.12/site-packages/one-1.dist-info").mkdir()
    assert kit.packages_done() == "unpacking 1 of 1"


def test_progress_survives_folders_that_vanish_while_they_are_read(unpacking):
    """pip unpacks into folders that it renames and removes: one first set-up in three ended so."""
    site = unpacking / ".venv/lib/python3.12/site-packages"
    ended = threading.Event()

    def pip() -> None:
        while not ended.is_set():
            for name in ("pkg_resources", "~kg_resources", "one-1.dist-info"):
                (site / name / "tests/data").mkdir(parents=True)
            for name in ("pkg_resources", "~kg_resources", "one-1.dist-info"):
                shutil.rmtree(site / name)

    worker = threading.Thread(target=pip)
    worker.start()
    kit = load(unpacking)
    try:
        seen = {kit.packages_done() for _ in range(2000)}
    finally:
        ended.set()
        worker.join()
    assert seen == {"unpacking 0 of 1", "unpacking 1 of 1"}, "was anything moving at all?"


def test_progress_reads_three_folders_however_much_is_unpacked(unpacking):
    """Python itself reports each folder that is opened: five looks a second must stay cheap."""
    for number in range(50):
        folder = unpacking / f".venv/lib/python3.12/site-packages/package{number}/inner"
        folder.mkdir(parents=True)
    code = (
        "import sys, kit\n"
        "read = []\n"
        "note = lambda event, what: event in ('os.listdir', 'os.scandir') and read.append(what)\n"
        "sys.addaudithook(note)\n"
        "print(kit.packages_done(), len(read))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=unpacking, capture_output=True, text=True
    )
    words = done.stdout.split()
    assert words[:-1] == ["unpacking", "0", "of", "1"], done.stderr
    assert 1 <= int(words[-1]) <= 3, f"{words[-1]} folders read for one look"


@pytest.mark.parametrize("fault", ["progress", "output", "no output", "terminal size"])
def test_a_display_that_fails_never_stops_the_work(project, monkeypatch, fault):
    kit = load(project)
    failed = []

    def fails(*_, **__):
        failed.append(fault)
        raise FileNotFoundError("site-packages/pkg_resources")

    monkeypatch.setattr(kit, "in_terminal", lambda: True)  # there the display looks often
    progress = fails if fault == "progress" else str
    if fault == "terminal size":
        monkeypatch.setattr(kit.shutil, "get_terminal_size", fails)
    elif fault == "output":
        closed = io.StringIO()  # a pipe whose reader has gone (`kit.py ... | head -1`)
        closed.write = fails
        monkeypatch.setattr(sys, "stdout", closed)
    elif fault == "no output":
        monkeypatch.undo()
        monkeypatch.setattr(sys, "stdout", None)
    code = "import time; time.sleep(0.7); open('work done', 'w')"
    kit.run_step("2/3 Packages", [sys.executable, "-c", code], progress)
    assert (project / "work done").exists()
    assert len(failed) > 1 or fault == "no output", "it failed once, and was asked again"


def test_a_display_that_hangs_never_stops_the_work(project):
    """Ctrl-S halts a terminal for minutes. The work prints more than any pipe holds, and ends."""
    kit = load(project)

    def waits() -> str:
        deadline = time.monotonic() + 20
        while not (project / "work done").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return ""

    kit.in_terminal = lambda: True
    code = "print('x' * 2**20); open('work done', 'w')"
    kit.run_step(
        "2/3 Packages", [sys.executable, "-c", f"import time; time.sleep(0.5); {code}"], waits
    )
    assert (project / "work done").exists()
    assert kit.LOG.stat().st_size > 2**20


@pytest.mark.slow
def test_without_a_network_one_line_says_so_and_nothing_counts_as_set_up(project):
    """Real venv, real pip, an index that nobody serves."""
    lock = f"nosuchpackage==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
    (project / "requirements.lock").write_text(lock)
    done = start(project, "run", env=plain_shell(PIP_INDEX_URL="http://127.0.0.1:9/simple"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "Connect to the internet" in done.stderr, done.stderr
    assert not load(project).is_whole()
