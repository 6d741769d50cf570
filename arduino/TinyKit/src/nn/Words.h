// Four bytes at a time: products of weights and inputs that lie in memory as they are.
#pragma once

#include <stdint.h>

#include "Arithmetic.h"

namespace tinykit {
namespace nn {

#if TINYKIT_CORTEX_M4

// SXTB16: bytes 0 and 2 of a word, widened to its halves; with ROR #8: bytes 1 and 3. Both are
// computed once where several weights meet the same input: the compiler sees that.
inline uint32_t evenBytes(uint32_t word) {
  uint32_t halves;
  asm("sxtb16 %0, %1" : "=r"(halves) : "r"(word));
  return halves;
}

inline uint32_t oddBytes(uint32_t word) {
  uint32_t halves;
  asm("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(word));
  return halves;
}

// SMLAD: sum + the products of the low halves and of the high halves.
inline int32_t dot2(uint32_t a, uint32_t b, int32_t sum) {
  asm("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}

// sum + the products of the four bytes.
inline int32_t dot4(uint32_t a, uint32_t b, int32_t sum) {
  sum = dot2(evenBytes(a), evenBytes(b), sum);
  return dot2(oddBytes(a), oddBytes(b), sum);
}

#else

// a + b, which may overflow.
inline int32_t plus(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

inline int32_t dot2(uint32_t a, uint32_t b, int32_t sum) {
  sum = plus(sum, static_cast<int16_t>(a) * static_cast<int16_t>(b));
  return plus(sum, static_cast<int16_t>(a >> 16) * static_cast<int16_t>(b >> 16));
}

inline int32_t dot4(uint32_t a, uint32_t b, int32_t sum) {
  for (int shift = 0; shift < 32; shift += 8) {
    sum = plus(sum, static_cast<int8_t>(a >> shift) * static_cast<int8_t>(b >> shift));
  }
  return sum;
}

#endif

}  // namespace nn
}  // namespace tinykit
