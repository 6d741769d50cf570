// Streams what the motion sensor feels, a row of CSV for each sample:
//
//     ms,aX,aY,aZ,gX,gY,gZ
//     5012,-0.012,0.034,1.001,0.061,-1.221,0.488
//
// milliseconds since the start, acceleration in g, rotation in degrees per second. The time shows
// when samples are missing. tk.record_gestures() records gestures from it; see README.md.

#ifndef BOARD_REVISION
#define BOARD_REVISION 1  // 1: Nano 33 BLE Sense; 2: Nano 33 BLE Sense Rev2
#endif

#if BOARD_REVISION == 2
#include <Arduino_BMI270_BMM150.h>
#else
#include <Arduino_LSM9DS1.h>
#endif

constexpr uint32_t kBaud = 115200;  // 119 rows a second, 50 bytes each, are half of it
constexpr int kAxes = 6;
constexpr int kLongestNumber = 12;  // digits, sign, point and comma

// Writes `value` in decimal with at least `digits` digits; returns the end of what it wrote.
char* writeDigits(char* out, uint32_t value, int digits) {
  char reversed[kLongestNumber];
  int n = 0;
  while (value > 0 || n < digits) {
    reversed[n++] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  while (n > 0) *out++ = reversed[--n];
  return out;
}

// Writes a comma and `value` with three decimals.
char* writeMilli(char* out, float value) {
  *out++ = ',';
  int32_t milli = static_cast<int32_t>(value * 1000.0f + (value < 0.0f ? -0.5f : 0.5f));
  if (milli < 0) {
    *out++ = '-';
    milli = -milli;
  }
  out = writeDigits(out, static_cast<uint32_t>(milli / 1000), 1);
  *out++ = '.';
  return writeDigits(out, static_cast<uint32_t>(milli % 1000), 3);
}

// Sends one row in one piece: over USB every call of Serial.print() is a packet of its own.
void sendRow(uint32_t ms, const float (&motion)[kAxes]) {
  char row[kLongestNumber * (kAxes + 1)];
  char* end = writeDigits(row, ms, 1);
  for (const float value : motion) end = writeMilli(end, value);
  *end++ = '\n';
  Serial.write(reinterpret_cast<const uint8_t*>(row), static_cast<size_t>(end - row));
}

// Waits for acceleration and rotation of one moment; false when there is nothing new yet.
bool readMotion(float (&motion)[kAxes]) {
  static bool hasAcceleration = false;
  static bool hasRotation = false;
  // Rev2's library forgets that it has said "available".
  hasAcceleration = IMU.accelerationAvailable() || hasAcceleration;
  hasRotation = IMU.gyroscopeAvailable() || hasRotation;
  if (!hasAcceleration || !hasRotation) return false;
  hasAcceleration = hasRotation = false;
  // What could not be read is NaN, and no row: the sensor is asked again.
  return IMU.readAcceleration(motion[0], motion[1], motion[2]) &&
         IMU.readGyroscope(motion[3], motion[4], motion[5]);
}

void setup() {
  Serial.begin(kBaud);
  while (!IMU.begin()) {
    Serial.println("The motion sensor does not answer. Is BOARD_REVISION right?");
    delay(1000);
  }
}

void loop() {
  static bool listening = false;
  float motion[kAxes];
  if (!readMotion(motion)) return;
  if (!Serial) {  // nobody has opened the port
    listening = false;
    return;
  }
  if (!listening) Serial.println("ms,aX,aY,aZ,gX,gY,gZ");
  listening = true;
  sendRow(millis(), motion);
}
