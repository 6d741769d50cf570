#include "Depthwise.h"

#include "Arithmetic.h"
#include "DepthwiseInner.h"
#include "Output.h"

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
    // Behind the channels of a pixel those of the next one are written, unless they fill groups of
    // four: the last pixel has none behind it.
    int direct = p_.outHeight * p_.outWidth - (p_.channels < 4 * groups_);
    if (p_.output.rounding == Rounding::kAny) direct = 0;
    for (int row = 0; row < p_.outHeight; ++row) {
      for (int column = 0; column < p_.outWidth;) {
        int count = run(row, column);
        if (direct > 0) {
          count = smaller(count, direct);
          for (int i = 0; i < p_.multiplier; ++i) finish(i, count, out + i, p_.multiplier);
        } else {
          count = 1;
          for (int i = 0; i < p_.multiplier; ++i) finishOne(i, out + i);
        }
        direct -= count;
        column += count;
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
    multiply(filter, pixels, out, step, p_.output.rounding == Rounding::kOnce ? kTapsOnce : kTapsTwice);
  }

  // One pixel, through memory of its own: for scales of any size and for the very last pixel.
  void finishOne(int filter, int8_t* out) const {
    if (p_.output.rounding != Rounding::kAny) {
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

uint32_t pairOf(uint32_t low, uint32_t high) { return (low & 0xFFFF) | high << 16; }

// The filter of one channel for tinykitPlane1 (dense) or 2. Packed are bias, scale, a shift, and
// rows of an even number of weights.
template <bool dense>
void widenFilter(const DepthwisePlanes& p, const uint32_t* packed, uint32_t* to) {
  for (int i = 0; i < 4; ++i) *to++ = packed[0];
  const int8_t* weights = reinterpret_cast<const int8_t*>(packed + 3);
  const int32_t scale = 1 << *weights++;
  const int more = p.filterColumns % 2 == 0 ? 2 : 0;
  for (int row = 0; row < p.filterRows; ++row) {
    uint32_t before = 0;
    for (int i = 0; i < p.filterColumns; i += 2, weights += 2) {
      const uint32_t even = static_cast<uint32_t>(weights[0] * scale);
      const uint32_t odd = static_cast<uint32_t>(weights[1] * scale);
      *to++ = pairOf(even, odd);
      if (dense) *to++ = pairOf(before, even);
      before = odd;
    }
    if (dense) {  // the pixel to the right needs one pair more if the columns are even
      to[0] = 0;
      to[1] = pairOf(before, 0);
      to += more;
    }
  }
  to[0] = packed[1];
  to[1] = packed[2];
}

// Rows of x that some rows of the output need.
int planeRows(const DepthwisePlanes& p, int outRows) {
  return (outRows - 1) * p.rowStride + (p.filterRows - 1) * p.rowDilation + 1;
}

// Copies and widens the planes one after the other, and calls `multiply(channel, outputRow)`.
template <typename Multiply>
void forEachPlane(const DepthwisePlanes& p, int rowLength, const int8_t* in, int8_t* out,
                  Plane& plane, int16_t* x, const Multiply& multiply) {
  const int skipped = p.padColumns < 0 ? -p.padColumns : 0;
  const int indent = p.padColumns < 0 ? 0 : p.padColumns;
  const int columns = smaller(p.inColumns - skipped, rowLength - indent);
  const uint32_t padding = 0x10001u * static_cast<uint16_t>(p.inZeroPoint);
  for (int first = 0; first < p.outRows; first += p.bandRows) {
    plane.outRows = smaller(p.bandRows, p.outRows - first);
    const int rows = planeRows(p, plane.outRows);
    for (int i = 0; i < rows * rowLength / 2; ++i) reinterpret_cast<uint32_t*>(x)[i] = padding;
    const int top = first * p.rowStride - p.padRows;
    const int begin = top < 0 ? -top : 0;
    const int end = smaller(rows, p.inRows - top);
    for (int channel = 0; channel < p.channels; ++channel) {
      const int8_t* from = in + channel + (top + begin) * p.inRowStep + skipped * p.inColumnStep;
      for (int row = begin; row < end; ++row, from += p.inRowStep) {
        tinykitWidenStrided(from, p.inColumnStep, columns, x + row * rowLength + indent);
      }
      plane.out = out + first * p.outRowStep + channel * p.multiplier;
      for (int i = 0; i < p.multiplier; ++i, ++plane.out) multiply(channel * p.multiplier + i);
    }
  }
  cutOff(p.output.min, p.output.max, out, p.outRows * p.outColumns * p.channels * p.multiplier);
}

Plane planeOf(const DepthwisePlanes& p, const uint32_t* weights, const int16_t* x, int pairs,
              int rowLength) {
  return {weights, x, p.filterRows, pairs, 2 * rowLength * p.rowDilation,
          2 * rowLength * p.rowStride, nullptr, p.outColumnStep, p.outRowStep, p.outColumns, 0,
          p.output.zeroPoint, p.output.rounding == Rounding::kOnce};
}

void lines(const DepthwiseLines& p, const uint32_t* weights, const int8_t* in, int8_t* out,
           void (*multiply)(const Lines*)) {
  const Lines task = {weights, in, out, p.channels, p.lines, p.inLineStep, p.outLineStep, p.step,
                      p.before, p.count, p.after, p.inZeroPoint};
  multiply(&task);
  cutOff(p.output.min, p.output.max, out, p.lines * (p.count + p.after) * p.channels);
}

}  // namespace

void depthwise3x3(const DepthwisePlanes& p, const uint32_t* weights, const int8_t* in, int8_t* out,
                  int8_t* scratch) {
  // Two outputs are computed at a time, from whole words.
  const int rowLength = roundUp(p.outColumns, 2) + 2;
  int16_t* const x = reinterpret_cast<int16_t*>(scratch);
  Plane plane = planeOf(p, weights, x, 2, rowLength);
  forEachPlane(p, rowLength, in, out, plane, x, [&](int channel) {
    plane.weights = weights + 6 * channel;
    tinykitPlane3x3(&plane);
  });
}

void depthwisePlanes(const DepthwisePlanes& p, const uint32_t* weights, const int8_t* in,
                     int8_t* out, int8_t* scratch) {
  const bool dense = p.columnStride == 1;
  const int pairs = (p.filterColumns + (dense ? 2 : 1)) / 2;
  // Four outputs are computed at a time, from whole words.
  const int last = (roundUp(p.outColumns, 4) - 4) * p.columnStride;
  const int rowLength = last + 2 * pairs + (dense ? 2 : 6);
  const int packed = 3 + p.filterRows * roundUp(p.filterColumns, 2) / 4 + 1;
  int16_t* const x = reinterpret_cast<int16_t*>(scratch);
  uint32_t* const filter = reinterpret_cast<uint32_t*>(x + planeRows(p, p.bandRows) * rowLength);
  Plane plane = planeOf(p, filter, x, pairs, rowLength);
  forEachPlane(p, rowLength, in, out, plane, x, [&](int channel) {
    if (dense) {
      widenFilter<true>(p, weights + packed * channel, filter);
      tinykitPlane1(&plane);
    } else {
      widenFilter<false>(p, weights + packed * channel, filter);
      tinykitPlane2(&plane);
    }
  });
}

void depthwiseLines2(const DepthwiseLines& p, const uint32_t* weights, const int8_t* in,
                     int8_t* out) {
  lines(p, weights, in, out, tinykitLines2);
}

void depthwiseLines3(const DepthwiseLines& p, const uint32_t* weights, const int8_t* in,
                     int8_t* out) {
  lines(p, weights, in, out, tinykitLines3);
}

void depthwiseLines4(const DepthwiseLines& p, const uint32_t* weights, const int8_t* in,
                     int8_t* out) {
  lines(p, weights, in, out, tinykitLines4);
}

void depthwiseTaps(const DepthwiseTaps& p, const uint32_t* weights, const int8_t* in, int8_t* out,
                   int8_t* scratch) {
  TapRuns(p, weights, in, scratch).compute(out);
  if (p.output.rounding == Rounding::kAny) return;  // cut off already
  cutOff(p.output.min, p.output.max, out, p.outHeight * p.outWidth * p.channels * p.multiplier);
}

}  // namespace nn
}  // namespace tinykit
