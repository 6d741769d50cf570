// The inner loops in plain C++, for every processor without the Cortex-M4's DSP instructions.
#include "Arithmetic.h"

#if !TINYKIT_CORTEX_M4

#include "ConvInner.h"

namespace tinykit {
namespace nn {
namespace {

int32_t low16(uint32_t word) { return static_cast<int16_t>(word & 0xFFFF); }
int32_t high16(uint32_t word) { return static_cast<int16_t>(word >> 16); }
int32_t low8(uint32_t word) { return static_cast<int8_t>(word & 0xFF); }

// round(a * b / 2^32) + c
int32_t multiplyHigh(int32_t a, int64_t b, int32_t c) {
  const int64_t half = int64_t{1} << 31;
  return static_cast<int32_t>(((a * b + half) >> 32) + c);
}

struct Scale {
  int32_t multiplier;
  int32_t factor;
};

int8_t requantize(int32_t sum, Scale scale, int32_t zeroPoint, bool rectified) {
  int32_t y = multiplyHigh(sum, scale.multiplier, sum);
  if (y < 0 && !rectified) --y;  // halves are rounded away from zero
  const int32_t q = multiplyHigh(y, -int64_t{scale.factor}, zeroPoint);
  return static_cast<int8_t>(q < -128 ? -128 : q > 127 ? 127 : q);
}

Scale readScale(const uint32_t* weights) {
  return {static_cast<int32_t>(weights[0]), static_cast<int32_t>(weights[1])};
}

// The sums of two rows, see packing.py. They may overflow on the way, so they are unsigned.
struct RowPair {
  uint32_t low;
  uint32_t both;

  void add(uint32_t word, const int16_t* pair) {
    low += static_cast<uint32_t>(low8(word) * pair[0] + low8(word >> 16) * pair[1]);
    both += static_cast<uint32_t>(low16(word) * pair[0]);
    both += static_cast<uint32_t>(high16(word) * pair[1]);
  }
  int32_t lowSum() const { return static_cast<int32_t>(low); }
  int32_t highSum() const { return static_cast<int32_t>(both - low) >> 8; }
};

}  // namespace

extern "C" {

void tinykitMultiplyTile(const Tile* tile) {
  const uint32_t* weights = tile->weights;
  int8_t* out = tile->out;
  const bool rectified = tile->rectified != 0;
  for (int32_t i = 0; i < tile->rowPairs; ++i, out += 2) {
    const uint32_t* words = weights + 2;
    const uint32_t* scales = words + tile->words;
    for (int32_t pixel = 0; pixel < 4; ++pixel) {
      RowPair rows = {weights[0], weights[1]};
      for (int32_t k = 0; k < tile->words; ++k) {
        rows.add(words[k], tile->x + 8 * k + 2 * pixel);
      }
      int8_t* to = out + pixel * tile->outStep;
      to[0] = requantize(rows.lowSum(), readScale(scales), tile->zeroPoint, rectified);
      to[1] = requantize(rows.highSum(), readScale(scales + 2), tile->zeroPoint, rectified);
    }
    weights = scales + 4;
  }
}

int16_t* tinykitWidenTile(const int8_t* const pixels[4], int32_t count, int32_t rows,
                          int32_t rowStep, int16_t* x) {
  for (int32_t row = 0; row < rows; ++row) {
    for (int32_t i = 0; i < count; i += 4, x += 16) {
      for (int32_t pixel = 0; pixel < 4; ++pixel) {
        const int8_t* from = pixels[pixel] + row * rowStep + i;
        x[2 * pixel] = from[0];
        x[2 * pixel + 1] = from[2];
        x[2 * pixel + 8] = from[1];
        x[2 * pixel + 9] = from[3];
      }
    }
  }
  return x;
}

void tinykitWidenStrided(const int8_t* from, int32_t step, int32_t count, int16_t* to) {
  for (int32_t i = 0; i < count; ++i) to[i] = from[i * step];
}

void tinykitMultiplyVector(const Vector* vector) {
  const uint32_t* weights = vector->weights;
  int8_t* out = vector->out;
  const bool rectified = vector->rectified != 0;
  for (int32_t block = 0; block < vector->blocks; ++block, out += 4) {
    RowPair first = {weights[0], weights[1]};
    RowPair second = {weights[2], weights[3]};
    weights += 4;
    for (int32_t k = 0; k < vector->quads; ++k, weights += 4) {
      first.add(weights[0], vector->x + 4 * k);
      first.add(weights[1], vector->x + 4 * k + 2);
      second.add(weights[2], vector->x + 4 * k);
      second.add(weights[3], vector->x + 4 * k + 2);
    }
    const int32_t sums[] = {first.lowSum(), first.highSum(), second.lowSum(), second.highSum()};
    for (int i = 0; i < 4; ++i, weights += 2) {
      out[i] = requantize(sums[i], readScale(weights), vector->zeroPoint, rectified);
    }
  }
}

static void convolvePlane(const Plane* plane, int stride) {
  const uint32_t* weights = plane->weights;
  const int32_t bias = static_cast<int32_t>(weights[0]);
  const int32_t rowLength = plane->rowBytes / 2;
  const int16_t* x = plane->x;
  for (int32_t row = 0; row < plane->outRows; ++row) {
    int8_t* out = plane->out + row * plane->outRowStep;
    for (int32_t column = 0; column < plane->outColumns; ++column) {
      int32_t sum = bias;
      for (int i = 0; i < 3; ++i) {
        const int16_t* from = x + i * rowLength + column * stride;
        for (int j = 0; j < 3; ++j) sum += low8(weights[3 + i] >> (8 * j)) * from[j];
      }
      *out = requantize(sum, readScale(weights + 1), plane->zeroPoint, plane->rectified != 0);
      out += plane->outColumnStep;
    }
    x += plane->rowAdvance / 2;
  }
}

void tinykitConvolvePlane1(const Plane* plane) { convolvePlane(plane, 1); }

void tinykitConvolvePlane2(const Plane* plane) { convolvePlane(plane, 2); }

}  // extern "C"

}  // namespace nn
}  // namespace tinykit

#endif
