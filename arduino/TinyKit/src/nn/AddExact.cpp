#include "AddExact.h"

#include "Arithmetic.h"

namespace tinykit {
namespace nn {

void addExact(const AddExact& p, const int8_t* a, const int8_t* b, int8_t* out, int n) {
  constexpr int32_t kOne = 1 << 20;  // inputs are scaled up, so that roundings do not show
  for (int i = 0; i < n; ++i) {
    const int32_t scaledA = requantized((a[i] - p.zeroA) * kOne, p.multiplierA, p.shiftA);
    const int32_t scaledB = requantized((b[i] - p.zeroB) * kOne, p.multiplierB, p.shiftB);
    const int32_t sum = scaledA + p.sign * scaledB;
    out[i] = clamped(requantized(sum, p.multiplier, p.shift) + p.zeroOut, p.min, p.max);
  }
}

}  // namespace nn
}  // namespace tinykit
