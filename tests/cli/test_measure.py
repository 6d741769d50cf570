"""`tinykit measure`: a board's measurement read, saved, shown by `doctor`, and forgotten."""

import json

import pytest

import tinykit as tk
from tinykit.board import measuring
from tinykit.cli import doctor
from tinykit.cli.main import main


@pytest.fixture(scope="module")
def benchmarked(trained, tmp_path_factory):
    """The model's folder, and what the virtual board did with `measure`'s sketch."""
    out = tmp_path_factory.mktemp("measured") / "timing"
    assert main(["measure", str(trained), "--sketch", str(out)]) == 0
    return trained, tk.VirtualBoard().run(out, seconds=1)


@pytest.fixture
def connected(benchmarked, monkeypatch, tmp_path):
    """The virtual board as if it were on the port COM7; the model's folder."""
    model, run = benchmarked
    monkeypatch.setenv("TINYKIT_SETTINGS", str(tmp_path / "settings"))
    monkeypatch.setattr(
        measuring, "_report_of_port", lambda port: measuring._report_of_run(run) if port else None
    )
    return str(model)


def test_it_prints_measured_beside_estimated(connected, capsys):
    assert main(["measure", connected, "--port", "COM7"]) == 0
    text = capsys.readouterr().out
    assert "measured" in text and "estimated" in text and "softmax" in text
    assert main(["measure", connected, "--port", "COM7", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["factor"] == pytest.approx(1, abs=0.01) and facts["saved"] is None
    whole = sum(layer["measured"] for layer in facts["layers"])
    assert whole == pytest.approx(facts["measured"], rel=0.002)


def test_saved_it_is_shown_and_can_be_forgotten(connected, capsys):
    assert list(doctor._measurements()) == []
    assert main(["measure", connected, "--port", "COM7", "--save"]) == 0
    assert "multiplied by 1.00" in capsys.readouterr().out
    (check,) = doctor._measurements()
    assert check.ok and not check.required and "nano33ble x 1.00" in check.found
    assert main(["measure", "--forget", "nano33ble"]) == 0
    assert "Forgotten" in capsys.readouterr().out
    assert main(["measure", "--forget", "nano33ble", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"board": "nano33ble", "forgotten": False}
    assert list(doctor._measurements()) == []


def test_a_damaged_file_of_measurements_does_not_stop_doctor(connected, tmp_path):
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "measured.json").write_text("{", encoding="utf-8")
    (check,) = doctor._measurements()
    assert not check.ok and "Delete it" in check.mend


def test_bad_usage_is_one_line(connected, capsys):
    for arguments, said in (
        (["measure"], "needs a model"),
        (["measure", "--forget", "nano9000"], 'There is no board "nano9000"'),
        (["measure", "none.tflite", "--port", "COM7"], "none.tflite"),
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1
