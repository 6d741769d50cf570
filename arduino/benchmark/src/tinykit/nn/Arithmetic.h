// TensorFlow Lite's integer arithmetic. Python twin: tinykit/compiler/arithmetic.py.
#pragma once

#include <stdint.h>

// Cortex-M4 and its relatives multiply and saturate in ways that C++ has no words for.
#if defined(__ARM_FEATURE_DSP) && __ARM_ARCH_PROFILE == 'M'
#define TINYKIT_CORTEX_M4 1
#else
#define TINYKIT_CORTEX_M4 0
#endif

namespace tinykit {
namespace nn {

inline int8_t clamped(int32_t x, int32_t min, int32_t max) {
  return static_cast<int8_t>(x < min ? min : x > max ? max : x);
}

// a * b / 2^31 to the nearest integer, a half up.
inline int32_t roundedProduct(int32_t a, int32_t b) {
  return static_cast<int32_t>((static_cast<int64_t>(a) * b + (1 << 30)) >> 31);
}

// x / 2^bits to the nearest integer, a half away from zero. No intermediate result overflows.
inline int32_t roundedShift(int32_t x, int bits) {
  const int32_t mask = static_cast<int32_t>((1u << bits) - 1u);
  const int32_t half = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> bits) + ((x & mask) > half ? 1 : 0);
}

// x * multiplier / 2^31 * 2^shift.
inline int32_t requantized(int32_t x, int32_t multiplier, int shift) {
  const int left = shift > 0 ? shift : 0;
  const int right = shift > 0 ? 0 : -shift;
  const int32_t shifted = static_cast<int32_t>(static_cast<uint32_t>(x) << left);
  return roundedShift(roundedProduct(shifted, multiplier), right);
}

// Four bytes as one word, from any address.
inline uint32_t loadWord(const int8_t* p) {
  uint32_t word;
  __builtin_memcpy(&word, p, sizeof(word));
  return word;
}

inline void storeWord(uint32_t word, int8_t* p) { __builtin_memcpy(p, &word, sizeof(word)); }

}  // namespace nn
}  // namespace tinykit
