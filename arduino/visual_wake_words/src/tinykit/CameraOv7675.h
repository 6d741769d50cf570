// The camera of the Tiny Machine Learning shield, an OV7675, on the Nano 33 BLE Sense. CameraGc2145.h
// has a class of the same name; a sketch includes one of them, in one file.
#pragma once

#include <Arduino_OV767X.h>
#include <stdint.h>

#include "PixelFormats.h"

namespace tinykit {

// Takes pictures for a network that sees grey (kChannels 1) or colour (3).
template <int kChannels>
class BoardCamera {
 public:
  static constexpr PixelFormat kFormat =
      kChannels == 1 ? PixelFormat::kGrayscale : PixelFormat::kRgb565;
  static constexpr int kWidth = 160;
  static constexpr int kHeight = 120;

  // Starts the camera. False when it does not answer.
  bool begin() {
    const int framesPerSecond = 5;  // the faster of the two rates that the library has
    return Camera.begin(QQVGA, kChannels == 1 ? GRAYSCALE : RGB565, framesPerSecond) != 0;
  }

  // Takes a picture, row by row; it stays until the next call. Other cameras may give nullptr.
  const uint8_t* frame() {
    Camera.readFrame(frame_);
    return frame_;
  }

 private:
  uint8_t frame_[kWidth * kHeight * bytesPerPixel(kFormat)];
};

}  // namespace tinykit
