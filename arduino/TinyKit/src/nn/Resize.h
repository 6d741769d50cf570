// Images of another size, whose pixels are mixed of up to four.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// For each row and each column of the output: the first row (column) of the input, the second one,
// and the share of the second, in 1024ths.
struct ResizeBilinear {
  const int16_t* rows;
  const int16_t* columns;
  int32_t outHeight, outWidth;
  int32_t inWidth;
  int32_t channels;
};

// `out` must not overlap `in`.
void resizeBilinear(const ResizeBilinear& p, const int8_t* in, int8_t* out);

}  // namespace nn
}  // namespace tinykit
