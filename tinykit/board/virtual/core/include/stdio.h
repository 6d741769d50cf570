// Formatted text into memory.
#pragma once

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// %d %i %u %x %X %o %c %s %p %f, with flags - 0 + and space, width, precision, h, l, ll, z.
int snprintf(char* text, size_t room, const char* format, ...)
    __attribute__((format(printf, 3, 4)));
int vsnprintf(char* text, size_t room, const char* format, va_list arguments);
int sprintf(char* text, const char* format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif
