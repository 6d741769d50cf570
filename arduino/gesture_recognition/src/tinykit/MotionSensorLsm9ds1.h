// The motion sensor of the Nano 33 BLE Sense, an LSM9DS1: 119 samples per second. MotionSensorBmi270.h
// has the same two functions; a sketch includes one of them, in one file.
#pragma once

#include <Arduino_LSM9DS1.h>

namespace tinykit {

// Starts the sensor. False when it does not answer.
inline bool startMotionSensor() {
  if (!IMU.begin()) return false;
  IMU.setContinuousMode();  // it queues up to 32 samples: none is lost while the model runs
  return true;
}

// Reads the next sample: aX, aY, aZ in g and gX, gY, gZ in degrees per second. False when there is
// no new one. In the queue, rotation comes first; reading acceleration takes the pair out.
inline bool readMotion(float (&sample)[6]) {
  return IMU.accelerationAvailable() && IMU.readGyroscope(sample[3], sample[4], sample[5]) &&
         IMU.readAcceleration(sample[0], sample[1], sample[2]);
}

}  // namespace tinykit
