"""`emulate` on a sketch's own folder, with nothing else: it plays what the sketch is for."""

import json

import pytest

from tinykit.cli.lessons import ROOT
from tinykit.cli.main import main
from tinykit.cli.purpose import Purpose
from tinykit.common.kinds import AUDIO, IMAGE, MOTION
from tinykit.export import export_sketch

ARDUINO = ROOT / "arduino"


def test_the_purpose_of_a_generated_sketch_stands_in_its_files():
    purposes = {folder.name: Purpose.of_sketch(folder) for folder in ARDUINO.iterdir()}
    assert purposes["keyword_spotting"] == Purpose(AUDIO, ("yes", "no", "unknown", "silence"))
    gestures = ("circle", "horizontal", "vertical", "punch", "flex", "wing", "none")
    assert purposes["gesture_recognition"] == Purpose(MOTION, gestures)
    assert purposes["visual_wake_words"] == Purpose(IMAGE, ("non_person", "person"))
    assert purposes["capture_imu"] is None and purposes["capture_image"] is None


@pytest.mark.parametrize("labels", [["ja", "nein", 'a "b" \\ ?', "ü\n😀\x07"]])
@pytest.mark.parametrize("engine", ["compiled", "tflm"])
def test_whatever_labels_a_sketch_has_they_are_read_as_they_were_given(
    small_tiny, labels, engine, tmp_path
):
    from dataclasses import replace

    tiny = replace(small_tiny, labels=labels)
    export_sketch(tiny, out=tmp_path / "sketch", engine=engine, arena_bytes=12_000)
    assert Purpose.of_sketch(tmp_path / "sketch").labels == tuple(labels)


def test_purposes_of_a_model_and_of_its_sketch_are_the_same(picture_tiny, gesture_tiny, tmp_path):
    for number, tiny in enumerate((picture_tiny, gesture_tiny)):
        export_sketch(tiny, out=tmp_path / str(number) / "one")
        assert Purpose.of_sketch(tmp_path / str(number) / "one") == Purpose.of_model(tiny)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["", "keyword_spotting.ino"])
def test_the_listening_example_hears_words_and_the_reader_learns_which(place, capsys):
    assert main(["emulate", str(ARDUINO / "keyword_spotting" / place), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["input"]["source"] == "bundled"
    spoken = [event["label"] for event in report["input"]["truth"]]
    reported = [line["text"].split()[2] for line in report["serial"]]
    assert len(spoken) >= 3 and reported, "it was fed silence"
    assert reported == [word for word in spoken if word != "unknown"], "the shipped network is good"


def test_a_sketch_for_words_that_are_not_bundled_is_not_fed_silence(small_tiny, tmp_path, capsys):
    from dataclasses import replace

    tiny = replace(small_tiny, labels=["xylophone", "zebra", "unknown", "silence"])
    export_sketch(tiny, out=tmp_path / "mine")
    assert main(["emulate", str(tmp_path / "mine")]) == 2
    error = capsys.readouterr().err
    assert "no bundled recording of xylophone, zebra" in error and "--input" in error


@pytest.mark.slow
def test_the_first_steps_sketch_hears_tones(small_tiny, tmp_path, capsys):
    from tinykit.datasets import tones
    from tinykit.models import ds_cnn
    from tinykit.quantization import quantize

    frontend, data = small_tiny.frontend, tones(4)
    model = ds_cnn(frontend.shape, data.labels, channels=8, blocks=1)
    tiny = quantize(model, frontend(data.train.x), frontend, data.labels, name="first_steps")
    export_sketch(tiny, out=tmp_path / "first_steps")
    assert main(["emulate", str(tmp_path / "first_steps"), "--json"]) == 0
    heard = json.loads(capsys.readouterr().out)["input"]
    assert heard["source"] == "tones"
    assert {event["label"] for event in heard["truth"]} == {"low", "high"}
