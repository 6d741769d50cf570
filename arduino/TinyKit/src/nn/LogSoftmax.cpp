#include "LogSoftmax.h"

#include "Arithmetic.h"
#include "FixedPoint.h"

namespace tinykit {
namespace nn {
namespace {

constexpr int kInBits = 12;   // integer bits of a sum
constexpr int kLogBits = 25;  // fraction bits of a logarithm on the way, 26 in the end

// log(x) for x >= 1 in 2^-19, in 2^-26. x is r * 2^n with r near 2^-1/4, and log(r) a fraction of
// two polynomials.
int32_t logarithm(int32_t x) {
  constexpr int32_t kLog2 = 1488522236, kSqrtHalf = 1518500250, kMiddle = 1805811301;  // in 2^-31
  constexpr int32_t kNumerator = 117049297, kSquare = 127690142;
  constexpr int32_t kConstant = 1057819769, kLinear = 638450708;
  constexpr int32_t kQuarter = 1 << (kLogBits - 2);

  const int zeros = leadingZeros(static_cast<uint32_t>(x));
  const int32_t one = shiftedUp(roundedProduct(shiftedUp(x, zeros - 1), kSqrtHalf), 1);
  const int32_t exponentOfOne = shiftedUp(kInBits - zeros, kLogBits) + kQuarter;
  const int32_t smaller = roundedProduct(x, kSqrtHalf);
  const int headroom = leadingZeros(static_cast<uint32_t>(smaller)) - 1;
  const int32_t other = shiftedUp(x, headroom);
  const int32_t exponentOfOther = shiftedUp(kInBits - headroom, kLogBits) - kQuarter;
  const int32_t r = one < other ? one : other;
  const int32_t n = exponentOfOne > exponentOfOther ? exponentOfOne : exponentOfOther;

  const int32_t half = static_cast<int32_t>((static_cast<int64_t>(r) + kMiddle + 1) / 2);
  const int32_t q = 2 * (r - kMiddle);
  const int32_t square = roundedProduct(q, q);
  const int32_t numerator =
      roundedProduct(q, r) + roundedProduct(roundedProduct(q, square), kNumerator);
  const int32_t denominator =
      roundedProduct(half, kConstant + q + roundedProduct(kSquare, square)) +
      roundedProduct(kLinear, q);
  const int32_t log = roundedProduct(n, kLog2) +
                      roundedProduct(roundedShift(numerator, 6), reciprocal(denominator));
  return shiftedUp(log, 1);
}

void logSoftmaxRow(const LogSoftmax& p, int channels, const int8_t* in, int8_t* out) {
  int32_t max = -128;
  for (int c = 0; c < channels; ++c) {
    if (in[c] > max) max = in[c];
  }
  int32_t sum = 0;  // in 2^-19
  for (int c = 0; c < channels; ++c) {
    const int32_t difference = max - in[c];
    if (difference < p.count) sum += roundedShift(p.exponentials[difference], 12);
  }
  const int32_t log = logarithm(sum);
  // What differs more does not fit the fixed-point numbers.
  int32_t least = requantized(log - 0x7fffffff - 1, p.backMultiplier, p.backShift);
  if (least < p.least) least = p.least;
  for (int c = 0; c < channels; ++c) {
    const int32_t difference = in[c] - max;
    int32_t q = -128;
    if (difference > least) {
      q = roundedShift(requantized(difference, p.multiplier, p.shift) - log, 22) + 127;
    }
    out[c] = clamped(q, -128, 127);
  }
}

}  // namespace

void logSoftmax(const LogSoftmax& p, int rows, int channels, const int8_t* in, int8_t* out) {
  for (int row = 0; row < rows; ++row) {
    logSoftmaxRow(p, channels, in, out);
    in += channels;
    out += channels;
  }
}

}  // namespace nn
}  // namespace tinykit
