"""The command line on what phones record: a folder or a zip of a logger is one recording."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from motion_writing import Hand, csv_of, edge_impulse, sensor_logger

from tinykit.cli.main import main
from tinykit.datasets import load_motion
from tinykit.datasets.files.motion_columns import COLUMNS
from tinykit.export import export_sketch

SENSORS = "TotalAcceleration Accelerometer Gyroscope Magnetometer"


@pytest.fixture(scope="module")
def model(gesture_tiny, tmp_path_factory) -> Path:
    """An output folder with a model of gestures and its sketch in it."""
    folder = tmp_path_factory.mktemp("gestures")
    gesture_tiny.save(folder)
    export_sketch(gesture_tiny, out=folder / "sketch/gesture_recognition")
    return folder


@pytest.fixture
def recordings(tmp_path) -> Path:
    """A phone's folder, the same as a zip, and a sample of Edge Impulse."""
    folder = tmp_path / "mine"
    take = sensor_logger(folder / "circle" / "2024-05-01_10-30-00", Hand(1), SENSORS)
    with zipfile.ZipFile(folder / "circle.zip", "w") as archive:
        for file in take.iterdir():
            archive.write(file, file.name)
    motion = Hand(2).motion(np.arange(0, 2, 0.01))
    (folder / "wave.1.json").write_text(edge_impulse(motion))
    return folder


def test_predict_gives_one_row_per_recording(model, recordings, capsys):
    arguments = [str(recordings), str(recordings / "circle.zip"), "--json", "--engine", "litert"]
    assert main(["predict", str(model), *arguments]) == 0
    rows = json.loads(capsys.readouterr().out)
    names = [Path(row["file"]).relative_to(recordings).as_posix() for row in rows]
    assert names == ["circle/2024-05-01_10-30-00", "circle.zip", "wave.1.json", "circle.zip"]
    assert rows[0]["scores"] == rows[1]["scores"] == rows[3]["scores"], "the same recording"
    assert "joined by time" in rows[0]["notes"][0]


def test_emulate_plays_a_phones_recording_to_the_board(model, recordings, capsys):
    """As the same motion from a file that a board printed, in g and degrees per second."""
    (take,) = load_motion(recordings / "circle.zip").takes
    rows = csv_of(take, f"# sample_rate: 100\n{','.join(COLUMNS)}")
    (recordings / "board.csv").write_text(rows)
    runs = []
    for what in ("circle", "circle.zip", "board.csv"):
        code = main(["emulate", str(model), "--input", str(recordings / what), "--json"])
        shown = capsys.readouterr()
        assert code == 0, shown.err
        runs.append(json.loads(shown.out))
    assert runs[0]["serial"] == runs[1]["serial"], "a folder and its zip are the same"
    assert len({run["inferences"] for run in runs}) == 1 and runs[0]["inferences"] > 0
    assert runs[0]["seconds"] == pytest.approx(runs[2]["seconds"], abs=0.02)
