"""The bundled recordings keep what their data sheet promises."""

import re
import zipfile

import numpy as np
import pytest

import tinykit as tk
from tinykit.datasets.audio import BUNDLED
from tinykit.datasets.audio_sources import TEN_WORDS

FOLDER = BUNDLED.parent


@pytest.fixture(scope="module")
def names() -> list[str]:
    with zipfile.ZipFile(BUNDLED) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def data() -> tk.datasets.AudioDataset:
    return tk.datasets.keyword_spotting()


def test_the_folder_is_at_most_25_megabytes():
    size = sum(path.stat().st_size for path in FOLDER.iterdir())
    assert size <= 25_000_000


def test_every_file_is_named_as_in_speech_commands(names):
    clip = re.compile(r"[a-z]+/[0-9a-f]{8}_nohash_\d\.opus")
    other = [name for name in names if not clip.fullmatch(name)]
    backgrounds = [name for name in other if name.startswith("_background_noise_/")]
    assert set(other) - set(backgrounds) == {"validation_list.txt", "testing_list.txt"}
    assert len(backgrounds) >= 10


def test_there_are_many_voices_and_words(names):
    voices_of: dict[str, set[str]] = {}
    for name in names:
        if "_nohash_" in name:
            word, _, file = name.partition("/")
            voices_of.setdefault(word, set()).add(file[:8])
    assert set(TEN_WORDS) <= voices_of.keys()
    assert len(voices_of.keys() - set(TEN_WORDS)) >= 25
    assert min(len(voices_of[word]) for word in TEN_WORDS) >= 500, "nearly all of 540 voices"


def test_no_voice_is_in_two_splits(data):
    voices = [set(split.speakers) - {""} for split in (data.train, data.validation, data.test)]
    assert not voices[0] & voices[1] and not voices[0] & voices[2] and not voices[1] & voices[2]


def test_the_test_split_is_large_enough_for_the_host_check(data):
    assert len(data.test) >= 500


def test_voices_differ_widely_in_pitch_and_length(data):
    """What the data sheet says of pitch (75 to 380 Hz) and word length shows in the sound."""
    yes = data.train.x[data.train.y == 0].astype(float)
    lengths = [np.ptp(np.flatnonzero(np.abs(clip) > 300)) / 16_000 for clip in yes]
    low, high = np.percentile(lengths, [5, 95])
    assert high / low > 1.7
    pitches = []
    for clip in yes[:100]:
        loudest = int(np.argmax(np.convolve(clip**2, np.ones(1_024), "valid")))
        frame = clip[loudest : loudest + 1_024] * np.hanning(1_024)
        correlation = np.fft.irfft(np.abs(np.fft.rfft(frame, 2_048)) ** 2)
        pitches.append(16_000 / (40 + np.argmax(correlation[40:230])))
    low, high = np.percentile(pitches, [5, 95])
    assert low < 130 and high > 200, f"5 to 95 % of the voices: {low:.0f} to {high:.0f} Hz"


def test_no_clip_is_silent_or_clipped(data):
    words = data.train.x[data.train.y < data.labels.index("silence")].astype(int)
    peaks = np.abs(words).max(axis=1)
    assert peaks.min() > 1_000 and peaks.max() < 32_767


def test_a_scene_says_what_it_lists_and_when(data):
    recording, spoken = tk.datasets.scene(data, 20, seed=2)
    assert recording.dtype == np.int16 and len(recording) == 20 * data.sample_rate
    assert len(spoken) >= 6 and {label for _, label in spoken} <= set(data.labels)
    power = recording.astype(float) ** 2
    for middle, label in spoken:
        at = slice(round((middle - 0.5) * 16_000), round((middle + 0.5) * 16_000))
        assert power[at].max() > 100 * np.median(power), f"no {label} at {middle:.1f} s"


def test_the_data_sheet_is_there_and_says_synthetic():
    text = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8")
    assert "synthetic" in text and "Licence" in text
