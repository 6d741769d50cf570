// Any picture as a small square one: what a network sees of a camera's frame.
// Python twin and specification: tinykit/features/image.py. Taught in notebook 02.
#pragma once

#include <stdint.h>

#include "PixelFormats.h"

namespace tinykit {

// Takes the rows of a picture one after the other and fills the model's input as it goes, so it
// needs no more memory than one row of sums. Every pixel of the small picture is the mean of the
// area that it covers; parts of pixels are counted in whole numbers, so the twins agree exactly.
template <PixelFormat kFormat, int kWidth, int kHeight, int kSize, int kChannels, bool kCrop>
class PictureResizer {
  static_assert(kWidth > 0 && kHeight > 0 && kWidth <= 4096 && kHeight <= 4096,
                "the sums of larger pictures leave 32 bits");
  static_assert(kFormat != PixelFormat::kYuv422 || kWidth % 2 == 0, "pixels come in pairs");

 public:
  // `inputOfPixel` is the model's input for each brightness, 0 ... 255.
  explicit PictureResizer(const int8_t (&inputOfPixel)[256]) : inputOfPixel_(inputOfPixel) {}

  // Begins a picture, which will fill `input`: kSize * kSize * kChannels values.
  void start(int8_t* input) {
    out_ = input;
    row_ = 0;
    missing_ = kRows;
    for (Pixel<kChannels>& sum : sums_) sum = {};
  }

  // Takes the next row, as the camera gives it.
  void addRow(const uint8_t* row) {
    const int used = row_++ - kTop;
    if (used < 0 || used >= kRows) return;  // cut off
    // A small pixel is kColumns / kSize of the row's pixels wide: in parts of which a pixel of the
    // row has kSize and a small one kColumns, both are whole numbers.
    int column = kLeft;
    int rest = 0;  // what is left of `pixel`
    Pixel<kChannels> pixel = {};
    for (int x = 0; x < kSize; ++x) {
      Pixel<kChannels> inRow = {};
      for (int missing = kColumns; missing > 0;) {
        if (rest == 0) {
          pixel = PixelReader<kFormat, kChannels>::read(row, column++);
          rest = kSize;
        }
        const int taken = rest < missing ? rest : missing;
        inRow.add(static_cast<uint32_t>(taken), pixel);
        missing -= taken;
        rest -= taken;
      }
      shareOut(inRow, sums_[x], out_ + x * kChannels);
    }
    advance();
  }

 private:
  // The part of the picture that is used: all of it, or the square in its middle.
  static constexpr int kSide = kWidth < kHeight ? kWidth : kHeight;
  static constexpr int kColumns = kCrop ? kSide : kWidth;
  static constexpr int kRows = kCrop ? kSide : kHeight;
  static constexpr int kLeft = (kWidth - kColumns) / 2;
  static constexpr int kTop = (kHeight - kRows) / 2;
  static constexpr uint32_t kArea = static_cast<uint32_t>(kColumns) * static_cast<uint32_t>(kRows);

  // The same from row to row: adds a row's share to the small pixel at `out`, and to those below it
  // when the row reaches so far.
  void shareOut(const Pixel<kChannels>& inRow, Pixel<kChannels>& sum, int8_t* out) const {
    int rest = kSize;
    for (int missing = missing_; rest >= missing; missing = kRows) {
      sum.add(static_cast<uint32_t>(missing), inRow);
      write(sum, out);
      out += kSize * kChannels;
      sum = {};
      rest -= missing;
    }
    sum.add(static_cast<uint32_t>(rest), inRow);
  }

  void write(const Pixel<1>& sum, int8_t* out) const { out[0] = input(sum.grey); }

  void write(const Pixel<3>& sum, int8_t* out) const {
    out[0] = input(sum.red);
    out[1] = input(sum.green);
    out[2] = input(sum.blue);
  }

  // The model's input for the mean of a small pixel's area.
  int8_t input(uint32_t sum) const { return inputOfPixel_[(sum + kArea / 2) / kArea]; }

  // A row has been shared out to all small pixels.
  void advance() {
    missing_ -= kSize;
    while (missing_ <= 0) {
      missing_ += kRows;
      out_ += kSize * kChannels;
    }
  }

  const int8_t (&inputOfPixel_)[256];
  int8_t* out_ = nullptr;  // the row of small pixels that is being summed up
  int row_ = 0;            // of the camera's picture
  int missing_ = kRows;    // parts of a row until it is complete
  Pixel<kChannels> sums_[kSize];
};

}  // namespace tinykit
