// Logarithm of the softmax over the last dimension.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

struct LogSoftmax {
  const int32_t* exponentials;  // exp(-d) of differences d = 0 ... count - 1, in 2^-31
  int32_t count;                // for larger differences it counts as 0
  int32_t multiplier;           // from a difference to 2^-26
  int32_t backMultiplier;       // and back
  int8_t shift;
  int8_t backShift;
  int32_t least;  // differences below count as -128 all
};

// `out` may be `in`.
void logSoftmax(const LogSoftmax& p, int rows, int channels, const int8_t* in, int8_t* out);

}  // namespace nn
}  // namespace tinykit
