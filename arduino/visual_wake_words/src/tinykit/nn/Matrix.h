// Convolution and fully connected layer on int8, for weights that the compiler has packed
// (tinykit/compiler/packing.py says how and why).
//
// What they compute is, bit for bit, what TensorFlow Lite Micro's reference kernels compute:
//     sum = bias + weights . x        y = round(sum * multiplier / 2^31)
//     output = clamp(round(y / 2^right) + zero point)
//
// Of each kernel there are two: the plain name for sums of up to 24 bits, and "Wide" for any sums,
// which takes a little longer. A fully connected layer needs no more than the inner loops, for which
// see MatrixInner.h.
#pragma once

#include <stdint.h>

#include "Add.h"
#include "MatrixInner.h"
#include "Output.h"

namespace tinykit {
namespace nn {

// CONV_2D. Pixels outside of the input count as `inZeroPoint`.
//
// The kernel is cut into runs: pixels that lie side by side in the input. That is a whole row of
// it, or single pixels when it is dilated along the row.
struct Conv {
  int inHeight, inWidth, inChannels;
  int outHeight, outWidth, outChannels;
  int kernelRows, runs, runPixels;  // runs: in a row of the kernel
  int rowDilation, runDilation;  // pixels from one to the next
  int strideY, strideX;
  int padTop, padLeft;
  int pixels;  // at a time, 3 or 1
  int8_t inZeroPoint;
  bool anyScale;  // see kAnyScale in MatrixInner.h
  Output output;
};

// `scratch`: aligned to 4; how much of it, and how far `out` may overlap `in`, is worked out by
// tinykit/compiler/lowering/matrix.py. Three pixels are read, then written; the last one or two singly.
void conv(const Conv& p, const uint32_t* weights, const int8_t* in, int8_t* out, int8_t* scratch);
void convWide(const Conv& p, const uint32_t* weights, const int8_t* in, int8_t* out,
              int8_t* scratch);

// The same, followed by an ADD of `skip`, which has the shape of the output and may be `out`.
void convAdd(const Conv& p, const uint32_t* weights, const int8_t* in, const Add& sum,
             const int8_t* skip, int8_t* out, int8_t* scratch);
void convAddWide(const Conv& p, const uint32_t* weights, const int8_t* in, const Add& sum,
                 const int8_t* skip, int8_t* out, int8_t* scratch);

}  // namespace nn
}  // namespace tinykit
