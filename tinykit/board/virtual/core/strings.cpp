// C strings. The memory functions memcpy, memmove, memset and memcmp are compiler-rt's.
#include <string.h>

extern "C" {

void* memchr(const void* bytes, int value, size_t count) {
  const unsigned char* byte = static_cast<const unsigned char*>(bytes);
  for (; count > 0; --count, ++byte) {
    if (*byte == static_cast<unsigned char>(value)) return const_cast<unsigned char*>(byte);
  }
  return nullptr;
}

size_t strlen(const char* text) {
  const char* end = text;
  while (*end != '\0') ++end;
  return static_cast<size_t>(end - text);
}

size_t strnlen(const char* text, size_t limit) {
  size_t length = 0;
  while (length < limit && text[length] != '\0') ++length;
  return length;
}

int strncmp(const char* a, const char* b, size_t limit) {
  for (; limit > 0; --limit, ++a, ++b) {
    const int difference = static_cast<unsigned char>(*a) - static_cast<unsigned char>(*b);
    if (difference != 0 || *a == '\0') return difference;
  }
  return 0;
}

int strcmp(const char* a, const char* b) { return strncmp(a, b, static_cast<size_t>(-1)); }

char* strcpy(char* to, const char* from) {
  memcpy(to, from, strlen(from) + 1);
  return to;
}

char* strncpy(char* to, const char* from, size_t limit) {
  const size_t length = strnlen(from, limit);
  memcpy(to, from, length);
  memset(to + length, 0, limit - length);
  return to;
}

char* strcat(char* to, const char* from) {
  strcpy(to + strlen(to), from);
  return to;
}

char* strncat(char* to, const char* from, size_t limit) {
  char* end = to + strlen(to);
  const size_t length = strnlen(from, limit);
  memcpy(end, from, length);
  end[length] = '\0';
  return to;
}

char* strchr(const char* text, int letter) {
  for (;; ++text) {
    if (*text == static_cast<char>(letter)) return const_cast<char*>(text);
    if (*text == '\0') return nullptr;
  }
}

char* strrchr(const char* text, int letter) {
  const char* found = nullptr;
  for (;; ++text) {
    if (*text == static_cast<char>(letter)) found = text;
    if (*text == '\0') return const_cast<char*>(found);
  }
}

char* strstr(const char* text, const char* wanted) {
  const size_t length = strlen(wanted);
  for (;; ++text) {
    if (strncmp(text, wanted, length) == 0) return const_cast<char*>(text);
    if (*text == '\0') return nullptr;
  }
}

}  // extern "C"
