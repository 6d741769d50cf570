// Power spectrum of a real signal by a fast Fourier transform.
#pragma once

namespace tinykit {

// Replaces `size` samples by their power spectrum: afterwards x[k] = |X(k)|^2 for k = 0 ... size/2.
//
// `size` is a power of two from 4 to 1024. `twiddles` are the size/2 numbers exp(-2 pi i k / size),
// each as a real and an imaginary part.
void powerSpectrum(float* x, int size, const float* twiddles);

}  // namespace tinykit
