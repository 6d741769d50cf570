"""Units come from the header or from gravity; a unit that neither tells is asked for."""

import numpy as np
import pytest
from motion_writing import GRAVITY, Hand, csv_of

from tinykit.common.errors import TinykitError
from tinykit.datasets import Recording, load_motion
from tinykit.datasets.files.motion_units import turned

TIMES = np.arange(0, 4, 0.01)
MOTION = Hand(3).motion(TIMES)
RADIANS = np.pi / 180
HEADER = "aX,aY,aZ,gX,gY,gZ"


def read(folder, content: str | bytes, name: str = "wave.csv") -> Recording:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_motion(file, sample_rate=100)


def header(acceleration: str, rotation: str) -> str:
    return ",".join(
        [*(f"a{x} {acceleration}" for x in "XYZ"), *(f"g{x} {rotation}" for x in "XYZ")]
    )


def assert_is_motion(recording: Recording, motion: np.ndarray = MOTION) -> None:
    assert len(recording.takes) == 1 and recording.takes[0].shape == motion.shape
    wrong = (
        np.abs(recording.takes[0] - motion).max(axis=0) / np.repeat([1, 100], 3)[: motion.shape[1]]
    )
    assert wrong.max() < 1e-3, f"each axis is wrong by {wrong} g or 100 degrees per second"


@pytest.mark.parametrize("written", ["({})", "[{}]", "{}", "_{}", "/ {}"])
@pytest.mark.parametrize(
    ("unit", "one_g"),
    [
        ("g", 1),
        ("mg", 1_000),
        ("mG", 1_000),
        ("m/s^2", GRAVITY),
        ("m/s2", GRAVITY),
        ("m/s²", GRAVITY),
        ("m/s**2", GRAVITY),
        ("m s^-2", GRAVITY),
        ("m·s⁻²", GRAVITY),
        ("ms-2", GRAVITY),
        ("m/sec^2", GRAVITY),
        ("cm/s^2", 100 * GRAVITY),
    ],
)
def test_acceleration_is_converted_from_the_headers_unit(tmp_path, written, unit, one_g):
    names = header(written.format(unit), "(deg/s)")
    recording = read(tmp_path, csv_of(MOTION, names, acceleration=one_g))
    assert_is_motion(recording)
    said = [note for note in recording.notes if "acceleration" in note]
    assert len(said) == (one_g != 1), "a conversion is said, and only that"


