"""The data set of notebook 00."""

import numpy as np

from tinykit.datasets import tone, tones


def test_a_tone_has_the_frequency_and_loudness_asked_for():
    wave = tone(440, amplitude=0.25, duration=2.0)
    assert wave.dtype == np.int16 and len(wave) == 32_000
    assert np.abs(np.fft.rfft(wave)).argmax() == 880, "one bin is half a hertz in 2 s"
    assert np.abs(wave).max() == round(32_767 * 0.25)


def test_labels_say_which_pitch_is_in_the_clip():
    data = tones(20, seed=3)
    for clip, label, file in zip(data.test.x, data.test.y, data.test.files, strict=True):
        hertz = np.abs(np.fft.rfft(clip)).argmax()
        loud = np.abs(clip).max() > 1_000
        if data.labels[label] == "low" and loud:
            assert 240 < hertz < 610, file
        if data.labels[label] == "high" and loud:
            assert 1_190 < hertz < 3_010, file


def test_splits_hold_every_label_equally_often_and_repeat_with_the_seed():
    data, again, other = tones(20), tones(20), tones(20, seed=1)
    assert np.bincount(data.train.y).tolist() == [20, 20, 20]
    assert np.bincount(data.test.y).tolist() == [10, 10, 10]
    np.testing.assert_array_equal(data.train.x, again.train.x)
    assert not np.array_equal(data.train.x, other.train.x)
