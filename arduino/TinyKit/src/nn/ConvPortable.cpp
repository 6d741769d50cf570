// The inner loops in plain C++, for every processor without the Cortex-M4's DSP instructions.
#include "Arithmetic.h"

#if !TINYKIT_CORTEX_M4

#include "ConvInner.h"
#include "Scale.h"

namespace tinykit {
namespace nn {
namespace {

int32_t low8(uint32_t word) { return static_cast<int8_t>(word & 0xFF); }

}  // namespace

extern "C" {

void tinykitWidenStrided(const int8_t* from, int32_t step, int32_t count, int16_t* to) {
  for (int32_t i = 0; i < count; ++i) to[i] = from[i * step];
}

static void convolvePlane(const Plane* plane, int stride) {
  const uint32_t* weights = plane->weights;
  const int32_t bias = static_cast<int32_t>(weights[0]);
  const int32_t rowLength = plane->rowBytes / 2;
  const int16_t* x = plane->x;
  for (int32_t row = 0; row < plane->outRows; ++row) {
    int8_t* out = plane->out + row * plane->outRowStep;
    for (int32_t column = 0; column < plane->outColumns; ++column) {
      int32_t sum = bias;
      for (int i = 0; i < 3; ++i) {
        const int16_t* from = x + i * rowLength + column * stride;
        for (int j = 0; j < 3; ++j) sum += low8(weights[3 + i] >> (8 * j)) * from[j];
      }
      *out = requantize(sum, readScale(weights + 1), plane->zeroPoint, plane->rectified != 0);
      out += plane->outColumnStep;
    }
    x += plane->rowAdvance / 2;
  }
}

void tinykitConvolvePlane1(const Plane* plane) { convolvePlane(plane, 1); }

void tinykitConvolvePlane2(const Plane* plane) { convolvePlane(plane, 2); }

}  // extern "C"

}  // namespace nn
}  // namespace tinykit

#endif
