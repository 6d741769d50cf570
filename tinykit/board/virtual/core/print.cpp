// How numbers are printed: as Arduino's core does it.
#include <Arduino.h>
#include <stdarg.h>
#include <stdio.h>

#include "decimal.h"

size_t Print::write(const uint8_t* bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) write(bytes[i]);
  return count;
}
size_t Print::write(const char* text) { return text ? write(text, strlen(text)) : 0; }
size_t Print::write(const char* bytes, size_t count) {
  return write(reinterpret_cast<const uint8_t*>(bytes), count);
}

size_t Print::print(const char* text) { return write(text); }
size_t Print::print(const __FlashStringHelper* text) {
  return write(reinterpret_cast<const char*>(text));
}
size_t Print::print(const String& text) { return write(text.c_str(), text.length()); }
size_t Print::print(char letter) { return write(static_cast<uint8_t>(letter)); }
size_t Print::print(unsigned char value, int base) {
  return print(static_cast<unsigned long>(value), base);
}
size_t Print::print(short value, int base) { return print(static_cast<long>(value), base); }
size_t Print::print(unsigned short value, int base) {
  return print(static_cast<unsigned long>(value), base);
}
size_t Print::print(int value, int base) { return print(static_cast<long>(value), base); }
size_t Print::print(unsigned int value, int base) {
  return print(static_cast<unsigned long>(value), base);
}

// The size of a negative number, the lowest included.
static unsigned long long sizeOf(long long value) {
  return 0 - static_cast<unsigned long long>(value);
}

// Only decimal numbers have a sign; the others show the bits.
size_t Print::print(long value, int base) {
  if (base == DEC && value < 0) return printNumber(sizeOf(value), true, DEC);
  return print(static_cast<unsigned long>(value), base);
}
size_t Print::print(unsigned long value, int base) {
  return printNumber(value, false, static_cast<unsigned>(base));
}
size_t Print::print(long long value, int base) {
  if (base == DEC && value < 0) return printNumber(sizeOf(value), true, DEC);
  return print(static_cast<unsigned long long>(value), base);
}
size_t Print::print(unsigned long long value, int base) {
  return printNumber(value, false, static_cast<unsigned>(base));
}

size_t Print::printNumber(unsigned long long value, bool negative, unsigned base) {
  if (base < 2) base = DEC;
  char text[8 * sizeof(value) + 1];
  char* first = text + sizeof(text);
  if (value >> 32 == 0) {  // nearly always, and 64-bit divisions are slow
    uint32_t low = static_cast<uint32_t>(value);
    do {
      *--first = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[low % base];
      low /= base;
    } while (low > 0);
  } else {
    do {
      *--first = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % base];
      value /= base;
    } while (value > 0);
  }
  if (negative) *--first = '-';
  return write(first, static_cast<size_t>(text + sizeof(text) - first));
}

size_t Print::print(double value, int digits) {
  char text[board::kDecimalRoom];
  const unsigned shown = digits < 0 ? 2 : static_cast<unsigned>(digits);
  return write(text, board::writeDecimal(text, value, shown));
}

size_t Print::println() { return write("\r\n", 2); }

size_t Print::printf(const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  return write(text, static_cast<size_t>(min(length, static_cast<int>(sizeof(text)) - 1)));
}
