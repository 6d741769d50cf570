// The motion sensor behind the two libraries Arduino_LSM9DS1 and Arduino_BMI270_BMM150.
#pragma once

#include <Arduino.h>

class ImuClass {
 public:
  constexpr ImuClass(float sampleRate, bool hasQueue)
      : sampleRate_(sampleRate), hasQueue_(hasQueue) {}
  int begin();
  void end() {}
  int accelerationAvailable();
  int readAcceleration(float& x, float& y, float& z);  // g, -4 ... 4
  float accelerationSampleRate() { return sampleRate_; }
  int gyroscopeAvailable();
  int readGyroscope(float& x, float& y, float& z);  // degrees per second, -2000 ... 2000
  float gyroscopeSampleRate() { return sampleRate_; }
  int magneticFieldAvailable() { return 0; }  // nobody feeds it
  int readMagneticField(float& x, float& y, float& z);
  float magneticFieldSampleRate() { return 20.0f; }
  void setContinuousMode();  // LSM9DS1: queue up to 32 samples, instead of keeping the newest
  void setOneShotMode();

 private:
  float sampleRate_;
  bool hasQueue_;
};
extern ImuClass IMU;
