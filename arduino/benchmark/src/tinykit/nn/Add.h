// Sum of two int8 tensors of one shape.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// out = (bias + (multiplierA * a >> 8) + (multiplierB * b >> 8)) >> 20, clamped. The compiler has
// made sure that this is TensorFlow Lite's result for each of the 65,536 pairs (a, b).
struct Add {
  int32_t multiplierA;
  int32_t multiplierB;
  int32_t bias;
  int8_t min;
  int8_t max;
};

// `out` may be `a` or `b`. Any n, any alignment.
void add(const Add& p, const int8_t* a, const int8_t* b, int8_t* out, int n);

}  // namespace nn
}  // namespace tinykit
