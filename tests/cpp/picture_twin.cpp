// The C++ front end of pictures as a shared library, for the tests that hold it against its Python
// twin. cases.h has a line for each resizer: CASE(format, width, height, size, channels, crop).
#include <stdint.h>

#include "FrameDecider.h"
#include "PictureResizer.h"

#if defined(_WIN32)
#define EXPORTED extern "C" __declspec(dllexport)
#else
#define EXPORTED extern "C"
#endif

namespace {

using tinykit::PixelFormat;

// Resizes a frame of camera bytes; returns the bytes of RAM it takes.
template <PixelFormat kFormat, int kWidth, int kHeight, int kSize, int kChannels, bool kCrop>
int resize(const uint8_t* frame, const int8_t (&inputOfPixel)[256], int8_t* input) {
  tinykit::PictureResizer<kFormat, kWidth, kHeight, kSize, kChannels, kCrop> resizer(inputOfPixel);
  // A second picture must find nothing of the first.
  for (int picture = 0; picture < 2; ++picture) {
    resizer.start(input);
    for (int y = 0; y < kHeight; ++y) {
      resizer.addRow(frame + y * kWidth * tinykit::bytesPerPixel(kFormat));
    }
  }
  return static_cast<int>(sizeof(resizer));
}

using Resize = int (*)(const uint8_t*, const int8_t (&)[256], int8_t*);

constexpr Resize kCases[] = {
#define CASE(format, ...) resize<PixelFormat::format, __VA_ARGS__>,
#include "cases.h"
#undef CASE
};

}  // namespace

EXPORTED int resize_picture(int which, const uint8_t* frame, const int8_t* inputOfPixel,
                            int8_t* input) {
  return kCases[which](frame, *reinterpret_cast<const int8_t(*)[256]>(inputOfPixel), input);
}

// What is decided for `count` rows of 3 scores, and label 0's percentages.
EXPORTED void decide_frames(const int8_t* scores, int count, int agree, int threshold,
                            int* decisions, int* percents) {
  tinykit::FrameDecider<3> decider(agree, threshold);
  for (int i = 0; i < count; ++i) {
    decisions[i] = decider.update(scores + 3 * i);
    percents[i] = decider.percent(scores[3 * i]);
  }
}
