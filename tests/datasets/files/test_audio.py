"""One sound file becomes one second of 16 kHz mono, or is refused in a sentence."""

import io

import librosa
import numpy as np
import pytest
import soundfile

from tinykit.common.errors import TinykitError
from tinykit.datasets import load_clip
from tinykit.datasets.files.audio import loudest

RATE = 16_000


def tone(seconds: float, rate: int = RATE, frequency: float = 440.0) -> np.ndarray:
    """A sine of half the full scale, float64."""
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def test_a_16_bit_clip_arrives_bit_for_bit(tmp_path):
    samples = np.random.default_rng(0).integers(-32_768, 32_768, RATE).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", samples, RATE)
    clip, notes = load_clip(tmp_path / "a.wav")
    assert clip.dtype == np.int16 and clip.shape == (RATE,)
    assert np.array_equal(clip, samples), "reading must not scale, shift or dither samples"
    assert notes == [], "nothing was converted, so nothing should be said"


@pytest.mark.parametrize("name", ["x.wav.wav", "X.WAV", "x.flac", "x.ogg", "x.opus", "x.mp3"])
def test_every_common_format_is_read(tmp_path, name):
    format_ = {"opus": "OGG", "ogg": "OGG", "flac": "FLAC", "mp3": "MP3"}.get(name[2:], "WAV")
    subtype = {"opus": "OPUS", "ogg": "VORBIS"}.get(name[2:])
    soundfile.write(tmp_path / name, tone(1.0), RATE, format=format_, subtype=subtype)
    clip, _ = load_clip(tmp_path / name)
    frequency = np.abs(np.fft.rfft(clip)).argmax()  # 1 s long: the bin number is the frequency
    assert abs(frequency - 440) <= 1, f"{name}: a 440 Hz tone came back with {frequency} Hz"


def test_opus_clips_keep_their_length_and_place_in_time():
    """Opus codes with a delay; libsndfile must take it out, or every bundled clip is shifted."""
    click = np.zeros(RATE)
    click[5_000:5_400] = tone(0.025, frequency=1_000) * np.hanning(400)
    file = io.BytesIO()
    soundfile.write(file, click, RATE, format="OGG", subtype="OPUS")
    decoded, rate = soundfile.read(io.BytesIO(file.getvalue()))
    assert (len(decoded), rate) == (RATE, RATE)
    lag = np.correlate(decoded, click, mode="full").argmax() - (RATE - 1)
    # One period of the 1 kHz carrier is 16 samples: less than half of one is no shift.
    assert abs(lag) < 8, f"the decoded clip is {lag} samples late"


def test_stereo_at_44100_hz_is_mixed_and_resampled_with_a_word_said(tmp_path):
    left, right = tone(1.0, 44_100, 300), tone(1.0, 44_100, 2_000)
    soundfile.write(tmp_path / "phone.wav", np.stack([left, right], axis=1), 44_100)
    clip, notes = load_clip(tmp_path / "phone.wav")
    spectrum = np.abs(np.fft.rfft(clip))
    assert clip.shape == (RATE,)
    assert set(spectrum.argsort()[-2:]) == {300, 2_000}, "both channels should be heard"
    assert "44100 Hz: resampled to 16000 Hz" in notes[0] + notes[1]
    assert "stereo" in notes[0] + notes[1]


def test_a_10_s_recording_is_cut_to_the_second_with_the_word(tmp_path):
    recording = np.random.default_rng(0).normal(0, 0.001, 10 * RATE)
    recording[int(6.2 * RATE) : int(6.8 * RATE)] += tone(0.6)
    soundfile.write(tmp_path / "long.wav", recording, RATE)
    clip, notes = load_clip(tmp_path / "long.wav")
    loud = np.flatnonzero(np.abs(clip.astype(int)) > 3_000)
    # The word lasts 0.6 s: in the middle of its second there is 0.2 s before and after it.
    assert abs(loud[0] - 0.2 * RATE) < 0.02 * RATE, f"the word starts at {loud[0] / RATE:.2f} s"
    assert len(notes) == 1 and "loudest 1 s" in notes[0]


