// Any function of one int8, as a table of its 256 results.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// out[i] = table[in[i] + 128]. `out` may be `in`.
void lookup(const int8_t* table, const int8_t* in, int8_t* out, int n);

}  // namespace nn
}  // namespace tinykit
