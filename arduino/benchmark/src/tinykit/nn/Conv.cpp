#include "Conv.h"

#include "ConvInner.h"

namespace tinykit {
namespace nn {
namespace {

constexpr int kTilePixels = 4;

int roundUp(int number, int multiple) { return (number + multiple - 1) / multiple * multiple; }

int smaller(int a, int b) { return a < b ? a : b; }

void fill(int8_t* to, int8_t value, int count) {
  for (int i = 0; i < count; ++i) to[i] = value;
}

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

// Activations other than none and ReLU, which the inner loops have cut off already.
void clamp(const Output& output, int8_t* values, int count) {
  if (output.min == -128 && output.max == 127) return;
  for (int i = 0; i < count; ++i) {
    if (values[i] < output.min) values[i] = output.min;
    if (values[i] > output.max) values[i] = output.max;
  }
}

// What the kernel covers of the input for one pixel of the output.
struct Patch {
  const int8_t* corner;  // the upper left one, which may be outside of the input
  int row;  // of the corner
  int before;  // bytes of a row that are outside of the input, on the left
  int inside;  // bytes of a row
};

// Computes an output, four pixels at a time.
class Tiles {
 public:
  Tiles(const Conv& p, const uint32_t* weights, const int8_t* in, int8_t* scratch)
      : p_(p),
        weights_(weights),
        in_(in),
        pixels_(p.outHeight * p.outWidth),
        segment_(roundUp(p.kernelWidth * p.inChannels, 4)),
        step_(roundUp(p.outChannels, 2)),
        x_(reinterpret_cast<int16_t*>(scratch)),
        tile_(scratch + p.kernelHeight * segment_ * kTilePixels * 2),
        outside_(tile_ + step_ * kTilePixels),
        border_(outside_ + segment_) {
    pointwise_ = p.kernelHeight * p.kernelWidth * p.strideY * p.strideX == 1;
    fill(outside_, p.inZeroPoint, segment_);
  }

  int pixelsLeft() const { return pixels_ - pixel_; }
  int step() const { return step_; }  // bytes from one pixel of the tile to the next
  int8_t* tile() const { return tile_; }

  // The next four pixels; in the last tile there may be fewer, and the last one is repeated.
  void next(int8_t* out) {
    if (pointwise_) {
      widenPixels();
    } else {
      widenPatches();
    }
    pixel_ += kTilePixels;
    const Tile task = {weights_,           x_,        out, step_, step_ / 2, p_.kernelHeight * segment_ / 2,
                       p_.output.zeroPoint, p_.output.rectified};
    tinykitMultiplyTile(&task);
    clamp(p_.output, out, step_ * kTilePixels);
  }

 private:
  void nextPatch(Patch& patch) {
    const int row = row_ * p_.strideY - p_.padTop;
    const int column = column_ * p_.strideX - p_.padLeft;
    const int before = column < 0 ? -column : 0;
    const int end = smaller(p_.kernelWidth, p_.inWidth - column);
    if (column_ + 1 < p_.outWidth) {
      ++column_;
    } else if (row_ + 1 < p_.outHeight) {
      column_ = 0;
      ++row_;
    }
    patch.corner = in_ + (row * p_.inWidth + column) * p_.inChannels;
    patch.row = row;
    patch.before = before * p_.inChannels;
    patch.inside = (end - before) * p_.inChannels;
  }

  // A 1x1 kernel: pixels as they are.
  void widenPixels() {
    const int8_t* pixels[kTilePixels];
    for (int i = 0; i < kTilePixels; ++i) {
      const int pixel = pixel_ + i < pixels_ ? pixel_ + i : pixels_ - 1;
      pixels[i] = in_ + pixel * p_.inChannels;
    }
    tinykitWidenTile(pixels, segment_, 1, 0, x_);
  }

