// Printing numbers and text, and reading them.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum NumberBase { BIN = 2, OCT = 8, DEC = 10, HEX = 16 };

class __FlashStringHelper;
class String;

// Anything that bytes can be printed to.
class Print {
 public:
  virtual size_t write(uint8_t byte) = 0;
  virtual size_t write(const uint8_t* bytes, size_t count);
  size_t write(const char* text);
  size_t write(const char* bytes, size_t count);

  size_t print(const char* text);
  size_t print(const __FlashStringHelper* text);
  size_t print(const String& text);
  size_t print(char letter);
  size_t print(bool value) { return print(static_cast<int>(value)); }
  size_t print(unsigned char value, int base = DEC);
  size_t print(short value, int base = DEC);
  size_t print(unsigned short value, int base = DEC);
  size_t print(int value, int base = DEC);
  size_t print(unsigned int value, int base = DEC);
  size_t print(long value, int base = DEC);
  size_t print(unsigned long value, int base = DEC);
  size_t print(long long value, int base = DEC);
  size_t print(unsigned long long value, int base = DEC);
  size_t print(double value, int digits = 2);

  size_t println();
  template <class Value>
  size_t println(const Value& value) {
    const size_t count = print(value);
    return count + println();
  }
  template <class Value>
  size_t println(const Value& value, int baseOrDigits) {
    const size_t count = print(value, baseOrDigits);
    return count + println();
  }

  size_t printf(const char* format, ...) __attribute__((format(printf, 2, 3)));

 private:
  size_t printNumber(unsigned long long value, bool negative, unsigned base);
};

// Anything that bytes can be read from, too.
class Stream : public Print {
 public:
  virtual int available() = 0;
  virtual int read() = 0;  // -1: nothing there
  virtual int peek() = 0;

  void setTimeout(unsigned long ms) { timeoutMs_ = ms; }
  long parseInt();
  float parseFloat();
  size_t readBytes(char* bytes, size_t count);
  size_t readBytesUntil(char end, char* bytes, size_t count);
  String readString();
  String readStringUntil(char end);

 private:
  int timedRead();
  int skipToNumber();
  unsigned long timeoutMs_ = 1000;
};
