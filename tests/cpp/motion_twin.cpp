// The C++ front end of motion as a shared library, for the tests that hold it against its Python
// twin. kAxes ... kMotionConstants come from config.h, as a sketch has it.
#include <stdint.h>

#include "MotionDecider.h"
#include "MotionFeatures.h"
#include "MotionSegmenter.h"
#include "config.h"
#include "parameters.h"

#if defined(_WIN32)
#define EXPORTED extern "C" __declspec(dllexport)
#else
#define EXPORTED extern "C"
#endif

// Plays `count` samples of kAxes values. For each movement writes how many samples had been played
// when it ended, its length, and its features (kFrames * kAxes). Returns how many there were.
EXPORTED int movements(const float* samples, int count, int* ends, int* lengths, int8_t* features) {
  tinykit::MotionSegmenter<kAxes, kLongestSamples> segmenter(kMotionConstants);
  tinykit::MotionFeatures<kAxes, kFrames> motionFeatures(kFaint, kScale, kZeroPoint);
  int found = 0;
  for (int i = 0; i < count; ++i) {
    if (!segmenter.push(samples + i * kAxes)) continue;
    ends[found] = i + 1;
    lengths[found] = segmenter.length();
    motionFeatures.compute(segmenter, features + found * kFrames * kAxes);
    ++found;
  }
  return found;
}

// The samples of the first movement, as they were kept; returns how many.
EXPORTED int first_movement(const float* samples, int count, int16_t* kept) {
  tinykit::MotionSegmenter<kAxes, kLongestSamples> segmenter(kMotionConstants);
  for (int i = 0; i < count; ++i) {
    if (!segmenter.push(samples + i * kAxes)) continue;
    for (int row = 0; row < segmenter.length(); ++row) {
      for (int axis = 0; axis < kAxes; ++axis) *kept++ = segmenter.sample(row)[axis];
    }
    return segmenter.length();
  }
  return 0;
}

// What is decided for `count` rows of 4 scores, and label 0's percentages.
EXPORTED void decide_motion(const int8_t* scores, int count, int threshold, int* decisions,
                            int* percents) {
  static constexpr bool isGesture[] = {true, true, true, false};
  const tinykit::MotionDecider<4> decider(isGesture, threshold);
  for (int i = 0; i < count; ++i) {
    decisions[i] = decider.decide(scores + 4 * i);
    percents[i] = decider.percent(scores[4 * i]);
  }
}
