// Turns the network's flickering scores into decisions: "yes" was said, once, now.
// Python twin and specification: tinykit/streaming/audio.py. Taught in notebook 01.
#pragma once

#include <stdint.h>

namespace tinykit {

// A keyword is reported when its score, averaged over the last `kWindow` inferences, is the highest
// of all labels and at least the threshold, and the last report is at least the refractory time
// ago. Integers only, so the twins agree exactly.
template <int kLabels, int kWindow>
class KeywordDecider {
 public:
  // `isKeyword` is false for labels that are never reported (unknown, silence). `threshold` is an
  // average score, 0 ... 255.
  KeywordDecider(const bool (&isKeyword)[kLabels], int threshold, uint32_t refractoryMs)
      : isKeyword_(isKeyword), threshold_(threshold), refractoryMs_(refractoryMs) {}

  // Takes the int8 scores of one inference (softmax: -128 is probability 0, 127 is 255/256) and the
  // time; returns the index of the label to report, or -1.
  int update(const int8_t* scores, uint32_t nowMs) {
    remember(scores);
    // Unsigned subtraction gives the right answer even when nowMs has just wrapped to 0.
    if (resting_ && nowMs - lastReportMs_ >= refractoryMs_) resting_ = false;

    const int best = highest();
    const bool sure = seen_ == kWindow && sums_[best] >= threshold_ * kWindow;
    if (!sure || !isKeyword_[best] || resting_) return -1;
    resting_ = true;
    lastReportMs_ = nowMs;
    return best;
  }

  // A label's average score in hundredths, 0 ... 100.
  int percent(int label) const { return (sums_[label] * 100 + 128 * kWindow) / (256 * kWindow); }

 private:
  // Replaces the oldest inference in the history; the sums follow.
  void remember(const int8_t* scores) {
    for (int label = 0; label < kLabels; ++label) {
      const int score = scores[label] + 128;
      sums_[label] += score - history_[next_][label];
      history_[next_][label] = static_cast<uint8_t>(score);
    }
    next_ = (next_ + 1) % kWindow;
    if (seen_ < kWindow) ++seen_;
  }

  int highest() const {
    int best = 0;
    for (int label = 1; label < kLabels; ++label) {
      if (sums_[label] > sums_[best]) best = label;
    }
    return best;
  }

  const bool (&isKeyword_)[kLabels];
  const int threshold_;
  const uint32_t refractoryMs_;

  uint8_t history_[kWindow][kLabels] = {};  // a ring: history_[next_] is the oldest
  int sums_[kLabels] = {};
  int next_ = 0;
  int seen_ = 0;  // inferences since the start, up to kWindow

  bool resting_ = false;
  uint32_t lastReportMs_ = 0;
};

}  // namespace tinykit
