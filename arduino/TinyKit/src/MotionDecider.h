// Turns the network's scores for a movement into a decision: "circle", or nothing that is known.
// Python twin and specification: tinykit/streaming/motion.py. Taught in notebook 03.
#pragma once

#include <stdint.h>

namespace tinykit {

// A gesture is reported when its score is the highest of all labels and at least the threshold.
// Integers only, so the twins agree exactly.
template <int kLabels>
class MotionDecider {
 public:
  // `isGesture` is false for labels that are never reported (none). `threshold` is a score,
  // 0 ... 255.
  MotionDecider(const bool (&isGesture)[kLabels], int threshold)
      : isGesture_(isGesture), threshold_(threshold) {}

  // Takes the int8 scores of one movement (softmax: -128 is probability 0, 127 is 255/256);
  // returns the index of the label to report, or -1.
  int decide(const int8_t* scores) const {
    int best = 0;
    for (int label = 1; label < kLabels; ++label) {
      if (scores[label] > scores[best]) best = label;
    }
    return isGesture_[best] && scores[best] + 128 >= threshold_ ? best : -1;
  }

  // A score in hundredths, 0 ... 100.
  static int percent(int8_t score) { return ((score + 128) * 100 + 128) / 256; }

 private:
  const bool (&isGesture_)[kLabels];
  const int threshold_;
};

}  // namespace tinykit
