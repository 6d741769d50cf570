#include "Gathered.h"

#include "Arithmetic.h"
#include "Words.h"

namespace tinykit {
namespace nn {
namespace {

// How to multiply weights of eight bits, four rows at a time or one.
struct Int8Weights {
  static constexpr int kInputs = 4;  // of a word

  static const int8_t* four(const int8_t* weights, const int8_t* x, int size, int32_t* sums) {
    return multiplyFourRows(weights, x, size, sums);
  }

  static const int8_t* one(const int8_t* weights, const int8_t* x, int size, int32_t* sums) {
    for (; size > 0; size -= 4, x += 4, weights += 4) {
      sums[0] = dot4(loadWord(weights), loadWord(x), sums[0]);
    }
    return weights;
  }
};

// Two weights in a byte. In the high half of a byte a weight counts 16 times, and no bit of its
// neighbour is left: so it is multiplied, and the sum is divided by 16 in the end.
struct Int4Weights {
  static constexpr int kInputs = 8;

  static TINYKIT_INLINE int32_t dot8(const int8_t* weights, uint32_t first, uint32_t second,
                                     int32_t sum) {
    const uint32_t word = loadWord(weights);
    sum = dot4((word << 4) & 0xf0f0f0f0u, first, sum);
    return dot4(word & 0xf0f0f0f0u, second, sum);
  }

  static const int8_t* four(const int8_t* weights, const int8_t* x, int size, int32_t* sums) {
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (; size > 0; size -= 8, x += 8, weights += 16) {
      const uint32_t first = loadWord(x), second = loadWord(x + 4);
      s0 = dot8(weights, first, second, s0);
      s1 = dot8(weights + 4, first, second, s1);
      s2 = dot8(weights + 8, first, second, s2);
      s3 = dot8(weights + 12, first, second, s3);
    }
    sums[0] += s0 >> 4;
    sums[1] += s1 >> 4;
    sums[2] += s2 >> 4;
    sums[3] += s3 >> 4;
    return weights;
  }

  static const int8_t* one(const int8_t* weights, const int8_t* x, int size, int32_t* sums) {
    int32_t sum = 0;
    for (; size > 0; size -= 8, x += 8, weights += 4) {
      sum = dot8(weights, loadWord(x), loadWord(x + 4), sum);
    }
    sums[0] += sum >> 4;
    return weights;
  }
};

// `count` pieces of `size` bytes, `step` bytes apart, one behind the other.
int8_t* copied(const int8_t* from, int count, int step, int size, int8_t* to) {
  if (size == 4) {
    for (; count > 0; --count, from += step, to += 4) storeWord(loadWord(from), to);
    return to;
  }
  for (; count > 0; --count, from += step) {
    int i = 0;
    for (; i + 4 <= size; i += 4, to += 4) storeWord(loadWord(from + i), to);
    for (; i < size; ++i) *to++ = from[i];
  }
  return to;
}

int8_t* filled(int8_t value, int count, int8_t* to) {
  const uint32_t word = 0x01010101u * static_cast<uint8_t>(value);
  for (; count >= 4; count -= 4, to += 4) storeWord(word, to);
  for (; count > 0; --count) *to++ = value;
  return to;
}

// The pixels of the window, along one axis, that lie inside of the image.
struct Inside {
  int first, end;
};

Inside insideOf(int start, int dilation, int size, int length) {
  const int first = start < 0 ? (dilation - 1 - start) / dilation : 0;
  const int end = (length - start + dilation - 1) / dilation;
  return {first < size ? first : size, end < first ? first : end < size ? end : size};
}

// What the window sees of some channels, with `outside` where that is no pixel.
class Gatherer {
 public:
  Gatherer(const Window& w, int inChannels, int channels, int inWord, int8_t outside)
      : w_(w),
        pixel_(w.dilationX * inChannels),
        row_(w.inWidth * inChannels),
        inChannels_(inChannels),
        channels_(channels),
        joined_(pixel_ == channels),
        isOnePiece_(w.height == 1 && (joined_ || w.width == 1) &&
                    w.width * channels % inWord == 0),
        outside_(outside) {}

