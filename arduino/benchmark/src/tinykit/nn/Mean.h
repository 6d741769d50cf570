// Mean over the middle of (rows, count, channels).
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

struct Mean {
  int32_t multiplier;  // contains the division by count
  int8_t shift;
  int8_t inputZero;
  int8_t outputZero;
};

// `out` must not overlap `in`.
void mean(const Mean& p, int rows, int count, int channels, const int8_t* in, int8_t* out);

}  // namespace nn
}  // namespace tinykit
