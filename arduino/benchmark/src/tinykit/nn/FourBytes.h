// Four int8 in a word, chosen one by one.
#pragma once

#include <stdint.h>

#include "Arithmetic.h"

namespace tinykit {
namespace nn {

// The larger one of each of four int8, or the smaller one.
#if TINYKIT_CORTEX_M4
inline uint32_t larger(uint32_t a, uint32_t b) {
  uint32_t result;
  __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(result) : "r"(a), "r"(b) : "cc");
  return result;
}

inline uint32_t smaller(uint32_t a, uint32_t b) {
  uint32_t result;
  __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(result) : "r"(a), "r"(b) : "cc");
  return result;
}
#else
inline uint32_t chosen(uint32_t a, uint32_t b, bool larger) {
  uint32_t result = 0;
  for (int shift = 0; shift < 32; shift += 8) {
    const bool isA = (static_cast<int8_t>(a >> shift) > static_cast<int8_t>(b >> shift)) == larger;
    result |= (isA ? a : b) & (0xffu << shift);
  }
  return result;
}

inline uint32_t larger(uint32_t a, uint32_t b) { return chosen(a, b, true); }
inline uint32_t smaller(uint32_t a, uint32_t b) { return chosen(a, b, false); }
#endif

}  // namespace nn
}  // namespace tinykit
