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

// The first two steps of the FFT at once: their twiddles are 1 and -i, nothing is multiplied.
void firstTwoSteps(float* z, int count) {
  for (int k = 0; k < count; k += 4) {
    const Complex a = get(z, k) + get(z, k + 1);
    const Complex b = get(z, k) - get(z, k + 1);
    const Complex c = get(z, k + 2) + get(z, k + 3);
    const Complex d = get(z, k + 2) - get(z, k + 3);
    const Complex turned = {d.im, -d.re};
    set(z, k, a + c);
    set(z, k + 1, b + turned);
    set(z, k + 2, a - c);
    set(z, k + 3, b - turned);
  }
}

// Joins transforms of length `half` into transforms of twice the length.
void oneStep(float* z, int count, int half, const float* twiddles) {
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

// Two such steps, the same sums: between them the numbers stay in the processor.
void twoSteps(float* z, int count, int half, const float* twiddles) {
  const int step = count / (2 * half);
  for (int j = 0; j < half; ++j) {
    const Complex first = get(twiddles, 2 * j * step);
    const Complex second = get(twiddles, j * step);
    const Complex third = get(twiddles, (j + half) * step);
    for (int k = j; k < count; k += 4 * half) {
      const Complex even = get(z, k), odd = get(z, k + half) * first;
      const Complex a = even + odd, b = even - odd;
      const Complex laterEven = get(z, k + 2 * half), laterOdd = get(z, k + 3 * half) * first;
      const Complex c = (laterEven + laterOdd) * second, d = (laterEven - laterOdd) * third;
      set(z, k, a + c);
      set(z, k + half, b + d);
      set(z, k + 2 * half, a - c);
      set(z, k + 3 * half, b - d);
    }
  }
}

// In-place FFT of `count` complex numbers: pairs of transforms are joined until one is left.
void complexFft(float* z, int count, const float* twiddles) {
  reverseBits(z, count);
  int half = 1;
  if (count >= 4) {
    firstTwoSteps(z, count);
    half = 4;
  }
  for (; 4 * half <= count; half *= 4) {
    twoSteps(z, count, half, twiddles);
  }
  if (half < count) oneStep(z, count, half, twiddles);
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
