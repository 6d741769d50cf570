#include "Matrix.h"

namespace tinykit {
namespace nn {
namespace {

constexpr int kTilePixels = 3;

int roundUp(int number, int multiple) { return (number + multiple - 1) / multiple * multiple; }

int smaller(int a, int b) { return a < b ? a : b; }

// A few bytes, word by word. The empty asm keeps compilers from making a call of memcpy of it.
void copy(int8_t* to, const int8_t* from, int count) {
  for (; count >= 4; count -= 4, to += 4, from += 4) {
    __builtin_memcpy(to, from, 4);
    asm volatile("");
  }
  for (; count > 0; --count) {
    *to++ = *from++;
    asm volatile("");
  }
}

Finish finishOf(bool anyScale, const Output& output) {
  return anyScale ? kAnyScale : output.rectified ? kRectified : kRounded;
}

// What the kernel covers of the input for one pixel of the output.
struct Patch {
  const int8_t* corner;  // the upper left one, which may be outside of the input
  int row, column;  // of the corner
};

// Computes an output, a tile of some pixels at a time.
class Tiles {
 public:
  Tiles(const Conv& p, const uint32_t* weights, const int8_t* in, int8_t* scratch)
      : p_(p),
        in_(in),
        pixels_(p.outHeight * p.outWidth),
        run_(p.runPixels * p.inChannels),
        segment_(roundUp(run_, 4)),
        step_(roundUp(p.outChannels, 2)),
        x_(reinterpret_cast<int16_t*>(scratch)) {
    const int columns = p.kernelRows * p.runs * segment_;
    tile_ = scratch + columns * p.pixels * 2;
    outside_ = tile_ + step_ * p.pixels;
    border_ = outside_ + segment_;
    task_ = {weights,     x_,          nullptr,            step_,
             step_ / 2,   columns / 4, p.output.zeroPoint, finishOf(p.anyScale, p.output)};
    pointwise_ = p.kernelRows * p.runs * p.runPixels * p.strideY * p.strideX == 1;
    if (!pointwise_) {
      for (int i = 0; i < segment_; ++i) outside_[i] = p.inZeroPoint;
    }
  }

  int pixelsLeft() const { return pixels_ - pixel_; }
  int step() const { return step_; }  // bytes from one pixel of the tile to the next
  int8_t* tile() const { return tile_; }

  // The next pixels, three as long as there are as many; returns how many.
  int next(Multiplication* three, Multiplication* one, int8_t* out) {
    const int count = p_.pixels == kTilePixels && pixelsLeft() >= kTilePixels ? kTilePixels : 1;
    if (pointwise_) {
      widenPixels(count);
    } else {
      widenPatches(count);
    }
    pixel_ += count;
    task_.out = out;
    (count == kTilePixels ? three : one)(&task_);
    cutOff(p_.output.min, p_.output.max, out, step_ * count);
    return count;
  }

 private:
  void widen(const int8_t* const* pixels, int count, int rows, int rowStep) {
    x_ = count == kTilePixels ? tinykitWidenThree(pixels, segment_, rows, rowStep, x_)
                              : tinykitWidenOne(pixels[0], segment_, rows, rowStep, x_);
  }

  // A 1x1 kernel: pixels as they are.
  void widenPixels(int count) {
    const int8_t* from = in_ + pixel_ * run_;
    const int8_t* const pixels[kTilePixels] = {from, from + run_, from + 2 * run_};
    widen(pixels, count, 1, 0);
    x_ = const_cast<int16_t*>(static_cast<const int16_t*>(task_.x));
  }

  Patch nextPatch() {
    const int row = row_ * p_.strideY - p_.padTop;
    const int column = column_ * p_.strideX - p_.padLeft;
    if (++column_ == p_.outWidth) {
      column_ = 0;
      ++row_;
    }
    return {in_ + (row * p_.inWidth + column) * p_.inChannels, row, column};
  }

  bool isInside(const Patch& patch) const {
    return patch.row >= 0 && patch.row + (p_.kernelRows - 1) * p_.rowDilation < p_.inHeight &&
           patch.column >= 0 && patch.column + p_.runPixels <= p_.inWidth;
  }

