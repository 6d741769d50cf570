// The inner loops in plain C++, for every processor without the Cortex-M4's DSP instructions.
#include "Arithmetic.h"

#if !TINYKIT_CORTEX_M4

#include "MatrixInner.h"
#include "Scale.h"

namespace tinykit {
namespace nn {
namespace {

int32_t low16(uint32_t word) { return static_cast<int16_t>(word & 0xFFFF); }
int32_t high16(uint32_t word) { return static_cast<int16_t>(word >> 16); }
int32_t byteOf(uint32_t word, int i) { return static_cast<int8_t>(word >> (8 * i) & 0xFF); }

// A factor that is not below 1/2: `left` is how far the sum is shifted first, and when nothing is
// left to be shifted to the right, `mask` has all bits set and `factor` is 0.
int8_t requantizeAny(int32_t sum, const uint32_t* words, int32_t zeroPoint) {
  const Scale scale = readScale(words);
  sum = static_cast<int32_t>(static_cast<uint32_t>(sum) << words[2]);
  int32_t y = multiplyHigh(sum, scale.multiplier, sum);
  const int64_t whole = y & static_cast<int32_t>(words[3]);
  if (y < 0) --y;  // halves are rounded away from zero
  const int64_t q = multiplyHigh(y, -int64_t{scale.factor}, zeroPoint) + whole;
  return static_cast<int8_t>(q < -128 ? -128 : q > 127 ? 127 : q);
}

// The sums of two rows as outputs; returns the words behind their scales.
const uint32_t* finish(const Product* task, const int32_t sums[2], const uint32_t* words,
                       int8_t* out) {
  for (int i = 0; i < 2; ++i) {
    if (task->finish == kAnyScale) {
      out[i] = requantizeAny(sums[i], words, task->zeroPoint);
      words += 4;
    } else {
      out[i] = requantize(sums[i], readScale(words), task->zeroPoint, task->finish == kRectified);
      words += 2;
    }
  }
  return words;
}

// The sums of two rows, see packing.py. They may overflow on the way, so they are unsigned.
struct Narrow {
  uint32_t low;
  uint32_t both;

  void add(uint32_t word, const int16_t* pair) {
    low += static_cast<uint32_t>(byteOf(word, 0) * pair[0] + byteOf(word, 2) * pair[1]);
    both += static_cast<uint32_t>(low16(word) * pair[0]);
    both += static_cast<uint32_t>(high16(word) * pair[1]);
  }
  int32_t first() const { return static_cast<int32_t>(low); }
  int32_t second() const { return static_cast<int32_t>(both - low) >> 8; }
};

// The same for sums of any size, each row on its own.
struct Wide {
  uint32_t low;
  uint32_t high;

