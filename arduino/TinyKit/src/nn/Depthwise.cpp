#include "Depthwise.h"

#include "Arithmetic.h"
#include "DepthwiseInner.h"

namespace tinykit {
namespace nn {
namespace {

int roundUp(int number, int multiple) { return (number + multiple - 1) / multiple * multiple; }

int smaller(int a, int b) { return a < b ? a : b; }

// Where the taps of the window at (y, x) are, seen from there; `outside`: those outside the input.
void listTaps(const DepthwiseTaps& p, int y, int x, int32_t outside, int32_t* tap) {
  const int rowStep = p.dilationY * p.inWidth * p.channels;
  const int step = p.dilationX * p.channels;
  const int stepX = p.dilationX;
  const unsigned width = static_cast<unsigned>(p.inWidth);
  for (int i = 0; i < p.kernelHeight; ++i, y += p.dilationY) {
    const bool inside = y >= 0 && y < p.inHeight;
    int32_t offset = i * rowStep;
    int tapX = inside ? x : -(1 << 20);
    for (int j = p.kernelWidth; j > 0; --j, tapX += stepX, offset += step) {
      *tap++ = static_cast<unsigned>(tapX) < width ? offset : outside;
    }
  }
}

// Computes an output, run by run of pixels whose windows lie inside the input. Pixels at the border
// are runs of one: their taps outside of the input are read from a pixel of padding.
class TapRuns {
 public:
  TapRuns(const DepthwiseTaps& p, const uint32_t* weights, const int8_t* in, int8_t* scratch)
      : p_(p),
        in_(in),
        taps_(p.kernelHeight * p.kernelWidth),
        groups_(roundUp(p.channels, 4) / 4),
        weights_(weights),
        list_(reinterpret_cast<int32_t*>(scratch)),
        outside_(scratch + 4 * taps_),
        tile_(outside_ + 4 * groups_) {
    const uint32_t four = 0x01010101u * static_cast<uint8_t>(p.inZeroPoint);
    for (int i = 0; i < groups_; ++i) storeWord(four, outside_ + 4 * i);
  }

  void compute(int8_t* out) {
    const int pixelBytes = p_.channels * p_.multiplier;
    const bool whole = p_.channels % 4 == 0;
    int left = p_.outHeight * p_.outWidth;
    for (int row = 0; row < p_.outHeight; ++row) {
      for (int column = 0; column < p_.outWidth;) {
        int count = run(row, column);
        if (!p_.general && (whole || left > 1)) {
          // Behind the channels of a pixel those of the next one are written; the last has none.
          if (!whole && count == left) --count;
          for (int i = 0; i < p_.multiplier; ++i) finish(i, count, out + i, p_.multiplier);
        } else {
          count = 1;
          for (int i = 0; i < p_.multiplier; ++i) finishOne(i, out + i);
        }
        column += count;
        left -= count;
        out += count * pixelBytes;
      }
    }
  }

 private:
  // Lists the taps of a pixel; returns how many pixels from there on have the same.
  int run(int row, int column) {
    const int y = row * p_.strideY - p_.padTop;
    const int x = column * p_.strideX - p_.padLeft;
    const int right = p_.inWidth - 1 - (p_.kernelWidth - 1) * p_.dilationX - x;
    const int below = p_.inHeight - 1 - (p_.kernelHeight - 1) * p_.dilationY - y;
    pixel_ = in_ + (y * p_.inWidth + x) * p_.channels;
    const bool inside = x >= 0 && y >= 0 && right >= 0 && below >= 0;
    if (!inside || !listed_) listTaps(p_, y, x, static_cast<int32_t>(outside_ - pixel_), list_);
    listed_ = inside;
    return inside ? smaller(p_.outWidth - column, right / p_.strideX + 1) : 1;
  }

  // The `filter`th output channel of each input channel.
  void multiply(int filter, int pixels, int8_t* out, int step, TapsEnd end) const {
    const Taps task = {weightsOf(filter), pixel_, list_, out, taps_, pixels, groups_,
                       p_.strideX * p_.channels, p_.channels * step, step,
                       p_.output.zeroPoint, end};
    tinykitTaps(&task);
  }

  const uint32_t* weightsOf(int filter) const {
    return weights_ + filter * groups_ * (12 + 2 * taps_);
  }

  void finish(int filter, int pixels, int8_t* out, int step) const {
    multiply(filter, pixels, out, step, p_.output.rectified ? kTapsRectified : kTapsRounded);
  }

  // One pixel, through memory of its own: for scales of any size and for the very last pixel.
  void finishOne(int filter, int8_t* out) const {
    if (!p_.general) {
      finish(filter, 1, tile_, 1);
      for (int i = 0; i < p_.channels; ++i, out += p_.multiplier) *out = tile_[i];
      return;
    }
    multiply(filter, 1, tile_, 1, kTapsSums);
    const int32_t* sums = reinterpret_cast<const int32_t*>(tile_);
    const uint32_t* scales = weightsOf(filter) + 4 + 2 * taps_;
    for (int i = 0; i < p_.channels; ++i, ++scales, out += p_.multiplier) {
      const int32_t q = requantized(sums[i], static_cast<int32_t>(scales[0]),
                                    static_cast<int32_t>(scales[4]));
      *out = clamped(q + p_.output.zeroPoint, p_.output.min, p_.output.max);
      if (i % 4 == 3) scales += 8 + 2 * taps_;
    }
  }

