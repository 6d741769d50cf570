"""The player below a cell: the sound that was given, in few bytes, for every browser."""

import io

import numpy as np
import pytest
import soundfile

from tinykit.datasets import tone
from tinykit.plots import listen

CLIP = tone(440)


def played(clip: np.ndarray, sample_rate: int = 16_000) -> tuple[np.ndarray, int]:
    """What another program decodes from the player's bytes."""
    return soundfile.read(io.BytesIO(listen(clip, sample_rate).data))


def loudest_hertz(samples: np.ndarray, sample_rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return spectrum.argmax() * sample_rate / len(samples)


@pytest.mark.parametrize("clip", [CLIP, CLIP / 32_768], ids=["int16", "float"])
def test_the_pitch_the_length_and_the_loudness_are_kept(clip):
    samples, rate = played(clip)
    middle = slice(rate // 4, 3 * rate // 4)
    assert rate == 16_000
    assert len(samples) / rate == pytest.approx(1, abs=0.1), "MP3 fills up whole frames, no more"
    assert loudest_hertz(samples[middle], rate) == pytest.approx(440, abs=2)
    loudness = [np.std(samples[middle]), np.std(CLIP[middle] / 32_768)]
    assert loudness[0] == pytest.approx(loudness[1], rel=0.1)


def test_a_soft_sound_stays_soft():
    """IPython's own player makes everything equally loud: a whisper would be none."""
    soft, loud = (np.std(played(clip)[0]) for clip in (CLIP // 10, CLIP))
    assert soft == pytest.approx(loud / 10, rel=0.1)


def test_another_sample_rate_is_played_at_its_own_speed():
    samples, rate = played(CLIP[::2], 8_000)
    assert rate == 8_000
    assert loudest_hertz(samples[2_000:6_000], rate) == pytest.approx(440, abs=4)


def test_the_browser_is_told_what_it_gets():
    assert 'src="data:audio/mpeg;base64,' in listen(CLIP)._repr_html_()


def test_a_notebook_grows_by_six_kilobytes_for_a_second():
    """A WAV took 43; the same sound gives the same bytes, or each run would change the file."""
    pages = [listen(CLIP)._repr_html_() for _ in range(2)]
    assert len(pages[0]) < 6_500
    assert pages[0] == pages[1]
