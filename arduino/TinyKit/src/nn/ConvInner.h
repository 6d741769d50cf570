// The inner loops of Conv.cpp. There are two of each: ConvPortable.cpp is plain C++ and shows what
// is computed; ConvCortexM4.cpp is assembly for the DSP instructions of Cortex-M4 and M7.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

extern "C" {

// Widens `count` bytes that are `step` apart.
void tinykitWidenStrided(const int8_t* from, int32_t step, int32_t count, int16_t* to);

// One channel, widened, with its padding, times one filter of 3x3.
struct Plane {
  const uint32_t* weights;  // six words
  const int16_t* x;
  int8_t* out;
  int32_t rowBytes;  // of x, a multiple of 4
  int32_t rowAdvance;  // bytes of x from one output row to the next
  int32_t outRowStep, outColumnStep;
  int32_t outRows, outColumns;
  int32_t zeroPoint;
  int32_t rectified;
};
void tinykitConvolvePlane1(const Plane* plane);  // column stride 1
void tinykitConvolvePlane2(const Plane* plane);  // column stride 2

}  // extern "C"

}  // namespace nn
}  // namespace tinykit
