#include "Add.h"

#include "Arithmetic.h"

namespace tinykit {
namespace nn {
namespace {

int32_t sum(const Add& p, int32_t a, int32_t b) {
  return p.bias + static_cast<int32_t>((static_cast<int64_t>(p.multiplierA) * a) >> 8) +
         static_cast<int32_t>((static_cast<int64_t>(p.multiplierB) * b) >> 8);
}

#if TINYKIT_CORTEX_M4

// `pair` holds two int8, each in the upper byte of a halfword, so that SMLAW's product with a
// halfword, shifted by 16, is the product with the int8, shifted by 8.
inline int32_t low(int32_t acc, int32_t multiplier, uint32_t pair) {
  int32_t result;
  __asm__("smlawb %0, %1, %2, %3" : "=r"(result) : "r"(multiplier), "r"(pair), "r"(acc));
  return result;
}

inline int32_t high(int32_t acc, int32_t multiplier, uint32_t pair) {
  int32_t result;
  __asm__("smlawt %0, %1, %2, %3" : "=r"(result) : "r"(multiplier), "r"(pair), "r"(acc));
  return result;
}

inline int8_t saturated(int32_t sum) {
  int32_t result;
  __asm__("ssat %0, #8, %1, asr #20" : "=r"(result) : "r"(sum));
  return static_cast<int8_t>(result);
}

// As many words of four as fit in n; returns the number of values done.
int addWords(const Add& p, const int8_t* a, const int8_t* b, int8_t* out, int n) {
  const int32_t ma = p.multiplierA;
  const int32_t mb = p.multiplierB;
  const int32_t bias = p.bias;
  int done = 0;
  for (; done + 4 <= n; done += 4) {
    const uint32_t a4 = loadWord(a + done);
    const uint32_t b4 = loadWord(b + done);
    const uint32_t a02 = (a4 << 8) & 0xff00ff00u;
    const uint32_t b02 = (b4 << 8) & 0xff00ff00u;
    out[done] = saturated(low(low(bias, ma, a02), mb, b02));
    out[done + 2] = saturated(high(high(bias, ma, a02), mb, b02));
    const uint32_t a13 = a4 & 0xff00ff00u;
    const uint32_t b13 = b4 & 0xff00ff00u;
    out[done + 1] = saturated(low(low(bias, ma, a13), mb, b13));
    out[done + 3] = saturated(high(high(bias, ma, a13), mb, b13));
  }
  return done;
}

#endif

}  // namespace

void add(const Add& p, const int8_t* a, const int8_t* b, int8_t* out, int n) {
  int i = 0;
#if TINYKIT_CORTEX_M4
  if (p.min == -128 && p.max == 127) i = addWords(p, a, b, out, n);
#endif
  for (; i < n; ++i) {
    out[i] = clamped(sum(p, a[i], b[i]) >> 20, p.min, p.max);
  }
}

}  // namespace nn
}  // namespace tinykit
