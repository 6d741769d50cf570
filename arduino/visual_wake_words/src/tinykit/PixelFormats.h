// How cameras write down a picture, and what that is in grey or in red, green and blue.
// Python twin and specification: from_camera() in tinykit/features/image.py. Taught in notebook 02.
#pragma once

#include <stdint.h>

namespace tinykit {

enum class PixelFormat {
  kGrayscale,  // a byte a pixel
  kRgb565,     // two bytes a pixel, the one with red first
  kYuv422,     // Y U Y V for two pixels
};

constexpr int bytesPerPixel(PixelFormat format) { return format == PixelFormat::kGrayscale ? 1 : 2; }

// A pixel, each value 0 ... 255, or a sum of pixels: kChannels is 1 for grey, 3 for colour.
template <int kChannels>
struct Pixel;

template <>
struct Pixel<1> {
  uint32_t grey;

  void add(uint32_t times, const Pixel& other) { grey += times * other.grey; }
};

template <>
struct Pixel<3> {
  uint32_t red, green, blue;

  void add(uint32_t times, const Pixel& other) {
    red += times * other.red;
    green += times * other.green;
    blue += times * other.blue;
  }
};

// Reads the pixel in a column of a row.
template <PixelFormat kFormat, int kChannels>
struct PixelReader;

template <>
struct PixelReader<PixelFormat::kGrayscale, 1> {
  static Pixel<1> read(const uint8_t* row, int column) { return {row[column]}; }
};

template <>
struct PixelReader<PixelFormat::kGrayscale, 3> {
  static Pixel<3> read(const uint8_t* row, int column) {
    return {row[column], row[column], row[column]};
  }
};

template <>
struct PixelReader<PixelFormat::kRgb565, 3> {
  // The high bits again below the low ones, so that white stays white.
  static Pixel<3> read(const uint8_t* row, int column) {
    const uint32_t first = row[2 * column];
    const uint32_t second = row[2 * column + 1];
    const uint32_t green = (first & 7) << 3 | second >> 5;
    const uint32_t blue = second & 31;
    return {(first & 0xf8) | first >> 5, green << 2 | green >> 4, blue << 3 | blue >> 2};
  }
};

template <>
struct PixelReader<PixelFormat::kRgb565, 1> {
  // How bright the colour looks: ITU-R BT.601 in 1/256.
  static Pixel<1> read(const uint8_t* row, int column) {
    const Pixel<3> colour = PixelReader<PixelFormat::kRgb565, 3>::read(row, column);
    return {(77 * colour.red + 150 * colour.green + 29 * colour.blue + 128) >> 8};
  }
};

template <>
struct PixelReader<PixelFormat::kYuv422, 1> {
  static Pixel<1> read(const uint8_t* row, int column) { return {row[2 * column]}; }
};

template <>
struct PixelReader<PixelFormat::kYuv422, 3> {
  static Pixel<3> read(const uint8_t* row, int column) {
    const int first = column & ~1;  // two pixels share U and V
    const int y = row[2 * column] << 8;
    const int u = row[2 * first + 1] - 128;
    const int v = row[2 * first + 3] - 128;
    return {limited(y + 359 * v), limited(y - 88 * u - 183 * v), limited(y + 454 * u)};
  }

 private:
  // 1/256 to whole numbers, 0 ... 255.
  static uint32_t limited(int parts) {
    const int value = (parts + 128) >> 8;
    return static_cast<uint32_t>(value < 0 ? 0 : value > 255 ? 255 : value);
  }
};

}  // namespace tinykit
