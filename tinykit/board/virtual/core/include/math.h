// Mathematics. The functions come from the compiler's own library (compiler-rt) and core/math.cpp.
#pragma once

#define HUGE_VALF __builtin_huge_valf()
#define HUGE_VAL __builtin_huge_val()
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")

#define M_E 2.7182818284590452354
#define M_LOG2E 1.4426950408889634074
#define M_LOG10E 0.43429448190325182765
#define M_LN2 0.69314718055994530942
#define M_LN10 2.30258509299404568402
#define M_PI 3.14159265358979323846
#define M_PI_2 1.57079632679489661923
#define M_PI_4 0.78539816339744830962
#define M_SQRT2 1.41421356237309504880
#define M_SQRT1_2 0.70710678118654752440

#define isnan(x) __builtin_isnan(x)
#define isinf(x) __builtin_isinf(x)
#define isfinite(x) __builtin_isfinite(x)
#define signbit(x) __builtin_signbit(x)

#ifdef __cplusplus
extern "C" {
#endif

float sinf(float x);
float cosf(float x);
float tanf(float x);
float expf(float x);
float exp2f(float x);
float logf(float x);
float log2f(float x);
float log10f(float x);
float sqrtf(float x);
float fabsf(float x);
float floorf(float x);
float ceilf(float x);
float truncf(float x);
float roundf(float x);
float rintf(float x);
float atanf(float x);
float asinf(float x);
float acosf(float x);
float sinhf(float x);
float coshf(float x);
float tanhf(float x);
float cbrtf(float x);
float fmodf(float x, float y);
float fminf(float x, float y);
float fmaxf(float x, float y);
float powf(float x, float y);
float atan2f(float x, float y);
float hypotf(float x, float y);
float copysignf(float x, float y);
float fmaf(float x, float y, float z);
float ldexpf(float x, int exponent);
float frexpf(float x, int* exponent);
float modff(float x, float* whole);
long lrintf(float x);
long lroundf(float x);

double sin(double x);
double cos(double x);
double tan(double x);
double exp(double x);
double exp2(double x);
double log(double x);
double log2(double x);
double log10(double x);
double sqrt(double x);
double fabs(double x);
double floor(double x);
double ceil(double x);
double trunc(double x);
double round(double x);
double rint(double x);
double atan(double x);
double asin(double x);
double acos(double x);
double sinh(double x);
double cosh(double x);
double tanh(double x);
double cbrt(double x);
double fmod(double x, double y);
double fmin(double x, double y);
double fmax(double x, double y);
double pow(double x, double y);
double atan2(double x, double y);
double hypot(double x, double y);
double copysign(double x, double y);
double fma(double x, double y, double z);
double ldexp(double x, int exponent);
double frexp(double x, int* exponent);
double modf(double x, double* whole);
long lrint(double x);
long lround(double x);
#ifdef __cplusplus
}
#endif

#ifdef __cplusplus
// In C++ the names without "f" take float, double and whole numbers.
namespace board {
template <bool condition>
struct If {};
template <>
struct If<true> {
  using Double = double;
};
template <class T>
using WhenInteger = typename If<__is_integral(T)>::Double;
template <class A, class B>
using WhenNumbers = typename If<__is_arithmetic(A) && __is_arithmetic(B)>::Double;
}  // namespace board

#define BOARD_ONE(name)                                  \
  inline float name(float x) { return name##f(x); }      \
  template <class T>                                     \
  board::WhenInteger<T> name(T x) {                      \
    return name(static_cast<double>(x));                 \
  }
#define BOARD_TWO(name)                                                \
  inline float name(float x, float y) { return name##f(x, y); }        \
  template <class A, class B>                                          \
  board::WhenNumbers<A, B> name(A x, B y) {                            \
    return name(static_cast<double>(x), static_cast<double>(y));       \
  }
BOARD_ONE(sin)
BOARD_ONE(cos)
BOARD_ONE(tan)
BOARD_ONE(exp)
BOARD_ONE(exp2)
BOARD_ONE(log)
BOARD_ONE(log2)
BOARD_ONE(log10)
BOARD_ONE(sqrt)
BOARD_ONE(fabs)
BOARD_ONE(floor)
BOARD_ONE(ceil)
BOARD_ONE(trunc)
BOARD_ONE(round)
BOARD_ONE(rint)
BOARD_ONE(atan)
BOARD_ONE(asin)
BOARD_ONE(acos)
BOARD_ONE(sinh)
BOARD_ONE(cosh)
BOARD_ONE(tanh)
BOARD_ONE(cbrt)
BOARD_TWO(fmod)
BOARD_TWO(fmin)
BOARD_TWO(fmax)
BOARD_TWO(pow)
BOARD_TWO(atan2)
BOARD_TWO(hypot)
BOARD_TWO(copysign)
inline long lrint(float x) { return lrintf(x); }
inline long lround(float x) { return lroundf(x); }
#undef BOARD_ONE
#undef BOARD_TWO
#endif
