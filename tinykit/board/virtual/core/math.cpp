// Mathematical functions that the compiler's library (compiler-rt) lacks, or computes in double
// precision, for which this processor has no instructions. The others - exp, log, log10, sqrt,
// floor, fmod ... - are compiler-rt's, which come from musl.
#include <math.h>
#include <stdint.h>

namespace {

// atan(x) for 0 <= x: first to 0 ... 1, then to 0 ... tan(pi/12), where the series ends quickly.
template <class Real>
Real arcTangent(Real x, int terms) {
  const Real sqrt3 = static_cast<Real>(1.7320508075688772);
  if (x > 1) return static_cast<Real>(M_PI_2) - arcTangent(1 / x, terms);
  if (x > static_cast<Real>(0.2679491924311227)) {
    return static_cast<Real>(M_PI / 6) + arcTangent((sqrt3 * x - 1) / (x + sqrt3), terms);
  }
  const Real square = x * x;
  Real sum = 0;
  for (int n = 2 * terms + 1; n > 0; n -= 2) {
    sum = 1 / static_cast<Real>(n) - square * sum;
  }
  return x * sum;
}

template <class Real>
Real arcTangent2(Real y, Real x, int terms) {
  if (isnan(x) || isnan(y)) return x + y;
  const Real pi = static_cast<Real>(M_PI);
  const Real sizeY = y < 0 ? -y : y;
  const Real sizeX = x < 0 ? -x : x;
  Real angle = 0;
  if (isinf(sizeX) && isinf(sizeY)) {
    angle = pi / 4;
  } else if (sizeX != 0 || sizeY != 0) {
    angle = sizeX == 0 ? pi / 2 : arcTangent(sizeY / sizeX, terms);
  }
  if (signbit(x)) angle = pi - angle;
  return signbit(y) ? -angle : angle;
}

// sin and cos of x, from -8192 to 8192: x less the nearest multiple of pi/2, then a polynomial
// (the coefficients are those of the Cephes library).
struct Angle {
  float sine, cosine;
};

Angle sineAndCosine(float x) {
  const int32_t quarter = static_cast<int32_t>(lrintf(x * 0.636619772f));
  const float k = static_cast<float>(quarter);
  // pi/2 in three parts, the sum of which is exact enough; fmaf rounds once.
  float r = fmaf(-k, 1.57079637050628662109375f, x);
  r = fmaf(-k, -4.37113900018624283e-8f, r);
  r = fmaf(-k, -1.71512449389e-15f, r);
  const float square = r * r;
  float sine = fmaf(square, -1.9515295891e-4f, 8.3321608736e-3f);
  sine = fmaf(square, sine, -1.6666654611e-1f);
  sine = fmaf(square * r, sine, r);
  float cosine = fmaf(square, 2.443315711809948e-5f, -1.388731625493765e-3f);
  cosine = fmaf(square, cosine, 4.166664568298827e-2f);
  cosine = fmaf(square * square, cosine, fmaf(square, -0.5f, 1.0f));
  switch (quarter & 3) {
    case 0: return {sine, cosine};
    case 1: return {cosine, -sine};
    case 2: return {-sine, -cosine};
    default: return {-cosine, sine};
  }
}

// Beyond, in double precision. (Of (float)sin(x) the compiler would make sinf(x), this function
// again. For the same reason the functions below have names of their own.)
float inDouble(double (*function)(double), float x) { return static_cast<float>(function(x)); }
constexpr float kLargestAngle = 8192.0f;

double hyperbolicSine(double x) {
  if (fabs(x) < 1e-3) return x + x * x * x / 6;
  return (exp(x) - exp(-x)) / 2;
}
double hyperbolicCosine(double x) { return (exp(x) + exp(-x)) / 2; }
double hyperbolicTangent(double x) {
  if (fabs(x) > 20) return copysign(1.0, x);
  if (fabs(x) < 1e-3) return x - x * x * x / 3;
  const double e = exp(2 * x);
  return (e - 1) / (e + 1);
}

double diagonal(double x, double y) { return sqrt(x * x + y * y); }

double cubeRoot(double x) {
  if (x == 0 || isnan(x) || isinf(x)) return x;
  const double root = copysign(exp(log(fabs(x)) / 3), x);
  return root - (root * root * root - x) / (3 * root * root);  // one step of Newton
}

double power(double x, double y) {
  const double size = fabs(y);
  if (y == 0 || x == 1) return 1;
  if (size <= 64 && trunc(y) == y) {  // a small whole number: multiply
    double result = 1;
    for (unsigned bits = static_cast<unsigned>(size); bits != 0; bits >>= 1, x *= x) {
      if (bits & 1) result *= x;
    }
    return y < 0 ? 1 / result : result;
  }
  if (x < 0) {
    if (trunc(y) != y) return NAN;
    const double result = exp(y * log(-x));
    return fmod(size, 2) == 1 ? -result : result;
  }
  if (x == 0) return y > 0 ? 0 : INFINITY;
  return exp(y * log(x));
}

constexpr int kFloatTerms = 7;
constexpr int kDoubleTerms = 14;

}  // namespace

