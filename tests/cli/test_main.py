"""The command line: exit codes, one-line errors, outputs that appear together or not at all."""

import contextlib
import dataclasses
import importlib.metadata
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
from conftest import swings

from tinykit.cli import doctor, lessons
from tinykit.cli import run as runner
from tinykit.cli.main import main, parse_words
from tinykit.export import export_sketch
from tinykit.verification import report_json

ROOT = Path(__file__).resolve().parents[2]
REPORT = {
    "project": "keyword_spotting",
    "data": "bundled",
    "labels": ["yes", "no"],
    "accuracy": {"float": 0.91, "int8": 0.9, "tflm": 0.9},
    "parity": {"samples": 500, "identical": True, "max_lsb": 0},
    "size": {"tflite_bytes": 10, "arena_bytes": 20_000},
    "macs": 1_000,
    "seconds": {"total": 3.0, "train": 1.0},
}
CELLS = [
    "# A small project",
    ("data = None\nwords = ['yes', 'no']\nuse_checkpoint = False\nout = 'nowhere'", "parameters"),
    "## Training",
    "import os, time\nfrom pathlib import Path\nfrom tinykit.common.errors import TinykitError",
    "if words == ['wait']:\n    Path(data).write_text(str(os.getpid()))\n    time.sleep(60)",
    "if words == ['bad']:\n    raise TinykitError('take3.wav is silent. Record it again.')",
    "if words == ['full']:\n    raise TinykitError(f'{out}/model.tflite cannot be written.')",
    "from tinykit.common.progress import Progress\n"
    "with Progress('epoch', 2) as progress:\n    progress.step('accuracy 90 %')",
    "## The check",
    "assert words != ['wrong'], 'accuracy 0.41 is below 0.80'",
    "if words == ['bug']:\n    1 / 0",
    f"import json\n(Path(out) / 'report.json').write_text(json.dumps({REPORT!r}))",
    "for name in ('model.tflite', 'tinymodel.json'):\n    (Path(out) / name).write_text(name)",
    "(Path(out) / 'sketch/keyword_spotting').mkdir(parents=True)\nprint(out, words)",
]


@pytest.fixture
def notebook(tmp_path, monkeypatch) -> Path:
    """A real notebook in the place of keyword_spotting's, quick, that fails when told to."""
    nb = nbformat.v4.new_notebook()
    for cell in CELLS:
        source, *tags = (cell,) if isinstance(cell, str) else cell
        new = nbformat.v4.new_markdown_cell if source[0] == "#" else nbformat.v4.new_code_cell
        nb.cells.append(new(source, metadata={"tags": tags}))
    path = tmp_path / "small.ipynb"
    nbformat.write(nb, path)
    small = dataclasses.replace(lessons.LESSONS["keyword_spotting"], notebook=path)
    monkeypatch.setitem(lessons.LESSONS, "keyword_spotting", small)
    monkeypatch.chdir(tmp_path)
    return path


def run(*arguments: str) -> int:
    return main(["run", "keyword_spotting", *arguments])


