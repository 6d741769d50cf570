"""The virtual board's motion sensor: every row at the sensor's rate, and its queue."""

import numpy as np
import pytest
from sketch_runs import EMPTY, printed, run

import tinykit as tk

MOTION = """
#include <Arduino_LSM9DS1.h>
float ax, ay, az, gx, gy, gz;
void setup() { if (!IMU.begin()) Serial.println("no sensor"); }
void loop() {
  if (!IMU.accelerationAvailable() || !IMU.gyroscopeAvailable()) return;
  IMU.readAcceleration(ax, ay, az);
  IMU.readGyroscope(gx, gy, gz);
  float all[] = {ax, ay, az, gx, gy, gz};
  for (float value : all) { Serial.print(value, 5); Serial.print(','); }
  Serial.println();
}
"""


@pytest.mark.parametrize(
    ("board", "library"),
    [("nano33ble", "Arduino_LSM9DS1.h"), ("nano33ble_rev2", "Arduino_BMI270_BMM150.h")],
)
def test_every_row_of_motion_is_felt_at_the_sensors_rate(board, library):
    """To half a step of the 16-bit sensor, 4 g / 32768 and 2000 deg/s / 32768, and the 5 digits."""
    rows = np.random.default_rng(0).normal(size=(60, 6)) * [1, 1, 1, 100, 100, 100]
    rows[7] = [9, -9, 0, 5000, -5000, 0]  # beyond what the sensor can feel
    text = MOTION.replace("Arduino_LSM9DS1.h", library)
    result = tk.VirtualBoard(board).run(text, motion=rows)
    felt = np.array([[float(v) for v in line.text.split(",")[:-1]] for line in result.serial])
    limits = np.array([4, 4, 4, 2000, 2000, 2000])
    expected = rows.clip(-limits, limits * 32767 / 32768)
    assert felt.shape == rows.shape
    assert (np.abs(felt - expected) <= limits / 65536 + 1e-5).all()
    rate = {"nano33ble": 119, "nano33ble_rev2": 99.84}[board]
    spacing = np.diff([line.seconds for line in result.serial])
    # Every question takes time on the wire, so a row is noticed up to 3 ms late.
    assert abs(spacing.mean() - 1 / rate) < 1e-4
    assert spacing.max() < 1 / rate + 3e-3


def test_without_motion_the_board_lies_still():
    assert set(printed(MOTION, seconds=0.5)) == {"0.00000,0.00000,1.00000,0.00000,0.00000,0.00000,"}


QUEUED = """
#include <Arduino_LSM9DS1.h>
float ax, ay, az, gx, gy, gz;
void setup() { IMU.begin(); IMU.setContinuousMode(); }
void loop() {
  while (IMU.accelerationAvailable()) {
    IMU.readGyroscope(gx, gy, gz);
    IMU.readAcceleration(ax, ay, az);
    Serial.print(ax, 7); Serial.print(' '); Serial.println(gx, 0);
  }
  delay(PAUSE);
}
"""


def test_in_continuous_mode_the_sensor_queues_what_is_not_read_at_once():
    """32 samples, as its data sheet says: with 200 ms between two looks none of 119 a second is
    lost, and acceleration and rotation of one sample stay together."""
    rows = np.zeros((240, 6))
    rows[:, 0], rows[:, 3] = np.arange(240) / 128, np.arange(240)
    expected = [f"{a:.7f} {g:.0f}" for a, g in rows[:, [0, 3]]]
    result = run(QUEUED.replace("PAUSE", "200"), motion=rows, seconds=3)
    assert [line.text for line in result.serial] == expected
    assert result.lost_motion == 0
    slow = run(QUEUED.replace("PAUSE", "500"), motion=rows, seconds=3)
    seen = [int(line.text.split()[1]) for line in slow.serial]
    assert slow.lost_motion == 1 + seen[-1] - seen[0] - len(seen) > 0
    assert "samples of the motion sensor were not read" in str(slow)
    assert max(np.diff(seen)) > 20, "the oldest are gone"


def test_a_recorded_file_of_motion_can_be_felt(tmp_path):
    """At the sensor's rate, with rests between the takes."""
    rows = "".join(f"0,0,1,{gx},0,0\n" for gx in [*[100] * 40, "", *[200] * 40])
    path = tmp_path / "two takes.csv"
    path.write_text("aX,aY,aZ,gX,gY,gZ\n" + rows.replace("0,0,1,,0,0\n", "\n"), encoding="utf-8")
    result = run(QUEUED.replace("PAUSE", "50"), motion=path)
    felt = [float(line.text.split()[1]) for line in result.serial]
    assert (np.array(felt) == 100).sum() >= 38 and (np.array(felt) == 200).sum() >= 38
    assert felt.index(200) - felt.index(100) > 40 + 50, "half a second of rest, at the least"
    assert felt[-1] == 0
    with pytest.raises(tk.TinykitError, match=r"missing\.csv"):
        tk.VirtualBoard().run(EMPTY, motion=tmp_path / "missing.csv")
