"""The command line on pictures: predict, emulate, and what makes no sense for them."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import bars
from PIL import Image

from tinykit.cli.main import main
from tinykit.export import export_sketch

ROOT = Path(__file__).resolve().parents[2]
LABELS = [1, 0, 1]  # of the photos below, in the order of their names


@pytest.fixture(scope="module")
def looker(picture_tiny, tmp_path_factory) -> Path:
    """An output folder with a picture model and its sketch in it."""
    folder = tmp_path_factory.mktemp("looker")
    picture_tiny.save(folder)
    export_sketch(picture_tiny, out=folder / "sketch/visual_wake_words")
    return folder


@pytest.fixture
def photos(tmp_path) -> Path:
    """Three photos of several sizes and kinds, and a file that is none."""
    folder = tmp_path / "my photos"
    (folder / "deeper").mkdir(parents=True)
    first, second, third = map(Image.fromarray, bars(LABELS, seed=20, size=(240, 320)))
    first.save(folder / "a.jpg")
    second.resize((500, 300)).convert("L").save(folder / "b.png")
    third.convert("RGBA").save(folder / "deeper/c ü.PNG")
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.mark.parametrize(
    "engine", ["litert", "compiled", pytest.param("tflm", marks=pytest.mark.tflm)]
)
def test_predict_gives_one_row_per_picture(looker, photos, engine, capsys):
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff and no more")
    assert main(["predict", str(looker), str(photos), "--json", "--engine", engine]) == 2
    shown = capsys.readouterr()
    rows = json.loads(shown.out)
    names = [Path(row["file"]).name for row in rows]
    assert names == ["a.jpg", "b.png", "broken.jpg", "c ü.PNG"]
    assert "broken.jpg" in rows.pop(2)["error"] and "broken.jpg" in shown.err
    assert [row["label"] for row in rows] == ["upright", "lying", "upright"]
    assert all(set(row["scores"]) == {"lying", "upright"} for row in rows)


def test_predict_names_single_files_in_a_table(looker, photos, capsys):
    assert main(["predict", str(looker), str(photos / "b.png"), "--engine", "litert"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert "lying" in header and "b.png" in row


def test_emulate_shows_a_sketch_pictures_one_after_the_other(looker, photos, capsys):
    """Each for two pictures more than must agree, from a run's outputs and the sketch's folder."""
    for target in (looker, looker / "sketch/visual_wake_words"):
        assert main(["emulate", str(target), "--input", str(photos), "--json"]) == 0
        report = json.loads(capsys.readouterr().out)
        assert report["fault"] is None and report["inferences"] == 5 * len(LABELS)
        shown = [Path(picture["file"]).name for picture in report["pictures"]]
        assert shown == ["a.jpg", "b.png", "c ü.PNG"]
        said = [line["text"].split()[2] for line in report["serial"]]
        assert said == ["upright", "lying", "upright"]
        begins = [picture["seconds"] for picture in report["pictures"]]
        for begin, line in zip(begins, report["serial"], strict=True):
            # The third picture, 0.4 s apart, and an inference.
            assert begin + 0.8 <= line["seconds"] <= begin + 1.0


def test_emulate_shows_one_picture_and_says_which(looker, photos, capsys):
    assert main(["emulate", str(looker), "--input", str(photos / "a.jpg")]) == 0
    text = capsys.readouterr().out
    assert "upright" in text and text.rstrip().endswith("a.jpg")


def test_more_pictures_must_agree_so_each_is_shown_for_longer(
    picture_tiny, photos, tmp_path, capsys
):
    tiny = dataclasses.replace(picture_tiny, decision={"agree": 7})
    tiny.save(tmp_path / "out")
    export_sketch(tiny, out=tmp_path / "out/sketch/visual_wake_words")
    picture = photos / "a.jpg"
    assert main(["emulate", str(tmp_path / "out"), "--input", str(picture), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["inferences"] == 9
    assert [line["text"].split()[2] for line in report["serial"]] == ["upright"]


@pytest.mark.skipif(
    not (ROOT / "datasets/visual_wake_words/pictures.zip").is_file(),
    reason="needs the bundled pictures",
)
def test_emulate_shows_bundled_pictures_when_none_is_given(picture_tiny, tmp_path, capsys):
    tiny = dataclasses.replace(picture_tiny, labels=["non_person", "person"])
    tiny.save(tmp_path)
    export_sketch(tiny, out=tmp_path / "sketch/visual_wake_words")
    assert main(["emulate", str(tmp_path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["fault"] is None and report["inferences"] == 48
    truth = report["input"]["truth"]
    assert [event["label"] for event in truth] == ["non_person", "person"] * 3
    assert all(0 < event["seconds"] < report["seconds"] for event in truth)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["emulate", "{looker}", "--input", "no.jpg"], "no.jpg cannot be read"),
        (["emulate", "{looker}", "--input", "{empty}"], "holds no picture files"),
        (["emulate", "{looker}", "--input", "a.wav"], "a.wav is not for this sketch"),
        (["emulate", "{looker}", "--input", "a.csv"], "Give it a picture, such as photo.jpg"),
        (["emulate", "{looker}", "--input", "a.jpg", "--rows", "9"], "--rows belongs to motion"),
        (["emulate", "{looker}", "--rows", "9"], "--rows belongs to a file of motion"),
        (["emulate", "{looker}"], "no bundled recording of lying, upright"),
        (["predict", "{looker}", "a.jpg", "--rows", "9"], "models of motion"),
        (["predict", "{looker}", "{empty}"], "holds no picture files"),
        (["run", "visual_wake_words", "--words", "yes"], "--words belongs to keyword_spotting"),
    ],
)
def test_what_makes_no_sense_for_pictures_is_refused_in_one_line(
    arguments, said, looker, tmp_path, capsys
):
    (tmp_path / "empty").mkdir()
    filled = [text.format(looker=looker, empty=tmp_path / "empty") for text in arguments]
    assert main(filled) == 2
    error = capsys.readouterr().err
    assert error.startswith("tinykit: ") and error.count("\n") == 1 and said in error


def test_a_folder_of_too_many_pictures_is_refused_at_once(looker, tmp_path, capsys):
    picture = Image.fromarray(np.zeros((20, 20), np.uint8))
    for number in range(101):
        picture.save(tmp_path / f"{number}.png")
    assert main(["emulate", str(looker), "--input", str(tmp_path)]) == 2
    assert "101 pictures, too many" in capsys.readouterr().err


@pytest.mark.parametrize("picture", ["a.png", "folder"])
def test_pictures_are_nothing_for_a_sketch_that_feels(gesture_tiny, tmp_path, picture, capsys):
    gesture_tiny.save(tmp_path / "out")
    export_sketch(gesture_tiny, out=tmp_path / "out/sketch/gesture_recognition")
    (tmp_path / "folder").mkdir()
    assert main(["emulate", str(tmp_path / "out"), "--input", str(tmp_path / picture)]) == 2
    assert "is not for this sketch. Give it a file of motion" in capsys.readouterr().err
