// What kernels for windows of any shape need to know.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// A window that moves over an image (height, width, channels).
struct Window {
  int32_t inHeight, inWidth;
  int32_t outHeight, outWidth;
  int32_t height, width;  // of the window
  int32_t strideY, strideX;
  int32_t padTop, padLeft;
  int32_t dilationY, dilationX;
};

// From a sum of products to the int8 output, for each output channel.
struct Requantization {
  const int32_t* bias;
  const int32_t* multipliers;
  const int8_t* shifts;  // TensorFlow Lite's: above 0 to the left
  int8_t inputZero;
  int8_t outputZero;
  int8_t min;
  int8_t max;
};

}  // namespace nn
}  // namespace tinykit
