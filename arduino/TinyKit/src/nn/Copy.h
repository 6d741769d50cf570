// Copies of parts of tensors: PAD and CONCATENATION.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// Copies `rows` rows of `bytes` bytes, `inStep` and `outStep` bytes apart. A single row may be moved
// over itself.
void copyRows(int rows, int bytes, int inStep, int outStep, const int8_t* in, int8_t* out);

struct Pad {
  int32_t shape[4];   // of the input
  int32_t before[4];  // how much is added in front of each dimension
  int32_t after[4];
  int8_t fill;
};

// `out` must not overlap `in`.
void pad(const Pad& p, const int8_t* in, int8_t* out);

}  // namespace nn
}  // namespace tinykit
