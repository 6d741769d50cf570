"""Where TensorFlow Lite Micro has no package: the check says so, and everything else goes on."""

import json
import platform
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from tinykit.cli import doctor
from tinykit.cli.main import main
from tinykit.common.errors import TinykitError
from tinykit.export import export_sketch
from tinykit.quantization import process
from tinykit.verification import report_json, verify

SYSTEMS = {
    ("Darwin", "arm64"): "has no package for macOS. Open the kit on Binder",
    ("Windows", "AMD64"): "has no package for Windows. Open the kit in WSL or on Binder",
    ("Linux", "aarch64"): "has no package for Linux on aarch64. Open the kit on Binder",
}


def pretend(monkeypatch, system: str, machine: str) -> None:
    """Hide tflite-micro from Python's own import system, on a system that has no package of it."""
    monkeypatch.setitem(sys.modules, "tflite_micro", None)
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)


@pytest.fixture
def on_a_mac(monkeypatch) -> None:
    pretend(monkeypatch, "Darwin", "arm64")


@pytest.fixture
def split(small_features) -> SimpleNamespace:
    return SimpleNamespace(x=small_features, y=np.arange(64) % 4)


@pytest.mark.parametrize("system", SYSTEMS, ids="-".join)
def test_the_table_says_that_the_check_was_not_made_and_what_to_do(
    small_tiny, split, monkeypatch, system
):
    pretend(monkeypatch, *system)
    report = verify(small_tiny, split)
    what, result, verdict = report.rows()[0]
    assert (what, verdict) == ("TFLM = TensorFlow Lite", "SKIP")
    assert result.startswith("not checked: ") and SYSTEMS[system] in result
    for text in (str(report), report._repr_html_(), repr(report)):
        assert "SKIP" in text and "PASS" not in text, "nobody may take this for a passed check"
        assert SYSTEMS[system] in text
    assert "reference kernels" in str(report), "the table must say what stands in"


def test_what_only_tflm_can_tell_is_none(small_tiny, split, on_a_mac):
    report = verify(small_tiny, split)
    assert report.samples == 64
    unknown = (report.identical, report.different, report.max_lsb, report.arena_bytes)
    assert unknown == (None, None, None, None)
    assert list(report.engine_versions) == ["litert"]
    assert report.passed, "nothing failed"


def test_accuracy_and_confusion_are_the_reference_kernels(small_tiny, split, on_a_mac):
    report = verify(small_tiny, split)
    guess = small_tiny.predict(split.x, engine="litert").argmax(axis=1)
    assert report.accuracy == {"int8": (guess == split.y).mean()}
    counted = [[int(((split.y == t) & (guess == g)).sum()) for g in range(4)] for t in range(4)]
    assert report.confusion == counted


def test_a_loss_of_accuracy_still_fails_the_check(small_tiny, split, on_a_mac):
    """A float model that is always right, beside int8 that cannot be: that is seen without TFLM."""

    def right(x, training):
        return np.eye(4)[split.y]

    report = verify(small_tiny, split, model=right)
    assert not report.passed and report.verdict == "FAIL"
    assert report.int8_loss == 1 - report.accuracy["int8"]


def test_report_json_holds_nulls_and_its_summary_says_why(small_tiny, split, on_a_mac, tmp_path):
    found = verify(small_tiny, split)
    json.dumps(found.to_dict())
    path = report_json.write_report(
        tmp_path, project="keyword_spotting", data="bundled", report=found
    )
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["parity"] == {"samples": 64, "identical": None, "max_lsb": None}
    assert report["accuracy"]["tflm"] is None and report["accuracy"]["int8"] is not None
    assert report["size"]["arena_bytes"] is None
    text = report_json.summary(report)
    assert "64 inputs, NOT CHECKED" in text and "arena not measured" in text


def test_a_sketch_is_exported_with_an_estimated_arena(small_tiny, split, on_a_mac, tmp_path):
    report = verify(small_tiny, split)
    out = tmp_path / "keyword_spotting"
    sketch = export_sketch(small_tiny, out=out, engine="tflm", arena_bytes=report.arena_bytes)
    assert (out / "keyword_spotting.ino").is_file()
    assert sketch.fit.passed and sketch.fit.ram["tensor arena"] > 0


def test_the_virtual_board_runs_the_compiled_model_everywhere(
    small_tiny, on_a_mac, tmp_path, capsys
):
    """The board's own bytes, beside the reference kernels: a check that needs no TFLM."""
    model = small_tiny.save(tmp_path) / "model.tflite"
    assert main(["verify", str(model), "--board", "nano33ble"]) == 0
    shown = capsys.readouterr().out
    assert "SKIP  TFLM = TensorFlow Lite" in shown
    assert "PASS  compiled C++ = TensorFlow Lite  every byte of 100 outputs" in shown
    assert main(["emulate", str(model), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["identical"] is None


def test_commands_that_need_tflm_end_in_one_line(small_tiny, on_a_mac, tmp_path, capsys):
    """`tinykit verify` exists for nothing but this check: without it there is no report."""
    model = small_tiny.save(tmp_path) / "model.tflite"
    assert main(["verify", str(model)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "tinykit: tflite-micro has no package for macOS. Open the kit on Binder to run it, "
        "or name a virtual board (--board nano33ble).\n"
    )
    with pytest.raises(TinykitError, match=r"no package for macOS.* or use engine litert"):
        process.run(small_tiny.tflite, np.zeros((1, 49, 40, 1), np.int8), "tflm")


def test_doctor_tells_a_system_without_packages_from_a_broken_installation(monkeypatch):
    pretend(monkeypatch, "Darwin", "arm64")
    check = doctor._tflm()
    assert (check.ok, check.required) == (False, False)
    assert check.found == "no package for this system" and "macOS" in check.mend
    pretend(monkeypatch, "Linux", "x86_64")
    check = doctor._tflm()
    assert (check.ok, check.required, check.found) == (False, True, "not installed")


def test_a_broken_installation_is_no_excuse(small_tiny, split, monkeypatch):
    """Where the package exists, its absence must not quietly turn the check off."""
    pretend(monkeypatch, "Linux", "x86_64")
    with pytest.raises(TinykitError, match=r"not installed\. Run python3 kit.py doctor"):
        verify(small_tiny, split)
