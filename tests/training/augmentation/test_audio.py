"""What augmentation changes, what it must not, and that it can be repeated."""

import numpy as np
import pytest

from tinykit.datasets import tone
from tinykit.features import LogMel
from tinykit.training.augmentation.audio import (
    Augmentation,
    coloured_noise,
    mask_features,
    warp_frequencies,
)

STILL = Augmentation(shift=0, speed=(1, 1), reverb=0, equaliser_db=0, gain_db=(0, 0), noise=0)


@pytest.fixture(scope="module")
def clips() -> np.ndarray:
    """Tones of 0.4 s in the middle of a second."""
    clips = np.zeros((100, 16_000), np.int16)
    clips[:, 4_800:11_200] = tone(1_000, duration=0.4)
    return clips


def test_with_every_range_closed_nothing_changes(clips):
    """Filtering with a flat response costs float32 rounding, cut off to int16: one step."""
    assert np.abs(STILL(clips).astype(int) - clips).max() <= 1


def test_gain_is_in_decibels(clips):
    softer = Augmentation(**(vars(STILL) | {"gain_db": (-20, -20)}))(clips)
    assert softer.max() == pytest.approx(clips.max() / 10, abs=1)


def test_the_same_seed_gives_the_same_clips(clips):
    augmentation = Augmentation()
    noise = [np.arange(-20_000, 20_000, dtype=np.int16)]
    once, again, other = (augmentation(clips, noise, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)


def test_the_originals_are_left_alone(clips):
    before = clips.copy()
    Augmentation()(clips)
    np.testing.assert_array_equal(clips, before)


def test_shift_moves_the_sound_by_at_most_its_range(clips):
    moved = Augmentation(**(vars(STILL) | {"shift": 0.1}))(clips)
    for clip in moved:
        (there,) = np.nonzero(np.abs(clip) > 1_000)
        assert 4_800 - 1_700 < there[0] < 4_800 + 1_700, "0.1 s is 1,600 samples"


def test_speed_changes_the_pitch(clips):
    """Played at 1.25 times the speed, 1,000 Hz become 1,250 Hz."""
    fast = Augmentation(**(vars(STILL) | {"speed": (1.25, 1.25)}))(clips[:1])[0]
    assert np.abs(np.fft.rfft(fast)).argmax() == pytest.approx(1_250, abs=2)


def test_noise_is_mixed_in_at_the_asked_ratio(clips):
    """20 dB below speech whose peak is 12 dB above its RMS: noise RMS = peak / 10**(32 / 20)."""
    noisy = Augmentation(**(vars(STILL) | {"noise": 1.0, "snr_db": (20, 20)}))(clips)
    rms = noisy[:, :3_000].std(axis=1)
    expected = 16_384 / 10 ** (32 / 20)
    # One fifth of a second of brown noise wanders; the median of 100 does not.
    assert np.median(rms) == pytest.approx(expected, rel=0.25)


def test_reverb_rings_on_after_the_sound(clips):
    wet = Augmentation(**(vars(STILL) | {"reverb": 1.0, "reverb_time": (0.5, 0.5)}))(clips)
    assert np.median(np.abs(wet[:, 11_300:12_000]).max(axis=1)) > 100
    assert not clips[:, 11_300:12_000].any()


def test_silence_stays_silent_without_noise():
    silence = np.zeros((2, 16_000), np.int16)
    assert not Augmentation(noise=0)(silence).any()


@pytest.mark.parametrize("length", [1, 500, 15_999])
def test_background_shorter_than_a_clip_is_repeated(clips, length):
    """62.5 periods of a tone, over and over, are that tone with a jump of phase at every seam."""
    noise = [tone(2_000)[:length]] if length > 1 else [np.array([7], np.int16)]
    certain = {"noise": 1.0, "snr_db": (20, 20)}
    noisy = Augmentation(**(vars(STILL) | certain))(clips, noise)
    assert (noisy.std(axis=1) > 0).all()
    if length == 500:
        spectra = np.abs(np.fft.rfft(noisy[:, :4_000].astype(float)))  # 4 Hz a bin
        strongest = 4 * spectra.argmax(axis=1)
        share = (np.abs(strongest - 2_000) <= 32).mean()
        assert 0.3 < share < 0.9, "six clips in ten have a recording behind them, others a hiss"


def test_coloured_noise_falls_between_white_and_brown():
    spectrum = np.abs(np.fft.rfft(coloured_noise(200, 16_000, np.random.default_rng(0)))) ** 2
    octave_drop_db = 10 * np.log10(
        spectrum[:, 500:1_000].mean(1) / spectrum[:, 1_000:2_000].mean(1)
    )
    assert octave_drop_db.min() > -0.7, "white noise has no slope"
    assert octave_drop_db.max() < 6.02 + 0.7, "brown noise falls by 6 dB an octave"


def test_masks_hide_stripes_and_nothing_else():
    rng = np.random.default_rng(0)
    features = rng.random((50, 49, 40)).astype(np.float32)
    masked = mask_features(features, max_frames=8, max_bands=6, seed=1)
    for before, after in zip(features, masked, strict=True):
        changed = before != after
        rows, columns = changed.all(axis=1), changed.all(axis=0)
        assert rows.sum() <= 8 and columns.sum() <= 6
        np.testing.assert_array_equal(changed, rows[:, None] | columns[None, :])
    assert (features != masked).any(axis=(1, 2)).mean() > 0.5


def test_warping_moves_a_tone_by_at_most_its_factor():
    """Of 1,000 Hz times 1 / 1.15 to 1.15, the loudest band is between those of 870 and 1,150 Hz."""
    frontend = LogMel()

    def loudest_band(hertz: float) -> int:
        return int(frontend(tone(hertz)).mean(axis=0).argmax())

    features = np.stack([frontend(tone(1_000))] * 200)
    warped = warp_frequencies(features, frontend, largest=0.15, seed=1)
    bands = warped.mean(axis=1).argmax(axis=1)
    assert bands.min() == loudest_band(870) and bands.max() == loudest_band(1_150)
    again = warp_frequencies(features, frontend, largest=0.15, seed=1)
    np.testing.assert_array_equal(warped, again)


def test_warping_by_nothing_changes_nothing():
    frontend = LogMel()
    features = np.stack([frontend(tone(1_000))])
    warped = warp_frequencies(features, frontend, largest=0.0)
    # Interpolating at a whole position, up to float64 rounding of the position (1e-13 bands).
    np.testing.assert_allclose(warped, features, atol=1e-5)
