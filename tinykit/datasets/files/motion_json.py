"""A JSON file of motion -> takes: a sample as Edge Impulse keeps it, a recording of Sensor Logger.

Edge Impulse's format ("data acquisition format") names each sensor's column and unit and says the
interval between rows.
"""

import json
import math
from collections.abc import Iterable

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.files.motion_columns import columns_of
from tinykit.datasets.files.motion_phone import Sensor, is_upside_down, joined, role_of, sensor_of
from tinykit.datasets.files.motion_rows import MotionFile, converted
from tinykit.datasets.files.motion_text import RATES, Block, Text

_ADVICE = (
    "Give a sample that Edge Impulse exported, with payload, sensors and values, or motion as CSV"
)


def read_json(content: bytes, name: str) -> MotionFile:
    """The bytes of a JSON file as motion. Raises TinykitError beginning with `name`."""
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise TinykitError(
            f"{name} is no JSON ({reason}). Export it again, or give motion as CSV."
        ) from error
    payload = data.get("payload") if isinstance(data, dict) else None
    if isinstance(payload, dict):
        return _of_edge_impulse(payload, name)
    if isinstance(data, list) and any(isinstance(row, dict) and "sensor" in row for row in data):
        return _of_sensor_logger([row for row in data if isinstance(row, dict)], name)
    raise TinykitError(f"{name} is JSON, but not a recording of motion. {_ADVICE}.")


def _of_edge_impulse(payload: dict, name: str) -> MotionFile:
    sensors, values = payload.get("sensors"), payload.get("values")
    try:
        names = [f"{sensor['name']} ({sensor.get('units', '')})" for sensor in sensors]
        rows = np.array(values, np.float64)
        interval = float(payload.get("interval_ms") or 1_000 / float(payload["frequency"]))
    except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise TinykitError(
            f"{name}: its sensors, values or interval_ms are missing or are no numbers. {_ADVICE}."
        ) from error
    columns = columns_of(names)
    if columns is None or not columns.acceleration or rows.ndim != 2:
        raise TinykitError(
            f"{name} has {', '.join(map(str, names)) or 'no sensors'}, which is no acceleration "
            "along x, y and z. Give a sample of a motion sensor."
        )
    if rows.shape[1] != columns.width:
        raise TinykitError(
            f"{name}: its rows have {rows.shape[1]} values for {columns.width} sensors. "
            "Export it again."
        )
    rate = 1_000 / interval if interval > 0 else math.inf
    if not RATES[0] <= rate <= RATES[1]:
        raise TinykitError(
            f"{name}: interval_ms is {interval:g}, {rate:.3g} rows a second. "
            f"Record at {RATES[0]:g} to {RATES[1]:g}."
        )
    block = Block(columns, rows[:, columns.axes], np.ones(len(rows), np.int64))
    return converted(Text([block], has_header=True, rate=rate), name)


def _of_sensor_logger(rows: Iterable[dict], name: str) -> MotionFile:
    by_role: dict[str, list[dict]] = {}
    metadata: dict = {}
    for row in rows:
        sensor = str(row.get("sensor", ""))
        role = role_of(f"{sensor}.csv")
        if role and {"x", "y", "z"} <= set(row):
            by_role.setdefault(role, []).append(row)
        elif sensor.lower() == "metadata":
            metadata = row
    try:
        sensors = {role: _sensor(rows, name, role) for role, rows in by_role.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise TinykitError(
            f"{name}: a value of its sensors is no number ({error}). Export it again."
        ) from error
    return joined(sensors, name, upside_down=is_upside_down(metadata))


def _sensor(rows: list[dict], name: str, role: str) -> Sensor:
    time = "seconds_elapsed" if "seconds_elapsed" in rows[0] else "time"
    kind = "rotation" if "gyroscope" in role else "acceleration"
    columns = columns_of(["x", "y", "z", time], kind)
    values = [[float(row[key]) for key in ("x", "y", "z", time)] for row in rows]
    raw = "uncalibrated" in role
    return sensor_of(np.array(values), columns, f"{name}: {role}", kind, raw=raw)
