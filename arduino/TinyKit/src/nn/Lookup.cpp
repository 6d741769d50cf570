#include "Lookup.h"

namespace tinykit {
namespace nn {

void lookup(const int8_t* table, const int8_t* in, int8_t* out, int n) {
  const int8_t* ofZero = table + 128;
  for (int i = 0; i < n; ++i) {
    out[i] = ofZero[in[i]];
  }
}

}  // namespace nn
}  // namespace tinykit
