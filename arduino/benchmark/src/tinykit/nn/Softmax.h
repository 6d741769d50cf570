// Softmax over the last dimension.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// `exponentials`: exp(-d) for differences d = 0 ... count - 1 from the largest input, in 2^-31; for
// larger differences it counts as 0. `out` may be `in`.
void softmax(const int32_t* exponentials, int count, int rows, int channels, const int8_t* in,
             int8_t* out);

}  // namespace nn
}  // namespace tinykit
