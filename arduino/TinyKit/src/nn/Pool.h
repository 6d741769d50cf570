// Average and maximum over windows of an image (height, width, channels).
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

struct Pool {
  int32_t inHeight, inWidth;
  int32_t outHeight, outWidth;
  int32_t height, width;  // of the window
  int32_t strideY, strideX;
  int32_t padTop, padLeft;  // pixels outside do not count
  int8_t min;
  int8_t max;
};

// `out` must not overlap `in`.
void averagePool(const Pool& p, int channels, const int8_t* in, int8_t* out);
void maxPool(const Pool& p, int channels, const int8_t* in, int8_t* out);

}  // namespace nn
}  // namespace tinykit
