// The inner loops of Depthwise.cpp. There are two of each: DepthwisePortable.cpp is plain C++ and
// shows what is computed; DepthwiseCortexM4.cpp is assembly for the DSP instructions of Cortex-M4.
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

// One channel, widened, with its padding, times one filter of any size, four outputs at a time.
struct Strip {
  // Four times the bias; the filter, row by row, in pairs (w0, w1), (w2, w3) ...; multiplier and
  // factor. For column stride 1, behind each pair, what the pixel to the right needs: (0, w0), (w1,
  // w2) ...
  const uint32_t* weights;
  const int16_t* x;
  int32_t filterRows;
  int32_t pairs;  // in a row of the filter
  int32_t filterRowBytes;  // of x, from one row of the filter to the next, a multiple of 4
  int32_t rowAdvance;  // bytes of x from one output row to the next
  int8_t* out;
  int32_t outColumnStep, outRowStep;
  int32_t outColumns, outRows;
  int32_t zeroPoint;
  int32_t rectified;
};
void tinykitStrip1(const Strip* strip);  // column stride 1
void tinykitStrip2(const Strip* strip);  // column stride 2

// What tinykitTaps does with the sums.
enum TapsEnd : int32_t {
  kTapsRounded,  // a half away from zero, as TensorFlow Lite does
  kTapsRectified,  // a half up: where that is cut off, or cannot be (see packing_depthwise.py)
  kTapsSums,  // nothing: `out` is an array of int32_t
};

// Some pixels in a row, all channels of each, four at a time.
struct Taps {
  const uint32_t* weights;  // per four channels: biases, two words a tap, multipliers, factors
  const int8_t* in;
  const int32_t* taps;  // bytes from `in` to the first channel of each tap, for the first pixel
  int8_t* out;
  int32_t count;  // taps
  int32_t pixels;
  int32_t groups;  // of four channels
  int32_t inStep;  // bytes from pixel to pixel
  int32_t outStep;
  int32_t outChannelStep;
  int32_t zeroPoint;
  int32_t end;  // TapsEnd
};
void tinykitTaps(const Taps* task);

}  // extern "C"

}  // namespace nn
}  // namespace tinykit
