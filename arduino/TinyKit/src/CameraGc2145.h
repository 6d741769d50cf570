// The camera of the Nicla Vision, a GC2145. CameraOv7675.h has a class of the same name; a sketch
// includes one of them, in one file.
#pragma once

#include <camera.h>
#include <gc2145.h>
#include <stdint.h>

#include "PixelFormats.h"

namespace tinykit {

// Takes pictures for a network that sees grey (kChannels 1) or colour (3): always in colour, because
// what the driver calls greyscale is the raw pattern of the sensor's colour filters.
template <int kChannels>
class BoardCamera {
 public:
  static constexpr PixelFormat kFormat = PixelFormat::kRgb565;
  // 160 x 120 would be another part of the sensor, not the same picture made smaller: two thirds of
  // the view, as through a longer lens.
  static constexpr int kWidth = 320;
  static constexpr int kHeight = 240;

  BoardCamera() : camera_(sensor_) {}

  // Starts the camera. False when it does not answer.
  bool begin() {
    buffer_.setBuffer(frame_);  // without, the driver would take one from the heap
    return camera_.begin(CAMERA_R320x240, CAMERA_RGB565, kFramesPerSecond);
  }

  // Takes a picture, row by row; it stays until the next call. nullptr when there is none.
  const uint8_t* frame() {
    return camera_.grabFrame(buffer_, kTimeoutMs) == 0 ? frame_ : nullptr;
  }

 private:
  static constexpr int kFramesPerSecond = 30;
  static constexpr uint32_t kTimeoutMs = 1000;

  GC2145 sensor_;
  Camera camera_;
  FrameBuffer buffer_;
  // The camera writes past the processor's cache, whose lines have 32 bytes.
  alignas(32) uint8_t frame_[kWidth * kHeight * bytesPerPixel(kFormat)];
};

}  // namespace tinykit
