// Arduino's String.
#include <Arduino.h>
#include <stdio.h>

namespace {

// Collects what is printed, to make a String of it.
class Collector : public Print {
 public:
  explicit Collector(String& text) : text_(text) {}
  size_t write(uint8_t byte) override {
    const char letter = static_cast<char>(byte);
    return text_.concat(&letter, 1) ? 1 : 0;
  }
  using Print::write;

 private:
  String& text_;
};

}  // namespace

String::String(const char* text) {
  if (text != nullptr) concat(text, static_cast<unsigned>(strlen(text)));
}
String::String(const __FlashStringHelper* text) : String(reinterpret_cast<const char*>(text)) {}
String::String(const String& other) { concat(other); }
String::String(String&& other) : text_(other.text_), length_(other.length_), room_(other.room_) {
  other.text_ = nullptr;
  other.length_ = other.room_ = 0;
}
String::String(char letter) { concat(&letter, 1); }
String::String(unsigned char value, unsigned char base) { Collector(*this).print(value, base); }
String::String(int value, unsigned char base) { Collector(*this).print(value, base); }
String::String(unsigned int value, unsigned char base) { Collector(*this).print(value, base); }
String::String(long value, unsigned char base) { Collector(*this).print(value, base); }
String::String(unsigned long value, unsigned char base) { Collector(*this).print(value, base); }
String::String(float value, unsigned char digits) {
  Collector(*this).print(static_cast<double>(value), digits);
}
String::String(double value, unsigned char digits) { Collector(*this).print(value, digits); }
String::~String() { free(text_); }

String& String::operator=(const String& other) {
  if (this == &other) return *this;
  length_ = 0;
  concat(other);
  return *this;
}

String& String::operator=(String&& other) {
  if (this == &other) return *this;
  free(text_);
  text_ = other.text_;
  length_ = other.length_;
  room_ = other.room_;
  other.text_ = nullptr;
  other.length_ = other.room_ = 0;
  return *this;
}

void String::toCharArray(char* text, unsigned int size, unsigned int index) const {
  if (text == nullptr || size == 0) return;
  unsigned int count = index < length_ ? length_ - index : 0;
  if (count > size - 1) count = size - 1;
  if (count != 0) memcpy(text, text_ + index, count);
  text[count] = '\0';
}

bool String::reserve(unsigned int size) {
  if (text_ != nullptr && room_ >= size) return true;
  char* text = static_cast<char*>(realloc(text_, size + 1));
  if (text == nullptr) return false;
  text[length_] = '\0';
  text_ = text;
  room_ = size;
  return true;
}

bool String::concat(const char* text, unsigned int length) {
  const bool own = text_ != nullptr && text >= text_ && text <= text_ + length_;
  const size_t offset = own ? static_cast<size_t>(text - text_) : 0;
  if (!reserve(length_ + length)) return false;
  memmove(text_ + length_, own ? text_ + offset : text, length);
  length_ += length;
  text_[length_] = '\0';
  return true;
}

int String::compareTo(const char* text) const { return strcmp(c_str(), text ? text : ""); }

bool String::equalsIgnoreCase(const String& other) const {
  String a(*this);
  String b(other);
  a.toLowerCase();
  b.toLowerCase();
  return a.equals(b);
}

bool String::startsWith(const String& prefix) const {
  return strncmp(c_str(), prefix.c_str(), prefix.length_) == 0;
}

bool String::endsWith(const String& suffix) const {
  return suffix.length_ <= length_ &&
         strcmp(c_str() + length_ - suffix.length_, suffix.c_str()) == 0;
}

void String::setCharAt(unsigned int index, char letter) {
  if (index < length_) text_[index] = letter;
}

char& String::operator[](unsigned int index) {
  static char nowhere;
  nowhere = '\0';
  return index < length_ ? text_[index] : nowhere;
}

int String::indexOf(char letter, unsigned int from) const {
  if (from >= length_) return -1;
  const char* found = strchr(text_ + from, letter);
  return found != nullptr ? static_cast<int>(found - text_) : -1;
}

int String::indexOf(const String& wanted, unsigned int from) const {
  if (from > length_) return -1;
  const char* found = strstr(c_str() + from, wanted.c_str());
  return found != nullptr ? static_cast<int>(found - c_str()) : -1;
}

int String::lastIndexOf(char letter) const {
  const char* found = strrchr(c_str(), letter);
  return found != nullptr ? static_cast<int>(found - c_str()) : -1;
}

String String::substring(unsigned int from, unsigned int to) const {
  String part;
  if (from > to) {
    const unsigned int swapped = from;
    from = to;
    to = swapped;
  }
  if (to > length_) to = length_;
  if (from < to) part.concat(text_ + from, to - from);
  return part;
}

void String::toLowerCase() {
  for (unsigned int i = 0; i < length_; ++i) {
    if (isUpperCase(text_[i])) text_[i] = static_cast<char>(text_[i] + ('a' - 'A'));
  }
}

void String::toUpperCase() {
  for (unsigned int i = 0; i < length_; ++i) {
    if (isLowerCase(text_[i])) text_[i] = static_cast<char>(text_[i] - ('a' - 'A'));
  }
}

void String::trim() {
  unsigned int first = 0;
  while (first < length_ && isSpace(text_[first])) ++first;
  unsigned int end = length_;
  while (end > first && isSpace(text_[end - 1])) --end;
  remove(end);
  remove(0, first);
}

void String::remove(unsigned int index, unsigned int count) {
  if (index >= length_) return;
  if (count > length_ - index) count = length_ - index;
  memmove(text_ + index, text_ + index + count, length_ - index - count + 1);
  length_ -= count;
}

void String::replace(const String& wanted, const String& by) {
  if (wanted.length_ == 0) return;
  String result;
  unsigned int from = 0;
  for (int found; (found = indexOf(wanted, from)) >= 0;) {
    result.concat(c_str() + from, static_cast<unsigned int>(found) - from);
    result.concat(by);
    from = static_cast<unsigned int>(found) + wanted.length_;
  }
  result.concat(c_str() + from, length_ - from);
  *this = result;
}

long String::toInt() const { return atol(c_str()); }
float String::toFloat() const { return static_cast<float>(atof(c_str())); }