  // Moves to another output pixel, whose window begins at (top, left).
  void moveTo(int top, int left) {
    first_ = top * row_ + left * inChannels_;
    y_ = insideOf(top, w_.dilationY, w_.height, w_.inHeight);
    x_ = insideOf(left, w_.dilationX, w_.width, w_.inWidth);
    isDirect_ = isOnePiece_ && y_.end - y_.first == 1 && x_.end - x_.first == w_.width;
  }

  // Where the window is found: in the image, when there it is one piece, or copied to `scratch`.
  const int8_t* gather(const int8_t* in, int8_t* scratch) const {
    if (isDirect_) return in + first_;
    int8_t* to = scratch;
    const int count = x_.end - x_.first;
    const int before = x_.first * channels_, behind = (w_.width - x_.end) * channels_;
    for (int i = 0; i < w_.height; ++i) {
      if (i < y_.first || i >= y_.end || count <= 0) {
        to = filled(outside_, w_.width * channels_, to);
        continue;
      }
      const int8_t* from = in + first_ + i * w_.dilationY * row_ + x_.first * pixel_;
      if (before > 0) to = filled(outside_, before, to);
      to = joined_ ? copied(from, 1, 0, count * channels_, to)
                   : copied(from, count, pixel_, channels_, to);
      if (behind > 0) to = filled(outside_, behind, to);
    }
    return scratch;
  }

