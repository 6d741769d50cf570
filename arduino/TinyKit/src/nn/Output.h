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
inline void cutOff(const Output& output, int8_t* values, int count) {
  if (output.min == -128 && output.max == 127) return;
  for (int i = 0; i < count; ++i) {
    if (values[i] < output.min) values[i] = output.min;
    if (values[i] > output.max) values[i] = output.max;
  }
}

}  // namespace nn
}  // namespace tinykit
