// A stand-in for Arduino's core on the virtual board: what sketches use of it, with the same names
// and the same behaviour. Reference: https://docs.arduino.cc/language-reference/
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What tells the board, such as ARDUINO_ARCH_MBED, comes from the command line (sketch_run.py).
#define F_CPU 64000000

using byte = uint8_t;
using boolean = bool;
using word = uint16_t;

// ---- Pins ---------------------------------------------------------------------------------------

enum PinStatus { LOW = 0, HIGH = 1, CHANGE = 2, FALLING = 3, RISING = 4 };
enum PinMode { INPUT = 0, OUTPUT = 1, INPUT_PULLUP = 2, INPUT_PULLDOWN = 3 };
using pin_size_t = uint8_t;

// The Nano 33 BLE's numbers.
constexpr uint8_t D0 = 0, D1 = 1, D2 = 2, D3 = 3, D4 = 4, D5 = 5, D6 = 6, D7 = 7, D8 = 8, D9 = 9,
                  D10 = 10, D11 = 11, D12 = 12, D13 = 13;
constexpr uint8_t A0 = 14, A1 = 15, A2 = 16, A3 = 17, A4 = 18, A5 = 19, A6 = 20, A7 = 21;
#define LED_BUILTIN (13u)
#define LEDR (22u)  // the RGB LED lights a colour when its pin is LOW
#define LEDG (23u)
#define LEDB (24u)
#define LED_RED LEDR
#define LED_GREEN LEDG
#define LED_BLUE LEDB
#define LED_PWR (25u)
#define PIN_LED LED_BUILTIN

void pinMode(pin_size_t pin, int mode);
void digitalWrite(pin_size_t pin, int level);
int digitalRead(pin_size_t pin);
void analogWrite(pin_size_t pin, int value);  // 0 ... 255
int analogRead(pin_size_t pin);               // 0 ... 1023
void analogReadResolution(int bits);
void analogWriteResolution(int bits);

// ---- Time ---------------------------------------------------------------------------------------

unsigned long millis();  // since the start
unsigned long micros();
void delay(unsigned long ms);
void delayMicroseconds(unsigned int us);
void yield();

void noInterrupts();
void interrupts();

// ---- Numbers ------------------------------------------------------------------------------------

#define PI 3.1415926535897932384626433832795
#define HALF_PI 1.5707963267948966192313216916398
#define TWO_PI 6.283185307179586476925286766559
#define DEG_TO_RAD 0.017453292519943295769236907684886
#define RAD_TO_DEG 57.295779513082320876798154814105
#define EULER 2.718281828459045235360287471352

template <class A, class B>
constexpr auto min(const A& a, const B& b) -> decltype(true ? a : b) {
  return b < a ? b : a;
}
template <class A, class B>
constexpr auto max(const A& a, const B& b) -> decltype(true ? a : b) {
  return a < b ? b : a;
}
#define constrain(amt, low, high) \
  ((amt) < (low) ? (low) : ((amt) > (high) ? (high) : (amt)))
#define radians(deg) ((deg) * DEG_TO_RAD)
#define degrees(rad) ((rad) * RAD_TO_DEG)
#define sq(x) ((x) * (x))

#define lowByte(w) ((uint8_t)((w) & 0xff))
#define highByte(w) ((uint8_t)((w) >> 8))
#define bitRead(value, bit) (((value) >> (bit)) & 0x01)
#define bitSet(value, bit) ((value) |= (1UL << (bit)))
#define bitClear(value, bit) ((value) &= ~(1UL << (bit)))
#define bitToggle(value, bit) ((value) ^= (1UL << (bit)))
#define bitWrite(value, bit, bitvalue) ((bitvalue) ? bitSet(value, bit) : bitClear(value, bit))
#define bit(b) (1UL << (b))

long map(long x, long fromLow, long fromHigh, long toLow, long toHigh);
void randomSeed(unsigned long seed);
long random(long limit);
long random(long low, long limit);

// ---- Text ---------------------------------------------------------------------------------------

#define PROGMEM
#define PGM_P const char*
#define pgm_read_byte(address) (*reinterpret_cast<const uint8_t*>(address))
#define pgm_read_word(address) (*reinterpret_cast<const uint16_t*>(address))
#define pgm_read_dword(address) (*reinterpret_cast<const uint32_t*>(address))
#define pgm_read_float(address) (*reinterpret_cast<const float*>(address))

class __FlashStringHelper;
#define F(text) (reinterpret_cast<const __FlashStringHelper*>(text))
#define PSTR(text) (text)

inline bool isDigit(int c) { return c >= '0' && c <= '9'; }
inline bool isLowerCase(int c) { return c >= 'a' && c <= 'z'; }
inline bool isUpperCase(int c) { return c >= 'A' && c <= 'Z'; }
inline bool isAlpha(int c) { return isLowerCase(c) || isUpperCase(c); }
inline bool isAlphaNumeric(int c) { return isAlpha(c) || isDigit(c); }
inline bool isSpace(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

#include "Print.h"
#include "WString.h"

// The USB serial port: what it prints appears in the run's report.
class SerialPort : public Stream {
 public:
  void begin(unsigned long baud);
  void end() {}
  size_t write(uint8_t byte) override;
  size_t write(const uint8_t* bytes, size_t count) override;
  using Print::write;
  int available() override;
  int read() override;
  int peek() override;
  void flush() {}
  explicit operator bool() const { return true; }
};
extern SerialPort Serial;

// ---- The sketch ---------------------------------------------------------------------------------

void setup();
void loop();
