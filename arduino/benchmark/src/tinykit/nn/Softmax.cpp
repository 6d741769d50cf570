#include "Softmax.h"

#include "Arithmetic.h"

namespace tinykit {
namespace nn {
namespace {

constexpr int32_t kMax = 0x7fffffff;

// x * 2^bits, saturated.
int32_t shiftedUp(int32_t x, int bits) {
  const int32_t limit = kMax >> bits;
  if (x > limit) return kMax;
  if (x < -limit) return -kMax - 1;
  return x * (1 << bits);
}

// 1 / (1 + a) for a in [0, 1), both in 2^-31: Newton-Raphson division.
int32_t reciprocal(int32_t a) {
  const int32_t halfDenominator = a / 2 + (1 << 30);
  int32_t x = 1515870810 + roundedProduct(halfDenominator, -1010580540);  // 48/17 - 32/17 d
  for (int i = 0; i < 3; ++i) {
    const int32_t error = (1 << 29) - roundedProduct(halfDenominator, x);
    x += shiftedUp(roundedProduct(x, error), 2);
  }
  return shiftedUp(x, 1);
}

int leadingZeros(uint32_t x) {
  int count = 0;
  for (; !(x & 0x80000000u); x <<= 1) ++count;
  return count;
}

void softmaxRow(const int32_t* exponentials, int count, int channels, const int8_t* in,
                int8_t* out) {
  int32_t max = -128;
  for (int c = 0; c < channels; ++c) {
    if (in[c] > max) max = in[c];
  }

  uint32_t sum = 0;  // in 2^-19: there is room for 4096 ones
  for (int c = 0; c < channels; ++c) {
    const int32_t difference = max - in[c];
    if (difference < count) {
      sum += static_cast<uint32_t>(roundedShift(exponentials[difference], 12));
    }
  }

  // sum = (1 + rest) * 2^(12 - zeros) with rest in [0, 1).
  const int zeros = leadingZeros(sum);
  const int shift = 12 - zeros + 23;  // to 2^-8
  const int32_t factor = reciprocal(static_cast<int32_t>((sum << zeros) - 0x80000000u));
  for (int c = 0; c < channels; ++c) {
    const int32_t difference = max - in[c];
    int32_t q = -128;
    if (difference < count && shift < 32) {  // else there are so many that each one is next to 0
      q += roundedShift(roundedProduct(factor, exponentials[difference]), shift);
    }
    out[c] = clamped(q, -128, 127);
  }
}

}  // namespace

void softmax(const int32_t* exponentials, int count, int rows, int channels, const int8_t* in,
             int8_t* out) {
  for (int row = 0; row < rows; ++row) {
    softmaxRow(exponentials, count, channels, in, out);
    in += channels;
    out += channels;
  }
}

}  // namespace nn
}  // namespace tinykit
