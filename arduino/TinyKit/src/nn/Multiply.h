// Product of two int8 tensors of one shape.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

struct Multiply {
  int32_t multiplier;
  int8_t shift;
  int8_t zeroA;
  int8_t zeroB;
  int8_t zeroOut;
  int8_t min;
  int8_t max;
};

// `out` may be `a` or `b`.
void multiply(const Multiply& p, const int8_t* a, const int8_t* b, int8_t* out, int n);

}  // namespace nn
}  // namespace tinykit