@pytest.mark.parametrize("written", ["({})", "[{}]", "{}", "_{}"])
@pytest.mark.parametrize(
    ("unit", "one_degree"),
    [
        ("dps", 1),
        ("deg/s", 1),
        ("°/s", 1),
        ("degrees per second", 1),
        ("mdps", 1_000),
        ("rad/s", RADIANS),
        ("rad s^-1", RADIANS),
        ("radians/sec", RADIANS),
        ("mrad/s", 1_000 * RADIANS),
    ],
)
def test_rotation_is_converted_from_the_headers_unit(tmp_path, written, unit, one_degree):
    names = header("(g)", written.format(unit))
    recording = read(tmp_path, csv_of(MOTION, names, rotation=one_degree))
    assert_is_motion(recording)
    assert any("rotation" in note for note in recording.notes) == (one_degree != 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_signs_of_units_are_read_in_the_encodings_of_spreadsheets(tmp_path, encoding):
    content = csv_of(MOTION, header("(m/s²)", "(°/s)"), acceleration=GRAVITY)
    assert_is_motion(read(tmp_path, content.encode(encoding)))


@pytest.mark.parametrize(
    ("one_g", "said"), [(1, None), (GRAVITY, "in m/s^2 (by its size)"), (1_000, "in mg (by its")]
)
@pytest.mark.parametrize("names", [HEADER, ""])
def test_without_a_unit_gravity_tells_that_of_acceleration(tmp_path, one_g, said, names):
    recording = read(tmp_path, csv_of(MOTION, names, acceleration=one_g))
    assert_is_motion(recording)
    notes = [note for note in recording.notes if "acceleration" in note]
    assert len(notes) == bool(said) and (not said or said in notes[0])


def test_one_named_column_names_the_unit_of_its_sensor(tmp_path):
    names = "aX (m/s^2),aY,aZ,gX (rad/s),gY,gZ"
    assert_is_motion(read(tmp_path, csv_of(MOTION, names, GRAVITY, RADIANS)))


def turning(seconds: float = 4.0) -> np.ndarray:
    """A board that is turned and not pushed: gravity goes round as the gyroscope says."""
    times = np.arange(0, seconds, 0.01)
    angle = 0.9 * np.sin(2 * np.pi * 0.5 * times)
    rate = 0.9 * 2 * np.pi * 0.5 * np.cos(2 * np.pi * 0.5 * times)
    still = np.zeros_like(times)
    # Turned about x by `angle`, what points up in the world lies at (0, sin, cos).
    felt = [still, np.sin(angle), np.cos(angle)]
    return np.stack([*felt, np.rad2deg(rate), still, still], axis=1)


@pytest.mark.parametrize(("one_degree", "times"), [(1, 1), (RADIANS, 57.3)])
def test_gravity_turns_as_fast_as_rotation_says(one_degree, times):
    """57 times faster than "degrees per second" would have it, when they are radians."""
    motion = turning() * [1, 1, 1, *[one_degree] * 3]
    assert turned([motion], 100) == pytest.approx(times, rel=0.02)
    mirrored = motion * [1, 1, 1, -1, -1, -1]  # a left-handed frame, as of the LSM9DS1
    assert turned([mirrored], 100) == pytest.approx(times, rel=0.02)


def test_rotation_without_a_unit_is_converted_where_gravity_tells_it(tmp_path):
    motion = turning()
    recording = read(tmp_path, csv_of(motion, HEADER, rotation=RADIANS))
    assert_is_motion(recording, motion)
    assert any("rotation in rad/s (by their size)" in note for note in recording.notes)


@pytest.mark.parametrize(
    ("names", "one_g"),
    [(HEADER, 1), (HEADER, GRAVITY), ("aX (m/s^2),aY,aZ,gX,gY,gZ", GRAVITY), (HEADER, 1_000)],
)
def test_rotation_whose_unit_nothing_tells_is_asked_for(tmp_path, names, one_g):
    """Pushed to and fro, and no faster than 2 of whatever: no gesture in degrees per second."""
    content = csv_of(MOTION, names, acceleration=one_g, rotation=RADIANS)
    with pytest.raises(TinykitError, match=r"may be in rad/s or in deg/s\. Write the units into"):
        read(tmp_path, content)


@pytest.mark.parametrize("unit", ["deg", "raw", "LSB"])
def test_a_unit_that_is_none_is_asked_for_by_name(tmp_path, unit):
    content = csv_of(MOTION, header("(g)", f"({unit})"), rotation=0.1)
    with pytest.raises(TinykitError, match=f"the header says '{unit}'"):
        read(tmp_path, content)


@pytest.mark.parametrize(("named", "really"), [("g", GRAVITY), ("m/s^2", 1), ("mg", 1)])
def test_a_header_that_gravity_contradicts_is_refused(tmp_path, named, really):
    still = MOTION * [0.2, 0.2, 0.2, 1, 1, 1] + [0, 0, 0.8, 0, 0, 0]
    with pytest.raises(TinykitError, match=r"the unit is another one\. Correct the header"):
        read(tmp_path, csv_of(still, header(f"({named})", "(deg/s)"), acceleration=really))


def test_acceleration_without_gravity_is_converted_and_that_is_said(tmp_path):
    """With a unit in the header; a model of it does no good on a board, which the note says."""
    linear = MOTION - [0, 0, 1, 0, 0, 0]
    names = header("(m/s^2)", "(rad/s)")
    recording = read(tmp_path, csv_of(linear, names, GRAVITY, RADIANS))
    assert_is_motion(recording, linear)
    assert any("lacks gravity (at rest it is 0, not 1 g)" in note for note in recording.notes)


@pytest.mark.parametrize("strength", [0.5, 1, 4, 9.8, 30])
def test_acceleration_without_gravity_and_unit_is_asked_for(tmp_path, strength):
    linear = (MOTION - [0, 0, 1, 0, 0, 0]) * [strength] * 1
    with pytest.raises(TinykitError, match="Write the units into the header"):
        read(tmp_path, csv_of(linear[:, :3], "aX,aY,aZ"))


def test_units_may_stand_in_a_line_of_their_own(tmp_path):
    names = f"{HEADER}\nm/s^2,m/s^2,m/s^2,rad/s,rad/s,rad/s"
    recording = read(tmp_path, csv_of(MOTION, names, GRAVITY, RADIANS))
    assert_is_motion(recording)
    assert not any("Lines left out" in note for note in recording.notes)


@pytest.mark.parametrize(
    "names",
    [
        "accX,accY,accZ,gyrX,gyrY,gyrZ",
        "AcX,AcY,AcZ,GyX,GyY,GyZ",
        "accel_x,accel_y,accel_z,gyro_x,gyro_y,gyro_z",
        "acceleration[x],acceleration[y],acceleration[z],gyro[x],gyro[y],gyro[z]",
        "Acceleration x,Acceleration y,Acceleration z,Gyroscope x,Gyroscope y,Gyroscope z",
        "acc.x,acc.y,acc.z,rotationRate.x,rotationRate.y,rotationRate.z",
        "x-acc,y-acc,z-acc,x-gyro,y-gyro,z-gyro",
    ],
)
def test_sensors_go_by_many_names(tmp_path, names):
    """In another order, so that only the names can tell which column is which."""
    words = names.split(",")
    backwards = MOTION[:, ::-1]
    recording = read(tmp_path, csv_of(backwards, ",".join(reversed(words))))
    assert_is_motion(recording)


def test_gravity_in_columns_of_its_own_is_added(tmp_path):
    """As a watch's WristMotion.csv has it, in g."""
    names = "gravityX,gravityY,gravityZ,accelerationX,accelerationY,accelerationZ"
    rotation = "rotationRateX (rad/s),rotationRateY (rad/s),rotationRateZ (rad/s)"
    down = np.tile([0.0, 0, 1], (len(MOTION), 1))
    rows = np.concatenate([down, MOTION[:, :3] - down, MOTION[:, 3:] * RADIANS], axis=1)
    text = "\n".join([f"{names},{rotation}", *(",".join(f"{v:.6f}" for v in row) for row in rows)])
    named = text.replace("accelerationX", "accelerationX (g)", 1)
    assert_is_motion(read(tmp_path, named))