  // A larger kernel: row by row of the patches that it covers.
  void widenPatches() {
    Patch patches[kTilePixels];
    const int8_t* pixels[kTilePixels];
    bool inside = true;
    for (int i = 0; i < kTilePixels; ++i) {
      Patch& patch = patches[i];
      nextPatch(patch);
      pixels[i] = patch.corner;
      inside = inside && patch.row >= 0 && patch.row + p_.kernelHeight <= p_.inHeight &&
               patch.inside == p_.kernelWidth * p_.inChannels;
    }
    if (inside) {
      tinykitWidenTile(pixels, segment_, p_.kernelHeight, p_.inWidth * p_.inChannels, x_);
      return;
    }
    int16_t* x = x_;
    for (int row = 0; row < p_.kernelHeight; ++row) {
      int8_t* copied = border_;
      for (int i = 0; i < kTilePixels; ++i, copied += segment_) {
        pixels[i] = rowAtBorder(patches[i], copied);
        patches[i].corner += p_.inWidth * p_.inChannels;
        ++patches[i].row;
      }
      x = tinykitWidenTile(pixels, segment_, 1, 0, x);
    }
  }

  // The first row of a patch, completed with padding.
  const int8_t* rowAtBorder(const Patch& patch, int8_t* copied) const {
    if (patch.row < 0 || patch.row >= p_.inHeight || patch.inside <= 0) return outside_;
    if (patch.inside == p_.kernelWidth * p_.inChannels) return patch.corner;
    const int after = patch.before + patch.inside;
    copy(copied, outside_, patch.before);
    copy(copied + patch.before, patch.corner + patch.before, patch.inside);
    copy(copied + after, outside_, segment_ - after);
    return copied;
  }

  const Conv& p_;
  const uint32_t* weights_;
  const int8_t* in_;
  const int pixels_;
  const int segment_;  // bytes of one row of a patch
  const int step_;
  int16_t* const x_;
  int8_t* const tile_;
  int8_t* const outside_;  // a row of padding
  int8_t* const border_;  // a row for each pixel of a tile
  bool pointwise_;
  int pixel_ = 0;
  int row_ = 0;  // of the output pixel
  int column_ = 0;
};

}  // namespace

void conv(const Conv& p, const uint32_t* weights, const int8_t* in, int8_t* out, int8_t* scratch) {
  Tiles tiles(p, weights, in, scratch);
  while (tiles.pixelsLeft() >= kTilePixels && tiles.step() == p.outChannels) {
    tiles.next(out);
    out += kTilePixels * p.outChannels;
  }
  while (tiles.pixelsLeft() > 0) {
    const int count = smaller(tiles.pixelsLeft(), kTilePixels);
    tiles.next(tiles.tile());
    for (int i = 0; i < count; ++i, out += p.outChannels) {
      copy(out, tiles.tile() + i * tiles.step(), p.outChannels);
    }
  }
}

void convAdd(const Conv& p, const uint32_t* weights, const int8_t* in, const Add& sum,
             const int8_t* skip, int8_t* out, int8_t* scratch) {
  Tiles tiles(p, weights, in, scratch);
  while (tiles.pixelsLeft() > 0) {
    const int count = smaller(tiles.pixelsLeft(), kTilePixels);
    tiles.next(tiles.tile());
    for (int i = 0; i < count; ++i, out += p.outChannels, skip += p.outChannels) {
      add(sum, tiles.tile() + i * tiles.step(), skip, out, p.outChannels);
    }
  }
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
  clamp(p.output, out, p.outRows * p.outColumns * p.channels);
}

void fullyConnected(const FullyConnected& p, const uint32_t* weights, const int8_t* in, int8_t* out,
                    int8_t* scratch) {
  int16_t* const x = reinterpret_cast<int16_t*>(scratch);
  const int quads = roundUp(p.inSize, 4) / 4;
  for (int i = 0; i < p.inSize / 4; ++i, in += 4) {
    x[4 * i] = in[0];
    x[4 * i + 1] = in[2];
    x[4 * i + 2] = in[1];
    x[4 * i + 3] = in[3];
  }
  int16_t* const last = x + p.inSize / 4 * 4;
  for (int i = 0; i < p.inSize % 4; ++i) last[(i & 1) << 1 | i >> 1] = in[i];
  Vector task = {weights, x, out, p.outSize / 4, quads, p.output.zeroPoint, p.output.rectified};
  if (task.blocks > 0) tinykitMultiplyVector(&task);
  const int rest = p.outSize % 4;
  if (rest > 0) {
    int8_t block[4];
    task.weights += task.blocks * (4 * quads + 12);
    task.blocks = 1;
    task.out = block;
    tinykitMultiplyVector(&task);
    copy(out + p.outSize - rest, block, rest);
  }
  clamp(p.output, out, p.outSize);
}

}  // namespace nn
}  // namespace tinykit
