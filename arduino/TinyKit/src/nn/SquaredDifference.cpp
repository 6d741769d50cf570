#include "SquaredDifference.h"

#include "Arithmetic.h"

namespace tinykit {
namespace nn {

void squaredDifference(const SquaredDifference& p, const int8_t* a, const int8_t* b, int8_t* out,
                       int n) {
  constexpr int32_t kOne = 1 << 7;  // inputs are scaled up, as far as the square allows
  for (int i = 0; i < n; ++i) {
    const int32_t scaledA = requantized((a[i] - p.zeroA) * kOne, p.multiplierA, p.shiftA);
    const int32_t scaledB = requantized((b[i] - p.zeroB) * kOne, p.multiplierB, p.shiftB);
    const int32_t difference = scaledA - scaledB;
    const int32_t q = requantized(difference * difference, p.multiplier, p.shift);
    out[i] = clamped(q + p.zeroOut, -128, 127);
  }
}

}  // namespace nn
}  // namespace tinykit
