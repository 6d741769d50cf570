#include "Resize.h"

namespace tinykit {
namespace nn {

void resizeBilinear(const ResizeBilinear& p, const int8_t* in, int8_t* out) {
  constexpr int32_t kOne = 1 << 10;
  for (int y = 0; y < p.outHeight; ++y) {
    const int16_t* row = p.rows + 3 * y;
    const int8_t* upper = in + row[0] * p.inWidth * p.channels;
    const int8_t* lower = in + row[1] * p.inWidth * p.channels;
    for (int x = 0; x < p.outWidth; ++x) {
      const int16_t* column = p.columns + 3 * x;
      const int32_t left = column[0] * p.channels;
      const int32_t right = column[1] * p.channels;
      const int32_t weights[4] = {(kOne - row[2]) * (kOne - column[2]),
                                  (kOne - row[2]) * column[2], row[2] * (kOne - column[2]),
                                  row[2] * column[2]};
      for (int c = 0; c < p.channels; ++c) {
        const int32_t sum = upper[left + c] * weights[0] + upper[right + c] * weights[1] +
                            lower[left + c] * weights[2] + lower[right + c] * weights[3];
        // To the nearest integer, a half away from zero.
        const int32_t half = sum > 0 ? kOne * kOne / 2 : -kOne * kOne / 2;
        *out++ = static_cast<int8_t>((sum + half) / (kOne * kOne));
      }
    }
  }
}

}  // namespace nn
}  // namespace tinykit
