// Stand-in for the library of the Nano 33 BLE Sense's motion sensor.
#pragma once

class LSM9DS1Class {
 public:
  int begin();
  void setContinuousMode();
  int accelerationAvailable();
  int readAcceleration(float& x, float& y, float& z);
  int gyroscopeAvailable();
  int readGyroscope(float& x, float& y, float& z);
};

extern LSM9DS1Class IMU;
