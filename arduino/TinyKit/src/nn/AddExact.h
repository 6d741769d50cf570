// Sum or difference of two int8 tensors, rounded three times as TensorFlow Lite does: for the rare
// scales for which the faster Add.h is not exact.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

struct AddExact {
  int32_t multiplierA;
  int32_t multiplierB;
  int32_t multiplier;   // of the sum
  int8_t shiftA;
  int8_t shiftB;
  int8_t shift;
  int8_t zeroA;
  int8_t zeroB;
  int8_t zeroOut;
  int8_t sign;  // 1: a + b, -1: a - b
  int8_t min;
  int8_t max;
};

// `out` may be `a` or `b`.
void addExact(const AddExact& p, const int8_t* a, const int8_t* b, int8_t* out, int n);

}  // namespace nn
}  // namespace tinykit
