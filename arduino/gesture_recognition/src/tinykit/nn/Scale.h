// From a sum to an output in plain C++, with the scales that scales.py works out; on a Cortex-M4
// each of the two multiplications is one instruction.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

struct Scale {
  int32_t multiplier;
  int32_t factor;
};

inline Scale readScale(const uint32_t* weights) {
  return {static_cast<int32_t>(weights[0]), static_cast<int32_t>(weights[1])};
}

// round(a * b / 2^32) + c
inline int32_t multiplyHigh(int32_t a, int64_t b, int32_t c) {
  const int64_t half = int64_t{1} << 31;
  return static_cast<int32_t>(((a * b + half) >> 32) + c);
}

// `rectified`: what is below 0 will be cut off, so that how it is rounded does not matter.
inline int8_t requantize(int32_t sum, Scale scale, int32_t zeroPoint, bool rectified) {
  int32_t y = multiplyHigh(sum, scale.multiplier, sum);
  if (y < 0 && !rectified) --y;  // halves are rounded away from zero
  const int32_t q = multiplyHigh(y, -int64_t{scale.factor}, zeroPoint);
  return static_cast<int8_t>(q < -128 ? -128 : q > 127 ? 127 : q);
}

// The same for layers that cut off what is below 0, from a sum that has been scaled up by a power
// of two: multiplier and factor are such that one rounding gives what two would give.
constexpr int kOnceShift = 10;

inline int8_t requantizeOnce(int32_t sum, Scale scale) {
  const int64_t product = static_cast<int64_t>(sum) * scale.multiplier;
  const int32_t q = (scale.factor + static_cast<int32_t>(product >> 32)) >> kOnceShift;
  return static_cast<int8_t>(q < -128 ? -128 : q > 127 ? 127 : q);
}

}  // namespace nn
}  // namespace tinykit
