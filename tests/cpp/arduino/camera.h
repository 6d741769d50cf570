// Stand-in for the camera library that comes with Arduino's mbed core.
#pragma once

#include <stdint.h>

enum { CAMERA_GRAYSCALE = 0, CAMERA_BAYER = 1, CAMERA_RGB565 = 2 };
enum { CAMERA_R160x120 = 0, CAMERA_R320x240 = 1, CAMERA_R320x320 = 2 };

class FrameBuffer {
 public:
  FrameBuffer();
  void setBuffer(uint8_t* buffer);
  uint8_t* getBuffer();
};

class ImageSensor {
 public:
  virtual ~ImageSensor() {}
};

class Camera {
 public:
  Camera(ImageSensor& sensor);
  bool begin(int32_t resolution = CAMERA_R320x240, int32_t pixformat = CAMERA_GRAYSCALE,
             int32_t framerate = 30);
  int grabFrame(FrameBuffer& frame, uint32_t timeout = 5000);
};
