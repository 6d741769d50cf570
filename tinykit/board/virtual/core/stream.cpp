// Reading numbers and text from Serial.
#include <Arduino.h>

int Stream::timedRead() {
  const unsigned long start = millis();
  do {
    const int letter = read();
    if (letter >= 0) return letter;
    delay(1);
  } while (millis() - start < timeoutMs_);
  return -1;
}

// Drops letters until a number begins; returns its first letter without taking it, or -1.
int Stream::skipToNumber() {
  const unsigned long start = millis();
  while (millis() - start < timeoutMs_) {
    const int letter = peek();
    if (letter == '-' || isDigit(letter)) return letter;
    if (letter >= 0) {
      read();
    } else {
      delay(1);
    }
  }
  return -1;
}

long Stream::parseInt() {
  int letter = skipToNumber();
  const bool negative = letter == '-';
  if (negative) read();
  long value = 0;
  for (letter = peek(); isDigit(letter); letter = peek()) {
    value = value * 10 + (read() - '0');
    if (available() == 0) delay(1);
  }
  return negative ? -value : value;
}

float Stream::parseFloat() {
  int letter = skipToNumber();
  const bool negative = letter == '-';
  if (negative) read();
  float value = 0.0f;
  float place = 1.0f;
  bool fraction = false;
  for (letter = peek(); isDigit(letter) || (letter == '.' && !fraction); letter = peek()) {
    read();
    if (letter == '.') {
      fraction = true;
    } else {
      value = value * 10.0f + static_cast<float>(letter - '0');
      if (fraction) place *= 10.0f;
    }
    if (available() == 0) delay(1);
  }
  return (negative ? -value : value) / place;
}

size_t Stream::readBytes(char* bytes, size_t count) {
  size_t taken = 0;
  for (int letter; taken < count && (letter = timedRead()) >= 0; ++taken) {
    bytes[taken] = static_cast<char>(letter);
  }
  return taken;
}

size_t Stream::readBytesUntil(char end, char* bytes, size_t count) {
  size_t taken = 0;
  for (int letter; taken < count && (letter = timedRead()) >= 0 && letter != end; ++taken) {
    bytes[taken] = static_cast<char>(letter);
  }
  return taken;
}

String Stream::readString() {
  String text;
  for (int letter; (letter = timedRead()) >= 0;) text += static_cast<char>(letter);
  return text;
}

String Stream::readStringUntil(char end) {
  String text;
  for (int letter; (letter = timedRead()) >= 0 && letter != end;) text += static_cast<char>(letter);
  return text;
}
