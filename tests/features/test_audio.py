"""The Python front end against librosa, and its properties."""

import librosa
import numpy as np
import pytest

from tinykit.features import LogMel


@pytest.fixture(scope="module")
def clips() -> np.ndarray:
    """A chirp, noise and a click, int16."""
    rng = np.random.default_rng(0)
    times = np.arange(16_000) / 16_000
    chirp = 20_000 * np.sin(2 * np.pi * (100 + 3_500 * times) * times)
    click = np.zeros(16_000)
    click[8_000] = 32_767
    return np.stack([chirp, rng.normal(0, 3_000, 16_000), click]).astype(np.int16)


def test_features_are_librosas_mel_spectrogram_above_the_floor(clips):
    """librosa pads and scales by itself: told not to, it must give the same band powers."""
    frontend = LogMel()
    for clip in clips:
        power = librosa.feature.melspectrogram(
            y=clip.astype(np.float32) / 32_768,
            sr=16_000,
            n_fft=512,
            hop_length=320,
            center=False,
            n_mels=40,
            fmin=60,
            fmax=7_600,
            htk=True,
            norm=None,
        )
        expected = np.log10(1 + power.T / 1e-3)
        # float32 carries 7 digits of a power; in log10 an error of 1e-5 is 100 times that.
        np.testing.assert_allclose(frontend(clip), expected, atol=1e-5)


def test_silence_is_zero_and_ten_times_the_power_adds_one(clips):
    frontend = LogMel()
    assert not frontend(np.zeros(16_000, np.int16)).any()
    loud = clips[0].astype(np.float32) / 32_768
    difference = frontend(loud) - frontend(loud / np.sqrt(10))
    strong = frontend(loud) > 4  # there the 1 in log10(1 + ...) is below a thousandth
    np.testing.assert_allclose(difference[strong], 1, atol=1e-3)


def test_a_full_scale_tone_stays_on_the_scale():
    tone = np.round(32_767 * np.sin(2 * np.pi * 1_000 * np.arange(16_000) / 16_000))
    assert 6.5 < LogMel()(tone.astype(np.int16)).max() < 7.5


def test_a_batch_is_its_clips_one_by_one(clips):
    frontend = LogMel()
    batch = np.concatenate([clips] * 7)
    singly = np.stack([frontend(clip) for clip in batch])
    np.testing.assert_allclose(frontend(batch), singly, atol=1e-5)


def test_int16_and_float_samples_mean_the_same(clips):
    frontend = LogMel()
    np.testing.assert_array_equal(frontend(clips), frontend(clips.astype(np.float32) / 32_768))


def test_a_long_recording_gives_the_frames_of_its_windows(clips):
    """Streaming rests on this: one more hop, one more frame, the others unchanged."""
    frontend = LogMel()
    recording = np.concatenate(clips)
    frames = frontend(recording)
    shifted = frontend(recording[10 * frontend.hop_length :][:16_000])
    assert len(frames) == 1 + (48_000 - 512) // 320
    # The matrix product may add in another order for another number of frames.
    np.testing.assert_allclose(frames[10 : 10 + frontend.n_frames], shifted, atol=1e-5)


def test_shape_says_what_comes_out(clips):
    for frontend in (LogMel(), LogMel(n_mels=20, hop_length=256, frame_length=256, duration=0.5)):
        clip = clips[0][: frontend.n_samples]
        assert frontend(clip).shape == frontend.shape


def test_config_gives_the_front_end_back():
    frontend = LogMel(n_mels=32, fmax=4_000.0)
    assert LogMel(**frontend.config()) == frontend
