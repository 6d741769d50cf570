// Square of the difference of two int8 tensors, rounded three times as TensorFlow Lite does.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

struct SquaredDifference {
  int32_t multiplierA;
  int32_t multiplierB;
  int32_t multiplier;  // of the square
  int8_t shiftA;
  int8_t shiftB;
  int8_t shift;
  int8_t zeroA;
  int8_t zeroB;
  int8_t zeroOut;
};

// `out` may be `a` or `b`.
void squaredDifference(const SquaredDifference& p, const int8_t* a, const int8_t* b, int8_t* out,
                       int n);

}  // namespace nn
}  // namespace tinykit
