#include "Gathered.h"

#include "Arithmetic.h"
#include "Words.h"

namespace tinykit {
namespace nn {
namespace {

// Weights as bytes, and how to multiply them.
struct Int8Weights {
  static constexpr int kInputs = 4;  // of a word

  // The sums of kChannels channels, `rowBytes` apart.
  template <int kChannels>
  static void multiply(const int8_t* weights, int rowBytes, const int8_t* x, int words,
                       int32_t* sums) {
    int32_t s[kChannels] = {};
    for (; words > 0; --words, weights += 4, x += 4) {
      const uint32_t input = loadWord(x);
      for (int i = 0; i < kChannels; ++i) {
        s[i] = dot4(loadWord(weights + i * rowBytes), input, s[i]);
      }
    }
    for (int i = 0; i < kChannels; ++i) sums[i] = s[i];
  }
};

// Two weights in a byte. In the high half of a byte a weight counts 16 times, and no bit of its
// neighbour is left: so it is multiplied, and the sum is divided by 16 in the end.
struct Int4Weights {
  static constexpr int kInputs = 8;

  template <int kChannels>
  static void multiply(const int8_t* weights, int rowBytes, const int8_t* x, int words,
                       int32_t* sums) {
    int32_t s[kChannels] = {};
    for (; words > 0; --words, weights += 4, x += 8) {
      const uint32_t first = loadWord(x), second = loadWord(x + 4);
      for (int i = 0; i < kChannels; ++i) {
        const uint32_t word = loadWord(weights + i * rowBytes);
        s[i] = dot4((word << 4) & 0xf0f0f0f0u, first, s[i]);
        s[i] = dot4(word & 0xf0f0f0f0u, second, s[i]);
      }
    }
    for (int i = 0; i < kChannels; ++i) sums[i] = s[i] >> 4;
  }
};

int8_t* copied(const int8_t* from, int count, int8_t* to) {
  for (; count >= 4; count -= 4, from += 4, to += 4) storeWord(loadWord(from), to);
  for (; count > 0; --count) *to++ = *from++;
  return to;
}

int8_t* filled(int8_t value, int count, int8_t* to) {
  for (; count > 0; --count) *to++ = value;
  return to;
}

// Copies what the window sees of some channels, its first pixel being (top, left).
void gather(const Window& w, int top, int left, int inChannels, int channels, int8_t outside,
            const int8_t* in, int8_t* to) {
  for (int i = 0; i < w.height; ++i) {
    const int y = top + i * w.dilationY;
    const bool inY = y >= 0 && y < w.inHeight;
    for (int j = 0; j < w.width; ++j) {
      const int x = left + j * w.dilationX;
      const bool inside = inY && x >= 0 && x < w.inWidth;
      to = inside ? copied(in + (y * w.inWidth + x) * inChannels, channels, to)
                  : filled(outside, channels, to);
    }
  }
}

int8_t finished(const Requantization& o, int channel, int32_t sum) {
  sum += o.bias[channel];
  const int32_t q = requantized(sum, o.multipliers[channel], o.shifts[channel]) + o.outputZero;
  return clamped(q, o.min, o.max);
}

// Output channels first ... end - 1 at one pixel, which see `words` words of x.
template <typename Weights>
void multiplyAll(const Requantization& o, int first, int end, int words, const int8_t* weights,
                 const int8_t* x, int8_t* out) {
  const int rowBytes = words * 4;
  for (int c = first; c < end;) {
    const int8_t* row = weights + c * rowBytes;
    int32_t sums[4];
    int n = 1;
    if (end - c >= 4) {
      Weights::template multiply<4>(row, rowBytes, x, words, sums);
      n = 4;
    } else {
      Weights::template multiply<1>(row, rowBytes, x, words, sums);
    }
    for (int i = 0; i < n; ++i, ++c) out[c] = finished(o, c, sums[i]);
  }
}

template <typename Weights>
void convolve(const Window& w, const Requantization& o, const Channels& c, const Steps& steps,
              const int8_t* weights, const int8_t* in, int8_t* out, int8_t* scratch) {
  const int inEach = c.in / c.groups, outEach = c.out / c.groups;
  const int size = w.height * w.width * inEach;
  const int words = (size + Weights::kInputs - 1) / Weights::kInputs;
  filled(0, words * Weights::kInputs - size, scratch + size);  // they meet weights of zero
  for (int y = 0; y < w.outHeight; ++y) {
    for (int x = 0; x < w.outWidth; ++x) {
      const int top = y * w.strideY - w.padTop, left = x * w.strideX - w.padLeft;
      int8_t* pixel = out + y * steps.row + x * steps.column;
      for (int g = 0; g < c.groups; ++g) {
        gather(w, top, left, c.in, inEach, o.inputZero, in + g * inEach, scratch);
        multiplyAll<Weights>(o, g * outEach, (g + 1) * outEach, words, weights, scratch, pixel);
      }
    }
  }
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

void unpackInt4(const int8_t* packed, int count, int8_t* weights) {
  for (int i = 0; i < count; ++i) {
    const int byte = packed[i / 2];
    weights[i] = static_cast<int8_t>(i % 2 ? byte >> 4 : static_cast<int8_t>(byte * 16) >> 4);
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
