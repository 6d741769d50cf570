"""A phone's recording, a file for each of its sensors -> one take at an even rate.

Sensor Logger writes Accelerometer.csv, Gyroscope.csv and others with `time,seconds_elapsed,z,y,x`,
in m/s^2 and rad/s; phyphox writes Accelerometer.csv or "Raw Data.csv" with units in the header.
What Sensor Logger's files hold is from its documentation (UNITS.md and CROSSPLATFORM.md of
https://github.com/tszheichoi/awesome-sensor-logger): Accelerometer.csv is without gravity, and an
iPhone's acceleration has the other sign unless its settings standardise it.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.files.motion_columns import Columns, unit_of
from tinykit.datasets.files.motion_rows import SHORTEST_TAKE, MotionFile, measured_rate
from tinykit.datasets.files.motion_text import RATES, sorted_lines, split_lines
from tinykit.datasets.files.motion_units import Change, lacks_gravity, to_units

# Of acceleration: what is surely with gravity comes first, what is surely without last.
_BEST_FIRST = (
    "totalacceleration",
    "accelerationwithg",
    "accelerometer",
    "acceleration",
    "rawdata",
    "accelerometeruncalibrated",
    "linearaccelerometer",
    "linearacceleration",
    "accelerationwithoutg",
)
_TURNS = ("gyroscope", "gyroscopeuncalibrated")
_ROLES = {*_BEST_FIRST, *_TURNS, "gravity"}
_BESIDE = {"metadata", "annotation"}  # what Sensor Logger puts there, too
_INSIDE = ("meta", "camera")  # folders of phyphox and Sensor Logger that hold no motion
_SUFFIXES = (".csv", ".txt", ".tsv")

_JOINED = (
    "Recordings of a phone, their sensors joined by time at an even rate, in g and degrees per "
    "second: {} (first: {})."
)
_WITH_GRAVITY = "Recordings of a phone, gravity added to their acceleration: {} (first: {})."
_EMPTY = "Files of a phone's sensor without a row, left out: {} (first: {})."
_IPHONE = (
    "Recordings of an iPhone, the sign of their acceleration turned round, as boards and other "
    "phones have it: {} (first: {})."
)


def role_of(name: str) -> str:
    """What a file called `name` is in a phone's recording; "" for any other file."""
    path = PurePosixPath(name)
    stem = re.sub(r"[^a-z]", "", path.stem.lower())
    return stem if stem in _ROLES and path.suffix.lower() in _SUFFIXES else ""


