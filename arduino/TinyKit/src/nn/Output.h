// What becomes of the sums of a layer with weights.
#pragma once

#include <stdint.h>

#include "Arithmetic.h"
#include "FourBytes.h"

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
  const uint32_t lowest = 0x01010101u * static_cast<uint8_t>(min);
  const uint32_t highest = 0x01010101u * static_cast<uint8_t>(max);
  for (; count >= 4; count -= 4, values += 4) {
    storeWord(smaller(larger(loadWord(values), lowest), highest), values);
  }
  for (int i = 0; i < count; ++i) values[i] = clamped(values[i], min, max);
}

}  // namespace nn
}  // namespace tinykit
