// What a network sees of a movement: always as many frames, upright, and of one strength.
// Python twin and specification: tinykit/features/motion.py. Taught in notebook 03.
#pragma once

#include <math.h>
#include <stdint.h>

#include "MotionSegmenter.h"

namespace tinykit {

constexpr float kRotationUnit = 256.0f;  // degrees per second that count as much as one g
constexpr float kFaint = 0.1f;           // g: what is weaker stays weak

template <int kAxes, int kFrames>
class MotionFeatures {
 public:
  // `faint` is the strength, in g, below which movements stay weak; `scale` and `zeroPoint` are
  // those of the model's input.
  MotionFeatures(float faint, float scale, int zeroPoint)
      : faint_(faint), inverseScale_(1.0f / scale), zeroPoint_(zeroPoint) {}

  // Writes the features of the movement that has just ended: kFrames * kAxes values, frame by
  // frame.
  template <int kLongest>
  void compute(const MotionSegmenter<kAxes, kLongest>& movement, int8_t* input) {
    resample(movement);
    turnUpright();
    const float factor = inverseScale_ / strength();
    for (int frame = 0; frame < kFrames; ++frame) {
      for (int axis = 0; axis < kAxes; ++axis) *input++ = quantized(frames_[frame][axis] * factor);
    }
  }

 private:
  // The mean signal in each of kFrames equal parts. Parts and samples are measured in units of
  // which a part has `n` and a sample kFrames, so the sums are whole numbers.
  template <int kLongest>
  void resample(const MotionSegmenter<kAxes, kLongest>& movement) {
    const int n = movement.length();
    int i = 0;               // the sample that is being shared out
    int rest = kFrames;      // what is left of it
    for (int frame = 0; frame < kFrames; ++frame) {
      int32_t sums[kAxes] = {};
      for (int missing = n; missing > 0;) {
        const int taken = rest < missing ? rest : missing;
        const int16_t* sample = movement.sample(i);
        for (int axis = 0; axis < kAxes; ++axis) sums[axis] += taken * sample[axis];
        missing -= taken;
        rest -= taken;
        if (rest == 0) {
          ++i;
          rest = kFrames;
        }
      }
      for (int axis = 0; axis < kAxes; ++axis) {
        const float steps = axis < 3 ? kAccelerationSteps : kRotationSteps * kRotationUnit;
        frames_[frame][axis] = static_cast<float>(sums[axis]) / (static_cast<float>(n) * steps);
      }
    }
  }

  // Takes gravity, the mean acceleration, away, and turns what is left so that gravity was along z.
  void turnUpright() {
    float gravity[3] = {};
    for (int frame = 0; frame < kFrames; ++frame) {
      for (int axis = 0; axis < 3; ++axis) gravity[axis] += frames_[frame][axis];
    }
    for (float& g : gravity) g /= static_cast<float>(kFrames);
    const Turn turn = upright(gravity);
    for (int frame = 0; frame < kFrames; ++frame) {
      for (int axis = 0; axis < 3; ++axis) frames_[frame][axis] -= gravity[axis];
      for (int first = 0; first < kAxes; first += 3) rotate(frames_[frame] + first, turn);
    }
  }

  struct Turn {
    float rows[3][3];
  };

  // The smallest rotation that turns `gravity` to +z.
  static Turn upright(const float* gravity) {
    const float length = sqrtf(squared(gravity[0]) + squared(gravity[1]) + squared(gravity[2]));
    const float divisor = length > 1e-6f ? length : 1e-6f;
    const float x = gravity[0] / divisor;
    const float y = gravity[1] / divisor;
    const float z = gravity[2] / divisor;
    if (z < -0.999f) return {{{1, 0, 0}, {0, -1, 0}, {0, 0, -1}}};  // half a turn about x
    const float k = 1.0f / (1.0f + z);
    return {{{1.0f - k * x * x, -k * x * y, -x}, {-k * x * y, 1.0f - k * y * y, -y}, {x, y, z}}};
  }

  static void rotate(float* vector, const Turn& turn) {
    const float x = vector[0];
    const float y = vector[1];
    const float z = vector[2];
    for (int row = 0; row < 3; ++row) {
      vector[row] = turn.rows[row][0] * x + turn.rows[row][1] * y + turn.rows[row][2] * z;
    }
  }

  // The root mean square over all frames, and a little more.
  float strength() const {
    float sum = 0.0f;
    for (int frame = 0; frame < kFrames; ++frame) {
      for (int axis = 0; axis < kAxes; ++axis) sum += squared(frames_[frame][axis]);
    }
    return sqrtf(sum / static_cast<float>(kFrames) + squared(kFaint));
  }

  // To the nearest int8 step, ties to even as NumPy does; too large values saturate.
  int8_t quantized(float steps) const {
    const long q = lrintf(steps) + zeroPoint_;
    return static_cast<int8_t>(q < -128 ? -128 : q > 127 ? 127 : q);
  }

  static float squared(float x) { return x * x; }

  const float faint_;
  const float inverseScale_;
  const int zeroPoint_;
  float frames_[kFrames][kAxes];  // g, and as many times 256 degrees per second
};

}  // namespace tinykit