  void add(uint32_t word, const int16_t* pair) {
    low += static_cast<uint32_t>(byteOf(word, 0) * pair[0] + byteOf(word, 2) * pair[1]);
    high += static_cast<uint32_t>(byteOf(word, 1) * pair[0] + byteOf(word, 3) * pair[1]);
  }
  int32_t first() const { return static_cast<int32_t>(low); }
  int32_t second() const { return static_cast<int32_t>(high); }
};

// Row pairs times `pixels` pixels.
template <typename Sums>
void multiplyPairs(const Product* task, int pixels) {
  const uint32_t* weights = task->weights;
  const int16_t* x = static_cast<const int16_t*>(task->x);
  int8_t* out = task->out;
  for (int32_t i = 0; i < task->count; ++i, out += 2) {
    const uint32_t* words = weights + 2;
    const uint32_t* scales = words + 2 * task->quads;
    const uint32_t* next = scales;
    for (int pixel = 0; pixel < pixels; ++pixel) {
      Sums sums = {weights[0], weights[1]};
      for (int32_t k = 0; k < 2 * task->quads; ++k) {
        sums.add(words[k], x + 2 * (pixels * k + pixel));
      }
      const int32_t both[] = {sums.first(), sums.second()};
      next = finish(task, both, scales, out + pixel * task->outStep);
    }
    weights = next;
  }
}

template <typename Sums>
void multiplyBytes(const Product* task) {
  const uint32_t* weights = task->weights;
  int8_t* out = task->out;
  for (int32_t i = 0; i < task->count; ++i, out += 2) {
    const int8_t* x = static_cast<const int8_t*>(task->x);
    Sums sums = {weights[0], weights[1]};
    weights += 2;
    for (int32_t k = 0; k < task->quads; ++k, weights += 2, x += 4) {
      const int16_t wide[] = {x[0], x[2], x[1], x[3]};
      sums.add(weights[0], wide);
      sums.add(weights[1], wide + 2);
    }
    const int32_t both[] = {sums.first(), sums.second()};
    weights = finish(task, both, weights, out);
  }
}

template <typename Sums>
void multiplyFour(const Product* task) {
  const uint32_t* weights = task->weights;
  int8_t* out = task->out;
  for (int32_t block = 0; block < task->count; ++block, out += 4) {
    const int16_t* x = static_cast<const int16_t*>(task->x);
    Sums a = {weights[0], weights[1]};
    Sums b = {weights[2], weights[3]};
    weights += 4;
    for (int32_t k = 0; k < task->quads; ++k, weights += 4, x += 4) {
      a.add(weights[0], x);
      a.add(weights[1], x + 2);
      b.add(weights[2], x);
      b.add(weights[3], x + 2);
    }
    const int32_t sums[] = {a.first(), a.second(), b.first(), b.second()};
    weights = finish(task, sums, weights, out);
    weights = finish(task, sums + 2, weights, out + 2);
  }
}

}  // namespace

extern "C" {

void tinykitThreePixels(const Product* task) { multiplyPairs<Narrow>(task, 3); }
void tinykitThreePixelsWide(const Product* task) { multiplyPairs<Wide>(task, 3); }
void tinykitOnePixel(const Product* task) { multiplyPairs<Narrow>(task, 1); }
void tinykitOnePixelWide(const Product* task) { multiplyPairs<Wide>(task, 1); }
void tinykitBytes(const Product* task) { multiplyBytes<Narrow>(task); }
void tinykitBytesWide(const Product* task) { multiplyBytes<Wide>(task); }
void tinykitFourRows(const Product* task) { multiplyFour<Narrow>(task); }
void tinykitFourRowsWide(const Product* task) { multiplyFour<Wide>(task); }

void tinykitOneRow(const Product* task) {
  const uint32_t* weights = task->weights;
  const int8_t* x = static_cast<const int8_t*>(task->x);
  uint32_t sum = *weights++;
  for (int32_t k = 0; k < task->quads; ++k, weights += 2, x += 4) {
    sum += static_cast<uint32_t>(low16(weights[0]) * x[0] + high16(weights[0]) * x[2]);
    sum += static_cast<uint32_t>(low16(weights[1]) * x[1] + high16(weights[1]) * x[3]);
  }
  const int32_t value = static_cast<int32_t>(sum);
  *task->out = task->finish == kAnyScale
                   ? requantizeAny(value, weights, task->zeroPoint)
                   : requantize(value, readScale(weights), task->zeroPoint, false);
}

int16_t* tinykitWidenThree(const int8_t* const pixels[3], int32_t count, int32_t rows,
                           int32_t rowStep, int16_t* x) {
  for (int32_t row = 0; row < rows; ++row) {
    for (int32_t i = 0; i < count; i += 4, x += 12) {
      for (int32_t pixel = 0; pixel < 3; ++pixel) {
        const int8_t* from = pixels[pixel] + row * rowStep + i;
        x[2 * pixel] = from[0];
        x[2 * pixel + 1] = from[2];
        x[2 * pixel + 6] = from[1];
        x[2 * pixel + 7] = from[3];
      }
    }
  }
  return x;
}

int16_t* tinykitWidenOne(const int8_t* from, int32_t count, int32_t rows, int32_t rowStep,
                         int16_t* x) {
  for (int32_t row = 0; row < rows; ++row, from += rowStep) {
    for (int32_t i = 0; i < count; i += 4, x += 4) {
      x[0] = from[i];
      x[1] = from[i + 2];
      x[2] = from[i + 1];
      x[3] = from[i + 3];
    }
  }
  return x;
}

}  // extern "C"

}  // namespace nn
}  // namespace tinykit

#endif
