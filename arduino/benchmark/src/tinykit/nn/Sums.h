// Sums over pixels, four channels at a time.
#pragma once

#include <stdint.h>

#include "Arithmetic.h"

namespace tinykit {
namespace nn {

// Sums of four neighbouring channels.
class FourSums {
 public:
  // Adds `count` pixels, `step` bytes apart.
  void add(const int8_t* in, int count, int step) {
    while (count > 0) {
      const int some = count < kMost - held_ ? count : kMost - held_;
      for (int i = 0; i < some; ++i, in += step) {
        const uint32_t word = loadWord(in) ^ 0x80808080u;  // q + 128
        even_ += word & 0x00ff00ffu;
        odd_ += (word >> 8) & 0x00ff00ffu;
      }
      count -= some;
      held_ += some;
      if (held_ == kMost) flush();
    }
  }

  // The sum of one channel; call flush() before.
  int32_t operator[](int channel) const { return total_[channel]; }

  void flush() {
    const int32_t offset = 128 * held_;
    total_[0] += static_cast<int32_t>(even_ & 0xffffu) - offset;
    total_[1] += static_cast<int32_t>(odd_ & 0xffffu) - offset;
    total_[2] += static_cast<int32_t>(even_ >> 16) - offset;
    total_[3] += static_cast<int32_t>(odd_ >> 16) - offset;
    even_ = odd_ = 0;
    held_ = 0;
  }

 private:
  static constexpr int kMost = 257;  // unsigned bytes whose sum fits 16 bits

  int32_t total_[4] = {0, 0, 0, 0};
  uint32_t even_ = 0;  // sums of two channels each, in halves of a word
  uint32_t odd_ = 0;
  int held_ = 0;  // how many pixels they hold
};

// Calls visit(first) for groups of four channels; the last two groups may share some.
template <typename Visit>
void forEachFour(int channels, Visit visit) {
  for (int c = 0; c < channels; c += 4) {
    visit(c + 4 <= channels ? c : channels - 4);
  }
}

}  // namespace nn
}  // namespace tinykit
