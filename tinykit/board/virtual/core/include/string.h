// Memory and C strings.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void* memcpy(void* to, const void* from, size_t count);
void* memmove(void* to, const void* from, size_t count);
void* memset(void* to, int value, size_t count);
int memcmp(const void* a, const void* b, size_t count);
void* memchr(const void* bytes, int value, size_t count);
size_t strlen(const char* text);
size_t strnlen(const char* text, size_t limit);
int strcmp(const char* a, const char* b);
int strncmp(const char* a, const char* b, size_t limit);
char* strcpy(char* to, const char* from);
char* strncpy(char* to, const char* from, size_t limit);
char* strcat(char* to, const char* from);
char* strncat(char* to, const char* from, size_t limit);
char* strchr(const char* text, int letter);
char* strrchr(const char* text, int letter);
char* strstr(const char* text, const char* wanted);

#ifdef __cplusplus
}
#endif
