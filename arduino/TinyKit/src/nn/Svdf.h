// SVDF: filters over time. Each is a dot product with the input, and one with its own last results.
#pragma once

#include <stdint.h>

#include "Lstm.h"

namespace tinykit {
namespace nn {

struct Svdf {
  int32_t inputs, units, rank;  // rank: filters of a unit
  int32_t memory;  // results that a filter keeps
  Factor ofFilter, ofUnit;
  int32_t stateZero;
  int8_t outputZero;
};

// weights[filter][input], rows of whole words; timeWeights and state [filter][memory], oldest first.
// `bias`, for each filter, and `unitBias` count the zero points.
void svdf8(const Svdf& p, const int8_t* weights, const int32_t* bias, const int8_t* timeWeights,
           const int32_t* unitBias, const int8_t* in, int8_t* out, int8_t* state);

void svdf16(const Svdf& p, const int8_t* weights, const int32_t* bias, const int16_t* timeWeights,
            const int32_t* unitBias, const int8_t* in, int8_t* out, int16_t* state);

}  // namespace nn
}  // namespace tinykit
