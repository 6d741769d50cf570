// snprintf() and its kin, and decimal fractions as text.
#include <Arduino.h>
#include <stdarg.h>
#include <stdio.h>

#include "decimal.h"

size_t board::writeDecimal(char* text, double value, unsigned digits) {
  if (digits > kMostDigits) digits = kMostDigits;
  if (isnan(value)) return static_cast<size_t>(strcpy(text, "nan") - text) + 3;
  if (isinf(value)) return static_cast<size_t>(strcpy(text, "inf") - text) + 3;
  if (value > 4294967040.0 || value < -4294967040.0) {
    strcpy(text, "ovf");
    return 3;
  }
  char* end = text;
  if (value < 0) {
    *end++ = '-';
    value = -value;
  }
  double half = 0.5;
  for (unsigned i = 0; i < digits; ++i) half /= 10.0;
  value += half;

  uint32_t whole = static_cast<uint32_t>(value);
  double rest = value - whole;
  char reversed[10];
  int count = 0;
  do {
    reversed[count++] = static_cast<char>('0' + whole % 10);
    whole /= 10;
  } while (whole > 0);
  while (count > 0) *end++ = reversed[--count];
  if (digits > 0) *end++ = '.';
  while (digits-- > 0) {
    rest *= 10.0;
    const unsigned digit = static_cast<unsigned>(rest);
    *end++ = static_cast<char>('0' + digit);
    rest -= digit;
  }
  *end = '\0';
  return static_cast<size_t>(end - text);
}

namespace {

// Text in memory that never grows beyond its room.
struct Output {
  char* text;
  size_t room;
  size_t length;

  void put(char letter) {
    if (length + 1 < room) text[length] = letter;
    ++length;
  }
  void fill(char letter, int count) {
    while (count-- > 0) put(letter);
  }
};

struct Format {
  bool left, zeros, plus, space;
  int width, precision;  // precision -1: not given
  int longs;             // how many l
};

// `digits` with sign and padding.
void putNumber(Output& output, const Format& format, const char* digits, int count, char sign) {
  const int padding = format.width - count - (sign != '\0');
  if (!format.left && !format.zeros) output.fill(' ', padding);
  if (sign != '\0') output.put(sign);
  if (!format.left && format.zeros) output.fill('0', padding);
  for (int i = 0; i < count; ++i) output.put(digits[i]);
  if (format.left) output.fill(' ', padding);
}

void putInteger(Output& output, const Format& format, uint64_t value, char sign, unsigned base,
                bool capitals) {
  char digits[24];
  char* first = digits + sizeof(digits);
  const char* letters = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
  do {
    *--first = letters[value % base];
    value /= base;
  } while (value > 0);
  while (digits + sizeof(digits) - first < min(format.precision, 20)) *--first = '0';
  putNumber(output, format, first, static_cast<int>(digits + sizeof(digits) - first), sign);
}

void putText(Output& output, const Format& format, const char* text) {
  if (text == nullptr) text = "(null)";
  const int length = static_cast<int>(
      format.precision < 0 ? strlen(text) : strnlen(text, static_cast<size_t>(format.precision)));
  if (!format.left) output.fill(' ', format.width - length);
  for (int i = 0; i < length; ++i) output.put(text[i]);
  if (format.left) output.fill(' ', format.width - length);
}

void putFloat(Output& output, const Format& format, double value) {
  char text[board::kDecimalRoom];
  const bool negative = signbit(value);
  const unsigned digits = format.precision < 0 ? 6 : static_cast<unsigned>(format.precision);
  const size_t length = board::writeDecimal(text, negative ? -value : value, digits);
  const char sign = negative ? '-' : format.plus ? '+' : format.space ? ' ' : '\0';
  putNumber(output, format, text, static_cast<int>(length), sign);
}

int parseCount(const char*& at, va_list& arguments) {
  if (*at == '*') {
    ++at;
    return va_arg(arguments, int);
  }
  int count = 0;
  while (isDigit(*at)) count = count * 10 + (*at++ - '0');
  return count;
}

Format parseFormat(const char*& at, va_list& arguments) {
  Format format = {false, false, false, false, 0, -1, 0};
  for (bool flag = true; flag;) {
    switch (*at) {
      case '-': format.left = true; ++at; break;
      case '0': format.zeros = true; ++at; break;
      case '+': format.plus = true; ++at; break;
      case ' ': format.space = true; ++at; break;
      default: flag = false;
    }
  }
  format.width = parseCount(at, arguments);
  if (*at == '.') {
    ++at;
    format.precision = parseCount(at, arguments);
  }
  for (; *at == 'l' || *at == 'h' || *at == 'z'; ++at) format.longs += *at == 'l';
  return format;
}

void putUnsigned(Output& output, const Format& format, va_list& arguments, unsigned base,
                 bool capitals = false) {
  const uint64_t value = format.longs > 1 ? va_arg(arguments, unsigned long long)
                                          : va_arg(arguments, unsigned long);  // as wide as int
  putInteger(output, format, value, '\0', base, capitals);
}

void putSigned(Output& output, const Format& format, va_list& arguments) {
  const int64_t value = format.longs > 1 ? va_arg(arguments, long long) : va_arg(arguments, long);
  const char sign = value < 0 ? '-' : format.plus ? '+' : format.space ? ' ' : '\0';
  const uint64_t bits = static_cast<uint64_t>(value);
  putInteger(output, format, value < 0 ? 0 - bits : bits, sign, 10, false);
}

void putArgument(Output& output, const Format& format, char kind, va_list& arguments) {
  switch (kind) {
    case 'd':
    case 'i': return putSigned(output, format, arguments);
    case 'u': return putUnsigned(output, format, arguments, 10);
    case 'x': return putUnsigned(output, format, arguments, 16);
    case 'X': return putUnsigned(output, format, arguments, 16, true);
    case 'o': return putUnsigned(output, format, arguments, 8);
    case 'p': return putUnsigned(output, format, arguments, 16);
    case 'f': return putFloat(output, format, va_arg(arguments, double));
    case 's': return putText(output, format, va_arg(arguments, const char*));
    case 'c': return output.put(static_cast<char>(va_arg(arguments, int)));
    default: return output.put(kind);
  }
}

}  // namespace

extern "C" {

int vsnprintf(char* text, size_t room, const char* format, va_list given) {
  va_list arguments;
  va_copy(arguments, given);
  Output output = {text, room, 0};
  for (const char* at = format; *at != '\0';) {
    if (*at != '%') {
      output.put(*at++);
      continue;
    }
    ++at;
    const Format parsed = parseFormat(at, arguments);
    if (*at != '\0') putArgument(output, parsed, *at++, arguments);
  }
  if (room > 0) text[min(output.length, room - 1)] = '\0';
  va_end(arguments);
  return static_cast<int>(output.length);
}

int snprintf(char* text, size_t room, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(text, room, format, arguments);
  va_end(arguments);
  return length;
}

int sprintf(char* text, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(text, static_cast<size_t>(-1) / 2, format, arguments);
  va_end(arguments);
  return length;
}

}  // extern "C"
