// Heap, conversions, sorting.
#pragma once

#include <stddef.h>

#define RAND_MAX 0x7fffffff

#ifdef __cplusplus
extern "C" {
#endif

void* malloc(size_t size);
void* calloc(size_t count, size_t size);
void* realloc(void* memory, size_t size);
void free(void* memory);
[[noreturn]] void abort(void);
[[noreturn]] void exit(int status);

int atoi(const char* text);
long atol(const char* text);
double atof(const char* text);
long strtol(const char* text, char** end, int base);
unsigned long strtoul(const char* text, char** end, int base);
double strtod(const char* text, char** end);

int rand(void);
void srand(unsigned seed);
void qsort(void* items, size_t count, size_t size, int (*compare)(const void*, const void*));

#ifdef __cplusplus
}
// int, long and floating-point arguments, as in C++'s own <stdlib.h>.
constexpr int abs(int x) { return x < 0 ? -x : x; }
constexpr long abs(long x) { return x < 0 ? -x : x; }
constexpr long long abs(long long x) { return x < 0 ? -x : x; }
constexpr float abs(float x) { return __builtin_fabsf(x); }
constexpr double abs(double x) { return __builtin_fabs(x); }
constexpr long labs(long x) { return x < 0 ? -x : x; }
#else
int abs(int x);
long labs(long x);
#endif
