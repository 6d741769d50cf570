#include "Softmax.h"

#include "Arithmetic.h"
#include "FixedPoint.h"

namespace tinykit {
namespace nn {
namespace {

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
