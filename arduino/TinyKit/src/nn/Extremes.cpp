#include "Extremes.h"

#include "FourBytes.h"
#include "Sums.h"

namespace tinykit {
namespace nn {
namespace {

// What largest() and maximum() choose, and what smallest() and minimum() do.
struct Larger {
  static int8_t of(int8_t a, int8_t b) { return a > b ? a : b; }
  static uint32_t ofFour(uint32_t a, uint32_t b) { return larger(a, b); }
};

struct Smaller {
  static int8_t of(int8_t a, int8_t b) { return a < b ? a : b; }
  static uint32_t ofFour(uint32_t a, uint32_t b) { return smaller(a, b); }
};

template <typename Choice>
void chooseEach(const int8_t* a, const int8_t* b, int8_t* out, int n) {
  int i = 0;
  for (; i + 4 <= n; i += 4) storeWord(Choice::ofFour(loadWord(a + i), loadWord(b + i)), out + i);
  for (; i < n; ++i) out[i] = Choice::of(a[i], b[i]);
}

// One of the values of a row.
template <typename Choice>
int8_t chooseOne(const int8_t* in, int count) {
  int8_t chosen = in[0];
  int i = 0;
  if (count >= 8) {
    uint32_t four = loadWord(in);
    for (i = 4; i + 4 <= count; i += 4) four = Choice::ofFour(four, loadWord(in + i));
    for (int shift = 0; shift < 32; shift += 8) {
      chosen = Choice::of(chosen, static_cast<int8_t>(four >> shift));
    }
  }
  for (; i < count; ++i) chosen = Choice::of(chosen, in[i]);
  return chosen;
}

template <typename Choice>
void choose(int rows, int count, int channels, const int8_t* in, int8_t* out) {
  for (int row = 0; row < rows; ++row, in += count * channels, out += channels) {
    if (channels == 1) {
      out[0] = chooseOne<Choice>(in, count);
    } else if (channels < 4) {
      for (int c = 0; c < channels; ++c) {
        int8_t chosen = in[c];
        for (int i = 1; i < count; ++i) chosen = Choice::of(chosen, in[i * channels + c]);
        out[c] = chosen;
      }
    } else {
      forEachFour(channels, [&](int c) {
        uint32_t four = loadWord(in + c);
        for (int i = 1; i < count; ++i) {
          four = Choice::ofFour(four, loadWord(in + i * channels + c));
        }
        storeWord(four, out + c);
      });
    }
  }
}

}  // namespace

void maximum(const int8_t* a, const int8_t* b, int8_t* out, int n) {
  chooseEach<Larger>(a, b, out, n);
}

void minimum(const int8_t* a, const int8_t* b, int8_t* out, int n) {
  chooseEach<Smaller>(a, b, out, n);
}

void largest(int rows, int count, int channels, const int8_t* in, int8_t* out) {
  choose<Larger>(rows, count, channels, in, out);
}

void smallest(int rows, int count, int channels, const int8_t* in, int8_t* out) {
  choose<Smaller>(rows, count, channels, in, out);
}

}  // namespace nn
}  // namespace tinykit
