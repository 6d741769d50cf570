// Rows of length 1: each value divided by the root of the sum of the squares.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// Of rows of `channels` values; the output's scale is 1/128. `out` may be `in`.
void normalize(int zero, int rows, int channels, const int8_t* in, int8_t* out);

}  // namespace nn
}  // namespace tinykit
