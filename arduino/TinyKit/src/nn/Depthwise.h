// DEPTHWISE_CONV_2D on int8, for weights that the compiler has packed
// (tinykit/compiler/packing_depthwise.py says how; depthwise.py chooses between the kernels).
// The bytes are those of TensorFlow Lite Micro's reference kernel, as in Conv.h.
#pragma once

#include <stdint.h>

#include "Output.h"

namespace tinykit {
namespace nn {

// Filters of 3x3 and one output channel per input channel.
// The kernel runs along "columns"; the compiler swaps columns and rows where that is faster.
struct Depthwise {
  int channels;
  int inRows, inColumns;
  int outRows, outColumns;
  int inRowStep, inColumnStep;  // bytes from one pixel to the next, in the input
  int outRowStep, outColumnStep;
  int rowStride, columnStride;  // columnStride: 1 or 2
  int padRows, padColumns;  // before the first
  int8_t inZeroPoint;
  Output output;
};

// `scratch`: aligned to 4. `out` may be `in`: a channel is copied to the scratch memory first, and
// its outputs only ever land on bytes of that channel.
void depthwise3x3(const Depthwise& p, const uint32_t* weights, const int8_t* in, int8_t* out,
                  int8_t* scratch);

// Filters of any size, channel by channel. The filter's rows are `rowDilation` rows apart.
struct DepthwisePlanes {
  int channels;
  int multiplier;  // output channels per input channel
  int inRows, inColumns;
  int outRows, outColumns;
  int inRowStep, inColumnStep;
  int outRowStep, outColumnStep;
  int filterRows, filterColumns;  // at most 15 columns, 14 if even
  int rowStride, columnStride;  // columnStride: 1 or 2
  int padRows, padColumns;
  int rowDilation;
  int8_t inZeroPoint;
  Output output;
};

// As depthwise3x3, but `out` may only be `in` if `multiplier` is 1.
void depthwisePlanes(const DepthwisePlanes& p, const uint32_t* weights, const int8_t* in,
                     int8_t* out, int8_t* scratch);

// Filters of any size: four channels at a time, tap by tap. A tap is one pixel of the window.
struct DepthwiseTaps {
  int inHeight, inWidth, channels;
  int outHeight, outWidth;
  int multiplier;  // output channels per input channel
  int kernelHeight, kernelWidth;
  int strideY, strideX;
  int padTop, padLeft;
  int dilationY, dilationX;
  int8_t inZeroPoint;
  Output output;
  bool general;  // scales of any size: multiplier and shift as TensorFlow Lite has them
};

// `scratch`: aligned to 4; how much of it, and how far `out` may overlap `in`, is worked out by
// tinykit/compiler/depthwise.py. Pixel by pixel; of a pixel, four channels are read, then written.
void depthwiseTaps(const DepthwiseTaps& p, const uint32_t* weights, const int8_t* in, int8_t* out,
                   int8_t* scratch);

}  // namespace nn
}  // namespace tinykit
