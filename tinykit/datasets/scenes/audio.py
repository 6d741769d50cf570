"""A long recording with words and pauses, to try a listening sketch on. Taught in notebook 01."""

import numpy as np

from tinykit.common.kinds import AUDIO, RESTING, UNKNOWN
from tinykit.datasets.audio import AudioDataset
from tinykit.datasets.dataset import Split

_GAP_SECONDS = 2.0  # from the middle of one word to the middle of the next, at least


def scene(
    data: AudioDataset, seconds: int = 24, *, noise_db: float = -58, seed: int = 0
) -> tuple[np.ndarray, list[tuple[float, str]]]:
    """Words of test speakers in noise, a second or more of pause after each.

    Keywords and other words take turns at random, a keyword twice as often as another word.

    Args:
        data: its `test` split is spoken.
        seconds: length of the recording.
        noise_db: level of the white noise, dB of full scale; -58 is faint, -40 a loud fan.
        seed: the same seed gives the same recording.

    Returns:
        The recording, int16 (seconds * sample_rate,), and what is said in it: (seconds at the
        middle of the clip, label).
    """
    random = np.random.default_rng(seed)
    rate = data.sample_rate
    recording = random.standard_normal(seconds * rate) * 32_768 * 10 ** (noise_db / 20)
    spoken = []
    middle = 1.5
    while middle < seconds - 1:
        label = _draw_label(data, random)
        clip = data.test.x[_draw_clip(data.test, label, random)].astype(float)
        clip *= 10 ** (random.uniform(-12, 0) / 20)
        start = round(middle * rate) - len(clip) // 2
        recording[start : start + len(clip)] += clip
        spoken.append((middle, data.labels[label]))
        middle += _GAP_SECONDS + random.uniform(0, 0.8)
    return np.clip(recording, -32_768, 32_767).astype(np.int16), spoken


def _draw_label(data: AudioDataset, random: np.random.Generator) -> int:
    words = [label for label in data.labels if label not in RESTING[AUDIO]]
    other = random.random() < 1 / 3
    if other and UNKNOWN in data.labels:  # a data set of tones has no others
        return data.labels.index(UNKNOWN)
    return data.labels.index(words[random.integers(len(words))])


def _draw_clip(split: Split, label: int, random: np.random.Generator) -> int:
    return int(random.choice(np.flatnonzero(split.y == label)))
