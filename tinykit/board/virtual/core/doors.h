// The doors between the virtual board's processor and the world outside it: registers that
// tinykit/board/virtual/devices/devices.py answers. Its numbers are the same.
#pragma once

#include <stdint.h>

namespace board {

enum Door : uint32_t {
  kSerialText = 0x00,    // write: address of bytes to print
  kSerialCount = 0x04,   // write: how many; prints them
  kSerialWaiting = 0x08,  // read: bytes that wait to be read
  kSerialPeek = 0x0c,     // read: the next byte, or -1
  kSerialRead = 0x10,     // read: the next byte, or -1; takes it

  kPin = 0x20,        // write: which pin the next three are about
  kPinMode = 0x24,    // write
  kPinLevel = 0x28,   // write and read: 0 or 1
  kPinAnalog = 0x2c,  // write: 0 ... 255; read: 0 ... 1023

  kInterrupts = 0x30,  // write: 1 allows them again

  kMicrophoneHandler = 0x40,  // write: function to call when a block is complete
  kMicrophoneSamples = 0x44,  // write: samples in a block
  kMicrophoneRate = 0x48,     // write: samples per second, and starts; 0 stops
  kMicrophoneBuffer = 0x4c,   // write: where to put the samples of the block
  kMicrophoneJammed = 0x50,   // write: the block before has not been read; stops

  kMotionStart = 0x60,         // write: switches the sensor on
  kMotionAvailable = 0x64,     // read: bit 0 acceleration, bit 1 rotation
  kMotionAcceleration = 0x68,  // read: latches x and gives it (float); then y, z
  kMotionRotation = 0x74,      // likewise
  kMotionQueue = 0x90,         // write: 1 queues samples from now on, 0 keeps the newest only

  kCameraStart = 0x80,  // write: width | height << 12 | format << 24; 0 stops it
  kCameraFrame = 0x84,  // write: where to put a frame
};

inline void write(Door door, uint32_t value) {
  *reinterpret_cast<volatile uint32_t*>(0x40001000u + door) = value;
}
inline uint32_t read(Door door) {
  return *reinterpret_cast<volatile uint32_t*>(0x40001000u + door);
}

// The clock: memory that the virtual board writes to (`Clock` in counter.c).
struct Clock {
  uint64_t cycles;          // since the start
  uint64_t wake;            // boardWait() goes on here
  uint32_t microsRead;      // the sketch looked at a clock finer than a millisecond
  uint32_t doorsUsed;       // set by devices.py
  uint32_t interruptsOff;
  uint32_t looked;          // the sketch looked at a clock or outside, or slept
};
inline volatile Clock& clock() { return *reinterpret_cast<volatile Clock*>(0x40000000u); }

constexpr uint32_t kCyclesPerMicrosecond = 64;

// Lets time pass without executing anything; interrupts are served meanwhile.
void waitCycles(uint64_t cycles);

}  // namespace board
