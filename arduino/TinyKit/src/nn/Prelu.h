// Values above 0, and those below times a factor of their own.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

struct Prelu {
  int32_t multiplierAbove;
  int32_t multiplierBelow;
  int8_t shiftAbove;
  int8_t shiftBelow;
  int8_t zero;
  int8_t zeroAlpha;
  int8_t zeroOut;
};

// `out` may be `in` or `alpha`.
void prelu(const Prelu& p, const int8_t* in, const int8_t* alpha, int8_t* out, int n);

}  // namespace nn
}  // namespace tinykit
