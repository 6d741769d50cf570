"""`predict` on folders as people have them: everything in them is answered for."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import bars
from encoding import PHONES, encoded
from PIL import Image

from tinykit.cli.main import main

RATE = 16_000


def noise(rate: int = RATE, seconds: float = 1) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, round(rate * seconds))


def rows_of(model: Path, *paths: Path, code: int = 0, capsys=None) -> list[dict]:
    assert main(["predict", str(model), *map(str, paths), "--json", "--engine", "litert"]) == code
    return json.loads(capsys.readouterr().out)


def test_recordings_of_phones_and_browsers_are_predicted(trained, tmp_path, capsys):
    for suffix, (writer, codec, rate) in PHONES.items():
        (tmp_path / f"take{suffix}").write_bytes(encoded(noise(rate), writer, codec, rate))
    rows = rows_of(trained, tmp_path, capsys=capsys)
    assert {Path(row["file"]).suffix for row in rows} == set(PHONES)
    assert all("label" in row for row in rows)


def test_what_is_not_read_of_a_folder_is_named(trained, tmp_path, capsys):
    """A row with the reason for what looks like sound; a note for what does not."""
    soundfile.write(tmp_path / "b.wav", noise(), RATE)
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(200))
    for name in ("notes.txt", "deeper/song.mid", "Thumbs.db", "@eaDir/b.wav", "c.wav.part"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    bad, good = rows_of(trained, tmp_path, code=2, capsys=capsys)
    assert "a.m4a is not a sound file" in bad["error"]
    [note] = good["notes"]
    assert "2 files not of sound: deeper/song.mid, notes.txt" in note
    assert main(["predict", str(trained), str(tmp_path), "--engine", "litert"]) == 2
    assert "2 files not of sound: deeper/song.mid, notes.txt" in capsys.readouterr().out


def test_a_folder_without_sound_says_what_it_has_instead(trained, tmp_path, capsys):
    (tmp_path / "notes.txt").write_bytes(b"x")
    [row] = rows_of(trained, tmp_path, code=2, capsys=capsys)
    (tmp_path / "a.wav").write_bytes(b"")
    [empty] = rows_of(trained, tmp_path, code=2, capsys=capsys)
    assert "a.wav is empty" in empty["error"] and "notes.txt" in empty["notes"][0]
    assert "holds no sound files" in row["error"] and "notes.txt" in row["error"]


def test_a_picture_that_was_scaled_says_so(picture_tiny, tmp_path, capsys):
    picture_tiny.save(tmp_path / "out")
    (tmp_path / "photos").mkdir()
    deep = bars([1], seed=3)[0, :, :, 0].astype(np.uint16) * 16
    Image.fromarray(deep).save(tmp_path / "photos/deep.png")
    (tmp_path / "photos/raw.dng").write_bytes(b"II*\0")
    deep, raw = rows_of(tmp_path / "out", tmp_path / "photos", code=2, capsys=capsys)
    assert "read as 12 bits a colour" in deep["notes"][0]
    assert ".dng pictures cannot be read" in raw["error"]


@pytest.mark.parametrize("command", ["predict", "emulate"])
def test_before_the_first_run_the_command_that_comes_first_is_named(
    tmp_path, monkeypatch, command, capsys
):
    monkeypatch.chdir(tmp_path)
    files = ["a.wav"] if command == "predict" else []
    elsewhere = "mine/keyword_spotting"
    for out, option in (("build/keyword_spotting", ""), (elsewhere, f" --out {elsewhere}")):
        assert main([command, out, *files]) == 2
        error = capsys.readouterr().err
        assert error.endswith(f"python3 kit.py run keyword_spotting --checkpoint{option}\n")
        assert error.count("\n") == 1 and "under a minute" in error


def test_the_virtual_board_hears_what_a_phone_recorded(trained, tmp_path, capsys):
    """A file for a sketch is read as one for the model."""
    writer, codec, rate = PHONES[".m4a"]
    (tmp_path / "word.m4a").write_bytes(encoded(noise(rate, 2), writer, codec, rate))
    assert main(["emulate", str(trained), "--input", str(tmp_path / "word.m4a"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["fault"] is None and 2 <= report["seconds"] < 3 and report["inferences"] > 2
