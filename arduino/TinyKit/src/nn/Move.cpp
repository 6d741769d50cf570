#include "Move.h"

#include <string.h>

#include "Copy.h"

namespace tinykit {
namespace nn {
namespace {

constexpr int kOuter = 4;  // loops around the two innermost

// Fewer bytes than this are copied faster here than by a call.
constexpr int kShort = 12;

void copyRun(const int8_t* in, int n, int8_t* out) {
  if (n > kShort) {
    copyRows(1, n, n, n, in, out);
    return;
  }
  for (int i = 0; i < n; ++i) out[i] = in[i];
}

// The two innermost loops; returns where the output goes on.
int8_t* moveRows(int rows, int rowStep, int n, int step, const int8_t* in, int8_t* out) {
  for (int row = 0; row < rows; ++row, in += rowStep, out += n) {
    if (step == 1) {
      copyRun(in, n, out);
    } else {
      const int8_t* value = in;
      for (int i = 0; i < n; ++i, value += step) out[i] = *value;
    }
  }
  return out;
}

}  // namespace

void move(const Move& p, const int8_t* in, int8_t* out) {
  int32_t index[kOuter] = {0, 0, 0, 0};
  int32_t place = 0;
  for (;;) {
    out = moveRows(p.counts[4], p.steps[4], p.counts[5], p.steps[5], in + place, out);
    int i = kOuter - 1;
    for (; i >= 0; --i) {  // like the digits of a counter
      place += p.steps[i];
      if (++index[i] < p.counts[i]) break;
      place -= p.counts[i] * p.steps[i];
      index[i] = 0;
    }
    if (i < 0) return;
  }
}

void pick(const Pick& p, const int8_t* in, int8_t* out) {
  for (int row = 0; row < p.rowCount; ++row) {
    const int8_t* first = in + p.rows[row];
    for (int column = 0; column < p.columnCount; ++column, out += p.run) {
      copyRun(first + p.columns[column], p.run, out);
    }
  }
}

void repeat(int8_t value, int n, int8_t* out) { memset(out, value, static_cast<size_t>(n)); }

}  // namespace nn
}  // namespace tinykit
