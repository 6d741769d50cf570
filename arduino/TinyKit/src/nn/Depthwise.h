// DEPTHWISE_CONV_2D on int8, for weights that the compiler has packed
// (tinykit/compiler/packing_depthwise.py says how; lowering/depthwise.py chooses between the kernels).
// The bytes are those of TensorFlow Lite Micro's reference kernel, as in Matrix.h.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// How sums become outputs.
enum class Rounding : uint8_t {
  kTwice,  // as TensorFlow Lite does
  kOnce,   // the same bytes, where what is below the zero point is cut off
  kAny,    // as TensorFlow Lite does, whatever the scales
};

struct DepthwiseOutput {
  int8_t zeroPoint;
  int8_t min;  // where the activation function cuts off
  int8_t max;
  Rounding rounding;
};

// Channel by channel. The kernel runs along "columns"; the compiler swaps columns and rows where
// that is faster.
struct DepthwisePlanes {
  int channels;
  int multiplier;  // output channels per input channel
  int inRows, inColumns;
  int outRows, outColumns;
  int bandRows;  // of the output, computed at a time
  int inRowStep, inColumnStep;  // bytes from one pixel to the next, in the input
  int outRowStep, outColumnStep;
  int filterRows, filterColumns;
  int rowStride, columnStride;
  int padRows, padColumns;  // before the first
  int rowDilation;  // from one row of the filter to the next
  int8_t inZeroPoint;
  DepthwiseOutput output;
};

// Filters of 3x3, column stride 1.
// `scratch`: aligned to 4. `out` may be `in` if `multiplier` is 1 and `bandRows` is `outRows`: a
// channel is copied to the scratch memory first, and its outputs only ever land on its bytes.
void depthwise3x3(const DepthwisePlanes& p, const uint32_t* weights, const int8_t* in, int8_t* out,
                  int8_t* scratch);

// Filters of up to 15 columns (14 if even), column stride 1 or 2.
void depthwisePlanes(const DepthwisePlanes& p, const uint32_t* weights, const int8_t* in,
                     int8_t* out, int8_t* scratch);

// Filters of two to four pixels in a row or in a column, stride 1, rounding kOnce. `out` may be `in`.
struct DepthwiseLines {
  int channels;
  int lines, inLineStep, outLineStep;  // bytes from line to line
  int step;  // bytes from pixel to pixel in a line
  int before;  // pixels of padding before a line
  int count;  // outputs whose last pixel is inside the line
  int after;  // and whose last pixel is behind it
  int8_t inZeroPoint;
  DepthwiseOutput output;
};

void depthwiseLines2(const DepthwiseLines& p, const uint32_t* weights, const int8_t* in,
                     int8_t* out);
void depthwiseLines3(const DepthwiseLines& p, const uint32_t* weights, const int8_t* in,
                     int8_t* out);
void depthwiseLines4(const DepthwiseLines& p, const uint32_t* weights, const int8_t* in,
                     int8_t* out);

// Filters of any size: four channels at a time, tap by tap. A tap is one pixel of the window.
struct DepthwiseTaps {
  int inHeight, inWidth, channels;
  int outHeight, outWidth;
  int multiplier;
  int kernelHeight, kernelWidth;
  int strideY, strideX;
  int padTop, padLeft;
  int dilationY, dilationX;
  int8_t inZeroPoint;
  DepthwiseOutput output;
};

// `scratch`: aligned to 4; how much of it, and how far `out` may overlap `in`, is worked out by
// tinykit/compiler/lowering/depthwise.py. Pixel by pixel; of a pixel, four channels are read, then written.
void depthwiseTaps(const DepthwiseTaps& p, const uint32_t* weights, const int8_t* in, int8_t* out,
                   int8_t* scratch);

}  // namespace nn
}  // namespace tinykit
