// What becomes of the sums of a layer with weights.
#pragma once

#include <stdint.h>

#include "Arithmetic.h"

namespace tinykit {
namespace nn {

struct Output {
  int8_t zeroPoint;
  int8_t min;  // where the activation function cuts off
  int8_t max;
  bool rectified;  // min == zeroPoint == -128
};

// Activations other than none and ReLU, which the inner loops have cut off already.
inline void cutOff(int8_t min, int8_t max, int8_t* values, int count) {
  if (min == -128 && max == 127) return;
#if TINYKIT_CORTEX_M4
  // SSUB8 compares four bytes at once, SEL takes the larger (or smaller) ones.
  const uint32_t lowest = 0x01010101u * static_cast<uint8_t>(min);
  const uint32_t highest = 0x01010101u * static_cast<uint8_t>(max);
  for (; count >= 4; count -= 4, values += 4) {
    uint32_t word = loadWord(values), unused;
    asm("ssub8 %1, %0, %2\n"
        "sel   %0, %0, %2\n"
        "ssub8 %1, %3, %0\n"
        "sel   %0, %0, %3"
        : "+r"(word), "=&r"(unused)
        : "r"(lowest), "r"(highest)
        : "cc");
    storeWord(word, values);
  }
#endif
  for (int i = 0; i < count; ++i) {
    if (values[i] < min) values[i] = min;
    if (values[i] > max) values[i] = max;
  }
}

inline void cutOff(const Output& output, int8_t* values, int count) {
  cutOff(output.min, output.max, values, count);
}

}  // namespace nn
}  // namespace tinykit
