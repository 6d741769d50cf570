"""Make every clip sound as if said again: elsewhere in the second, faster, in another room.

Synthetic voices are too clean and too alike. What carries a network over to people it has never
heard is variety, so each pass over the training data bends the clips anew. Taught in notebook 01.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import librosa
import numpy as np
import scipy.fft

if TYPE_CHECKING:
    from tinykit.datasets import AudioDataset
    from tinykit.features import LogMel

_CLIPS_AT_A_TIME = 64
_ROOMS = 256  # drawn anew for every pass over the data
_ECHO_SAMPLES = 4_800
_FULL_SCALE = 32_767


@dataclass(frozen=True)
class Augmentation:
    """Random changes to clips; every range is drawn from uniformly unless it says otherwise.

    Attributes:
        shift: largest move earlier or later, in seconds.
        speed: range of playback speed; pitch and formants move with it, like another voice.
        reverb: chance that a clip is said in a room, and `reverb_time` (seconds to fade by 60 dB).
        equaliser_db: largest boost or cut of a random smooth frequency response, dB.
        gain_db: range of the change in loudness, dB; what is then too loud is clipped.
        noise: chance that background is mixed in, and `snr_db`, the speech-to-noise range.
        vocal_tract: largest change of all frequencies at once, with the tempo kept: 0.15 is 15 %.
            Applied to the features, by `warp_frequencies`.
        sample_rate: samples per second, Hz.
    """

    shift: float = 0.22
    speed: tuple[float, float] = (0.8, 1.25)
    reverb: float = 0.5
    reverb_time: tuple[float, float] = (0.05, 0.7)
    equaliser_db: float = 10.0
    gain_db: tuple[float, float] = (-24.0, 6.0)
    noise: float = 0.7
    snr_db: tuple[float, float] = (5.0, 45.0)
    vocal_tract: float = 0.15
    sample_rate: int = 16_000

    @classmethod
    def gentle(cls) -> Augmentation:
        """For recordings of real people, which bring voices, rooms and noise of their own."""
        return cls(
            shift=0.1,
            speed=(0.88, 1.14),
            reverb=0.3,
            equaliser_db=6.0,
            gain_db=(-12.0, 6.0),
            noise=0.5,
            snr_db=(10.0, 45.0),
            vocal_tract=0.0,
        )

    def __call__(
        self, clips: np.ndarray, noise: Sequence[np.ndarray] = (), *, seed: int = 0
    ) -> np.ndarray:
        """A changed copy of each clip.

        Args:
            clips: int16, (clips, samples).
            noise: background recordings, int16; one that is shorter than a clip is repeated.
                Coloured noise is mixed in besides them.
            seed: the same seed gives the same copies.

        Returns:
            int16, the shape of `clips`.
        """
        random = np.random.default_rng(seed)
        rooms = self.rooms(_ROOMS, clips.shape[1], random)
        hisses = coloured_noise(_ROOMS, clips.shape[1], random)
        noise = [np.resize(sound, max(len(sound), clips.shape[1])) for sound in noise]
        changed = np.empty_like(clips)
        for start in range(0, len(clips), _CLIPS_AT_A_TIME):
            block = clips[start : start + _CLIPS_AT_A_TIME].astype(np.float32)
            block = self.move_and_speed(block, random)
            block = self.in_rooms(block, rooms, random)
            block = self.louder_or_softer(block, random)
            block = self.background(block, hisses, noise, random)
            changed[start : start + len(block)] = np.clip(block, -_FULL_SCALE, _FULL_SCALE)
        return changed

    def features(
        self,
        data: AudioDataset,
        chosen: np.ndarray,
        frontend: LogMel,
        random: np.random.Generator,
    ) -> np.ndarray:
        """Features of changed copies of training clips, warped and masked (SpecAugment).

        Args:
            data: its train split is taken, and its background noise.
            chosen: indices into the train split, int (n,).
            frontend: computes the features.
            random: where chance comes from.

        Returns:
            float32 (n, frames, bands).
        """
        clips = self(data.train.x[chosen], data.noise, seed=int(random.integers(2**31)))
        features = warp_frequencies(
            frontend(clips),
            frontend,
            largest=self.vocal_tract,
            seed=int(random.integers(2**31)),
        )
        return mask_features(features, seed=int(random.integers(2**31)))

    def move_and_speed(self, clips: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Play each clip at another speed, about its middle, and move it in time."""
        n, length = clips.shape
        speed = np.exp(random.uniform(*np.log(self.speed), size=(n, 1)))
        shift = random.uniform(-self.shift, self.shift, size=(n, 1)) * self.sample_rate
        times = np.arange(length)
        source = (times - length / 2 - shift) * speed + length / 2
        return np.stack(
            [np.interp(row, times, clip, 0, 0) for row, clip in zip(source, clips, strict=True)]
        ).astype(np.float32)

    def rooms(self, n: int, length: int, random: np.random.Generator) -> np.ndarray:
        """Transfer functions of `n` rooms with a microphone in each; complex64, (n, bins)."""
        n_fft = _fft_size(length)
        spectra = scipy.fft.rfft(self.room_responses(n, random), n_fft)
        return spectra * self.microphone_gains(n, spectra.shape[1], random)

    def in_rooms(
        self, clips: np.ndarray, rooms: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Filter each clip with the echo and the frequency response of one of `rooms`."""
        length = clips.shape[1]
        spectra = scipy.fft.rfft(clips, _fft_size(length))
        spectra *= rooms[random.integers(len(rooms), size=len(clips))]
        return scipy.fft.irfft(spectra, _fft_size(length))[:, :length]

    def room_responses(self, n: int, random: np.random.Generator) -> np.ndarray:
        """Impulse responses: the direct sound, then fading noise; float32, (n, 0.3 s)."""
        times = np.arange(_ECHO_SAMPLES, dtype=np.float32) / self.sample_rate
        fade = np.exp(random.uniform(*np.log(self.reverb_time), size=(n, 1))).astype(np.float32)
        tail = random.standard_normal((n, len(times)), np.float32) * 10 ** (-3 * times / fade)
        tail /= np.sqrt(np.sum(tail**2, axis=1, keepdims=True))
        wet = 10 ** (random.uniform(-18, 3, size=(n, 1)) / 20)  # echo against direct sound
        tail *= (wet * (random.random((n, 1)) < self.reverb)).astype(np.float32)
        tail[:, 0] += 1
        return tail

    def microphone_gains(self, n: int, n_bins: int, random: np.random.Generator) -> np.ndarray:
        """Smooth random frequency responses, gain per FFT bin; float32, (n, n_bins)."""
        corners = np.geomspace(50, self.sample_rate / 2, 7)  # about one an octave
        db = random.uniform(-1, 1, size=(n, 7)) * self.equaliser_db
        db *= random.random((n, 1))  # most microphones are better than the worst
        position = np.interp(
            np.log(np.linspace(0, self.sample_rate / 2, n_bins) + 1), np.log(corners), np.arange(7)
        )
        low = np.minimum(position.astype(int), 5)
        part = position - low
        db = db[:, low] * (1 - part) + db[:, low + 1] * part
        return (10 ** (db / 20)).astype(np.float32)

    def louder_or_softer(self, clips: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Change the loudness of each clip."""
        gain = 10 ** (random.uniform(*self.gain_db, size=(len(clips), 1)) / 20)
        return clips * gain.astype(np.float32)

    def background(
        self,
        clips: np.ndarray,
        hisses: np.ndarray,
        noise: Sequence[np.ndarray],
        random: np.random.Generator,
    ) -> np.ndarray:
        """Mix in background recordings or coloured noise at a random speech-to-noise ratio."""
        n, length = clips.shape
        sounds = np.empty_like(clips)
        for sound in sounds:
            if len(noise) and random.random() < 0.6:
                recording = noise[random.integers(len(noise))]
                start = random.integers(len(recording) - length + 1)
                sound[:] = recording[start : start + length]
            else:
                sound[:] = np.roll(hisses[random.integers(len(hisses))], random.integers(length))
        peak = np.abs(clips).max(axis=1, keepdims=True)
        rms = np.sqrt(np.mean(sounds**2, axis=1, keepdims=True)) + 1e-9
        # The peak of speech is about 12 dB above its RMS.
        ratio = 10 ** (-(random.uniform(*self.snr_db, size=(n, 1)) + 12) / 20)
        used = random.random((n, 1)) < self.noise
        return clips + (sounds * (peak / rms * ratio * used)).astype(np.float32)


def _fft_size(length: int) -> int:
    """An FFT long enough that the echo of a clip's end does not wrap round to its start."""
    return scipy.fft.next_fast_len(length + _ECHO_SAMPLES, real=True)


def coloured_noise(n: int, length: int, random: np.random.Generator) -> np.ndarray:
    """Noise whose power falls as 1 / frequency**a, a from 0 (white) to 2 (brown).

    Returns float32, (n, length), RMS 1.
    """
    n_fft = scipy.fft.next_fast_len(length, real=True)
    spectrum = scipy.fft.rfft(random.standard_normal((n, n_fft), np.float32))
    slope = random.uniform(0, 1, size=(n, 1))  # of amplitude: half that of power
    frequency = np.maximum(np.arange(spectrum.shape[1]), 20 * length / 16_000)
    spectrum *= (frequency**-slope).astype(np.float32)
    noise = scipy.fft.irfft(spectrum, n_fft)[:, :length]
    return noise / np.sqrt(np.mean(noise**2, axis=1, keepdims=True))


def mask_features(
    features: np.ndarray,
    *,
    max_frames: int = 8,
    max_bands: int = 6,
    seed: int = 0,
) -> np.ndarray:
    """SpecAugment (Park et al. 2019): hide one stripe of time and one of frequency in each.

    Args:
        features: float32, (clips, frames, bands).
        max_frames, max_bands: widest stripe; each width is drawn from 0 up to it.
        seed: the same seed hides the same stripes.

    Returns:
        A copy with the stripes set to each clip's mean.
    """
    random = np.random.default_rng(seed)
    hidden = np.zeros(features.shape, bool)
    for axis, widest in ((1, max_frames), (2, max_bands)):
        size = features.shape[axis]
        width = random.integers(0, widest + 1, (len(features), 1))
        start = random.integers(0, size, (len(features), 1)) - width // 2
        stripe = (np.arange(size) >= start) & (np.arange(size) < start + width)
        hidden |= stripe[:, :, None] if axis == 1 else stripe[:, None, :]
    return np.where(hidden, features.mean(axis=(1, 2), keepdims=True), features)


def warp_frequencies(
    features: np.ndarray, frontend: LogMel, *, largest: float, seed: int = 0
) -> np.ndarray:
    """Vocal tract length perturbation (Jaitly and Hinton 2013): other speakers, same tempo.

    All frequencies of a clip are multiplied by one factor, as a shorter or longer vocal tract does.

    Args:
        features: float32, (clips, frames, bands).
        frontend: computed the features; says where its bands lie.
        largest: factors are drawn from 1 / (1 + largest) to 1 + largest.
        seed: the same seed draws the same factors.

    Returns:
        A warped copy.
    """
    random = np.random.default_rng(seed)
    n_bands = features.shape[-1]
    low, high = librosa.hz_to_mel([frontend.fmin, frontend.fmax], htk=True)
    step = (high - low) / (n_bands + 1)
    centres = librosa.mel_to_hz(low + step * np.arange(1, n_bands + 1), htk=True)
    factor = np.exp(random.uniform(-1, 1, size=(len(features), 1)) * np.log1p(largest))
    source = (librosa.hz_to_mel(centres / factor, htk=True) - low) / step - 1
    source = np.clip(source, 0, n_bands - 1)
    below = np.minimum(source.astype(int), n_bands - 2)
    part = (source - below).astype(np.float32)[:, None, :]
    rows, columns = np.ogrid[: len(features), : features.shape[1]]
    rows, columns = rows[:, :, None], columns[:, :, None]
    below = below[:, None, :]
    return features[rows, columns, below] * (1 - part) + features[rows, columns, below + 1] * part
