// What becomes of the sums of a layer with weights.
#pragma once

#include <stdint.h>

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
