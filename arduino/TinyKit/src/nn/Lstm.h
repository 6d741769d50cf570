// UNIDIRECTIONAL_SEQUENCE_LSTM: a layer that remembers what it has seen, row after row.
#pragma once

#include <stdint.h>

namespace tinykit {
namespace nn {

// A real factor: multiplier / 2^31 * 2^left / 2^right.
struct Factor {
  int32_t multiplier;
  int32_t half;  // 2^right / 2; 0 when right is 0
  int8_t left, right;
  int8_t away;  // -1: a half is rounded away from zero; 0 when right is 0, and no half is left
};

// Gates are in the order forget, input, cell, output.
struct Lstm {
  int32_t rows, inputs, units;
  Factor ofInput[4], ofHidden[4];  // of each gate's two sums, to 2^-12
  Factor forget, input, hidden;  // of the products of 16 bits
  int32_t cellClip;
  int32_t cellShift;  // from the cell state to 2^-12
  int8_t outputZero;
};

// Weights lie word by word as they are needed: [unit][four inputs][gate][input], then the same for
// the hidden state; biases [unit][gate]. `hidden` and `cell` are changed.
void lstm(const Lstm& p, const int8_t* weights, const int8_t* recurrentWeights,
          const int32_t* bias, const int32_t* recurrentBias, const int8_t* in, int8_t* out,
          int8_t* hidden, int16_t* cell);

}  // namespace nn
}  // namespace tinykit
