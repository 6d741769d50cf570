// Stand-in for the library of the motion sensor on the Nano 33 BLE Sense Rev2.
#pragma once

class BoschSensorClass {
 public:
  int begin();
  int accelerationAvailable();
  int readAcceleration(float& x, float& y, float& z);
  int gyroscopeAvailable();
  int readGyroscope(float& x, float& y, float& z);
};

extern BoschSensorClass IMU_BMI270_BMM150;
#define IMU IMU_BMI270_BMM150
