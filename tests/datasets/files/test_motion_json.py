"""Samples of Edge Impulse: JSON and CSV are read, CBOR says what to export instead."""

import json

import numpy as np
import pytest
from motion_writing import GRAVITY, Hand, edge_impulse, table

from tinykit.common.errors import TinykitError
from tinykit.datasets import load_motion

TIMES = np.arange(0, 2, 0.016)
MOTION = Hand(2).motion(TIMES)


@pytest.mark.parametrize("axes", [3, 6])
def test_a_sample_in_json_says_its_units_and_its_rate(tmp_path, axes):
    (tmp_path / "circle.1.json").write_text(edge_impulse(MOTION[:, :axes], interval_ms=16))
    recording = load_motion(tmp_path / "circle.1.json")
    assert recording.sample_rate == 62.5 and recording.axes == axes
    assert np.abs(recording.takes[0] - MOTION[:, :axes]).max() < 1e-4
    assert recording.notes == [
        "Files with acceleration in m/s^2 (as their header says), converted to g: 1 "
        "(first: circle.1.json)."
    ]


def test_a_sample_in_csv_has_milliseconds_and_metres(tmp_path):
    text = table("timestamp,accX,accY,accZ", 1_000 * TIMES, GRAVITY * MOTION[:, :3])
    (tmp_path / "circle.1.csv").write_text(text)
    recording = load_motion(tmp_path / "circle.1.csv")
    assert recording.sample_rate == pytest.approx(62.5)
    assert np.abs(recording.takes[0] - MOTION[:, :3]).max() < 1e-4


def test_other_sensors_beside_are_left_out(tmp_path):
    sample = json.loads(edge_impulse(MOTION))
    payload = sample["payload"]
    payload["sensors"].insert(0, {"name": "temperature", "units": "Cel"})
    payload["values"] = [[21.5, *row] for row in payload["values"]]
    (tmp_path / "a.json").write_text(json.dumps(sample))
    assert np.abs(load_motion(tmp_path / "a.json").takes[0] - MOTION).max() < 1e-4


def changed(**values) -> str:
    sample = json.loads(edge_impulse(MOTION))
    sample["payload"] |= values
    return json.dumps(sample)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "a.json is no JSON"),
        ("{", "a.json is no JSON"),
        ("[" * 100_000, "a.json is no JSON"),
        ("[1, 2]", "a.json is JSON, but not a recording of motion"),
        ('{"payload": {}}', "a.json: its sensors, values or interval_ms are missing"),
        (changed(values=[["x"]]), "are missing or are no numbers"),
        (changed(values=[[1.0, 2.0]] * 9), "its rows have 2 values for 6 sensors"),
        (
            changed(sensors=[{"name": "audio", "units": "wav"}]),
            "a.json has audio (wav), which is no",
        ),
        (changed(interval_ms=0.0625), "interval_ms is 0.0625, 1.6e+04 rows a second"),
        (changed(values=[]), "is no acceleration"),
    ],
)
def test_what_is_no_sample_of_motion_is_refused(tmp_path, content, said):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(TinykitError) as error:
        load_motion(tmp_path / "a.json")
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("circle.1.cbor", "CBOR, a packed format of Edge Impulse, which is not read. Export"),
        ("circle.xlsx", "is a spreadsheet, which is not read. Save it as CSV"),
    ],
)
def test_formats_that_are_not_read_say_what_to_do(tmp_path, name, said):
    (tmp_path / name).write_bytes(b"\xa3iprotected")
    with pytest.raises(TinykitError, match=said):
        load_motion(tmp_path / name)
