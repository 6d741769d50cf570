// Convolution, depthwise convolution and fully connected layer on int8, for weights that the
// compiler has packed (tinykit/compiler/packing.py says how and why).
//
// What they compute is, bit for bit, what TensorFlow Lite Micro's reference kernels compute:
//     sum = bias + weights . x        y = round(sum * multiplier / 2^31)
//     output = clamp(round(y / 2^right) + zero point)
#pragma once

#include <stdint.h>

#include "Add.h"

namespace tinykit {
namespace nn {

// What is done with the sums of a layer.
struct Output {
  int8_t zeroPoint;
  int8_t min;  // where the activation function cuts off
  int8_t max;
  bool rectified;  // min == zeroPoint == -128
};

// CONV_2D. Pixels outside of the input count as `inZeroPoint`.
struct Conv {
  int inHeight, inWidth, inChannels;
  int outHeight, outWidth, outChannels;
  int kernelHeight, kernelWidth;
  int strideY, strideX;
  int padTop, padLeft;
  int8_t inZeroPoint;
  Output output;
};

// `scratch`: aligned to 4; how much of it, and how far `out` may overlap `in`, is worked out by
// tinykit/compiler/matrix.py. Four pixels are read, then written.
void conv(const Conv& p, const uint32_t* weights, const int8_t* in, int8_t* out, int8_t* scratch);

// The same, followed by an ADD of `skip`, which has the shape of the output and may be `out`.
void convAdd(const Conv& p, const uint32_t* weights, const int8_t* in, const Add& sum,
             const int8_t* skip, int8_t* out, int8_t* scratch);

// DEPTHWISE_CONV_2D with filters of 3x3 and one output channel per input channel.
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

// `out` may be `in`: a channel is copied to the scratch memory first, and its outputs only ever land
// on bytes of that channel.
void depthwise3x3(const Depthwise& p, const uint32_t* weights, const int8_t* in, int8_t* out,
                  int8_t* scratch);

// FULLY_CONNECTED.
struct FullyConnected {
  int inSize;
  int outSize;
  Output output;
};

void fullyConnected(const FullyConnected& p, const uint32_t* weights, const int8_t* in, int8_t* out,
                    int8_t* scratch);

}  // namespace nn
}  // namespace tinykit
