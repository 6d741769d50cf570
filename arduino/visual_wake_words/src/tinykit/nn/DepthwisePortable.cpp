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

int8_t finished(int32_t sum, Scale scale, int32_t zeroPoint, bool once) {
  return once ? requantizeOnce(sum, scale) : requantize(sum, scale, zeroPoint, false);
}

int32_t sum3x3(const Plane& plane, const int16_t* x) {
  int32_t sum = static_cast<int32_t>(plane.weights[0]);
  for (int row = 0; row < 3; ++row, x += plane.filterRowBytes / 2) {
    const uint32_t weights = plane.weights[3 + row];  // three, and a shift
    for (int i = 0; i < 3; ++i) sum += low8(weights >> (8 * i)) * (1 << (weights >> 24)) * x[i];
  }
  return sum;
}

int32_t sumOfFilter(const Plane& plane, const int16_t* x, int stride) {
  const int words = stride == 1 ? 2 : 1;  // per pair
  const uint32_t* weights = plane.weights + 4;
  uint32_t sum = plane.weights[0];
  for (int32_t row = 0; row < plane.filterRows; ++row, x += plane.filterRowBytes / 2) {
    for (int32_t i = 0; i < plane.pairs; ++i, weights += words) {
      sum += low16(weights[0]) * static_cast<uint32_t>(x[2 * i]);
      // Of the last pair nothing may be used, and x may have ended before.
      if (weights[0] >> 16) sum += low16(weights[0] >> 16) * static_cast<uint32_t>(x[2 * i + 1]);
    }
  }
  return static_cast<int32_t>(sum);
}

template <typename Sum>
void convolve(const Plane& plane, const uint32_t* scale, int stride, const Sum& sum) {
  for (int32_t row = 0; row < plane.outRows; ++row) {
    const int16_t* x = plane.x + row * plane.rowAdvance / 2;
    int8_t* out = plane.out + row * plane.outRowStep;
    for (int32_t column = 0; column < plane.outColumns; ++column, x += stride) {
      *out = finished(sum(x), readScale(scale), plane.zeroPoint, plane.once != 0);
      out += plane.outColumnStep;
    }
  }
}

void convolveFilter(const Plane& plane, int stride) {
  const uint32_t* scale =
      plane.weights + 4 + plane.filterRows * plane.pairs * (stride == 1 ? 2 : 1);
  convolve(plane, scale, stride,
           [&](const int16_t* x) { return sumOfFilter(plane, x, stride); });
}

void convolveLines(const Lines& task, int taps) {
  const uint32_t* weights = task.weights;
  const int32_t length = task.count + taps - 1 - task.before;  // pixels of a line
  for (int32_t channel = 0; channel < task.channels; ++channel, weights += 5) {
    for (int32_t line = 0; line < task.lines; ++line) {
      const int8_t* in = task.in + channel + line * task.inLineStep;
      int8_t* out = task.out + channel + line * task.outLineStep;
      int32_t x[4] = {task.padding, task.padding, task.padding, task.padding};  // the last ones
      for (int32_t i = -task.before; i < task.count + task.after + taps - 1 - task.before; ++i) {
        for (int k = 0; k < 3; ++k) x[k] = x[k + 1];
        x[3] = i >= 0 && i < length ? in[i * task.step] : task.padding;
        if (i < taps - 1 - task.before) continue;
        uint32_t sum = weights[2];
        for (int k = 0; k < taps; ++k) {
          sum += low16(weights[k / 2] >> (k % 2 * 16)) * static_cast<uint32_t>(x[4 - taps + k]);
        }
        *out = requantizeOnce(static_cast<int32_t>(sum), readScale(weights + 3));
        out += task.step;
      }
    }
  }
}

}  // namespace

extern "C" {

void tinykitWidenStrided(const int8_t* from, int32_t step, int32_t count, int16_t* to) {
  for (int32_t i = 0; i < count; ++i) to[i] = from[i * step];
}

void tinykitPlane3x3(const Plane* plane) {
  convolve(*plane, plane->weights + 1, 1, [&](const int16_t* x) { return sum3x3(*plane, x); });
}

void tinykitPlane1(const Plane* plane) { convolveFilter(*plane, 1); }

void tinykitPlane2(const Plane* plane) { convolveFilter(*plane, 2); }

void tinykitLines2(const Lines* task) { convolveLines(*task, 2); }

void tinykitLines3(const Lines* task) { convolveLines(*task, 3); }

void tinykitLines4(const Lines* task) { convolveLines(*task, 4); }

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
        *out = finished(sum, scale, task->zeroPoint, task->end == kTapsOnce);
        out += task->outChannelStep;
      }
      weights = scales + 4;
    }
  }
}

}  // extern "C"

}  // namespace nn
}  // namespace tinykit

#endif
