// The C++ library as a shared library, for the tests that hold it against its Python twin.
// kFrameLength ... kFrames come from parameters.h, written by the test.
#include <stdint.h>
#include <string.h>

#include <thread>
#include <vector>

#include "KeywordDecider.h"
#include "LogMel.h"
#include "LogMelTables.h"
#include "RealFft.h"
#include "SampleRing.h"
#include "parameters.h"

#if defined(_WIN32)
#define EXPORTED extern "C" __declspec(dllexport)
#else
#define EXPORTED extern "C"
#endif

using FrontEnd = tinykit::LogMel<kFrameLength, kHopLength, kMelBands, kFrames>;

// Pushes the samples in chunks; after each chunk copies its new frames to `frames`. Returns how
// many there were.
EXPORTED int front_end(const int16_t* samples, const int* chunks, int chunkCount, int8_t* frames) {
  FrontEnd frontEnd(kLogMelTables, kScale, kZeroPoint);
  std::vector<int8_t> window(kFrames * kMelBands);
  int total = 0;
  for (int i = 0; i < chunkCount; ++i) {
    const int fresh = frontEnd.push(samples, chunks[i]);
    samples += chunks[i];
    if (fresh > kFrames) return -1;
    if (frontEnd.ready() != (total + fresh >= kFrames)) return -2;
    frontEnd.copyWindow(window.data());
    memcpy(frames, window.data() + (kFrames - fresh) * kMelBands, fresh * kMelBands);
    frames += fresh * kMelBands;
    total += fresh;
  }
  return total;
}

EXPORTED void power_spectrum(float* x, int size, const float* twiddles) {
  tinykit::powerSpectrum(x, size, twiddles);
}

template <int kWindow>
static void decideWith(const int8_t* scores, const uint32_t* times, int count, int threshold,
                       uint32_t refractoryMs, int* decisions, int* percents) {
  static constexpr bool isKeyword[] = {true, true, false, false};
  tinykit::KeywordDecider<4, kWindow> decider(isKeyword, threshold, refractoryMs);
  for (int i = 0; i < count; ++i) {
    decisions[i] = decider.update(scores + 4 * i, times[i]);
    percents[i] = decider.percent(0);
  }
}

EXPORTED void decide(int window, const int8_t* scores, const uint32_t* times, int count,
                     int threshold, uint32_t refractoryMs, int* decisions, int* percents) {
  const auto run = window == 1   ? decideWith<1>
                   : window == 4 ? decideWith<4>
                                 : decideWith<7>;
  run(scores, times, count, threshold, refractoryMs, decisions, percents);
}

static tinykit::SampleRing<16> smallRing;

EXPORTED void ring_push(const int16_t* samples, uint32_t count) { smallRing.push(samples, count); }
EXPORTED uint32_t ring_pop(int16_t* samples, uint32_t count) {
  return smallRing.pop(samples, count);
}
EXPORTED uint32_t ring_dropped() { return smallRing.dropped(); }

// Two threads, as on a board with two cores. Returns 0 when every sample that was not counted as
// dropped came through, in order.
EXPORTED int ring_with_two_threads(uint32_t count) {
  static tinykit::SampleRing<64> ring;
  std::thread producer([count] {
    for (uint32_t i = 0; i < count; ++i) {
      const int16_t sample = static_cast<int16_t>(i % 1000);
      uint32_t dropped;
      do {  // again until it found room
        dropped = ring.dropped();
        ring.push(&sample, 1);
        std::this_thread::yield();
      } while (ring.dropped() != dropped);
    }
  });
  int wrong = 0;
  int16_t block[7];
  for (uint32_t seen = 0; seen < count;) {
    const uint32_t got = ring.pop(block, 7);
    if (got == 0) std::this_thread::yield();
    for (uint32_t i = 0; i < got; ++i, ++seen) {
      wrong += block[i] != static_cast<int16_t>(seen % 1000);
    }
  }
  producer.join();
  return wrong;
}
