#include "Mean.h"

#include "Arithmetic.h"
#include "Sums.h"

namespace tinykit {
namespace nn {

namespace {

int8_t finished(const Mean& p, int32_t sum, int count) {
  const int32_t q = requantized(sum - p.inputZero * count, p.multiplier, p.shift);
  return clamped(q + p.outputZero, -128, 127);
}

}  // namespace

void mean(const Mean& p, int rows, int count, int channels, const int8_t* in, int8_t* out) {
  for (int row = 0; row < rows; ++row, in += count * channels, out += channels) {
    if (channels < 4) {
      for (int c = 0; c < channels; ++c) {
        int32_t sum = 0;
        for (int i = 0; i < count; ++i) sum += in[i * channels + c];
        out[c] = finished(p, sum, count);
      }
    } else {
      forEachFour(channels, [&](int c) {
        FourSums sums;
        sums.add(in + c, count, channels);
        sums.flush();
        for (int i = 0; i < 4; ++i) out[c + i] = finished(p, sums[i], count);
      });
    }
  }
}

}  // namespace nn
}  // namespace tinykit
