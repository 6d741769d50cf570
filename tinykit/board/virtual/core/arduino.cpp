// Pins, time and small functions of the Arduino core.
#include <Arduino.h>

#include "doors.h"

using board::clock;
using board::kCyclesPerMicrosecond;

// ---- Pins

void pinMode(pin_size_t pin, int mode) {
  board::write(board::kPin, pin);
  board::write(board::kPinMode, static_cast<uint32_t>(mode));
}

// Sets a pin. Setting it to what it is already is nothing that the world would notice, so a loop()
// that does only this may be skipped while it waits.
static void set(pin_size_t pin, board::Door door, uint32_t level) {
  static uint32_t levels[32];  // level + 1; 0: not set yet
  if (pin < 32) {
    if (levels[pin] == level + 1) return;
    levels[pin] = level + 1;
  }
  board::write(board::kPin, pin);
  board::write(door, level);
}

void digitalWrite(pin_size_t pin, int level) { set(pin, board::kPinLevel, level != 0); }

int digitalRead(pin_size_t pin) {
  board::write(board::kPin, pin);
  return static_cast<int>(board::read(board::kPinLevel));
}

void analogWrite(pin_size_t pin, int value) {
  set(pin, board::kPinAnalog, static_cast<uint32_t>(value));
}

int analogRead(pin_size_t pin) {
  board::write(board::kPin, pin < A0 ? pin + A0 : pin);  // analogRead(0) is A0, too
  return static_cast<int>(board::read(board::kPinAnalog));
}

void analogReadResolution(int) {}
void analogWriteResolution(int) {}

// ---- Time

namespace {

uint64_t cyclesNow() { return clock().cycles; }

}  // namespace

// The virtual board knows this function: executing it jumps to clock().wake or to the next
// interrupt, whichever comes first.
extern "C" [[gnu::noinline, gnu::used]] void boardWait() { asm volatile(""); }

// And this one: loop() has returned.
extern "C" [[gnu::noinline, gnu::used]] void boardLoopEnd() { asm volatile(""); }

namespace board {

void waitCycles(uint64_t cycles) {
  const uint64_t end = cyclesNow() + cycles;
  while (cyclesNow() < end) {
    clock().looked = 1;
    clock().wake = end;
    boardWait();
  }
}

}  // namespace board

unsigned long millis() {
  clock().looked = 1;
  return static_cast<unsigned long>(cyclesNow() / (1000 * kCyclesPerMicrosecond));
}

unsigned long micros() {
  clock().looked = 1;
  clock().microsRead = 1;
  return static_cast<unsigned long>(cyclesNow() / kCyclesPerMicrosecond);
}

void delay(unsigned long ms) {
  board::waitCycles(uint64_t{1000} * kCyclesPerMicrosecond * ms);
}
void delayMicroseconds(unsigned int us) { board::waitCycles(uint64_t{kCyclesPerMicrosecond} * us); }
void yield() {}

void noInterrupts() { clock().interruptsOff = 1; }
void interrupts() {
  clock().interruptsOff = 0;
  board::write(board::kInterrupts, 1);
}

// A board has nowhere to go back to: it does nothing any more.
extern "C" [[noreturn]] void exit(int) {
  for (;;) delay(1000);
}

// ---- Numbers

long map(long x, long fromLow, long fromHigh, long toLow, long toHigh) {
  return (x - fromLow) * (toHigh - toLow) / (fromHigh - fromLow) + toLow;
}

void randomSeed(unsigned long seed) {
  if (seed != 0) srand(static_cast<unsigned>(seed));
}
long random(long limit) { return limit == 0 ? 0 : rand() % limit; }
long random(long low, long limit) { return low >= limit ? low : low + random(limit - low); }

// ---- Serial

SerialPort Serial;

void SerialPort::begin(unsigned long) {}
size_t SerialPort::write(uint8_t byte) { return write(&byte, 1); }
size_t SerialPort::write(const uint8_t* bytes, size_t count) {
  board::write(board::kSerialText, reinterpret_cast<uintptr_t>(bytes));
  board::write(board::kSerialCount, count);
  return count;
}
int SerialPort::available() { return static_cast<int>(board::read(board::kSerialWaiting)); }
int SerialPort::read() { return static_cast<int>(board::read(board::kSerialRead)); }
int SerialPort::peek() { return static_cast<int>(board::read(board::kSerialPeek)); }

// ---- The sketch

extern "C" [[gnu::used]] void boardSetup() {
  setup();
  asm volatile("");  // so that this function is still there, on the stack, while setup() runs
}

extern "C" [[gnu::used, noreturn]] void boardLoop() {
  for (;;) {
    loop();
    boardLoopEnd();
  }
}
