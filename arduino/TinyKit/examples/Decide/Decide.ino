// Decides as a sketch of tinykit does, on scores that are made up: any board can run it.
//
// A network hears "yes", "no" or something else five times a second, and its scores flicker. The
// decider averages the last four of them and reports a word once: the Serial Monitor, at 115200
// baud, shows
//
//     yes  0.89
//
// 0.6 seconds after the start, and again every ten seconds.

#include <TinyKit.h>

constexpr int kLabels = 3;
const char* const kNames[kLabels] = {"yes", "no", "unknown"};
constexpr bool kIsKeyword[kLabels] = {true, true, false};

// Four inferences in the average, of which a keyword needs 180 of 255; a second of silence follows.
tinykit::KeywordDecider<kLabels, 4> decider(kIsKeyword, 180, 1000);

// The int8 scores of one inference, as a softmax gives them: -128 is 0, 127 is nearly 1.
void fillScores(int8_t* scores, int inference) {
  const bool heard = inference % 50 < 5;  // somebody says yes
  scores[0] = heard ? 100 : -120;
  scores[1] = -124;
  scores[2] = heard ? -104 : 116;
}

void printReport(int label) {
  const unsigned percent = static_cast<unsigned>(decider.percent(label));
  Serial.print(kNames[label]);
  Serial.print(percent < 100 ? "  0." : "  1.");
  if (percent % 100 < 10) Serial.print('0');
  Serial.print(percent % 100);
  Serial.println();
}

void setup() { Serial.begin(115200); }

void loop() {
  static int inference = 0;
  int8_t scores[kLabels];
  fillScores(scores, inference++);
  const int label = decider.update(scores, millis());
  if (label >= 0) printReport(label);
  delay(200);
}
