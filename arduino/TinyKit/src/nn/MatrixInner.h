// The inner loops of Matrix.cpp. There are two of each: MatrixPortable.cpp is plain C++ and shows
// what is computed; MatrixCortexM4.cpp is assembly for the DSP instructions of Cortex-M4 and M7.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// Inputs are widened to 16 bits, in the order in which the processor does that with the four bytes
// of a word: pairs (0, 2), (1, 3), (4, 6), (5, 7) ...

// How a sum becomes an output: what the words behind each row's weights are.
enum Finish : int32_t {
  kAnyScale = -1,  // four words: multiplier, factor, left shift, mask (see scales.py)
  kRounded = 0,  // two words: multiplier, factor
  kRectified = 1,  // the same; what is below 0 will be cut off, however it is rounded
};

extern "C" {

// Rows of weights times one or more columns of inputs.
struct Product {
  const uint32_t* weights;
  const void* x;
  int8_t* out;  // of the first pixel
  int32_t outStep;  // bytes to the next pixel
  int32_t count;  // of row pairs, or of blocks of four rows
  int32_t quads;  // columns / 4
  int32_t zeroPoint;
  int32_t finish;
};

typedef void Multiplication(const Product* task);

// Row pairs times three pixels; x: int16, (columns / 2) x 3 pixels x pair.
Multiplication tinykitThreePixels, tinykitThreePixelsWide;

// Row pairs times one pixel; x: int16, columns.
Multiplication tinykitOnePixel, tinykitOnePixelWide;

// Row pairs times one vector that is not widened; x: int8, columns.
Multiplication tinykitBytes, tinykitBytesWide;

// Blocks of four rows times one vector; x: int16, columns.
Multiplication tinykitFourRows, tinykitFourRowsWide;

// A single row of int16 weights times one vector; x: int8, columns.
Multiplication tinykitOneRow;

// Widens some rows of `count` (a multiple of 4) bytes, `rowStep` bytes apart, of three pixels each
// into x of tinykitThreePixels; returns the next x.
int16_t* tinykitWidenThree(const int8_t* const pixels[3], int32_t count, int32_t rows,
                           int32_t rowStep, int16_t* x);

// The same for a single pixel or a vector.
int16_t* tinykitWidenOne(const int8_t* from, int32_t count, int32_t rows, int32_t rowStep,
                         int16_t* x);

}  // extern "C"

inline void widenVector(const int8_t* from, int32_t count, int8_t* scratch) {
  tinykitWidenOne(from, count, 1, 0, reinterpret_cast<int16_t*>(scratch));
}

}  // namespace nn
}  // namespace tinykit
