"""Sine waves, low and high: the smallest data set that goes through the whole kit. Notebook 00."""

import numpy as np

from tinykit.common.kinds import SILENCE
from tinykit.datasets.audio import AudioDataset
from tinykit.datasets.dataset import Split

_SAMPLE_RATE = 16_000
_HERTZ = {"low": (250.0, 600.0), "high": (1_200.0, 3_000.0)}


def tones(clips_per_label: int = 200, *, seed: int = 0) -> AudioDataset:
    """One-second clips of a low tone, a high tone or nothing, over faint noise.

    Args:
        clips_per_label: clips of each label for training; validation and test have half as many.
        seed: the same seed gives the same clips.

    Returns:
        A data set with the labels low (250-600 Hz), high (1,200-3,000 Hz) and silence. Each clip
        has a pitch, loudness, beginning and end of its own.
    """
    random = np.random.default_rng(seed)
    sizes = [clips_per_label, clips_per_label // 2, clips_per_label // 2]
    train, validation, test = (_split(size, random) for size in sizes)
    return AudioDataset(
        labels=[*_HERTZ, SILENCE],
        sample_rate=_SAMPLE_RATE,
        train=train,
        validation=validation,
        test=test,
        source="tones",
    )


def tone(hertz: float, *, amplitude: float = 0.5, duration: float = 1.0) -> np.ndarray:
    """A sine wave, int16 at 16 kHz.

    Args:
        hertz: its frequency, below 8,000.
        amplitude: 0 ... 1 of full scale.
        duration: seconds.
    """
    times = np.arange(round(duration * _SAMPLE_RATE)) / _SAMPLE_RATE
    return np.round(32_767 * amplitude * np.sin(2 * np.pi * hertz * times)).astype(np.int16)


def _split(clips_per_label: int, random: np.random.Generator) -> Split:
    clips, names = [], []
    for label in [*_HERTZ, SILENCE]:
        for _ in range(clips_per_label):
            clip = np.zeros(_SAMPLE_RATE)
            name = SILENCE
            if label in _HERTZ:
                hertz = np.exp(random.uniform(*np.log(_HERTZ[label])))
                clip += tone(hertz, amplitude=10 ** random.uniform(-1.3, 0)) * _gate(random)
                name = f"{label}/{hertz:.0f} Hz"
            clip += random.standard_normal(_SAMPLE_RATE) * 10 ** random.uniform(0, 1.5)
            clips.append(np.clip(clip, -32_768, 32_767).astype(np.int16))
            names.append(name)
    order = random.permutation(len(clips))
    y = np.repeat(np.arange(3), clips_per_label)
    return Split(np.stack(clips)[order], y[order], np.full(len(y), ""), np.array(names)[order])


def _gate(random: np.random.Generator) -> np.ndarray:
    """1 while a tone of 0.3 to 1 s sounds, 0 before and after, faded over 10 ms."""
    length = random.uniform(0.3, 1.0)
    start = random.uniform(0, 1 - length)
    times = np.arange(_SAMPLE_RATE) / _SAMPLE_RATE
    return np.clip(np.minimum(times - start, start + length - times) / 0.01, 0, 1)