  const DepthwiseTaps& p_;
  const int8_t* const in_;
  const int taps_;
  const int groups_;
  const uint32_t* const weights_;
  int32_t* const list_;
  int8_t* const outside_;  // a pixel of padding
  int8_t* const tile_;
  const int8_t* pixel_ = nullptr;  // at the window's upper left corner; may be outside of the input
  bool listed_ = false;  // the taps of a window inside the input
};

}  // namespace

void depthwiseTaps(const DepthwiseTaps& p, const uint32_t* weights, const int8_t* in, int8_t* out,
                   int8_t* scratch) {
  TapRuns(p, weights, in, scratch).compute(out);
  if (!p.general) cutOff(p.output, out, p.outHeight * p.outWidth * p.channels * p.multiplier);
}

void depthwise3x3(const Depthwise& p, const uint32_t* weights, const int8_t* in, int8_t* out,
                  int8_t* scratch) {
  // Two outputs are computed at a time, and words are read, hence the rounding.
  const int rowLength = (roundUp(p.outColumns, 2) - 1) * p.columnStride + 4;
  const int planeRows = (p.outRows - 1) * p.rowStride + 3;
  int16_t* x = reinterpret_cast<int16_t*>(scratch);
  for (int i = 0; i < planeRows * roundUp(rowLength, 2); ++i) x[i] = p.inZeroPoint;
  const int rowBytes = roundUp(rowLength, 2) * 2;
  const int rows = smaller(p.inRows, planeRows - p.padRows);
  const int columns = smaller(p.inColumns, rowLength - p.padColumns);
  int16_t* const middle = x + p.padRows * (rowBytes / 2) + p.padColumns;
  Plane plane = {weights,
                 x,
                 out,
                 rowBytes,
                 rowBytes * p.rowStride,
                 p.outRowStep,
                 p.outColumnStep,
                 p.outRows,
                 p.outColumns,
                 p.output.zeroPoint,
                 p.output.rectified};
  for (int channel = 0; channel < p.channels; ++channel) {
    for (int row = 0; row < rows; ++row) {
      tinykitWidenStrided(in + channel + row * p.inRowStep, p.inColumnStep, columns,
                          middle + row * (rowBytes / 2));
    }
    if (p.columnStride == 1) {
      tinykitConvolvePlane1(&plane);
    } else {
      tinykitConvolvePlane2(&plane);
    }
    ++plane.out;
    plane.weights += 6;
  }
  cutOff(p.output, out, p.outRows * p.outColumns * p.channels);
}

namespace {

// The filter of one channel, from bytes to the words of a Strip.
void widenFilter(const DepthwisePlanes& p, int pairs, const uint32_t* packed, uint32_t* to) {
  for (int i = 0; i < 4; ++i) *to++ = packed[0];
  const int8_t* weights = reinterpret_cast<const int8_t*>(packed + 3);
  for (int row = 0; row < p.filterRows; ++row, weights += p.filterColumns) {
    uint32_t before = 0;
    for (int i = 0; i < 2 * pairs; i += 2) {
      const uint32_t even = i < p.filterColumns ? static_cast<uint32_t>(weights[i]) : 0;
      const uint32_t odd = i + 1 < p.filterColumns ? static_cast<uint32_t>(weights[i + 1]) : 0;
      *to++ = (even & 0xFFFF) | odd << 16;
      if (p.columnStride == 1) *to++ = (before & 0xFFFF) | even << 16;
      before = odd;
    }
  }
  to[0] = packed[1];
  to[1] = packed[2];
}

}  // namespace

void depthwisePlanes(const DepthwisePlanes& p, const uint32_t* weights, const int8_t* in,
                     int8_t* out, int8_t* scratch) {
  const bool dense = p.columnStride == 1;
  const int pairs = (p.filterColumns + (dense ? 2 : 1)) / 2;
  // Four outputs are computed at a time, from whole words.
  const int last = (roundUp(p.outColumns, 4) - 4) * p.columnStride;
  const int rowLength = last + 2 * pairs + (dense ? 2 : 6);
  const int planeRows = (p.outRows - 1) * p.rowStride + (p.filterRows - 1) * p.rowDilation + 1;
  int16_t* const x = reinterpret_cast<int16_t*>(scratch);
  uint32_t* const filter = reinterpret_cast<uint32_t*>(x + planeRows * rowLength);
  const uint32_t padding = 0x10001u * static_cast<uint16_t>(p.inZeroPoint);
  for (uint32_t* pair = reinterpret_cast<uint32_t*>(x); pair < filter; ++pair) *pair = padding;
  const int rows = smaller(p.inRows, planeRows - p.padRows);
  const int columns = smaller(p.inColumns, rowLength - p.padColumns);
  int16_t* const middle = x + p.padRows * rowLength + p.padColumns;
  Strip strip = {filter, x, p.filterRows, pairs, 2 * rowLength * p.rowDilation,
                 2 * rowLength * p.rowStride, out, p.outColumnStep, p.outRowStep,
                 p.outColumns, p.outRows, p.output.zeroPoint, p.output.rectified};
  for (int channel = 0; channel < p.channels; ++channel) {
    for (int row = 0; row < rows; ++row) {
      tinykitWidenStrided(in + channel + row * p.inRowStep, p.inColumnStep, columns,
                          middle + row * rowLength);
    }
    for (int i = 0; i < p.multiplier; ++i, ++strip.out) {
      widenFilter(p, pairs, weights, filter);
      weights += 3 + (p.filterRows * p.filterColumns + 3) / 4;
      if (dense) {
        tinykitStrip1(&strip);
      } else {
        tinykitStrip2(&strip);
      }
    }
  }
  cutOff(p.output, out, p.outRows * p.outColumns * p.channels * p.multiplier);
}

}  // namespace nn
}  // namespace tinykit
