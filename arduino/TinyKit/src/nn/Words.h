// Four bytes at a time: products of weights and inputs that lie in memory as they are.
#pragma once

#include <stdint.h>

#include "Arithmetic.h"

// Compilers that build for size call small functions; in these inner loops that costs more than it
// saves.
#define TINYKIT_INLINE inline __attribute__((always_inline))

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

// SMLABB and SMLATT: sum + the product of the low halves, of the high halves.
inline int32_t dotLow(uint32_t a, uint32_t b, int32_t sum) {
  asm("smlabb %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}

inline int32_t dotHigh(uint32_t a, uint32_t b, int32_t sum) {
  asm("smlatt %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
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

inline uint32_t evenBytes(uint32_t word) {
  const uint32_t low = static_cast<uint16_t>(static_cast<int8_t>(word));
  return low | static_cast<uint32_t>(static_cast<int8_t>(word >> 16)) << 16;
}

inline uint32_t oddBytes(uint32_t word) { return evenBytes(word >> 8); }

inline int32_t dotLow(uint32_t a, uint32_t b, int32_t sum) {
  return plus(sum, static_cast<int16_t>(a) * static_cast<int16_t>(b));
}

inline int32_t dotHigh(uint32_t a, uint32_t b, int32_t sum) {
  return dotLow(a >> 16, b >> 16, sum);
}

inline int32_t dot4(uint32_t a, uint32_t b, int32_t sum) {
  for (int shift = 0; shift < 32; shift += 8) {
    sum = plus(sum, static_cast<int8_t>(a >> shift) * static_cast<int8_t>(b >> shift));
  }
  return sum;
}

#endif

// Adds x times four rows of weights to four sums. The weights lie word by word as they are needed:
// four inputs of the first row, of the second, third and fourth row, the next four inputs ... Bytes
// behind the end of x meet weights of zero. Returns the next weights.
inline const int8_t* multiplyFourRows(const int8_t* weights, const int8_t* x, int size,
                                      int32_t* sums) {
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  for (; size > 0; size -= 4, x += 4, weights += 16) {
    const uint32_t word = loadWord(x);
    s0 = dot4(loadWord(weights), word, s0);
    s1 = dot4(loadWord(weights + 4), word, s1);
    s2 = dot4(loadWord(weights + 8), word, s2);
    s3 = dot4(loadWord(weights + 12), word, s3);
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
  return weights;
}

}  // namespace nn
}  // namespace tinykit
