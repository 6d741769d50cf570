#include "RealFft.h"

namespace tinykit {
namespace {

struct Complex {
  float re;
  float im;
};

Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
Complex operator*(Complex a, Complex b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
float power(Complex a) { return a.re * a.re + a.im * a.im; }

Complex get(const float* x, int k) { return {x[2 * k], x[2 * k + 1]}; }
void set(float* x, int k, Complex value) {
  x[2 * k] = value.re;
  x[2 * k + 1] = value.im;
}

// Moves element k to the place whose binary digits are those of k read backwards.
void reverseBits(float* z, int count) {
  for (int k = 0, reversed = 0; k < count; ++k) {
    if (k < reversed) {
      const Complex swapped = get(z, k);
      set(z, k, get(z, reversed));
      set(z, reversed, swapped);
    }
    int bit = count / 2;  // add one to `reversed`, carrying to the right
    for (; reversed & bit; bit /= 2) {
      reversed -= bit;
    }
    reversed += bit;
  }
}

// In-place FFT of `count` complex numbers: pairs of transforms of length `half` are joined into
// transforms of twice the length until one is left.
void complexFft(float* z, int count, const float* twiddles) {
  reverseBits(z, count);
  for (int half = 1; half < count; half *= 2) {
    const int step = count / half;  // the table is made for 2 * count points
    for (int j = 0; j < half; ++j) {
      const Complex twiddle = get(twiddles, j * step);
      for (int k = j; k < count; k += 2 * half) {
        const Complex even = get(z, k);
        const Complex odd = get(z, k + half) * twiddle;
        set(z, k, even + odd);
        set(z, k + half, even - odd);
      }
    }
  }
}

}  // namespace

void powerSpectrum(float* x, int size, const float* twiddles) {
  // Even samples as real and odd samples as imaginary parts: one FFT of half the length does both.
  const int half = size / 2;
  complexFft(x, half, twiddles);

  // Take the two apart again (they differ in symmetry) and join them: X = even + twiddle * odd.
  // Bins k and half - k need the same two numbers, so they are done together.
  const Complex z0 = get(x, 0);
  const float nyquist = (z0.re - z0.im) * (z0.re - z0.im);
  x[0] = (z0.re + z0.im) * (z0.re + z0.im);
  for (int k = 1; k <= half / 2; ++k) {
    const Complex a = get(x, k);
    const Complex b = get(x, half - k);
    const Complex even = {0.5f * (a.re + b.re), 0.5f * (a.im - b.im)};
    const Complex odd = {0.5f * (a.im + b.im), 0.5f * (b.re - a.re)};
    const Complex turned = odd * get(twiddles, k);
    x[2 * k] = power(even + turned);
    x[2 * (half - k)] = power(even - turned);
  }

  for (int k = 1; k < half; ++k) {  // the powers sit where the real parts were: close the gaps
    x[k] = x[2 * k];
  }
  x[half] = nyquist;
}

}  // namespace tinykit
