// Functions of fixed-point numbers, as TensorFlow Lite and gemmlowp compute them.
#pragma once

#include <stdint.h>

#include "Arithmetic.h"

namespace tinykit {
namespace nn {

// x * 2^bits, saturated.
inline int32_t shiftedUp(int32_t x, int bits) {
  constexpr int32_t kMax = 0x7fffffff;
  const int32_t limit = kMax >> bits;
  if (x > limit) return kMax;
  if (x < -limit) return -kMax - 1;
  return x * (1 << bits);
}

// 1 / (1 + a) for a in [0, 1), both in 2^-31: Newton-Raphson division.
inline int32_t reciprocal(int32_t a) {
  const int32_t halfDenominator = a / 2 + (1 << 30);
  int32_t x = 1515870810 + roundedProduct(halfDenominator, -1010580540);  // 48/17 - 32/17 d
  for (int i = 0; i < 3; ++i) {
    const int32_t error = (1 << 29) - roundedProduct(halfDenominator, x);
    x += shiftedUp(roundedProduct(x, error), 2);
  }
  return shiftedUp(x, 1);
}

inline int leadingZeros(uint32_t x) {
  int count = 0;
  for (; !(x & 0x80000000u); x <<= 1) ++count;
  return count;
}

}  // namespace nn
}  // namespace tinykit
