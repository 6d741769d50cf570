#include "General.h"

#include "Arithmetic.h"

namespace tinykit {
namespace nn {
namespace {

// The part of the window that lies inside the input, at one output pixel. Positions count pixels.
struct Part {
  int weight;  // the first pixel of the window in it
  int pixel;   // the input pixel under that
  int rows, columns;
};

// Along one axis: the window's first pixel that is not before the input, and the first behind it.
int firstInside(int start, int dilation) {
  return start < 0 ? (dilation - 1 - start) / dilation : 0;
}

int endInside(int start, int dilation, int size, int length) {
  const int end = (length - start + dilation - 1) / dilation;
  return end < size ? end : size;
}

Part partAt(const Window& w, int outY, int outX) {
  const int y = outY * w.strideY - w.padTop;
  const int x = outX * w.strideX - w.padLeft;
  const int firstY = firstInside(y, w.dilationY);
  const int firstX = firstInside(x, w.dilationX);
  return {firstY * w.width + firstX,
          (y + firstY * w.dilationY) * w.inWidth + x + firstX * w.dilationX,
          endInside(y, w.dilationY, w.height, w.inHeight) - firstY,
          endInside(x, w.dilationX, w.width, w.inWidth) - firstX};
}

int8_t finished(const Requantization& o, int channel, int32_t sum) {
  const int32_t q = requantized(sum, o.multipliers[channel], o.shifts[channel]) + o.outputZero;
  return clamped(q, o.min, o.max);
}

// What a depthwise convolution steps over, in bytes.
struct Steps {
  int weightRow, weightColumn;
  int inRow, inColumn;
};

// The sum of one channel at one output pixel, without its bias.
int32_t sumOfOne(const Part& part, const Steps& steps, int32_t inputZero, const int8_t* weights,
                 const int8_t* in) {
  int32_t sum = 0;
  for (int row = 0; row < part.rows; ++row, weights += steps.weightRow, in += steps.inRow) {
    for (int i = 0; i < part.columns; ++i) {
      sum += weights[i * steps.weightColumn] * (in[i * steps.inColumn] - inputZero);
    }
  }
  return sum;
}

// The same for four neighbouring channels.
void sumsOfFour(const Part& part, const Steps& steps, int32_t inputZero, const int8_t* weights,
                const int8_t* in, int32_t* sums) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (int row = 0; row < part.rows; ++row, weights += steps.weightRow, in += steps.inRow) {
    const int8_t* weight = weights;
    const int8_t* pixel = in;
    for (int i = part.columns; i > 0; --i) {
      s0 += weight[0] * (pixel[0] - inputZero);
      s1 += weight[1] * (pixel[1] - inputZero);
      s2 += weight[2] * (pixel[2] - inputZero);
      s3 += weight[3] * (pixel[3] - inputZero);
      weight += steps.weightColumn;
      pixel += steps.inColumn;
    }
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

}  // namespace

void depthwiseGeneral(const Window& w, const Requantization& o, int outChannels, int multiplier,
                      const int8_t* weights, const int8_t* in, int8_t* out) {
  const int inChannels = outChannels / multiplier;
  const Steps steps = {w.width * outChannels, outChannels,
                       w.dilationY * w.inWidth * inChannels, w.dilationX * inChannels};
  for (int outY = 0; outY < w.outHeight; ++outY) {
    for (int outX = 0; outX < w.outWidth; ++outX) {
      const Part part = partAt(w, outY, outX);
      const int8_t* weight = weights + part.weight * outChannels;
      const int8_t* pixel = in + part.pixel * inChannels;
      for (int c = 0; c < outChannels;) {
        int32_t sums[4];
        int n = 1;
        if (multiplier == 1 && outChannels - c >= 4) {
          sumsOfFour(part, steps, o.inputZero, weight + c, pixel + c, sums);
          n = 4;
        } else {
          sums[0] = sumOfOne(part, steps, o.inputZero, weight + c, pixel + c / multiplier);
        }
        for (int i = 0; i < n; ++i, ++c) {
          *out++ = finished(o, c, o.bias[c] + sums[i]);
        }
      }
    }
  }
}

}  // namespace nn
}  // namespace tinykit
