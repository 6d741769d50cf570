// The larger or the smaller one of values.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// Of two int8 tensors of one shape. `out` may be `a` or `b`.
void maximum(const int8_t* a, const int8_t* b, int8_t* out, int n);
void minimum(const int8_t* a, const int8_t* b, int8_t* out, int n);

// Over the middle of (rows, count, channels). `out` must not overlap `in`.
void largest(int rows, int count, int channels, const int8_t* in, int8_t* out);
void smallest(int rows, int count, int channels, const int8_t* in, int8_t* out);

}  // namespace nn
}  // namespace tinykit
