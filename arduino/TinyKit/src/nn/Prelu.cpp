#include "Prelu.h"

#include "Arithmetic.h"

namespace tinykit {
namespace nn {

void prelu(const Prelu& p, const int8_t* in, const int8_t* alpha, int8_t* out, int n) {
  const Prelu q = p;  // a compiler must assume that `out` overlaps with `p`
  for (int i = 0; i < n; ++i) {
    const int32_t x = in[i] - q.zero;
    const int32_t y = x >= 0
                          ? requantized(x, q.multiplierAbove, q.shiftAbove)
                          : requantized(x * (alpha[i] - q.zeroAlpha), q.multiplierBelow,
                                        q.shiftBelow);
    out[i] = clamped(y + q.zeroOut, -128, 127);
  }
}

}  // namespace nn
}  // namespace tinykit
