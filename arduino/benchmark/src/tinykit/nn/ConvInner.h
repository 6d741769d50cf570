// The inner loops of Conv.cpp. There are two of each: ConvPortable.cpp is plain C++ and shows what
// is computed; ConvCortexM4.cpp is assembly for the DSP instructions of Cortex-M4 and M7.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// Inputs are widened to 16 bits, in the order in which the processor does that with the four bytes
// of a word: pairs (0, 2), (1, 3), (4, 6), (5, 7) ...

extern "C" {

// Four pixels times some row pairs.
struct Tile {
  const uint32_t* weights;
  const int16_t* x;  // (columns / 2) x 4 pixels x pair
  int8_t* out;  // of the first pixel
  int32_t outStep;  // bytes to the next pixel
  int32_t rowPairs;
  int32_t words;  // per row pair: columns / 2
  int32_t zeroPoint;
  int32_t rectified;
};
void tinykitMultiplyTile(const Tile* tile);

// Widens some rows of `count` (a multiple of 4) bytes, `rowStep` bytes apart, of four pixels each
// into x of a Tile; returns the next x.
int16_t* tinykitWidenTile(const int8_t* const pixels[4], int32_t count, int32_t rows,
                          int32_t rowStep, int16_t* x);

// One input vector times some blocks of four rows.
struct Vector {
  const uint32_t* weights;
  const int16_t* x;
  int8_t* out;
  int32_t blocks;
  int32_t quads;  // columns / 4
  int32_t zeroPoint;
  int32_t rectified;
};
void tinykitMultiplyVector(const Vector* vector);

// Widens `count` bytes that are `step` apart.
void tinykitWidenStrided(const int8_t* from, int32_t step, int32_t count, int16_t* to);

// One channel, widened, with its padding, times one filter of 3x3.
struct Plane {
  const uint32_t* weights;  // six words
  const int16_t* x;
  int8_t* out;
  int32_t rowBytes;  // of x, a multiple of 4
  int32_t rowAdvance;  // bytes of x from one output row to the next
  int32_t outRowStep, outColumnStep;
  int32_t outRows, outColumns;
  int32_t zeroPoint;
  int32_t rectified;
};
void tinykitConvolvePlane1(const Plane* plane);  // column stride 1
void tinykitConvolvePlane2(const Plane* plane);  // column stride 2

}  // extern "C"

}  // namespace nn
}  // namespace tinykit
