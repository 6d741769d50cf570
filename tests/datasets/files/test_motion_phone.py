"""What a phone's logger exports is one take: joined by time, at an even rate, in g and deg/s."""

import json
import zipfile

import numpy as np
import pytest
from motion_writing import GRAVITY, Hand, edge_impulse, mutated, phyphox, sensor_logger

from tinykit.common.errors import TinykitError
from tinykit.datasets import Recording, load_motion

HAND = Hand(1)
ALL = (
    "Accelerometer TotalAcceleration Gravity AccelerometerUncalibrated Gyroscope "
    "GyroscopeUncalibrated Magnetometer"
)


def assert_is_hand(recording: Recording, start: float, axes: int = 6) -> None:
    """The motion of HAND from `start` on, within what straight lines between 10 ms err.

    Of a wave of f Hz they err by (2 pi f 0.01)^2 / 8: 0.1 % at 1.5 Hz.
    """
    (take,) = recording.takes
    assert take.shape[1] == axes and take.dtype == np.float32
    assert recording.sample_rate == pytest.approx(100, rel=1e-3)
    times = start + np.arange(len(take)) / recording.sample_rate
    wrong = np.abs(take - HAND.motion(times)[:, :axes]).max(axis=0)
    assert (wrong < [0.002] * 3 + [0.3] * (axes - 3)).all(), f"wrong by {wrong}"


@pytest.mark.parametrize(
    "sensors",
    [
        "TotalAcceleration Gyroscope",
        "Accelerometer Gravity Gyroscope",
        "Accelerometer TotalAcceleration Gyroscope",
        "AccelerometerUncalibrated Gyroscope",
        "Accelerometer AccelerometerUncalibrated GyroscopeUncalibrated",
        ALL,
    ],
)
@pytest.mark.parametrize("kind", ["folder", "zip", "zip of a folder"])
def test_sensor_logger_is_read_with_gravity(tmp_path, sensors, kind):
    path = sensor_logger(tmp_path / "take", HAND, sensors)
    if kind != "folder":
        inside = "take/" if kind == "zip of a folder" else ""
        with zipfile.ZipFile(tmp_path / "take.zip", "w") as archive:
            for file in path.iterdir():
                archive.write(file, inside + file.name)
        path = tmp_path / "take.zip"
    recording = load_motion(path)
    assert_is_hand(recording, start=0.05)
    assert not any("lacks gravity" in note for note in recording.notes)
    assert len(recording.takes[0]) in (293, 294, 295), "while all sensors were on"


def test_an_iphones_acceleration_is_turned_round(tmp_path):
    """Flat on the table it has -1 g along z where boards and Android have +1 g."""
    sensors = "Accelerometer Gravity Gyroscope"
    plain = load_motion(sensor_logger(tmp_path / "a", HAND, sensors, "ios"))
    assert_is_hand(plain, start=0.05)
    assert any("iPhone" in note for note in plain.notes)
    standard = load_motion(sensor_logger(tmp_path / "b", HAND, sensors, "ios", "true"))
    assert_is_hand(standard, start=0.05)
    assert not any("iPhone" in note for note in standard.notes)


def test_acceleration_alone_is_without_gravity_which_is_said(tmp_path):
    recording = load_motion(sensor_logger(tmp_path / "a", HAND, "Accelerometer Gyroscope"))
    times = 0.05 + np.arange(len(recording.takes[0])) / recording.sample_rate
    assert np.abs(recording.takes[0][:, :3] - HAND.linear(times)).max() < 0.002
    assert any("lacks gravity" in note for note in recording.notes)


