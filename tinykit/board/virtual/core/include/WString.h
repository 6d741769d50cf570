// Arduino's String: text that grows, on the heap.
#pragma once

#include <stddef.h>
#include <stdint.h>

class __FlashStringHelper;

class String {
 public:
  String(const char* text = "");
  String(const __FlashStringHelper* text);
  String(const String& other);
  String(String&& other);
  explicit String(char letter);
  explicit String(unsigned char value, unsigned char base = 10);
  explicit String(int value, unsigned char base = 10);
  explicit String(unsigned int value, unsigned char base = 10);
  explicit String(long value, unsigned char base = 10);
  explicit String(unsigned long value, unsigned char base = 10);
  explicit String(float value, unsigned char digits = 2);
  explicit String(double value, unsigned char digits = 2);
  ~String();

  String& operator=(const String& other);
  String& operator=(String&& other);

  unsigned int length() const { return length_; }
  bool isEmpty() const { return length_ == 0; }
  const char* c_str() const { return text_ ? text_ : ""; }
  bool reserve(unsigned int size);

  bool concat(const char* text, unsigned int length);
  bool concat(const String& other) { return concat(other.c_str(), other.length_); }
  template <class Value>
  bool concat(const Value& value) {
    return concat(String(value));
  }
  template <class Value>
  String& operator+=(const Value& value) {
    concat(String(value));
    return *this;
  }

  bool equals(const char* text) const { return compareTo(text) == 0; }
  bool equals(const String& other) const { return compareTo(other.c_str()) == 0; }
  bool equalsIgnoreCase(const String& other) const;
  int compareTo(const char* text) const;
  bool startsWith(const String& prefix) const;
  bool endsWith(const String& suffix) const;

  char charAt(unsigned int index) const { return index < length_ ? text_[index] : '\0'; }
  void setCharAt(unsigned int index, char letter);
  char operator[](unsigned int index) const { return charAt(index); }
  char& operator[](unsigned int index);

  int indexOf(char letter, unsigned int from = 0) const;
  int indexOf(const String& wanted, unsigned int from = 0) const;
  int lastIndexOf(char letter) const;
  String substring(unsigned int from) const { return substring(from, length_); }
  String substring(unsigned int from, unsigned int to) const;

  // Up to `size` letters from `index` on, the 0 at the end included.
  void toCharArray(char* text, unsigned int size, unsigned int index = 0) const;
  void getBytes(unsigned char* bytes, unsigned int size, unsigned int index = 0) const {
    toCharArray(reinterpret_cast<char*>(bytes), size, index);
  }

  void toLowerCase();
  void toUpperCase();
  void trim();
  void remove(unsigned int index, unsigned int count = static_cast<unsigned int>(-1));
  void replace(const String& wanted, const String& by);
  long toInt() const;
  float toFloat() const;

 private:
  char* text_ = nullptr;
  unsigned int length_ = 0;
  unsigned int room_ = 0;
};

template <class Value>
String operator+(const String& text, const Value& value) {
  String sum(text);
  sum += value;
  return sum;
}
inline String operator+(const char* text, const String& other) { return String(text) + other; }
inline bool operator==(const String& a, const String& b) { return a.equals(b); }
inline bool operator==(const String& a, const char* b) { return a.equals(b); }
inline bool operator!=(const String& a, const String& b) { return !a.equals(b); }
inline bool operator!=(const String& a, const char* b) { return !a.equals(b); }
inline bool operator<(const String& a, const String& b) { return a.compareTo(b.c_str()) < 0; }
inline bool operator>(const String& a, const String& b) { return a.compareTo(b.c_str()) > 0; }
