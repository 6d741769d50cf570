#include "Multiply.h"

#include "Arithmetic.h"

namespace tinykit {
namespace nn {
namespace {

// roundedProduct() for |a| < 2^30.
inline int32_t roundedProductOfSmall(int32_t a, int32_t b) {
#if TINYKIT_CORTEX_M4
  int32_t result;
  __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(2 * a), "r"(b));
  return result;
#else
  return roundedProduct(a, b);
#endif
}

}  // namespace

void multiply(const Multiply& p, const int8_t* a, const int8_t* b, int8_t* out, int n) {
  const Multiply q = p;  // a compiler must assume that `out` overlaps with `p`
  if (q.shift >= 0) {
    for (int i = 0; i < n; ++i) {
      const int32_t product = (a[i] - q.zeroA) * (b[i] - q.zeroB);
      out[i] = clamped(requantized(product, q.multiplier, q.shift) + q.zeroOut, q.min, q.max);
    }
    return;
  }
  const int32_t half = 1 << (-q.shift - 1);
  for (int i = 0; i < n; ++i) {
    const int32_t product = (a[i] - q.zeroA) * (b[i] - q.zeroB);  // less than 2^17
    const int32_t y = roundedProductOfSmall(product, q.multiplier);
    // To the nearest integer, a half away from zero: y >> 31 is -1 below zero.
    out[i] = clamped(((y + half + (y >> 31)) >> -q.shift) + q.zeroOut, q.min, q.max);
  }
}

}  // namespace nn
}  // namespace tinykit
