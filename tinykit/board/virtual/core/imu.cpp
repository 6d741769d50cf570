// The motion sensor. The processor waits while it talks to it over I2C: at 100 kHz a byte takes
// 90 us, a question four bytes, three values nine or so.
#include "Imu.h"

#include "doors.h"

#ifdef BOARD_REV2
ImuClass IMU(99.84f, false);
#else
ImuClass IMU(119.0f, true);
#endif

namespace {

constexpr uint64_t kCyclesPerByte = 90 * board::kCyclesPerMicrosecond;

bool available(uint32_t bit) {
  board::waitCycles(4 * kCyclesPerByte);
  return (board::read(board::kMotionAvailable) & bit) != 0;
}

float readFloat(uint32_t door) {
  const uint32_t bits = board::read(static_cast<board::Door>(door));
  float value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

int readAxes(uint32_t door, float& x, float& y, float& z) {
  board::waitCycles(9 * kCyclesPerByte);
  x = readFloat(door);
  y = readFloat(door + 4);
  z = readFloat(door + 8);
  return 1;
}

}  // namespace

int ImuClass::begin() {
  delay(10);
  board::write(board::kMotionStart, 1);
  return 1;
}
void ImuClass::setContinuousMode() {
  board::waitCycles(6 * kCyclesPerByte);
  board::write(board::kMotionQueue, hasQueue_);
}
void ImuClass::setOneShotMode() {
  board::waitCycles(6 * kCyclesPerByte);
  board::write(board::kMotionQueue, 0);
}
int ImuClass::accelerationAvailable() { return available(1); }
int ImuClass::readAcceleration(float& x, float& y, float& z) {
  return readAxes(board::kMotionAcceleration, x, y, z);
}
int ImuClass::gyroscopeAvailable() { return available(2); }
int ImuClass::readGyroscope(float& x, float& y, float& z) {
  return readAxes(board::kMotionRotation, x, y, z);
}
int ImuClass::readMagneticField(float& x, float& y, float& z) {
  x = y = z = 0.0f;
  return 0;
}
