// The inner loops in plain C++, for every processor without the Cortex-M4's DSP instructions.
#include "Arithmetic.h"

#if !TINYKIT_CORTEX_M4

#include "DepthwiseInner.h"
#include "Scale.h"

namespace tinykit {
namespace nn {
namespace {

int32_t low8(uint32_t word) { return static_cast<int8_t>(word & 0xFF); }
uint32_t low16(uint32_t word) { return static_cast<uint32_t>(static_cast<int16_t>(word & 0xFFFF)); }

// The sums of four channels; unsigned, because sums for general scales may overflow.
void addTaps(const Taps& task, const uint32_t* weights, const int8_t* in, uint32_t* sums) {
  for (int i = 0; i < 4; ++i) sums[i] = weights[i];
  weights += 4;
  for (int32_t tap = 0; tap < task.count; ++tap, weights += 2) {
    const int8_t* x = in + task.taps[tap];
    sums[0] += low16(weights[0]) * static_cast<uint32_t>(x[0]);
    sums[1] += low16(weights[1]) * static_cast<uint32_t>(x[1]);
    sums[2] += low16(weights[0] >> 16) * static_cast<uint32_t>(x[2]);
    sums[3] += low16(weights[1] >> 16) * static_cast<uint32_t>(x[3]);
  }
}

}  // namespace

extern "C" {

void tinykitTaps(const Taps* task) {
  for (int32_t pixel = 0; pixel < task->pixels; ++pixel) {
    const int8_t* in = task->in + pixel * task->inStep;
    int8_t* out = task->out + pixel * task->outStep;
    const uint32_t* weights = task->weights;
    for (int32_t group = 0; group < task->groups; ++group, in += 4) {
      uint32_t sums[4];
      addTaps(*task, weights, in, sums);
      const uint32_t* scales = weights + 4 + 2 * task->count;
      for (int i = 0; i < 4; ++i, ++scales) {
        const int32_t sum = static_cast<int32_t>(sums[i]);
        if (task->end == kTapsSums) {
          reinterpret_cast<int32_t*>(out)[4 * group + i] = sum;
          continue;
        }
        const Scale scale = {static_cast<int32_t>(scales[0]), static_cast<int32_t>(scales[4])};
        *out = requantize(sum, scale, task->zeroPoint, task->end == kTapsRectified);
        out += task->outChannelStep;
      }
      weights = scales + 4;
    }
  }
}

void tinykitWidenStrided(const int8_t* from, int32_t step, int32_t count, int16_t* to) {
  for (int32_t i = 0; i < count; ++i) to[i] = from[i * step];
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

static int32_t sumOfStrip(const Strip& strip, const int16_t* x, int stride) {
  const int words = stride == 1 ? 2 : 1;  // per pair
  uint32_t sum = strip.weights[0];
  for (int32_t row = 0; row < strip.filterRows; ++row) {
    const uint32_t* weights = strip.weights + 4 + row * strip.pairs * words;
    for (int32_t i = 0; i < strip.pairs; ++i, weights += words) {
      sum += low16(weights[0]) * static_cast<uint32_t>(x[2 * i]);
      // The last pair of an odd row has one weight only, and x may end there.
      if (weights[0] >> 16) sum += low16(weights[0] >> 16) * static_cast<uint32_t>(x[2 * i + 1]);
    }
    x += strip.filterRowBytes / 2;
  }
  return static_cast<int32_t>(sum);
}

static void convolveStrip(const Strip& strip, int stride) {
  const int words = stride == 1 ? 2 : 1;
  const Scale scale = readScale(strip.weights + 4 + strip.filterRows * strip.pairs * words);
  for (int32_t row = 0; row < strip.outRows; ++row) {
    const int16_t* x = strip.x + row * strip.rowAdvance / 2;
    int8_t* out = strip.out + row * strip.outRowStep;
    for (int32_t column = 0; column < strip.outColumns; ++column, x += stride) {
      const int32_t sum = sumOfStrip(strip, x, stride);
      *out = requantize(sum, scale, strip.zeroPoint, strip.rectified != 0);
      out += strip.outColumnStep;
    }
  }
}

void tinykitStrip1(const Strip* strip) { convolveStrip(*strip, 1); }

void tinykitStrip2(const Strip* strip) { convolveStrip(*strip, 2); }

}  // extern "C"

}  // namespace nn
}  // namespace tinykit

#endif