@pytest.mark.parametrize("n", [16_001, 16_159, 16_160, 20_000])
def test_the_loudest_second_never_leaves_the_recording(n):
    samples = np.zeros(n, np.int16)
    samples[-100:] = 9_000
    start = loudest(samples, RATE)
    assert 0 <= start <= n - RATE


def test_a_short_clip_is_padded_on_both_sides(tmp_path):
    soundfile.write(tmp_path / "short.wav", np.tile([0.25, -0.25, 0.5], 2_667), RATE)  # 8,001
    clip, notes = load_clip(tmp_path / "short.wav")
    inside = np.flatnonzero(clip)
    assert (inside[0], 15_999 - inside[-1]) == (3_999, 4_000)
    assert "padded" in notes[0]


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_a_channel_wired_the_wrong_way_round_does_not_cancel_the_other(tmp_path, rate):
    """The sum of both is silence; heard is the louder of them."""
    word = tone(1.0, rate)
    for first, second in ((1, -1), (0.9, -1), (-1, 0.8)):
        soundfile.write(tmp_path / "a.wav", np.stack([first * word, second * word], axis=1), rate)
        clip, notes = load_clip(tmp_path / "a.wav")
        assert np.abs(clip).max() / 32_768 == pytest.approx(0.5, rel=0.02)
        assert "channels that cancel each other: the loudest one is taken" in notes[0]


def test_a_silent_channel_does_not_halve_the_other(tmp_path):
    """Nor does one in which only an open socket hisses."""
    hiss = np.random.default_rng(0).normal(0, 1e-4, RATE)
    for other in (np.zeros(RATE), hiss):
        soundfile.write(tmp_path / "a.wav", np.stack([other, tone(1)], axis=1), RATE)
        clip, notes = load_clip(tmp_path / "a.wav")
        assert np.abs(clip).max() / 32_768 == pytest.approx(0.5, rel=0.01)
        assert notes == ["a.wav was stereo, of which one is silent: left out."]


def test_channels_that_differ_are_averaged(tmp_path):
    """Alike, strangers to each other, one of half the loudness: nothing cancels."""
    random = np.random.default_rng(0).normal(0, 0.1, (RATE, 4))
    for first, second in (
        (random[:, 0], random[:, 0]),
        (random[:, 0], random[:, 1]),
        (random[:, 0], 0.5 * random[:, 0] + 0.1 * random[:, 1]),
        (random[:, 0], 0.2 * random[:, 2]),
    ):
        both = np.stack([first, second], axis=1).clip(-1, 1)
        soundfile.write(tmp_path / "a.wav", both, RATE, subtype="FLOAT")
        clip, notes = load_clip(tmp_path / "a.wav")
        assert np.abs(clip / 32_768 - both.mean(axis=1)).max() <= 1 / 32_768
        assert notes == ["a.wav was stereo: averaged to one channel."]


@pytest.mark.parametrize("peak", [1.001, 1.5, 3.0, 40.0])
@pytest.mark.parametrize(
    ("kind", "subtype"), [("WAV", "FLOAT"), ("WAV", "DOUBLE"), ("AIFF", "FLOAT")]
)
def test_fractions_beyond_full_scale_are_scaled_and_keep_their_shape(tmp_path, peak, kind, subtype):
    word = peak * np.random.default_rng(0).uniform(-1, 1, RATE)
    word[100] = peak
    soundfile.write(tmp_path / "a", word, RATE, format=kind, subtype=subtype)
    clip, notes = load_clip(tmp_path / "a")
    # The peak is one step too high for 16 bits.
    assert np.abs(clip / 32_768 - word / peak).max() <= 1.01 / 32_768
    assert notes == ["a was beyond full scale: scaled down by its peak."]


def test_fractions_up_to_full_scale_stay_as_they_are(tmp_path):
    word = np.random.default_rng(0).uniform(-1, 1, RATE)
    word[100] = 1
    soundfile.write(tmp_path / "a.wav", word, RATE, subtype="FLOAT")
    clip, notes = load_clip(tmp_path / "a.wav")
    assert np.abs(clip / 32_768 - word).max() <= 1.01 / 32_768 and notes == []


def cut(path, seconds: float, whole: np.ndarray):
    soundfile.write(path, whole, RATE)
    path.write_bytes(path.read_bytes()[: 44 + 2 * round(seconds * RATE)])


