// A queue of samples between the microphone's interrupt, which fills it, and loop(), which empties
// it. It needs no lock: the interrupt alone moves `written_`, loop() alone moves `read_`.
#pragma once

#include <stdint.h>

namespace tinykit {

template <uint32_t kCapacity>
class SampleRing {
  static_assert((kCapacity & (kCapacity - 1)) == 0, "a power of two, so that indices can wrap");

 public:
  // Interrupt side. Samples that find no room are counted and lost.
  void push(const int16_t* samples, uint32_t count) {
    const uint32_t written = written_;
    const uint32_t room = kCapacity - (written - load(read_));
    const uint32_t kept = count < room ? count : room;
    for (uint32_t i = 0; i < kept; ++i) {
      buffer_[(written + i) % kCapacity] = samples[i];
    }
    store(written_, written + kept);  // only now may loop() see them
    store(dropped_, dropped_ + (count - kept));
  }

  // loop() side. Takes up to `count` samples, oldest first; returns how many there were.
  uint32_t pop(int16_t* samples, uint32_t count) {
    const uint32_t read = read_;
    const uint32_t available = load(written_) - read;
    const uint32_t taken = count < available ? count : available;
    for (uint32_t i = 0; i < taken; ++i) {
      samples[i] = buffer_[(read + i) % kCapacity];
    }
    store(read_, read + taken);  // only now may the interrupt overwrite them
    return taken;
  }

  // Samples lost since the start. It grows when loop() is slower than the microphone.
  uint32_t dropped() const { return load(dropped_); }

 private:
  // An index is read and written in one instruction. The fences keep the order, on a second core
  // too: what was done before a store has been done for whoever loads the new value.
  static uint32_t load(const volatile uint32_t& index) {
    const uint32_t value = index;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return value;
  }
  static void store(volatile uint32_t& index, uint32_t value) {
    __atomic_thread_fence(__ATOMIC_RELEASE);
    index = value;
  }

  int16_t buffer_[kCapacity];
  volatile uint32_t written_ = 0;  // samples ever written; wraps after three days, which the
  volatile uint32_t read_ = 0;     // subtractions above do not mind
  volatile uint32_t dropped_ = 0;
};

}  // namespace tinykit