@pytest.mark.parametrize(
    ("between", "point"), [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")]
)
def test_phyphox_is_read_in_each_of_its_formats(tmp_path, between, point):
    assert_is_hand(load_motion(phyphox(tmp_path / "a", HAND, between, point)), start=0)


def test_phyphox_of_one_sensor_is_read(tmp_path):
    path = phyphox(tmp_path / "a", HAND)
    (path / "Gyroscope.csv").unlink()
    assert_is_hand(load_motion(path), start=0, axes=3)
    (path / "Accelerometer.csv").rename(path / "Raw Data.csv")
    assert_is_hand(load_motion(path), start=0, axes=3)
    assert_is_hand(load_motion(path / "Raw Data.csv"), start=0, axes=3)


def test_phyphox_linear_acceleration_is_said(tmp_path):
    path = phyphox(tmp_path / "a", HAND)
    text = (
        (path / "Accelerometer.csv").read_text().replace('"Acceleration ', '"Linear Acceleration ')
    )
    rows = [line.split(",") for line in text.splitlines()]
    for row in rows[1:]:
        row[3] = f"{float(row[3]) - GRAVITY:.6f}"
    (path / "Accelerometer.csv").unlink()
    (path / "Linear Accelerometer.csv").write_text("\n".join(map(",".join, rows)))
    recording = load_motion(path)
    assert recording.axes == 6 and any("lacks gravity" in note for note in recording.notes)


@pytest.mark.parametrize("sensor", ["TotalAcceleration", "AccelerometerUncalibrated"])
def test_one_file_of_sensor_logger_is_read_alone(tmp_path, sensor):
    path = sensor_logger(tmp_path / "a", HAND, sensor)
    assert_is_hand(load_motion(path / f"{sensor}.csv"), start=0.05, axes=3)


def test_rotation_alone_is_never_taken_for_acceleration(tmp_path):
    path = sensor_logger(tmp_path / "a", HAND, "Gyroscope")
    for given in (path, path / "Gyroscope.csv"):
        with pytest.raises(TinykitError, match="no file of acceleration"):
            load_motion(given)
    other = phyphox(tmp_path / "b", HAND)
    with pytest.raises(TinykitError, match="lacks a column of acceleration"):
        load_motion(other / "Gyroscope.csv")


def test_sensor_loggers_json_is_read(tmp_path):
    path = sensor_logger(tmp_path / "a", HAND, "Accelerometer Gravity Gyroscope", "ios")
    records = [{"sensor": "Metadata", "platform": "ios", "version": "3"}]
    for name in ("Accelerometer", "Gravity", "Gyroscope"):
        header, *rows = (path / f"{name}.csv").read_text().splitlines()
        keys = header.split(",")
        records += [
            {"sensor": name, **dict(zip(keys, row.split(","), strict=True))} for row in rows
        ]
    (tmp_path / "take.json").write_text(json.dumps(records))
    assert_is_hand(load_motion(tmp_path / "take.json"), start=0.05)


def test_a_folder_of_several_recordings_or_none_is_refused(tmp_path):
    for number in range(2):
        sensor_logger(tmp_path / "x" / f"wave_{number}", HAND, ALL)
    with pytest.raises(TinykitError, match=r"holds several \(wave_0, wave_1\). Give one of them"):
        load_motion(tmp_path / "x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(TinykitError, match="it holds none"):
        load_motion(tmp_path / "empty")


@pytest.mark.parametrize("content", ["", "time,seconds_elapsed,z,y,x\n"])
def test_a_sensor_that_gave_nothing_is_left_out_and_named(tmp_path, content):
    path = sensor_logger(tmp_path / "take", HAND, "TotalAcceleration Gyroscope")
    (path / "Gyroscope.csv").write_text(content)
    recording = load_motion(path)
    assert_is_hand(recording, start=0.05, axes=3)
    assert any(
        "without a row, left out: 1 (first: take/Gyroscope.csv)" in n for n in recording.notes
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no file of acceleration"),
        ("time,seconds_elapsed,z,y,x\n", "no file of acceleration"),
        ("x,y,z\n1,2,3\n2,3,4\n", "no rows of x, y and z with their time"),
        ("time,seconds_elapsed,z,y,x\n" + "1,1,9.8,0,0\n" * 9, "do not say a sample rate"),
        ("time,seconds_elapsed,z,y,x\n9,9,9.8,0,0\n9,9.01,9.8,0,0\n", "on together for less"),
    ],
)
def test_a_damaged_recording_is_named(tmp_path, content, said):
    path = sensor_logger(tmp_path / "take", HAND, "TotalAcceleration Gyroscope")
    (path / "TotalAcceleration.csv").write_text(content)
    with pytest.raises(TinykitError) as error:
        load_motion(path)
    assert str(error.value).startswith("take") and said in str(error.value)


def test_damaged_recordings_give_motion_or_one_line(tmp_path):
    """Whatever happens to a file: a take of finite motion, or an error that names the recording."""
    random = np.random.default_rng(0)
    given = [sensor_logger(tmp_path / "wave", HAND, ALL, "ios"), phyphox(tmp_path / "wave 2", HAND)]
    sample = edge_impulse(HAND.motion(np.arange(0, 0.5, 0.01))).encode()
    files = {path: path.read_bytes() for folder in given for path in sorted(folder.rglob("*.csv"))}
    read_well = 0
    for number in range(150):
        path = list(files)[random.integers(len(files))]
        target = given[0] if given[0] in path.parents else given[1]
        if number % 5 == 0:
            path = target = tmp_path / "wave.json"
        path.write_bytes(mutated(files.get(path, sample), random))
        try:
            recording = load_motion(target)
        except TinykitError as error:
            assert str(error).startswith("wave") and "\n" not in str(error), f"file {number}"
        else:
            read_well += 1
            assert all(np.isfinite(take).all() and len(take) >= 5 for take in recording.takes)
        path.write_bytes(files.get(path, sample))
    assert read_well > 30, "most accidents leave most of a recording"