extern "C" {

float copysignf(float size, float sign) {
  return signbit(sign) == signbit(size) ? size : -size;
}
double copysign(double size, double sign) {
  return signbit(sign) == signbit(size) ? size : -size;
}

// ---- Rounding: the FPU does it

long lrintf(float x) {
  int32_t nearest;  // ties to even
  asm("vcvtr.s32.f32 %0, %1" : "=t"(nearest) : "t"(x));
  return *reinterpret_cast<long*>(&nearest);
}

float rintf(float x) {
  if (!(fabsf(x) < 8388608.0f)) return x;  // 2^23: no fraction left
  return copysignf(static_cast<float>(lrintf(x)), x);
}

long lroundf(float x) { return static_cast<long>(roundf(x)); }
long lround(double x) { return static_cast<long>(round(x)); }

double rint(double x) {
  const double big = 4503599627370496.0;  // 2^52: adding it leaves no room for a fraction
  if (!(fabs(x) < big)) return x;
  volatile double sum = x < 0 ? x - big : x + big;
  return copysign(x < 0 ? sum + big : sum - big, x);
}

long lrint(double x) { return static_cast<long>(rint(x)); }

// ---- Powers

double ldexp(double x, int exponent) {
  for (; exponent > 1023; exponent -= 1023) x *= 0x1p1023;
  for (; exponent < -1022; exponent += 1022) x *= 0x1p-1022;
  const uint64_t bits = static_cast<uint64_t>(1023 + exponent) << 52;
  double factor;
  __builtin_memcpy(&factor, &bits, sizeof(factor));
  return x * factor;
}
float ldexpf(float x, int exponent) {
  for (; exponent > 127; exponent -= 127) x *= 0x1p127f;
  for (; exponent < -126; exponent += 126) x *= 0x1p-126f;
  const uint32_t bits = static_cast<uint32_t>(127 + exponent) << 23;
  float factor;
  __builtin_memcpy(&factor, &bits, sizeof(factor));
  return x * factor;
}

double frexp(double x, int* exponent) {
  *exponent = 0;
  if (x == 0 || isnan(x) || isinf(x)) return x;
  if (fabs(x) < 0x1p-1022) {  // a subnormal number
    x = frexp(x * 0x1p64, exponent);
    *exponent -= 64;
    return x;
  }
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof(bits));
  *exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1022;
  bits = (bits & 0x800fffffffffffffull) | 0x3fe0000000000000ull;
  __builtin_memcpy(&x, &bits, sizeof(bits));
  return x;
}
float frexpf(float x, int* exponent) { return static_cast<float>(frexp(x, exponent)); }

double modf(double x, double* whole) {
  *whole = trunc(x);
  return isinf(x) ? copysign(0.0, x) : x - *whole;
}
float modff(float x, float* whole) {
  *whole = truncf(x);
  return isinf(x) ? copysignf(0.0f, x) : x - *whole;
}

double pow(double x, double y) { return power(x, y); }
float powf(float x, float y) { return static_cast<float>(power(x, y)); }

double cbrt(double x) { return cubeRoot(x); }
float cbrtf(float x) { return static_cast<float>(cubeRoot(x)); }

float exp2f(float x) {
  if (isnan(x)) return x;
  if (x >= 128.0f) return INFINITY;
  if (x < -150.0f) return 0.0f;
  const long whole = lrintf(x);
  const float rest = x - static_cast<float>(whole);  // 2^rest is a series in rest * ln 2
  float power = 1.525273e-5f;
  constexpr float kTerms[] = {1.540353e-4f, 1.333355815e-3f, 9.618129108e-3f, 5.550410866e-2f,
                              2.402265070e-1f, 6.931471806e-1f, 1.0f};
  for (const float term : kTerms) power = fmaf(power, rest, term);
  return ldexpf(power, static_cast<int>(whole));
}

double hypot(double x, double y) { return diagonal(x, y); }
float hypotf(float x, float y) { return static_cast<float>(diagonal(x, y)); }

// ---- Angles

float sinf(float x) {
  return fabsf(x) < kLargestAngle ? sineAndCosine(x).sine : inDouble(sin, x);
}
float cosf(float x) {
  return fabsf(x) < kLargestAngle ? sineAndCosine(x).cosine : inDouble(cos, x);
}
float tanf(float x) {
  if (!(fabsf(x) < kLargestAngle)) return inDouble(tan, x);
  const Angle angle = sineAndCosine(x);
  return angle.sine / angle.cosine;
}

float atanf(float x) { return copysignf(arcTangent(fabsf(x), kFloatTerms), x); }
double atan(double x) { return copysign(arcTangent(fabs(x), kDoubleTerms), x); }
float atan2f(float y, float x) { return arcTangent2(y, x, kFloatTerms); }
double atan2(double y, double x) { return arcTangent2(y, x, kDoubleTerms); }
float asinf(float x) { return atan2f(x, sqrtf((1 - x) * (1 + x))); }
double asin(double x) { return atan2(x, sqrt((1 - x) * (1 + x))); }
float acosf(float x) { return atan2f(sqrtf((1 - x) * (1 + x)), x); }
double acos(double x) { return atan2(sqrt((1 - x) * (1 + x)), x); }

// ---- Hyperbolic functions

double sinh(double x) { return hyperbolicSine(x); }
double cosh(double x) { return hyperbolicCosine(x); }
double tanh(double x) { return hyperbolicTangent(x); }
float sinhf(float x) { return static_cast<float>(hyperbolicSine(x)); }
float coshf(float x) { return static_cast<float>(hyperbolicCosine(x)); }
float tanhf(float x) { return static_cast<float>(hyperbolicTangent(x)); }

}  // extern "C"
