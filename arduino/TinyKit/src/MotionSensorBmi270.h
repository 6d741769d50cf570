// The motion sensor of the Nano 33 BLE Sense Rev2, a BMI270: 99.84 samples per second. Its library
// turns the axes as those of the first board are. MotionSensorLsm9ds1.h has the same two functions.
#pragma once

#include <Arduino_BMI270_BMM150.h>

namespace tinykit {

// Starts the sensor. False when it does not answer.
inline bool startMotionSensor() { return IMU.begin() != 0; }

// Reads the newest sample: aX, aY, aZ in g and gX, gY, gZ in degrees per second. False when there
// is no new one. Without a queue, what comes while the model runs is lost, but then the board has
// just come to rest.
inline bool readMotion(float (&sample)[6]) {
  // The library forgets what it has said once, so both answers are kept until both are yes.
  static bool acceleration = false;
  static bool rotation = false;
  if (IMU.accelerationAvailable()) acceleration = true;
  if (IMU.gyroscopeAvailable()) rotation = true;
  if (!acceleration || !rotation) return false;
  acceleration = rotation = false;
  return IMU.readAcceleration(sample[0], sample[1], sample[2]) &&
         IMU.readGyroscope(sample[3], sample[4], sample[5]);
}

}  // namespace tinykit
