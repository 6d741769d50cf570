#include "Normalize.h"

#include "Arithmetic.h"
#include "FixedPoint.h"

namespace tinykit {
namespace nn {
namespace {

struct Factor {
  int32_t multiplier;
  int shift;
};

// 1 / sqrt(x); 0 counts as 1. Newton's method with three integer bits.
Factor inverseSquareRoot(int32_t x) {
  constexpr int32_t kThreeHalves = 3 << 27, kSqrtHalf = 1518500250;
  if (x <= 1) return {0x7fffffff, 0};
  int shift = 11;
  for (; x >= 1 << 29; x /= 4) ++shift;
  const int pairs = (leadingZeros(static_cast<uint32_t>(x)) - 1) / 2 - 1;
  shift -= pairs;
  const int32_t half = roundedShift((x * (1 << (2 * pairs))) >> 1, 1);
  int32_t guess = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const int32_t cube = shiftedUp(roundedProduct(roundedProduct(guess, guess), guess), 6);
    guess = shiftedUp(roundedProduct(kThreeHalves, guess) - roundedProduct(half, cube), 3);
  }
  guess = roundedProduct(guess, kSqrtHalf);
  if (shift < 0) return {guess * (1 << -shift), 0};
  return {guess, -shift};
}

}  // namespace

void normalize(int zero, int rows, int channels, const int8_t* in, int8_t* out) {
  for (int row = 0; row < rows; ++row, in += channels, out += channels) {
    int32_t sum = 0;
    for (int c = 0; c < channels; ++c) sum += (in[c] - zero) * (in[c] - zero);
    const Factor factor = inverseSquareRoot(sum);
    for (int c = 0; c < channels; ++c) {
      out[c] = clamped(requantized(in[c] - zero, factor.multiplier, factor.shift + 7), -128, 127);
    }
  }
}

}  // namespace nn
}  // namespace tinykit
