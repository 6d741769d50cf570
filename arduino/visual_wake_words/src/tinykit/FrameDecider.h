// Turns scores of one picture after the other into a state: "there is a person", until there is
// none. Python twin and specification: tinykit/streaming/image.py. Taught in notebook 02.
#pragma once

#include <stdint.h>

namespace tinykit {

// The state is a label, at first label 0. It changes to another one when that had the highest score
// of all, and at least the threshold, in so many pictures in a row. Integers only, so the twins
// agree exactly.
template <int kLabels>
class FrameDecider {
 public:
  // `agree` is a number of pictures, at least 1; `threshold` a score, 0 ... 255.
  FrameDecider(int agree, int threshold) : agree_(agree), threshold_(threshold) {}

  // Takes the int8 scores of the next picture (softmax: -128 is probability 0, 127 is 255/256);
  // returns the index of the label to which the state changes now, or -1.
  int update(const int8_t* scores) {
    int best = 0;
    for (int label = 1; label < kLabels; ++label) {
      if (scores[label] > scores[best]) best = label;
    }
    if (best == state_ || scores[best] + 128 < threshold_) {
      agreed_ = 0;
      return -1;
    }
    if (best != candidate_) agreed_ = 0;
    candidate_ = best;
    if (++agreed_ < agree_) return -1;
    agreed_ = 0;
    state_ = best;
    return best;
  }

  // A score in hundredths, 0 ... 100.
  static int percent(int8_t score) { return ((score + 128) * 100 + 128) / 256; }

 private:
  const int agree_;
  const int threshold_;
  int state_ = 0;
  int candidate_ = 0;  // what the last picture showed, if another state than this one,
  int agreed_ = 0;     // and how many pictures in a row
};

}  // namespace tinykit
