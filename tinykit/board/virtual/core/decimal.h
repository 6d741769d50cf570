// Decimal fractions as text.
#pragma once

#include <stddef.h>

namespace board {

constexpr unsigned kMostDigits = 20;
constexpr size_t kDecimalRoom = 12 + kMostDigits + 2;

// Writes `value` with `digits` digits (at most 20) behind the point into `text`, as Arduino's
// Print::print(double) does: rounded by adding 0.5 of the last digit, "ovf" beyond 32 bits. Returns
// the length.
size_t writeDecimal(char* text, double value, unsigned digits);

}  // namespace board
