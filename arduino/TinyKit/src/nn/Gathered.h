// Convolutions that copy what the window sees into one piece of memory, then multiply four bytes at
// a time: grouped and transposed convolutions, and layers whose weights have four bits.
//
// The compiler has taken the input's zero point into the biases (tinykit/compiler/lowering/
// gathered.py), and rounded each channel's weights up to whole words with zeros.
#pragma once

#include <stdint.h>

#include "Window.h"

namespace tinykit {
namespace nn {

// Output channel c belongs to group c / (out / groups) and sees only that group's input channels.
struct Channels {
  int32_t in, out;
  int32_t groups;
};

// Bytes from one output pixel to the next.
struct Steps {
  int32_t row, column;
};

// A row of weights is [y][x][inChannel of the group]. Of each group, four rows lie together as
// multiplyFourRows of Words.h takes them; those that are left, one behind the other. `scratch`: a
// window of one group, in whole words.
void convGathered(const Window& w, const Requantization& o, const Channels& c, const Steps& steps,
                  const int8_t* weights, const int8_t* in, int8_t* out, int8_t* scratch);

// The same with eight weights in a word, of the inputs i ... i + 7: byte b holds that of input i + b
// in its low half, that of input i + b + 4 in its high half.
void convInt4(const Window& w, const Requantization& o, const Channels& c, const Steps& steps,
              const int8_t* weights, const int8_t* in, int8_t* out, int8_t* scratch);

// DEPTHWISE_CONV_2D with weights of four bits. For each four channels, a word holds two pixels of the
// window: byte b the weight of channel b at the first in its low half, at the second in its high
// half. `scratch`: a window of all output channels, of an even number of pixels, and a word.
void depthwiseInt4(const Window& w, const Requantization& o, int outChannels, int multiplier,
                   const int8_t* weights, const int8_t* in, int8_t* out, int8_t* scratch);

// TRANSPOSE_CONV: every stride-th output row and column sees every stride-th row and column of the
// filter, which makes it an ordinary convolution of stride 1: one of the phases.
struct Phase {
  Window window;
  int32_t weights, bias;  // where they begin
  int32_t out;  // its first output pixel, in bytes
};

void transposeConv(const Phase* phases, int count, const Requantization& o, const Channels& c,
                   const Steps& steps, const int8_t* weights, const int8_t* in, int8_t* out,
                   int8_t* scratch);

}  // namespace nn
}  // namespace tinykit
