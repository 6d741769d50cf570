// Convolution, depthwise convolution and fully connected layer of any shape, written to be read:
// for the layers that the fast kernels do not cover.
#pragma once

#include <stdint.h>

#include "Window.h"

namespace tinykit {
namespace nn {

// weights[outChannel][y][x][inChannel]. `out` must not overlap `in`.
void convGeneral(const Window& w, const Requantization& o, int inChannels, int outChannels,
                 const int8_t* weights, const int8_t* in, int8_t* out);

// weights[y][x][outChannel], `multiplier` output channels for each input channel.
void depthwiseGeneral(const Window& w, const Requantization& o, int outChannels, int multiplier,
                      const int8_t* weights, const int8_t* in, int8_t* out);

// weights[outChannel][inChannel], for each of `rows` rows.
void fullyConnectedGeneral(const Requantization& o, int rows, int inChannels, int outChannels,
                           const int8_t* weights, const int8_t* in, int8_t* out);

}  // namespace nn
}  // namespace tinykit