def phone_folders(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """The folders that are each a phone's recording ("" is the top one), and the files in them.

    In such a folder are files of several sensors, or of one and nothing else that is motion. Each
    file's path is by its name in the folder.
    """
    inside: dict[str, list[str]] = {}
    for name in names:
        folder, _, file = name.rpartition("/")
        parent, _, last = folder.rpartition("/")
        if last.lower() in _INSIDE:
            folder, file = parent, f"{last}/{file}"
        inside.setdefault(folder, []).append(file)
    return {
        folder: {file: f"{folder}/{file}" if folder else file for file in files}
        for folder, files in inside.items()
        if _is_recording(files)
    }


def _is_recording(files: list[str]) -> bool:
    roles = {role for file in files if "/" not in file and (role := role_of(file))}
    beside = {PurePosixPath(file).stem.lower() for file in files if "/" not in file}
    texts = [file for file in files if "/" not in file and file.lower().endswith(_SUFFIXES)]
    marked = bool(beside & _BESIDE) or any("/" in file for file in files)
    return bool(roles) and (len(roles) > 1 or marked or len(texts) == 1)


@dataclass(frozen=True, eq=False)
class Sensor:
    """What one sensor of a phone felt.

    Attributes:
        times: float64 (n,), seconds, rising.
        values: float64 (n, 3), or (n, 6) where one file has acceleration and rotation; in g and
            degrees per second.
        changes: what was converted.
    """

    times: np.ndarray
    values: np.ndarray
    changes: list[Change]


def read_phone(files: dict[str, bytes], name: str) -> MotionFile:
    """A phone's recording as one take.

    Args:
        files: the content of each file in the recording's folder, by its name in it.
        name: of the folder, for messages.

    Raises:
        TinykitError: beginning with `name`, when the files hold no acceleration, or not at once.
    """
    sensors, empty = {}, []
    for file, content in files.items():
        role = role_of(file) if "/" not in file else ""
        place = name if len(files) == 1 else f"{name}/{file}"
        if role and sum(bool(line.strip()) for line in content.splitlines()) > 1:
            sensors[role] = _sensor(content, place, role)
        elif role:
            empty.append((_EMPTY, 1, place))
    metadata = next((files[file] for file in files if file.lower() == "metadata.csv"), b"")
    facts = next(csv.DictReader(split_lines(metadata)), {})
    file = joined(sensors, name, upside_down=is_upside_down(facts))
    return replace(file, changes=[*file.changes, *empty])


def _sensor(content: bytes, name: str, role: str) -> Sensor:
    lines = split_lines(content)
    kind = "rotation" if role in _TURNS else "gravity" if role == "gravity" else "acceleration"
    text = sorted_lines(lines, name, "acceleration" if kind == "gravity" else kind)
    blocks = [block for block in text.blocks if len(block.rows) and block.columns.names]
    if not blocks or blocks[0].columns.time is None:
        raise TinykitError(
            f"{name}: no rows of x, y and z with their time below a header. "
            "Export the recording again, as CSV."
        )
    columns = blocks[0].columns
    rows = np.concatenate([block.rows for block in blocks if block.columns == columns])
    return sensor_of(rows, columns, name, kind, raw="uncalibrated" in role)


def sensor_of(
    rows: np.ndarray, columns: Columns, name: str, kind: str, *, raw: bool = False
) -> Sensor:
    """Rows of one sensor, float64 (n, axes and time), in g or degrees per second.

    Where the header names no unit it is as in Sensor Logger: m/s^2 and rad/s, though raw
    acceleration may be in g.
    """
    rows = rows[np.isfinite(rows).all(axis=1)]
    rows = rows[np.argsort(rows[:, -1], kind="stable")]
    rows = rows[np.diff(rows[:, -1], prepend=-np.inf) > 0]
    times, values, changes = rows[:, -1], rows[:, :-1], []
    rate = measured_rate([times], columns.second)
    if rate is None:
        raise TinykitError(f"{name}: its times do not say a sample rate. Record it again.")
    times = times * _second(times, rate)
    if columns.acceleration and columns.rotation:
        blocks, changes = to_units([values], columns, rate, name, wand=False)
        return Sensor(times, blocks[0], changes)
    unit = columns.units[1 if columns.rotation else 0]
    if unit is None or unit.factor is None:
        unit = unit_of("rad/s" if kind == "rotation" else "m/s^2", rotation=kind == "rotation")
        lengths = np.linalg.norm(values, axis=1)
        if raw and kind != "rotation" and np.median(lengths) < 4:
            unit = unit_of("g", rotation=False)
    return Sensor(times, values[:, :3] * unit.factor, changes)


def _second(times: np.ndarray, rate: float) -> float:
    """How many seconds one of the times is, from their steps and the rate in Hz."""
    steps = np.diff(times)
    power = np.round(np.log10(rate * np.median(steps)) / 3) * 3
    return float(10.0**-power)


def joined(sensors: dict[str, Sensor], name: str, *, upside_down: bool = False) -> MotionFile:
    """A phone's sensors, by their role, as one take at the even rate of its acceleration."""
    changes: list[Change] = [(_JOINED, 1, name)]
    felt, with_gravity = _acceleration(sensors, name)
    if with_gravity:
        changes.append((_WITH_GRAVITY, 1, name))
    turns = next((sensors[role] for role in _TURNS if role in sensors), None)
    parts = [felt, *([sensors["gravity"]] if with_gravity else []), *([turns] if turns else [])]
    start, end = max(part.times[0] for part in parts), min(part.times[-1] for part in parts)
    rate = measured_rate([felt.times], 1.0)
    if not RATES[0] <= rate <= RATES[1]:
        raise TinykitError(
            f"{name}: its acceleration has {rate:.3g} rows a second. "
            f"Record at {RATES[0]:g} to {RATES[1]:g}."
        )
    n = int((end - start) * rate + 1e-3) + 1 if end > start else 0
    if n < SHORTEST_TAKE:
        raise TinykitError(
            f"{name}: its sensors were on together for less than {SHORTEST_TAKE} rows. "
            "Record it again, with all sensors at once."
        )
    times = start + np.arange(n) / rate
    motion = _at(felt, times)
    if with_gravity:
        motion[:, :3] += _at(sensors["gravity"], times)
    if upside_down:
        motion[:, :3] *= -1
        changes.append((_IPHONE, 1, name))
    if turns and motion.shape[1] == 3:
        motion = np.concatenate([motion, _at(turns, times)], axis=1)
    columns = Columns(
        motion.shape[1] + 1,
        list(range(motion.shape[1])),
        rotation=motion.shape[1] == 6,
        units=(unit_of("g", rotation=False), unit_of("deg/s", rotation=True), None),
    )
    blocks, found = to_units([motion], columns, rate, name, wand=False)
    lines = [np.arange(2, n + 2)]
    samples = [blocks[0].astype(np.float32)]
    return MotionFile(name, samples, lines, rate, rate, [*changes, *found], [""])


def _at(sensor: Sensor, times: np.ndarray) -> np.ndarray:
    """A sensor's values at other times, by straight lines between its rows."""
    columns = [np.interp(times, sensor.times, column) for column in sensor.values.T]
    return np.stack(columns, axis=1)


def _acceleration(sensors: dict[str, Sensor], name: str) -> tuple[Sensor, bool]:
    """The acceleration to take, and whether gravity is to be added to it."""
    there = [sensors[role] for role in _BEST_FIRST if role in sensors]
    if not there:
        raise TinykitError(
            f"{name}: no file of acceleration. Record acceleration with gravity, too, "
            "such as the accelerometer of Sensor Logger or phyphox."
        )
    gravity = sensors.get("gravity")
    for sensor in there:
        if gravity is not None and _is_linear(sensor, gravity):
            return sensor, True
        if not lacks_gravity([sensor.values[:, :3]]):
            return sensor, False
    return there[0], False


def _is_linear(sensor: Sensor, gravity: Sensor) -> bool:
    """Whether acceleration is without gravity: its mean is nearer to 0 than to gravity's."""
    felt, down = sensor.values[:, :3].mean(axis=0), gravity.values[:, :3].mean(axis=0)
    return float(felt @ down) < 0.5 * float(down @ down)


def is_upside_down(metadata: dict) -> bool:
    """Whether acceleration has the sign of iPhones, by what Sensor Logger says of a recording."""
    facts = {str(key).strip().lower(): str(value).lower() for key, value in metadata.items()}
    standard = facts.get("standardisation", "false")
    return facts.get("platform") == "ios" and standard not in ("true", "1", "yes")
