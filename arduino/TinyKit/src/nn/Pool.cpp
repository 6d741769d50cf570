#include "Pool.h"

#include "Arithmetic.h"
#include "FourBytes.h"
#include "Sums.h"

namespace tinykit {
namespace nn {
namespace {

// The part of a window that lies inside the input.
struct Part {
  const int8_t* first;  // its first pixel
  int rows, columns;
};

int clipped(int first, int size, int limit) {
  return first + size < limit ? first + size : limit;
}

// Calls visit(part of the window) for each output pixel.
template <typename Visit>
void forEachWindow(const Pool& p, int channels, const int8_t* in, Visit visit) {
  for (int outY = 0; outY < p.outHeight; ++outY) {
    const int y = outY * p.strideY - p.padTop;
    const int top = y < 0 ? 0 : y;
    const int rows = clipped(y, p.height, p.inHeight) - top;
    for (int outX = 0; outX < p.outWidth; ++outX) {
      const int x = outX * p.strideX - p.padLeft;
      const int left = x < 0 ? 0 : x;
      const int columns = clipped(x, p.width, p.inWidth) - left;
      const int8_t* first = in + (top * p.inWidth + left) * channels;
      // Rows that span the input follow each other without a gap: one long row.
      visit(columns == p.inWidth ? Part{first, 1, rows * columns} : Part{first, rows, columns});
    }
  }
}

// To the nearest integer, a half away from zero.
int32_t average(int32_t sum, int32_t count) {
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

uint32_t fourTimes(int8_t x) { return static_cast<uint8_t>(x) * 0x01010101u; }

// Calls visit(value) for each value of one channel.
template <typename Visit>
void forEachValue(const Part& part, int rowStep, int step, int channel, Visit visit) {
  for (int y = 0; y < part.rows; ++y) {
    const int8_t* value = part.first + y * rowStep + channel;
    for (int x = 0; x < part.columns; ++x, value += step) visit(*value);
  }
}

FourSums sumsOf(const Part& part, int rowStep, int step, int channel) {
  FourSums sums;
  const int8_t* row = part.first + channel;
  for (int y = 0; y < part.rows; ++y, row += rowStep) sums.add(row, part.columns, step);
  sums.flush();
  return sums;
}

uint32_t largestOf(const Part& part, int rowStep, int step, int channel, uint32_t least) {
  const int8_t* row = part.first + channel;
  for (int y = 0; y < part.rows; ++y, row += rowStep) {
    const int8_t* pixel = row;
    for (int x = part.columns; x > 0; --x, pixel += step) least = larger(least, loadWord(pixel));
  }
  return least;
}

}  // namespace

void averagePool(const Pool& p, int channels, const int8_t* in, int8_t* out) {
  const int rowStep = p.inWidth * channels;
  forEachWindow(p, channels, in, [&](const Part& part) {
    const int count = part.rows * part.columns;
    if (channels < 4) {
      for (int c = 0; c < channels; ++c) {
        int32_t sum = 0;
        forEachValue(part, rowStep, channels, c, [&](int8_t value) { sum += value; });
        out[c] = clamped(average(sum, count), p.min, p.max);
      }
    } else {
      forEachFour(channels, [&](int c) {
        const FourSums sums = sumsOf(part, rowStep, channels, c);
        for (int i = 0; i < 4; ++i) {
          out[c + i] = clamped(average(sums[i], count), p.min, p.max);
        }
      });
    }
    out += channels;
  });
}

void maxPool(const Pool& p, int channels, const int8_t* in, int8_t* out) {
  const int rowStep = p.inWidth * channels;
  const uint32_t least = fourTimes(p.min);
  const uint32_t most = fourTimes(p.max);
  forEachWindow(p, channels, in, [&](const Part& part) {
    if (channels < 4) {
      for (int c = 0; c < channels; ++c) {
        int32_t max = -128;
        forEachValue(part, rowStep, channels, c, [&](int8_t v) { max = v > max ? v : max; });
        out[c] = clamped(max, p.min, p.max);
      }
    } else {
      forEachFour(channels, [&](int c) {
        storeWord(smaller(largestOf(part, rowStep, channels, c, least), most), out + c);
      });
    }
    out += channels;
  });
}

}  // namespace nn
}  // namespace tinykit
