#include "Svdf.h"

#include "Arithmetic.h"
#include "Words.h"

namespace tinykit {
namespace nn {
namespace {

int32_t rescaled(int32_t x, const Factor& factor) {
  return requantized(x, factor.multiplier, factor.left - factor.right);
}

int32_t dot(const int8_t* weights, const int8_t* x, int size, int32_t sum) {
  for (; size > 0; size -= 4, weights += 4, x += 4) {
    sum = dot4(loadWord(weights), loadWord(x), sum);  // bytes behind the end meet zeros
  }
  return sum;
}

// Moves a filter's results down by one, puts the newest behind them, and returns their sum with the
// time weights. Sums may overflow; they do so in TensorFlow Lite Micro, too.
template <typename T>
uint32_t pushed(const T* weights, int memory, int32_t newest, T* state) {
  uint32_t sum = 0;
  for (int i = 0; i < memory; ++i) {
    state[i] = i + 1 < memory ? state[i + 1] : static_cast<T>(newest);
    sum += static_cast<uint32_t>(weights[i] * state[i]);
  }
  return sum;
}

template <typename T>
void svdf(const Svdf& p, int32_t low, int32_t high, const int8_t* weights, const int32_t* bias,
          const T* timeWeights, const int32_t* unitBias, const int8_t* in, int8_t* out, T* state) {
  const int rowBytes = (p.inputs + 3) / 4 * 4;
  for (int unit = 0; unit < p.units; ++unit) {
    uint32_t sum = static_cast<uint32_t>(unitBias[unit]);
    for (int i = 0; i < p.rank; ++i) {
      const int32_t product = dot(weights, in, p.inputs, *bias++);
      int32_t q = rescaled(product, p.ofFilter);
      q = q < low ? low : q > high ? high : q;
      // The zero point may carry it out of its type again; TensorFlow Lite Micro does not look.
      sum += pushed(timeWeights, p.memory, q + p.stateZero, state);
      weights += rowBytes;
      timeWeights += p.memory;
      state += p.memory;
    }
    const int32_t total = static_cast<int32_t>(sum);
    const int32_t y = rescaled(total, p.ofUnit) + p.outputZero;
    out[unit] = clamped(y, -128, 127);
  }
}

}  // namespace

void svdf8(const Svdf& p, const int8_t* weights, const int32_t* bias, const int8_t* timeWeights,
           const int32_t* unitBias, const int8_t* in, int8_t* out, int8_t* state) {
  svdf(p, -128, 127, weights, bias, timeWeights, unitBias, in, out, state);
}

void svdf16(const Svdf& p, const int8_t* weights, const int32_t* bias, const int16_t* timeWeights,
            const int32_t* unitBias, const int8_t* in, int8_t* out, int16_t* state) {
  svdf(p, -32768, 32767, weights, bias, timeWeights, unitBias, in, out, state);
}

}  // namespace nn
}  // namespace tinykit
