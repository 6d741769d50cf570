"""One motion, known at every moment, written as boards, phones and programs write it.

The formulas are the oracle: whatever reads a file must come to the values that they give.
"""

import json
from pathlib import Path

import numpy as np

GRAVITY = 9.80665  # m/s^2
AXES = ("x", "y", "z")


class Hand:
    """A hand that circles: acceleration in g and rotation in degrees per second at any time."""

    def __init__(self, seed: int | list[int] = 0):
        random = np.random.default_rng(seed)
        self._hertz, self._phase = random.uniform(0.5, 1.5, 6), random.uniform(0, 6, 6)

    def linear(self, times: np.ndarray) -> np.ndarray:
        """Acceleration without gravity, g: float64 (n, 3)."""
        return self._waves(times)[:, :3] * [0.4, 0.4, 0.3]

    def acceleration(self, times: np.ndarray) -> np.ndarray:
        """Acceleration with gravity along z, g: float64 (n, 3)."""
        return self.linear(times) + np.array([0, 0, 1])

    def rotation(self, times: np.ndarray) -> np.ndarray:
        """Degrees per second: float64 (n, 3)."""
        return self._waves(times)[:, 3:] * [80, 60, 100]

    def motion(self, times: np.ndarray) -> np.ndarray:
        """g and degrees per second: float64 (n, 6)."""
        return np.concatenate([self.acceleration(times), self.rotation(times)], axis=1)

    def _waves(self, times: np.ndarray) -> np.ndarray:
        return np.sin(2 * np.pi * self._hertz * times[:, None] + self._phase)


def table(header: str, *columns: np.ndarray, between: str = ",", point: str = ".") -> str:
    """Text with a header and a row of all columns' numbers at each time."""
    rows = np.column_stack(columns)
    lines = [between.join(f"{value:.6f}".replace(".", point) for value in row) for row in rows]
    return "\n".join([header, *lines]) + "\n"


def csv_of(motion: np.ndarray, header: str, acceleration: float = 1, rotation: float = 1) -> str:
    """Motion in g and degrees per second as a CSV in units of which so many are one of these."""
    factors = np.repeat([acceleration, rotation], 3)[: motion.shape[1]]
    return table(header, motion * factors)


def phone_times(start: float, seconds: float = 3.0, jitter: float = 0.0) -> np.ndarray:
    """A time every 10 ms, as a phone's clock gives them: not quite even."""
    times = np.arange(start, seconds, 0.01)
    return times + np.random.default_rng(1).uniform(-jitter, jitter, len(times))


def sensor_logger(
    folder: Path, hand: Hand, sensors: str, platform: str = "android", standard: str = "false"
) -> Path:
    """A recording of Sensor Logger: which sensors' files, by name.

    An iPhone's acceleration and gravity have the other sign unless they are standardised.
    """
    sign = -1 if platform == "ios" and standard == "false" else 1
    felt, turned = phone_times(0.05, jitter=0.001), phone_times(0.02)
    values = {
        "Accelerometer": (felt, sign * GRAVITY * hand.linear(felt)),
        "TotalAcceleration": (felt, sign * GRAVITY * hand.acceleration(felt)),
        "Gravity": (felt, sign * np.tile([0, 0, GRAVITY], (len(felt), 1))),
        "AccelerometerUncalibrated": (felt, sign * hand.acceleration(felt)),
        "Gyroscope": (turned, np.deg2rad(hand.rotation(turned))),
        "GyroscopeUncalibrated": (turned, np.deg2rad(hand.rotation(turned))),
        "Magnetometer": (turned, np.full((len(turned), 3), 40.0)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name in sensors.split():
        times, xyz = values[name]
        rows = [
            f"{1_698_501_144_000_000_000 + round(time * 1e9)},{time:.9f},{z:.9f},{y:.9f},{x:.9f}"
            for time, (x, y, z) in zip(times, xyz, strict=True)
        ]
        text = "\n".join(["time,seconds_elapsed,z,y,x", *rows]) + "\n"
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "Metadata.csv").write_text(
        "version,device name,recording epoch time,platform,standardisation\n"
        f"3,my phone,1698501144000,{platform},{standard}\n",
        encoding="utf-8",
    )
    (folder / "Annotation.csv").write_text(
        "time,seconds_elapsed,text,millisecond_press_duration\n", encoding="utf-8"
    )
    return folder


def phyphox(folder: Path, hand: Hand, between: str = ",", point: str = ".") -> Path:
    """A recording of phyphox: acceleration with gravity and rotation, 3 s at 100 Hz."""
    times = np.arange(0, 3, 0.01)
    (folder / "meta").mkdir(parents=True, exist_ok=True)
    for name, word, unit, values in (
        ("Accelerometer", "Acceleration ", "m/s^2", GRAVITY * hand.acceleration(times)),
        ("Gyroscope", "Gyroscope ", "rad/s", np.deg2rad(hand.rotation(times))),
    ):
        names = ["Time (s)", *(f"{word}{axis} ({unit})" for axis in AXES), f"Absolute ({unit})"]
        header = between.join(f'"{name}"' for name in names)
        size = np.linalg.norm(values, axis=1)
        text = table(header, times, values, size, between=between, point=point)
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "meta" / "device.csv").write_text('"property","value"\n"version","1.1"\n')
    (folder / "meta" / "time.csv").write_text('"event","experiment time"\n"START",0.0\n')
    return folder


def edge_impulse(motion: np.ndarray, interval_ms: float = 10) -> str:
    """A sample as Edge Impulse keeps it, in m/s^2 and, with 6 axes, degrees per second."""
    units = {"acc": "m/s2", "gyr": "dps"}
    words = list(units)[: motion.shape[1] // 3]
    sensors = [{"name": w + axis.upper(), "units": units[w]} for w in words for axis in AXES]
    values = motion * np.repeat([GRAVITY, 1], 3)[: motion.shape[1]]
    payload = {
        "device_name": "board",
        "device_type": "ARDUINO_NANO33BLE",
        "interval_ms": interval_ms,
        "sensors": sensors,
        "values": values.tolist(),
    }
    protected = {"ver": "v1", "alg": "HS256", "iat": 1_600_000_000}
    return json.dumps({"protected": protected, "signature": "00", "payload": payload})


def mutated(content: bytes, random: np.random.Generator) -> bytes:
    """Content as accidents leave it: bytes and lines changed, lost, doubled, moved, cut off."""
    data = bytearray(content)
    for _ in range(random.integers(1, 6)):
        at, n = int(random.integers(len(data) + 1)), int(random.integers(1, 400))
        kind = random.integers(8)
        if kind == 0:
            data[at : at + n] = random.bytes(n)
        elif kind == 1:
            del data[at : at + n]
        elif kind == 2:
            data[at:at] = data[at : at + n]
        elif kind == 3:
            del data[at:]
        elif kind == 4:
            pick = [b"\0", b"\n", b"-", b",", b";", b"\t", b"nan", b"1e999", b"#", b"\x1b[", b'"']
            data[at:at] = pick[random.integers(len(pick))] * int(random.integers(1, 50))
        elif kind == 5:
            old, new = random.choice([b",", b".", b"\n", b"0", b"-", b"a"], 2)
            data = data.replace(bytes(old), bytes(new))
        elif kind == 6:
            rows = data.split(b"\n")
            random.shuffle(rows)
            data = bytearray(b"\n".join(rows))
        else:
            data = data * 3
    return bytes(data)
