// The camera: readFrame() waits for the next frame to begin and then as long as it lasts, with the
// processor reading pixel after pixel.
#include <Arduino_OV767X.h>

#include "doors.h"

OV767X Camera;

int OV767X::begin(int resolution, int format, int fps) {
  static constexpr struct {
    int width, height;
  } kSizes[] = {{640, 480}, {352, 240}, {320, 240}, {176, 144}, {160, 120}};
  if (resolution < VGA || resolution > QQVGA) return 0;
  if (fps != 1 && fps != 5) return 0;  // the library knows no others
  const uint32_t code = format == GRAYSCALE ? 1 : format == RGB565 ? 2 : format == YUV422 ? 3 : 0;
  if (code == 0) return 0;
  width_ = kSizes[resolution].width;
  height_ = kSizes[resolution].height;
  bytesPerPixel_ = format == GRAYSCALE ? 1 : 2;
  fps_ = fps;
  delay(1000);  // the library gives the sensor this time to settle
  board::write(board::kCameraStart, static_cast<uint32_t>(width_ | height_ << 12) | code << 24);
  return 1;
}

void OV767X::end() { board::write(board::kCameraStart, 0); }

void OV767X::readFrame(void* buffer) {
  const uint64_t period = uint64_t{1000000} * board::kCyclesPerMicrosecond /
                          static_cast<uint64_t>(fps_);
  const uint64_t toNext = period - board::clock().cycles % period;
  noInterrupts();
  board::waitCycles(toNext + period);
  interrupts();
  board::write(board::kCameraFrame, reinterpret_cast<uintptr_t>(buffer));
}
