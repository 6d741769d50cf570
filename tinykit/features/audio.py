"""Log-mel spectrogram: what a keyword network sees of a sound. C++ twin: TinyKit/src/LogMel.h.

Taught in notebooks 00 and 01.
"""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import ClassVar

import librosa
import numpy as np
import scipy.fft

from tinykit.common.kinds import AUDIO

_CLIPS_AT_A_TIME = 16  # one block of frames stays in the processor's cache


@dataclass(frozen=True)
class LogMel:
    """Log-mel spectrogram of clips of a fixed length.

    Each frame of `frame_length` samples is weighted with a Hann window; the power of its FFT is
    summed in `n_mels` triangular bands (mel scale as in HTK, peaks at 1) and compressed:

        feature = log10(1 + band_power / floor)

    so 0 is silence and +1 is ten times the power. The scale is open above; a full-scale tone
    reaches about 7.

    Attributes:
        sample_rate: samples per second, Hz.
        duration: seconds of sound the network sees at once.
        frame_length: samples per frame, also the FFT size (a power of two).
        hop_length: samples from the start of one frame to the start of the next.
        n_mels: bands; `fmin` and `fmax` (Hz) are the outer edges of the first and last.
        floor: band power that counts as silence, for samples in -1 ... 1.
    """

    kind: ClassVar[str] = AUDIO

    sample_rate: int = 16_000
    duration: float = 1.0
    frame_length: int = 512
    hop_length: int = 320
    n_mels: int = 40
    fmin: float = 60.0
    fmax: float = 7_600.0
    floor: float = 1e-3

    @property
    def n_samples(self) -> int:
        """Samples in one clip."""
        return round(self.sample_rate * self.duration)

    @property
    def n_frames(self) -> int:
        """Frames that lie wholly inside one clip."""
        return 1 + (self.n_samples - self.frame_length) // self.hop_length

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of one clip's features: (frames, bands)."""
        return self.n_frames, self.n_mels

    @cached_property
    def window(self) -> np.ndarray:
        """Periodic Hann window, float32, shape (frame_length,)."""
        return librosa.filters.get_window("hann", self.frame_length).astype(np.float32)

    @cached_property
    def filterbank(self) -> np.ndarray:
        """Weights of each FFT bin in each band, float32, shape (n_mels, frame_length // 2 + 1)."""
        return librosa.filters.mel(
            sr=self.sample_rate,
            n_fft=self.frame_length,
            n_mels=self.n_mels,
            fmin=self.fmin,
            fmax=self.fmax,
            htk=True,
            norm=None,
        )

    def __call__(self, clips: np.ndarray) -> np.ndarray:
        """Features of one clip (samples,) or of a batch (clips, samples).

        Integer samples are 16-bit PCM; float samples are in -1 ... 1. Any number of samples from
        `frame_length` up gives as many frames as fit: float32, (frames, n_mels) or
        (clips, frames, n_mels).
        """
        clips = np.asarray(clips)
        batch = clips[None] if clips.ndim == 1 else clips
        n_frames = 1 + (batch.shape[1] - self.frame_length) // self.hop_length
        features = np.empty((len(batch), n_frames, self.n_mels), np.float32)
        for start in range(0, len(batch), _CLIPS_AT_A_TIME):
            block = slice(start, start + _CLIPS_AT_A_TIME)
            features[block] = self._features(batch[block])
        return features[0] if clips.ndim == 1 else features

    def _features(self, clips: np.ndarray) -> np.ndarray:
        if np.issubdtype(clips.dtype, np.integer):
            clips = clips.astype(np.float32) / 32_768
        frames = librosa.util.frame(
            clips.astype(np.float32, copy=False),
            frame_length=self.frame_length,
            hop_length=self.hop_length,
            axis=1,
        )
        spectrum = scipy.fft.rfft(frames * self.window)
        power = spectrum.real**2 + spectrum.imag**2
        return np.log10(1 + power @ self.filterbank.T / np.float32(self.floor))

    def config(self) -> dict:
        """The parameters, as written to tinymodel.json; `LogMel(**config)` gives them back."""
        return asdict(self)
