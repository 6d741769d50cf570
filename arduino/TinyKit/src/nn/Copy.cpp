#include "Copy.h"

#include <string.h>

namespace tinykit {
namespace nn {

void copyRows(int rows, int bytes, int inStep, int outStep, const int8_t* in, int8_t* out) {
  for (int row = 0; row < rows; ++row) {
    memmove(out, in, static_cast<size_t>(bytes));
    in += inStep;
    out += outStep;
  }
}

void pad(const Pad& p, const int8_t* in, int8_t* out) {
  int32_t steps[4];  // bytes from one index of a dimension of the output to the next
  int32_t size = 1;
  for (int i = 3; i >= 0; --i) {
    steps[i] = size;
    size *= p.before[i] + p.shape[i] + p.after[i];
  }
  memset(out, p.fill, static_cast<size_t>(size));
  out += p.before[3] * steps[3];
  for (int a = 0; a < p.shape[0]; ++a) {
    for (int b = 0; b < p.shape[1]; ++b) {
      const int32_t first = (p.before[0] + a) * steps[0] + (p.before[1] + b) * steps[1] +
                            p.before[2] * steps[2];
      copyRows(p.shape[2], p.shape[3], p.shape[3], steps[2], in, out + first);
      in += p.shape[2] * p.shape[3];
    }
  }
}

}  // namespace nn
}  // namespace tinykit
