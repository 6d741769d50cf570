#include "Lstm.h"

#include <string.h>

#include "Arithmetic.h"
#include "Words.h"

namespace tinykit {
namespace nn {
namespace {

// 65536 * sigmoid(i / 24), raised where the curve bends, so that straight lines between the entries
// are off by as much above as below. tests/sequence_interpreter.py computes it.
const uint16_t kSigmoid[256] = {
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432,
    42064, 42688, 43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475,
    49975, 50464, 50942, 51409, 51865, 52311, 52745, 53169, 53581, 53983, 54374, 54755, 55125, 55485,
    55834, 56174, 56503, 56823, 57133, 57433, 57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519,
    59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110, 61279, 61441, 61599, 61750, 61896, 62036,
    62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990, 63090, 63186, 63279, 63368, 63454, 63536,
    63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257, 64308, 64357, 64405,
    64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900,
    64926, 64950, 64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179,
    65194, 65208, 65221, 65234, 65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337,
    65345, 65352, 65360, 65367, 65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425,
    65429, 65433, 65438, 65442, 65445, 65449, 65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474,
    65476, 65479, 65481, 65483, 65485, 65488, 65489, 65491, 65493, 65495, 65497, 65498, 65500, 65501,
    65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513, 65514, 65515, 65516, 65517,
    65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524, 65525, 65525,
    65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530,
    65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533,
    65533, 65533, 65533, 65533, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65534, 65534, 65534,
    65534, 65534, 65534, 65535,
};

// 2^17 * sigmoid(x) - 2^16 for |x| in steps of 1 / (24 * 2^bits), times 2^bits - more or less: the
// line between two entries.
uint32_t interpolated(uint32_t x, int bits, uint32_t saturated) {
  const uint32_t i = x >> bits;
  if (i >= 255) return saturated;
  const uint32_t low = kSigmoid[i], high = kSigmoid[i + 1];
  return (low << bits) + (x & ((1u << bits) - 1)) * (high - low);
}

// sigmoid(x / 2^12) in 2^-15.
int32_t sigmoid(int32_t x) {
  const int32_t steps = x * 3;
  const uint32_t y = interpolated(static_cast<uint32_t>(steps < 0 ? -steps : steps), 9, 0x7fffu << 10);
  const uint32_t rounded = steps >= 0 ? y + (1u << 9) : (1u << 25) - y + (1u << 9) - 1;
  return static_cast<int32_t>(rounded >> 10);
}

// tanh(x / 2^12) in 2^-15, which is 2 * sigmoid(2 * x) - 1; x is given in steps of 2^-12 / 3.
int32_t tanhOfSteps(int32_t steps) {
  const uint32_t distance = static_cast<uint32_t>(steps < 0 ? -steps : steps);
  const int32_t y = static_cast<int32_t>(interpolated(distance, 8, 0xffffu << 8));
  const int32_t rounded = steps >= 0 ? y - (1 << 23) + (1 << 7) : (1 << 23) - y + (1 << 7) - 1;
  return rounded >> 8;
}

int32_t clamped16(int32_t x) { return x < -32768 ? -32768 : x > 32767 ? 32767 : x; }

// As `requantized`, in fewer steps: here no sum comes near the ends of 32 bits, and half of a step can
// be added before the shift.
TINYKIT_INLINE int32_t rescaled(int32_t x, const Factor& factor) {
  const int32_t shifted = static_cast<int32_t>(static_cast<uint32_t>(x) << factor.left);
  const int32_t y = roundedProduct(shifted, factor.multiplier);
  return (y + factor.half + ((y >> 31) & factor.away)) >> factor.right;
}

// The cell state in steps of 2^-12 / 3.
int32_t cellSteps(int32_t cell, int shift) {
  return shift >= 0 ? cell * (3 << shift) : (cell * 3 + (1 << (-shift - 1))) >> -shift;
}

// Adds x times the weights of one unit's four gates to their biases; returns the next weights.
const int8_t* fourSums(const int8_t* weights, const int32_t* bias, const int8_t* x, int size,
                       int32_t* sums) {
  memcpy(sums, bias, 4 * sizeof(int32_t));
  return multiplyFourRows(weights, x, size, sums);
}

// One unit's cell state and output, from the sums of its gates.
int8_t finished(const Lstm& p, const int32_t* ofInput, const int32_t* ofHidden, int16_t* cell) {
  int32_t gates[4];
  for (int g = 0; g < 4; ++g) {
    const int32_t a = clamped16(rescaled(ofInput[g], p.ofInput[g]));
    gates[g] = clamped16(a + clamped16(rescaled(ofHidden[g], p.ofHidden[g])));
  }
  const int32_t kept = clamped16(rescaled(sigmoid(gates[0]) * *cell, p.forget));
  const int32_t fresh = sigmoid(gates[1]) * tanhOfSteps(gates[2] * 3);
  int32_t c = clamped16(kept + clamped16(rescaled(fresh, p.input)));
  c = c > p.cellClip ? p.cellClip : c < -p.cellClip ? -p.cellClip : c;
  *cell = static_cast<int16_t>(c);
  const int32_t shown = tanhOfSteps(cellSteps(c, p.cellShift)) * sigmoid(gates[3]);
  return clamped(rescaled(shown, p.hidden) + p.outputZero, -128, 127);
}

}  // namespace

void lstm(const Lstm& p, const int8_t* weights, const int8_t* recurrentWeights,
          const int32_t* bias, const int32_t* recurrentBias, const int8_t* in, int8_t* out,
          int8_t* hidden, int16_t* cell) {
  const int8_t* before = hidden;  // the output of the row before
  for (int row = 0; row < p.rows; ++row) {
    const int8_t *w = weights, *v = recurrentWeights;
    for (int unit = 0; unit < p.units; ++unit) {
      int32_t ofInput[4], ofHidden[4];
      w = fourSums(w, bias + 4 * unit, in, p.inputs, ofInput);
      v = fourSums(v, recurrentBias + 4 * unit, before, p.units, ofHidden);
      out[unit] = finished(p, ofInput, ofHidden, cell + unit);
    }
    before = out;
    in += p.inputs;
    out += p.units;
  }
  memcpy(hidden, before, static_cast<size_t>(p.units));
}

}  // namespace nn
}  // namespace tinykit
