// The inner loops of Depthwise.cpp. There are two of each: DepthwisePortable.cpp is plain C++ and
// shows what is computed; DepthwiseCortexM4.cpp is assembly for the DSP instructions of Cortex-M4.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

extern "C" {

// Widens `count` bytes that are `step` apart.
void tinykitWidenStrided(const int8_t* from, int32_t step, int32_t count, int16_t* to);

// One channel, widened, with its padding, times one filter.
struct Plane {
  const uint32_t* weights;
  const int16_t* x;
  int32_t filterRows;
  int32_t pairs;  // of weights in a row of the filter
  int32_t filterRowBytes;  // of x, from one row of the filter to the next, a multiple of 4
  int32_t rowAdvance;  // bytes of x from one output row to the next
  int8_t* out;
  int32_t outColumnStep, outRowStep;
  int32_t outColumns, outRows;
  int32_t zeroPoint;
  int32_t once;  // rounded once, not twice
};

// A filter of 3x3: six words, see pack_3x3.
void tinykitPlane3x3(const Plane* plane);

// A filter of any size, which is four times the bias; row by row, pairs (w0, w1), (w2, w3) ...; the
// scale. For column stride 1, behind each pair, what the pixel to the right needs: (0, w0), (w1, w2)
// ...
void tinykitPlane1(const Plane* plane);  // column stride 1
void tinykitPlane2(const Plane* plane);  // column stride 2

// Lines of all channels, rounded once.
struct Lines {
  const uint32_t* weights;  // per channel: two words of weights, bias, scale
  const int8_t* in;
  int8_t* out;
  int32_t channels;
  int32_t lines, inLineStep, outLineStep;
  int32_t step;
  int32_t before, count, after;
  int32_t padding;
};
void tinykitLines2(const Lines* task);
void tinykitLines3(const Lines* task);
void tinykitLines4(const Lines* task);

// What tinykitTaps does with the sums.
enum TapsEnd : int32_t {
  kTapsTwice,  // rounded twice
  kTapsOnce,   // rounded once; outChannelStep is 1
  kTapsSums,   // nothing: `out` is an array of int32_t
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