 private:
  const Window& w_;
  const int pixel_, row_;  // bytes to the next pixel, to the next row of the image
  const int inChannels_, channels_;
  const bool joined_;  // all channels of neighbouring pixels: one piece
  const bool isOnePiece_;  // the whole window, in whole words
  const int8_t outside_;
  int first_ = 0;  // the window's first byte in the image
  Inside y_ = {0, 0}, x_ = {0, 0};
  bool isDirect_ = false;
};

// As `requantized`: with a shift to the right, as nearly always, in fewer steps. Half of a step is
// the one bit that is left after shifting by one less.
TINYKIT_INLINE int8_t finished(const Requantization& o, int channel, int32_t sum) {
  const int32_t multiplier = o.multipliers[channel];
  const int shift = o.shifts[channel];
  int32_t q;
  if (shift >= 0) {
    q = requantized(sum, multiplier, shift);
  } else {
    const int32_t y = roundedProduct(sum, multiplier);
    q = (((y + (y >> 31)) >> (-1 - shift)) + 1) >> 1;
  }
  return clamped(q + o.outputZero, o.min, o.max);
}

// Output channels first ... end - 1 at one pixel, which see `size` bytes at x.
template <typename Weights>
const int8_t* multiplyAll(const Requantization& o, int first, int end, int size,
                          const int8_t* weights, const int8_t* x, int8_t* out) {
  int c = first;
  for (; c + 4 <= end; c += 4) {
    int32_t sums[4] = {o.bias[c], o.bias[c + 1], o.bias[c + 2], o.bias[c + 3]};
    weights = Weights::four(weights, x, size, sums);
    for (int i = 0; i < 4; ++i) out[c + i] = finished(o, c + i, sums[i]);
  }
  for (; c < end; ++c) {
    int32_t sum = o.bias[c];
    weights = Weights::one(weights, x, size, &sum);
    out[c] = finished(o, c, sum);
  }
  return weights;
}

template <typename Weights>
void convolve(const Window& w, const Requantization& o, const Channels& c, const Steps& steps,
              const int8_t* weights, const int8_t* in, int8_t* out, int8_t* scratch) {
  const int inEach = c.in / c.groups, outEach = c.out / c.groups;
  const int size = w.height * w.width * inEach;
  filled(0, (Weights::kInputs - size % Weights::kInputs) % Weights::kInputs, scratch + size);
  Gatherer gatherer(w, c.in, inEach, Weights::kInputs, o.inputZero);
  for (int y = 0; y < w.outHeight; ++y) {
    for (int x = 0; x < w.outWidth; ++x) {
      gatherer.moveTo(y * w.strideY - w.padTop, x * w.strideX - w.padLeft);
      int8_t* pixel = out + y * steps.row + x * steps.column;
      const int8_t* own = weights;
      for (int g = 0; g < c.groups; ++g) {
        const int8_t* seen = gatherer.gather(in + g * inEach, scratch);
        own = multiplyAll<Weights>(o, g * outEach, (g + 1) * outEach, size, own, seen, pixel);
      }
    }
  }
}

// Each byte `times` times; `to` may be `from`.
void repeated(const int8_t* from, int count, int times, int8_t* to) {
  for (int i = count - 1; i >= 0; --i) {
    const int8_t value = from[i];
    for (int j = 0; j < times; ++j) to[i * times + j] = value;
  }
}

// Four channels of one pixel, times their weights.
TINYKIT_INLINE void addPixel(uint32_t weights, uint32_t pixel, int32_t& s0, int32_t& s1,
                             int32_t& s2, int32_t& s3) {
  const uint32_t evenWeights = evenBytes(weights), even = evenBytes(pixel);
  s0 = dotLow(evenWeights, even, s0);
  s2 = dotHigh(evenWeights, even, s2);
  const uint32_t oddWeights = oddBytes(weights), odd = oddBytes(pixel);
  s1 = dotLow(oddWeights, odd, s1);
  s3 = dotHigh(oddWeights, odd, s3);
}

// Sums, times 16, of four neighbouring channels over pairs of pixels, `step` bytes apart.
TINYKIT_INLINE void sumsOfFour(const int8_t* weights, const int8_t* x, int step, int pairs,
                               int32_t* sums) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (; pairs > 0; --pairs, weights += 4) {
    const uint32_t word = loadWord(weights);
    addPixel((word << 4) & 0xf0f0f0f0u, loadWord(x), s0, s1, s2, s3);
    x += step;
    addPixel(word & 0xf0f0f0f0u, loadWord(x), s0, s1, s2, s3);
    x += step;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

}  // namespace

void convGathered(const Window& w, const Requantization& o, const Channels& c, const Steps& steps,
                  const int8_t* weights, const int8_t* in, int8_t* out, int8_t* scratch) {
  convolve<Int8Weights>(w, o, c, steps, weights, in, out, scratch);
}

void convInt4(const Window& w, const Requantization& o, const Channels& c, const Steps& steps,
              const int8_t* weights, const int8_t* in, int8_t* out, int8_t* scratch) {
  convolve<Int4Weights>(w, o, c, steps, weights, in, out, scratch);
}

void depthwiseInt4(const Window& w, const Requantization& o, int outChannels, int multiplier,
                   const int8_t* weights, const int8_t* in, int8_t* out, int8_t* scratch) {
  const int inChannels = outChannels / multiplier;
  const int pixels = w.height * w.width, pairs = (pixels + 1) / 2;
  Gatherer gatherer(w, inChannels, inChannels, 1, o.inputZero);
  for (int y = 0; y < w.outHeight; ++y) {
    for (int x = 0; x < w.outWidth; ++x, out += outChannels) {
      gatherer.moveTo(y * w.strideY - w.padTop, x * w.strideX - w.padLeft);
      const int8_t* seen = gatherer.gather(in, scratch);
      if (multiplier > 1 || seen != scratch) {
        repeated(seen, pixels * inChannels, multiplier, scratch);
      }
      const int8_t* own = weights;
      for (int c = 0; c < outChannels; c += 4, own += 4 * pairs) {
        int32_t sums[4];
        sumsOfFour(own, scratch + c, outChannels, pairs, sums);
        for (int i = 0; i < 4 && c + i < outChannels; ++i) {
          out[c + i] = finished(o, c + i, o.bias[c + i] + (sums[i] >> 4));
        }
      }
    }
  }
}

void transposeConv(const Phase* phases, int count, const Requantization& o, const Channels& c,
                   const Steps& steps, const int8_t* weights, const int8_t* in, int8_t* out,
                   int8_t* scratch) {
  for (int i = 0; i < count; ++i) {
    const Phase& phase = phases[i];
    Requantization own = o;
    own.bias += phase.bias;
    convGathered(phase.window, own, c, steps, weights + phase.weights, in, out + phase.out,
                 scratch);
  }
}

}  // namespace nn
}  // namespace tinykit