  // A larger kernel: run by run of the patches that it covers.
  void widenPatches(int count) {
    Patch patches[kTilePixels];
    const int8_t* pixels[kTilePixels];
    bool inside = p_.runs == 1;
    for (int i = 0; i < count; ++i) {
      patches[i] = nextPatch();
      pixels[i] = patches[i].corner;
      inside = inside && isInside(patches[i]);
    }
    const int rowStep = p_.rowDilation * p_.inWidth * p_.inChannels;
    if (inside) {
      widen(pixels, count, p_.kernelRows, rowStep);
    } else {
      for (int row = 0; row < p_.kernelRows; ++row) {
        for (int run = 0; run < p_.runs; ++run) {
          for (int i = 0; i < count; ++i) {
            pixels[i] = runAt(patches[i], run * p_.runDilation, border_ + i * segment_);
          }
          widen(pixels, count, 1, 0);
        }
        for (int i = 0; i < count; ++i) {
          patches[i].corner += rowStep;
          patches[i].row += p_.rowDilation;
        }
      }
    }
    x_ = const_cast<int16_t*>(static_cast<const int16_t*>(task_.x));
  }

  // A run in the first row of a patch, completed with padding.
  const int8_t* runAt(const Patch& patch, int offset, int8_t* copied) const {
    const int column = patch.column + offset;
    const int8_t* from = patch.corner + offset * p_.inChannels;
    const int first = column < 0 ? -column : 0;
    const int end = smaller(p_.runPixels, p_.inWidth - column);
    if (patch.row < 0 || patch.row >= p_.inHeight || end <= first) return outside_;
    if (end - first == p_.runPixels) return from;
    const int before = first * p_.inChannels;
    const int after = end * p_.inChannels;
    copy(copied, outside_, before);
    copy(copied + before, from + before, after - before);
    copy(copied + after, outside_, segment_ - after);
    return copied;
  }

  const Conv& p_;
  const int8_t* in_;
  const int pixels_;
  const int run_;  // bytes
  const int segment_;  // of a run, in whole words
  const int step_;
  int16_t* x_;
  int8_t* tile_;
  int8_t* outside_;  // a run of padding
  int8_t* border_;  // a run for each pixel of a tile
  bool pointwise_;
  Product task_;
  int pixel_ = 0;
  int row_ = 0;  // of the output pixel
  int column_ = 0;
};

// In place where the tile's rows are as long as the output's, else over the scratch memory.
inline void convWith(Multiplication* three, Multiplication* one, Tiles&& tiles, int channels,
                     int8_t* out) {
  while (tiles.pixelsLeft() > 0) {
    if (tiles.step() == channels) {
      out += tiles.next(three, one, out) * channels;
      continue;
    }
    const int count = tiles.next(three, one, tiles.tile());
    for (int i = 0; i < count; ++i, out += channels) {
      copy(out, tiles.tile() + i * tiles.step(), channels);
    }
  }
}

inline void convAddWith(Multiplication* three, Multiplication* one, Tiles&& tiles, int channels,
                        const Add& sum, const int8_t* skip, int8_t* out) {
  while (tiles.pixelsLeft() > 0) {
    const int count = tiles.next(three, one, tiles.tile());
    for (int i = 0; i < count; ++i, out += channels, skip += channels) {
      add(sum, tiles.tile() + i * tiles.step(), skip, out, channels);
    }
  }
}

}  // namespace

void conv(const Conv& p, const uint32_t* weights, const int8_t* in, int8_t* out, int8_t* scratch) {
  convWith(tinykitThreePixels, tinykitOnePixel, {p, weights, in, scratch}, p.outChannels, out);
}

void convWide(const Conv& p, const uint32_t* weights, const int8_t* in, int8_t* out,
              int8_t* scratch) {
  convWith(tinykitThreePixelsWide, tinykitOnePixelWide, {p, weights, in, scratch}, p.outChannels,
           out);
}

void convAdd(const Conv& p, const uint32_t* weights, const int8_t* in, const Add& sum,
             const int8_t* skip, int8_t* out, int8_t* scratch) {
  convAddWith(tinykitThreePixels, tinykitOnePixel, {p, weights, in, scratch}, p.outChannels, sum,
              skip, out);
}

void convAddWide(const Conv& p, const uint32_t* weights, const int8_t* in, const Add& sum,
                 const int8_t* skip, int8_t* out, int8_t* scratch) {
  convAddWith(tinykitThreePixelsWide, tinykitOnePixelWide, {p, weights, in, scratch},
              p.outChannels, sum, skip, out);
}

}  // namespace nn
}  // namespace tinykit