def test_what_is_left_of_a_cut_file_is_used_with_a_word_said(tmp_path):
    cut(tmp_path / "a.wav", 0.5, tone(1))
    clip, notes = load_clip(tmp_path / "a.wav")
    assert np.abs(clip[4_000:12_000] / 32_768 - tone(0.5)).max() <= 1 / 32_768
    assert notes == [
        "a.wav was cut short: 0.5 of 1 seconds are there.",
        "a.wav was shorter than 1 s: padded with zeros on both sides.",
    ]
    cut(tmp_path / "long.wav", 4, tone(5))
    assert load_clip(tmp_path / "long.wav")[1][0] == (
        "long.wav was cut short: 4 of 5 seconds are there."
    )


@pytest.mark.parametrize(
    ("seconds", "whole", "said"),
    [
        (0.05, tone(1), "lasts 0.05 s, less than 0.1 s. It is cut short: 0.05 of 1 seconds"),
        (0, tone(1), "is cut short: 0 of 1 seconds are there"),
        (1, np.concatenate([np.zeros(2 * RATE), tone(1)]), "It is cut short: 1 of 3 seconds"),
    ],
)
def test_a_cut_file_that_cannot_be_used_is_never_only_short_or_silent(
    tmp_path, seconds, whole, said
):
    cut(tmp_path / "a.wav", seconds, whole)
    with pytest.raises(TinykitError) as refusal:
        load_clip(tmp_path / "a.wav")
    assert said in str(refusal.value)


def test_float_files_in_16_bit_steps_are_scaled_not_clipped(tmp_path):
    soundfile.write(tmp_path / "loud.wav", tone(1.0) * 20_000, RATE, subtype="FLOAT")
    clip, notes = load_clip(tmp_path / "loud.wav")
    share_at_limit = np.mean(np.abs(clip.astype(int)) >= 32_767)
    assert share_at_limit < 0.02, "a clipped sine spends most of its time at the limits"
    assert "beyond full scale" in notes[0]


def nan(path):
    soundfile.write(path, np.where(np.arange(RATE) == 7, np.nan, 0.1), RATE, subtype="FLOAT")


def infinite(path):
    soundfile.write(path, np.where(np.arange(RATE) == 7, np.inf, 0.1), RATE, subtype="FLOAT")


def cut_in_its_header(path):
    soundfile.write(path, tone(1), RATE)
    path.write_bytes(path.read_bytes()[:30])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_text("hello, I am no sound\n" * 99), "not a sound file"),
        (lambda path: path.write_bytes(np.random.default_rng(0).bytes(9_999)), "not a sound file"),
        (cut_in_its_header, "is cut short: it ends within its header"),
        (lambda path: soundfile.write(path, np.zeros(0), RATE), "no samples"),
        (nan, "samples that are not numbers (1 NaN or infinite)"),
        (infinite, "samples that are not numbers (1 NaN or infinite)"),
        (lambda path: soundfile.write(path, tone(0.05), RATE), "lasts 0.05 s"),
        (lambda path: soundfile.write(path, np.zeros(RATE), RATE), "silent from start to end"),
        (lambda path: soundfile.write(path, np.full(RATE, 0.3), RATE), "silent from start"),
        (lambda path: soundfile.write(path, tone(1), 50), "50 samples a second"),
        (lambda path: path.mkdir(), "cannot be read"),
        (lambda path: None, "cannot be read"),
    ],
)
def test_what_cannot_be_heard_is_refused_in_one_line(tmp_path, make, reason):
    path = tmp_path / "take 3 \U0001f600.wav"
    make(path)
    with pytest.raises(TinykitError) as refusal:
        load_clip(path)
    text = str(refusal.value)
    assert path.name in text and reason in text and "\n" not in text, text


def test_resampling_is_librosas(tmp_path):
    """Same samples as librosa's own loader (16-bit steps apart), so lessons can compare them."""
    soundfile.write(tmp_path / "a.wav", tone(1.0, 22_050), 22_050)
    clip, _ = load_clip(tmp_path / "a.wav")
    expected, _ = librosa.load(tmp_path / "a.wav", sr=RATE)
    # Rounding to 16 bits moves a sample by at most half a step.
    assert np.abs(clip / 32_768 - expected).max() <= 0.5 / 32_768 + 1e-7
