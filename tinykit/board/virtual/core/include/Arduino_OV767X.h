// The camera of the TinyML shield (OV7675).
#pragma once

#include <Arduino.h>

enum { YUV422 = 0, RGB444 = 1, RGB565 = 2, GRAYSCALE = 4 };
enum { VGA = 0, CIF = 1, QVGA = 2, QCIF = 3, QQVGA = 4 };

class OV767X {
 public:
  int begin(int resolution, int format, int fps);  // 1 or 5 fps; not RGB444; 0: not supported
  void end();
  int width() const { return width_; }
  int height() const { return height_; }
  int bytesPerPixel() const { return bytesPerPixel_; }
  int bitsPerPixel() const { return 8 * bytesPerPixel_; }
  void readFrame(void* buffer);

  void testPattern(int = 2) {}
  void noTestPattern() {}
  void setSaturation(int) {}
  void setHue(int) {}
  void setBrightness(int) {}
  void setContrast(int) {}
  void horizontalFlip() {}
  void noHorizontalFlip() {}
  void verticalFlip() {}
  void noVerticalFlip() {}
  void setGain(int) {}
  void autoGain() {}
  void setExposure(int) {}
  void autoExposure() {}

 private:
  int width_ = 0;
  int height_ = 0;
  int bytesPerPixel_ = 0;
  int fps_ = 1;
};
extern OV767X Camera;
