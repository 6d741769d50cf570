// Tensors whose values are those of another one in another order, or some of them.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// Six nested loops, the outermost first. Loop i runs counts[i] times and goes steps[i] values
// further in the input.
struct Move {
  int32_t counts[6];
  int32_t steps[6];
};

// Writes the values that the loops meet from `in` on, one after the other. `out` must not overlap
// `in`.
void move(const Move& p, const int8_t* in, int8_t* out);

// For each row and, within it, for each column: the `run` bytes from in + row + column on. `out`
// must not overlap `in`.
struct Pick {
  const int32_t* rows;
  const int32_t* columns;
  int32_t rowCount;
  int32_t columnCount;
  int32_t run;
};

void pick(const Pick& p, const int8_t* in, int8_t* out);

// One value, n times.
void repeat(int8_t value, int n, int8_t* out);

}  // namespace nn
}  // namespace tinykit