def tinykit(*arguments: str) -> subprocess.CompletedProcess:
    """The command line as a process of its own."""
    command = [sys.executable, "-m", "tinykit", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_help_answers_without_loading_tensorflow_or_librosa():
    code = (
        "import sys, contextlib\nfrom tinykit.cli.main import main\n"
        "with contextlib.suppress(SystemExit):\n    main(['run', '--help'])\n"
        "print({'tensorflow', 'keras', 'librosa', 'matplotlib', 'unicorn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "set()" and done.stderr == ""


def test_every_command_of_the_design_is_there(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    shown = capsys.readouterr().out
    assert stop.value.code == 0
    commands = (
        "run",
        "predict",
        "verify",
        "compile",
        "emulate",
        "measure",
        "download",
        "doctor",
        "lab",
        "test",
    )
    for name in commands:
        assert f"    {name} " in shown


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run"], ["run", "cooking"], ["predict", "x"]])
def test_bad_usage_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("tinykit: ") and error.count("\n") == 1 and "--help" in error


def test_words_are_separated_by_commas():
    assert parse_words(" yes, no ,stop,") == ["yes", "no", "stop"]
    assert parse_words("all") == "all"


def test_run_leaves_all_outputs_and_a_summary(notebook, tmp_path, capfd):
    assert run("--words", "yes,stop") == 0
    out = tmp_path / "build/keyword_spotting"
    assert set(listing(out)) == {*lessons.OUTPUTS, "notebook.ipynb"}
    assert listing(out.parent) == ["keyword_spotting"], "temporary folders were left behind"
    shown = capfd.readouterr()
    assert "tflm 90.0 %" in shown.out and "500 inputs, every byte identical" in shown.out
    assert shown.err == ""


def test_executed_notebook_names_the_final_folder_and_its_parameters(notebook, tmp_path):
    assert run("--words", "yes,stop", "--out", "mine") == 0
    nb = nbformat.read(tmp_path / "mine/notebook.ipynb", as_version=4)
    assert nb.cells[2].metadata.tags == ["injected-parameters"]
    assert nb.cells[-1].outputs[0].text == f"{tmp_path / 'mine'} ['yes', 'stop']\n"


def test_run_uses_this_python_whatever_python3_means_elsewhere(notebook, tmp_path, monkeypatch):
    kernel = tmp_path / "jupyter/kernels/python3/kernel.json"
    kernel.parent.mkdir(parents=True)
    argv = ["/no/such/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    assert run() == 0


@pytest.mark.tflm
def test_report_has_the_keys_of_the_design_and_its_summary_reads(
    small_tiny, small_features, tmp_path
):
    from tinykit.verification import verify

    found = verify(small_tiny, small_features, y=np.arange(64) % 4)
    path = report_json.write_report(
        tmp_path, project="keyword_spotting", data="bundled", report=found, seconds_train=12.34
    )
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["labels"] == ["yes", "no", "unknown", "silence"]
    assert set(report["accuracy"]) == {"float", "int8", "tflm"}
    assert np.sum(report["confusion"]) == 64
    assert report["parity"] == {"samples": 64, "identical": True, "max_lsb": 0}
    assert report["size"]["tflite_bytes"] == small_tiny.size and report["size"]["arena_bytes"] > 0
    assert report["seconds"]["train"] == 12.3 and report["seconds"]["total"] > 0
    assert "64 inputs, every byte identical" in report_json.summary(report)
    assert "board" not in report, "only when the virtual board ran"


@pytest.mark.tflm
def test_report_says_what_the_virtual_board_made_of_the_model(small_tiny, small_features, tmp_path):
    from tinykit.verification import verify

    found = verify(small_tiny, small_features, board="nano33ble", board_samples=3)
    path = report_json.write_report(
        tmp_path, project="keyword_spotting", data="bundled", report=found
    )
    report = json.loads(path.read_text(encoding="utf-8"))
    keys = {"name", "instructions", "ram_bytes", "stack_bytes", "flash_bytes", "identical"}
    assert keys <= set(report["board"]) and report["board"]["identical"] is True
    assert "every byte identical on the virtual nano33ble" in report_json.summary(report)


def test_failed_check_is_exit_code_1_and_says_where_to_look(notebook, tmp_path, capsys):
    assert run() == 0
    before = (tmp_path / "build/keyword_spotting/notebook.ipynb").read_bytes()
    assert run("--words", "wrong") == 1
    error = capsys.readouterr().err
    assert error.startswith('tinykit: "The check" failed: accuracy 0.41 is below 0.80')
    kept = tmp_path / "build/keyword_spotting.failed.ipynb"
    assert str(kept) in error and error.count("\n") == 1
    assert any(
        o.output_type == "error" for c in nbformat.read(kept, 4).cells for o in c.get("outputs", [])
    )
    assert (tmp_path / "build/keyword_spotting/notebook.ipynb").read_bytes() == before


def test_fault_in_a_notebook_is_named(notebook, capsys):
    assert run("--words", "bug") == 1
    assert '"The check" failed: ZeroDivisionError: division by zero' in capsys.readouterr().err


def test_unusable_input_found_in_the_notebook_is_one_line_and_exit_code_2(
    notebook, tmp_path, capsys
):
    assert run("--words", "bad") == 2
    assert capsys.readouterr().err == "tinykit: take3.wav is silent. Record it again.\n"
    assert not (tmp_path / "build/keyword_spotting").exists()


def test_error_names_the_folder_asked_for_not_the_temporary_one(notebook, tmp_path, capsys):
    assert run("--words", "full") == 2
    expected = f"{tmp_path / 'build/keyword_spotting'}/model.tflite cannot be written."
    assert capsys.readouterr().err == f"tinykit: {expected}\n"
    assert listing(tmp_path) == ["small.ipynb"], "folders made for nothing must not stay"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals in Python")
def test_bar_in_a_terminal_shows_the_running_cells_own_progress(notebook, tmp_path):
    import fcntl
    import pty
    import struct
    import termios

    code = (
        "import sys\nfrom pathlib import Path\n"
        "from dataclasses import replace\nfrom tinykit.cli import lessons, main as cli\n"
        "lesson = lessons.LESSONS['keyword_spotting']\n"
        f"lesson = replace(lesson, notebook=Path({str(notebook)!r}))\n"
        "lessons.LESSONS['keyword_spotting'] = lesson\n"
        "sys.exit(cli.main(['run', 'keyword_spotting']))"
    )
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 120, 0, 0))
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=terminal, cwd=tmp_path
    )
    os.close(terminal)
    shown = b""
    with contextlib.suppress(OSError):  # Linux: the other end is closed
        while piece := os.read(master, 4096):
            shown += piece
    os.close(master)
    assert child.wait() == 0
    assert "epoch 1/2: accuracy 90 %" in shown.decode()


def test_missing_data_is_refused_before_anything_starts(notebook, tmp_path, capsys):
    assert run("--data", "no/such.tar.gz") == 2
    error = capsys.readouterr().err
    assert "no/such.tar.gz does not exist" in error.replace("\\", "/") and error.count("\n") == 1
    assert not (tmp_path / "build").exists()


def test_folder_with_other_files_is_never_replaced(notebook, tmp_path, capsys):
    mine = tmp_path / "recordings"
    mine.mkdir()
    (mine / "yes.wav").write_bytes(b"precious")
    assert run("--out", str(mine)) == 2
    assert "yes.wav, which is not from a run" in capsys.readouterr().err
    assert (mine / "yes.wav").read_bytes() == b"precious"


def test_output_that_cannot_be_written_is_refused_at_once(notebook, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run("--out", "file/out") == 2
    assert "cannot be written" in capsys.readouterr().err
    assert run("--out", "file") == 2
    assert "file is not a folder" in capsys.readouterr().err


def test_a_lesson_to_come_is_said_to_be_missing(capsys):
    for name in lessons.TO_COME:
        assert name not in lessons.LESSONS
        assert main(["run", name]) == 2
        assert f"{name} is not part of this kit yet. Choose from: key" in capsys.readouterr().err


def test_a_lesson_without_parameters_is_for_the_browser(capsys):
    assert main(["run", "first_steps"]) == 2
    error = capsys.readouterr().err
    assert "open 00_first_steps.ipynb" in error and error.count("\n") == 1


def test_run_list_is_the_course(capsys):
    """For people a table, for programs JSON; only lessons that are there."""
    assert main(["run", "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [Path(lesson["notebook"]).name for lesson in listed] == sorted(
        path.name for path in (ROOT / "notebooks").glob("*.ipynb")
    )
    assert {"name", "title", "minutes", "parameters", "outputs"} <= set(listed[0])
    assert main(["run", "--list"]) == 0
    shown = capsys.readouterr().out
    for lesson in listed:
        assert re.search(rf"{lesson['name']}\W+{Path(lesson['notebook']).name} .*\d  \w", shown)


def test_what_a_lesson_leaves_behind_is_asked_of_its_run(notebook, monkeypatch, capsys):
    """A lesson without a sketch needs none; one that promises a table must write it."""
    small = lessons.LESSONS["keyword_spotting"]
    more = dataclasses.replace(small, outputs=("report.json", "table.csv"))
    monkeypatch.setitem(lessons.LESSONS, "keyword_spotting", more)
    assert run() == 1
    assert "small.ipynb ended without writing table.csv" in capsys.readouterr().err
    fewer = dataclasses.replace(small, outputs=("report.json",))
    monkeypatch.setitem(lessons.LESSONS, "keyword_spotting", fewer)
    assert run() == 0
    assert "Arduino sketch" not in capsys.readouterr().out


def test_run_all_runs_each_lesson_into_a_folder_of_its_own(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(runner, "run", lambda *arguments: ran.append(arguments) or REPORT)
    assert main(["run", "all", "--checkpoint", "--out", str(tmp_path)]) == 0
    assert [lesson.name for lesson, _, _ in ran] == lessons.headless()
    assert [out for _, out, _ in ran] == [tmp_path / name for name in lessons.headless()]
    assert all(parameters == {"use_checkpoint": True} for _, _, parameters in ran)


@pytest.mark.parametrize("option", [[], ["--data", "."]])
def test_run_says_how_long_it_takes(notebook, option, capsys):
    assert run(*option) == 0
    lesson = lessons.LESSONS["keyword_spotting"]
    minutes = lesson.own_minutes if option else lesson.minutes
    first = capsys.readouterr().out.splitlines()[0]
    assert first == f"small.ipynb: about {minutes} minutes on 2 idle cores"


def test_a_log_file_tells_of_a_long_training(notebook, tmp_path, monkeypatch, capsys):
    """`tinykit run ... > log`: a line now and then, with the epoch, not only the headings."""
    monkeypatch.setattr("tinykit.cli.notebook._EVERY", 0)
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.endswith("Training"))
    assert re.fullmatch(r"\[ +\d+ s\]   epoch 1/2: accuracy 90 % \(.*left\)", lines[begin + 2])
    assert not any("yes" in line for line in lines[begin:-8]), "what cells print is not progress"


ONE_PROJECT = [["all", "--data", "."], ["all", "--words", "yes"]]
EMPTY = [["keyword_spotting", option, ""] for option in ("--data", "--words")]


@pytest.mark.parametrize("arguments", ONE_PROJECT + EMPTY)
def test_options_that_make_no_sense_are_refused(arguments, capsys):
    assert main(["run", *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a console, not to a process")
def test_ctrl_c_during_training_keeps_the_earlier_run_and_ends_the_kernel(notebook, tmp_path):
    assert run() == 0
    before = (tmp_path / "build/keyword_spotting/notebook.ipynb").read_bytes()
    pid_file = tmp_path / "pid"
    pid_file.write_text("")
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from dataclasses import replace\nfrom tinykit.cli import lessons, main as cli\n"
        "lesson = lessons.LESSONS['keyword_spotting']\n"
        f"lesson = replace(lesson, notebook=Path({str(notebook)!r}))\n"
        "lessons.LESSONS['keyword_spotting'] = lesson\n"
        f"sys.exit(cli.main(['run', 'keyword_spotting', '--words=wait', '--data={pid_file}']))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    until = time.monotonic() + 60
    while not pid_file.read_text() and time.monotonic() < until:
        time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    _, error = child.communicate(timeout=30)
    assert child.returncode == 2
    assert error.startswith("tinykit: stopped") and error.count("\n") == 1, error
    assert not psutil.pid_exists(int(pid_file.read_text())), "the kernel is still running"
    assert (tmp_path / "build/keyword_spotting/notebook.ipynb").read_bytes() == before
    assert listing(tmp_path / "build") == ["keyword_spotting"]


@pytest.fixture
def sounds(tmp_path) -> Path:
    """Three recordings, two of them in folders, and files that are none."""
    import soundfile

    rng = np.random.default_rng(1)
    folder = tmp_path / "my sounds"
    (folder / "deeper").mkdir(parents=True)
    for name, rate in [("a.wav", 16_000), ("deeper/b.flac", 44_100), ("deeper/ü 😀.wav", 16_000)]:
        soundfile.write(folder / name, rng.normal(0, 0.1, rate).astype(np.float32), rate)
    (folder / "broken.wav").write_bytes(b"RIFF, but no more")
    (folder / "empty.wav").write_bytes(b"")
    (folder / "notes.txt").write_text("not a sound")
    (folder / "deeper" / "._b.wav").write_bytes(b"what macOS leaves on USB sticks")
    return folder


@pytest.mark.parametrize("engine", ["litert", pytest.param("tflm", marks=pytest.mark.tflm)])
def test_predict_gives_one_row_per_sound_and_goes_on_after_a_bad_one(
    trained, sounds, engine, capsys
):
    code = main(["predict", str(trained), str(sounds), "--json", "--engine", engine])
    shown = capsys.readouterr()
    rows = json.loads(shown.out)
    names = [Path(row["file"]).relative_to(sounds).as_posix() for row in rows]
    assert names == ["a.wav", "broken.wav", "deeper/b.flac", "deeper/ü 😀.wav", "empty.wav"]
    assert [("error" in row) for row in rows] == [False, True, False, False, True]
    for row in rows:
        if "error" not in row:
            assert list(row["scores"]) == ["yes", "no", "unknown", "silence"]
            # int8 softmax: each of the 4 scores is rounded to 1/256.
            assert sum(row["scores"].values()) == pytest.approx(1, abs=4 / 256)
            assert row["label"] == max(row["scores"], key=row["scores"].get)
    assert code == 2, "an unreadable input must show in the exit code"
    assert shown.err.startswith("tinykit: 2 of 5 inputs could not be read; the first: ")
    assert shown.err.count("\n") == 1 and "broken.wav is not a sound file" in shown.err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file names")
def test_a_line_break_in_a_files_name_makes_no_second_line(trained, tmp_path, capsys):
    path = tmp_path / "take\n1.wav"
    path.write_bytes(b"")
    assert main(["predict", str(trained), str(path), "--engine", "litert"]) == 2
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1 and r"take\n1.wav is empty" in shown.err
    assert len(shown.out.splitlines()) == 2, "a heading and one row"
    assert main(["predict", str(trained), str(path), "--engine", "litert", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)[0]["file"] == str(path), "JSON has the real name"


@pytest.mark.slow
def test_predict_on_the_virtual_board_gives_the_very_scores_of_the_host(trained, sounds, capsys):
    shown = {}
    for engine in ("compiled", "litert"):
        assert (
            main(["predict", str(trained), str(sounds / "a.wav"), "--json", "--engine", engine])
            == 0
        )
        shown[engine] = json.loads(capsys.readouterr().out)
    assert shown["compiled"] == shown["litert"]


def test_predict_prints_a_table(trained, sounds, capsys):
    assert main(["predict", str(trained), str(sounds / "a.wav"), "--engine", "litert"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["file", "label", "yes", "no", "unknown", "silence"]
    assert row.startswith(str(sounds / "a.wav"))


def test_predict_without_a_model_is_one_line(tmp_path, capsys):
    assert main(["predict", str(tmp_path), "x.wav"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.tflm
def test_verify_reports_what_the_design_promises(trained, capsys):
    assert main(["verify", str(trained / "model.tflite"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["identical"] and report["max_lsb"] == 0 and report["samples"] >= 500
    assert {"arena_bytes", "ops", "engine_versions"} <= set(report)


@pytest.mark.parametrize("content", [b"", b"TFL3", bytes(range(256)) * 20])
def test_verify_refuses_what_is_no_model_in_one_line(content, tmp_path, capsys):
    model = tmp_path / "model.tflite"
    model.write_bytes(content)
    assert main(["verify", str(model)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tinykit: ") and error.count("\n") == 1 and "model.tflite" in error


@pytest.mark.tflm
def test_verify_runs_the_compiled_model_too_when_a_board_is_named(trained, capsys):
    assert main(["verify", str(trained / "model.tflite"), "--board", "nano33ble", "--json"]) == 0
    board = json.loads(capsys.readouterr().out)["board"]
    assert board["name"] == "nano33ble" and board["identical"] and board["samples"] == 100
    sizes = ("instructions", "ram_bytes", "stack_bytes", "flash_bytes")
    assert all(board[name] > 0 for name in sizes)


# ---- The compiler and the virtual board ----


def test_compile_writes_a_folder_of_cpp_and_replaces_only_its_own(trained, tmp_path, capsys):
    arguments = ["compile", str(trained / "model.tflite"), "--out", str(tmp_path / "cpp")]
    assert main(arguments) == 0
    assert str(tmp_path / "cpp") in capsys.readouterr().out
    assert {"model.h", "model.cpp", "src"} == set(listing(tmp_path / "cpp"))
    assert main(arguments) == 0, "its own output may be replaced"
    (tmp_path / "cpp/thesis.txt").write_text("three years of work")
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("tinykit: ") and error.count("\n") == 1
    assert (tmp_path / "cpp/thesis.txt").is_file()


def test_emulate_reports_of_a_model_what_the_design_promises(trained, capsys):
    assert main(["emulate", str(trained / "model.tflite"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["identical"] in (True, None), "null where TFLM has no package"
    sizes = ("instructions", "ram_bytes", "stack_bytes", "flash_bytes")
    assert all(isinstance(report[name], int) and report[name] > 0 for name in sizes)
    assert len(report["layers"]) >= 5
    for layer in report["layers"]:
        assert {"name", "op", "instructions", "macs"} <= set(layer)
    executed = sum(layer["instructions"] for layer in report["layers"])
    assert 0.98 * report["instructions"] <= executed <= report["instructions"]


def test_emulate_runs_each_given_input(trained, small_tiny, small_features, tmp_path, capsys):
    np.save(tmp_path / "x.npy", small_tiny.quantize(small_features[:2]))
    arguments = ["emulate", str(trained / "model.tflite"), "--input", str(tmp_path / "x.npy")]
    assert main([*arguments, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["inputs"] == 2 and report["source"] == str(tmp_path / "x.npy")
    assert main(arguments) == 0
    assert "conv_2d" in capsys.readouterr().out


@pytest.mark.slow
def test_emulate_lets_a_sketch_hear_a_recording(trained, tmp_path, capsys):
    import soundfile

    noise = np.random.default_rng(2).normal(0, 0.1, 32_000).astype(np.float32)
    soundfile.write(tmp_path / "noise.wav", noise, 16_000)
    arguments = ["emulate", str(trained), "--input", str(tmp_path / "noise.wav"), "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["fault"] is None and report["lost_samples"] == 0
    heard = str(tmp_path / "noise.wav")
    assert report["input"] == {"what": heard, "source": heard, "truth": None}
    assert 2 <= report["seconds"] <= 3, "the recording, and a little after it"
    assert report["inferences"] >= 4, "four a second, from the second one on"
    assert 0 < report["busy"] <= 0.5
    assert 0 < report["stack_bytes"] < report["ram_bytes"] <= 262_144


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no/such/place"], "no/such/place cannot be read"),
        (["{here}"], "holds no sketch"),
        (["{trained}", "--input", "no.wav"], "no.wav cannot be read"),
        (["{trained}/model.tflite", "--input", "no.npy"], "no.npy cannot be read"),
        (["{trained}/model.tflite", "--board", "uno"], 'no board "uno"'),
        (["{trained}/tinymodel.json"], "tinymodel.json"),
    ],
)
def test_emulate_refuses_what_it_cannot_run_in_one_line(
    arguments, said, trained, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    arguments = [text.format(here=tmp_path, trained=trained) for text in arguments]
    assert main(["emulate", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tinykit: ") and error.count("\n") == 1
    assert said in error.replace("\\", "/")


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "build/keyword_spotting", "x.wav"],
        ["verify", "build/keyword_spotting/model.tflite"],
        ["compile", "build/keyword_spotting/model.tflite", "--out", "cpp"],
        ["emulate", "build/keyword_spotting"],
    ],
)
def test_outputs_that_are_not_made_yet_come_with_the_command_that_makes_them(
    arguments, tmp_path, monkeypatch, capsys
):
    """Not "give build/keyword_spotting" to somebody who just has."""
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert "has no outputs of a run yet" in error
    assert " run keyword_spotting --checkpoint" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["predict", "emulate"])
def test_a_folder_without_outputs_is_told_what_makes_some(command, tmp_path, capsys):
    assert main([command, str(tmp_path), *(["x.wav"] if command == "predict" else [])]) == 2
    assert " run keyword_spotting` makes build/keyword_spotting" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "shown"), [("/x/bin/tinykit", "tinykit"), ("/x/tinykit/__main__.py", "kit.py")]
)
def test_usage_shows_the_command_that_the_reader_has(typed, shown, monkeypatch, capsys):
    """A newcomer has kit.py, not `tinykit`: that is in the environment behind it."""
    monkeypatch.setattr(sys, "argv", [typed])
    with pytest.raises(SystemExit):
        main(["emulate", "--help"])
    usage = capsys.readouterr().out.splitlines()[0]
    assert re.match(rf"usage: (\S+ )?{re.escape(shown)} emulate ", usage)


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("run", ["keyword_spotting", "gesture_recognition", "all"]),
        ("download", ["speech_commands", "coco_val"]),
        ("emulate", ["nano33ble_rev2"]),
        ("verify", ["nano33ble_rev2"]),
        ("test", ["--quick"]),
    ],
)
def test_help_says_what_there_is_to_choose_from(command, names, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    shown = capsys.readouterr().out
    assert stop.value.code == 0 and all(name in shown for name in names)


def test_emulate_runs_any_sketch_and_a_crash_is_exit_code_1(tmp_path, capsys):
    ino = tmp_path / "mine/mine.ino"
    ino.parent.mkdir()
    ino.write_text('void setup() { Serial.begin(9600); Serial.println("hi"); }\nvoid loop() {}\n')
    assert main(["emulate", str(ino.parent), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["serial"][0]["text"] == "hi"
    assert report["input"]["truth"] == [] and "silence" in report["input"]["what"]
    ino.write_text("volatile int* p;\nvoid setup() { *p = 1; }\nvoid loop() {}\n")
    assert main(["emulate", str(ino.parent), "--json"]) == 1
    assert "mine.ino:2" in json.loads(capsys.readouterr().out)["fault"]
    ino.write_text("void setup() { oops }\nvoid loop() {}\n")
    assert main(["emulate", str(ino.parent)]) == 2
    error = capsys.readouterr().err
    assert "mine.ino, line 1" in error and error.count("\n") == 1


def test_emulate_says_that_a_sketch_with_tflms_library_must_be_exported_anew(
    small_tiny, sounds, tmp_path, capsys
):
    export_sketch(small_tiny, out=tmp_path / "listener", engine="tflm", arena_bytes=12_000)
    assert main(["emulate", str(tmp_path / "listener"), "--input", str(sounds / "a.wav")]) == 2
    error = capsys.readouterr().err
    assert 'engine="compiled"' in error and error.count("\n") == 1


def test_download_of_an_unknown_set_lists_the_known_ones(capsys):
    assert main(["download", "everything"]) == 2
    assert "speech_commands" in capsys.readouterr().err


@pytest.mark.skipif(
    not any(importlib.metadata.distributions(name="tinykit")),
    reason="run through kit.py: this Python imports tinykit without having it installed",
)
def test_doctor_knows_every_dependency_and_how_to_mend_what_is_missing(capsys):
    code = main(["doctor", "--json"])
    checks = json.loads(capsys.readouterr().out)
    assert {"Python", "librosa", "jupyterlab", "disk", "memory"} <= {c["name"] for c in checks}
    assert all(check["mend"] for check in checks if not check["ok"])
    assert code == int(any(check["required"] and not check["ok"] for check in checks))


@pytest.mark.parametrize(
    ("package", "check"),
    [("ziglang", doctor._board_compiler), ("unicorn", doctor._board_emulator)],
)
def test_doctor_tries_the_virtual_boards_tools_and_says_how_to_mend_them(
    package, check, tmp_path, monkeypatch
):
    """Present is not enough: a virus scanner may have taken the program out of the package."""
    assert check().ok
    (tmp_path / f"{package}.py").write_text("raise OSError('it is gone')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = check()
    assert not found.ok and found.required
    assert "it is gone" in found.found and "Delete" in found.mend


@pytest.mark.slow
def test_commands_print_nothing_but_their_result(trained):
    """No warnings of TensorFlow, no log lines: stderr is for errors."""
    done = tinykit("verify", str(trained / "model.tflite"), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    json.loads(done.stdout)


def test_a_checkpoint_of_other_words_is_refused_before_anything_is_run():
    done = tinykit("run", "keyword_spotting", "--checkpoint", "--words=stop,go")
    assert done.returncode == 2
    assert "train instead" in done.stderr and done.stdout == ""


# ---- Motion ----


@pytest.fixture(scope="module")
def gestures(gesture_tiny, tmp_path_factory) -> Path:
    """An output folder with a gesture model and its sketch in it."""
    folder = tmp_path_factory.mktemp("gestures")
    gesture_tiny.save(folder)
    export_sketch(gesture_tiny, out=folder / "sketch/gesture_recognition")
    return folder


@pytest.fixture
def takes(tmp_path) -> Path:
    """A folder with one take in a file, six in another one, and a file that holds no motion."""
    folder = tmp_path / "my takes"
    folder.mkdir()
    motion, _ = swings(6, seed=3)
    write_takes(folder / "one.csv", motion[:1])
    write_takes(folder / "six.csv", motion)
    (folder / "broken.csv").write_text("no,numbers,here\n" * 9)
    (folder / "notes.md").write_text("not motion")
    return folder


def write_takes(path: Path, takes: list[np.ndarray], between: str = "\n") -> None:
    """As Arduino's capture sketch prints them."""
    texts = ["".join(",".join(f"{v:.3f}" for v in row) + "\n" for row in x) for x in takes]
    path.write_text("aX,aY,aZ,gX,gY,gZ\n" + between.join(texts), encoding="utf-8")


@pytest.mark.parametrize("engine", ["litert", pytest.param("tflm", marks=pytest.mark.tflm)])
def test_predict_gives_one_row_per_take(gestures, takes, engine, capsys):
    assert main(["predict", str(gestures), str(takes), "--json", "--engine", engine]) == 2
    shown = capsys.readouterr()
    rows = json.loads(shown.out)
    names = [row["file"].removeprefix(str(takes))[1:] for row in rows]
    assert names == ["broken.csv", "one.csv", *(f"six.csv#{i}" for i in range(1, 7))]
    assert "broken.csv" in rows[0]["error"] and "broken.csv" in shown.err
    labels = [row["label"] for row in rows[1:]]
    assert labels == ["thrust", *["thrust", "sway", "turn"] * 2]
    assert list(rows[1]["scores"]) == ["thrust", "sway", "turn", "none"]


def test_predict_cuts_a_file_without_separators_as_asked(gestures, tmp_path, capsys):
    motion, _ = swings(3, seed=4)
    motion = [take[:210] if len(take) > 210 else np.resize(take, (210, 6)) for take in motion]
    path = tmp_path / "takes.csv"
    write_takes(path, motion, between="")
    arguments = ["predict", str(gestures), str(path), "--engine", "litert", "--json"]
    assert main([*arguments, "--rows", "210"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["file"] for row in rows] == [f"{path}#{i}" for i in (1, 2, 3)]
    assert [row["label"] for row in rows] == ["thrust", "sway", "turn"]
    assert main(arguments) == 0, "without, it is one take"
    assert len(json.loads(capsys.readouterr().out)) == 1
    assert main([*arguments, "--rows", "200"]) == 2
    assert "takes.csv" in capsys.readouterr().err


def test_emulate_lets_a_sketch_feel_a_recording(gestures, takes, capsys):
    """From the outputs of a run, and from the sketch's own folder."""
    for target in (gestures, gestures / "sketch/gesture_recognition"):
        arguments = ["emulate", str(target), "--input", str(takes / "six.csv"), "--json"]
        assert main(arguments) == 0
        report = json.loads(capsys.readouterr().out)
        assert report["fault"] is None and report["lost_motion"] == 0
        words = [line["text"].split()[2] for line in report["serial"]]
        assert words == ["thrust", "sway", "turn"] * 2
        assert report["inferences"] >= 6
        assert report["ram_bytes"] <= 16_384 and report["flash_bytes"] <= 60_000


@pytest.mark.parametrize("command", [["predict"], ["emulate", "--input"]])
def test_motion_without_rotation_is_nothing_for_a_model_of_six_axes(
    gestures, tmp_path, command, capsys
):
    path = tmp_path / "flat.csv"
    path.write_text("aX,aY,aZ\n" + "0,0,1\n" * 119, encoding="utf-8")
    command, *option = command
    assert main([command, str(gestures), *option, str(path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "flat.csv has no rotation" in error


@pytest.mark.skipif(
    not (ROOT / "datasets/gesture_recognition/recordings.zip").is_file(),
    reason="needs the bundled recordings of motion",
)
@pytest.mark.parametrize("board", ["nano33ble", "nano33ble_rev2"])
def test_emulate_plays_bundled_gestures_when_no_recording_is_given(
    gesture_tiny, tmp_path, board, capsys
):
    tiny = dataclasses.replace(gesture_tiny, labels=["circle", "punch", "flex", "none"])
    tiny.save(tmp_path)
    export_sketch(tiny, board, out=tmp_path / "sketch/gesture_recognition")
    assert main(["emulate", str(tmp_path), "--board", board, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert 60 <= report["seconds"] <= 61 and report["inferences"] >= 5
    assert report["input"]["source"] == "bundled"
    assert {event["label"] for event in report["input"]["truth"]} == {"circle", "punch", "flex"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "keyword_spotting", "--rows", "119"], "--rows belongs to gesture_recognition"),
        (["predict", "{trained}", "x.wav", "--rows", "119"], "models of motion"),
        (["emulate", "{gestures}", "--input", "no.csv"], "no.csv cannot be read"),
        (["emulate", "{gestures}", "--input", "a.wav"], "a.wav is not for this sketch"),
        (["emulate", "{trained}", "--input", "a.csv"], "a.csv is not for this sketch"),
        (["emulate", "{gestures}", "--rows", "119"], "--rows belongs to a file of motion"),
        (["emulate", "{trained}", "--input", "a.wav", "--rows", "119"], "a.wav is sound"),
        (["emulate", "{gestures}"], "no bundled recording of thrust, sway, turn"),
    ],
)
def test_what_makes_no_sense_for_motion_is_refused_in_one_line(
    arguments, said, gestures, trained, capsys
):
    filled = [text.format(gestures=gestures, trained=trained) for text in arguments]
    assert main(filled) == 2
    error = capsys.readouterr().err
    assert error.startswith("tinykit: ") and error.count("\n") == 1 and said in error


@pytest.mark.parametrize("rows", ["0", "-5", "many", "1.5"])
def test_a_number_of_rows_is_a_number(rows, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["run", "gesture_recognition", "--rows", rows])
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_rows_and_data_reach_the_gesture_notebook(tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr(runner, "run", lambda *a: seen.update(a[2]) or REPORT)
    arguments = ["run", "gesture_recognition", "--data", str(tmp_path), "--rows", "119"]
    assert main(arguments) == 0
    assert seen == {"use_checkpoint": False, "data": str(tmp_path), "rows": 119}
