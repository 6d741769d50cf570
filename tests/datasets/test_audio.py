"""Any folder or archive of spoken words becomes three splits of one-second clips."""

import io
import os
import re
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from encoding import PHONES, encoded

from tinykit.common.errors import TinykitError
from tinykit.datasets import audio as speech_commands
from tinykit.datasets import keyword_spotting
from tinykit.datasets.audio_sources import TEN_WORDS

RATE = 16_000
SPLITS = ("train", "validation", "test")


def word(*seed: int, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    """A sound that is different for each seed, float64 (samples,)."""
    random = np.random.default_rng([*seed, 1])  # zeros at the end would not count
    return random.normal(0, 0.05, round(seconds * rate)).clip(-1, 1)


def wav(*seed: int, seconds: float = 1.0, rate: int = RATE, **how) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, word(*seed, seconds=seconds, rate=rate), rate, format="WAV", **how)
    return file.getvalue()


def nan_wav() -> bytes:
    file = io.BytesIO()
    samples = np.where(np.arange(RATE) == 7, np.nan, word(1))
    soundfile.write(file, samples, RATE, format="WAV", subtype="FLOAT")
    return file.getvalue()


def speaker(number: int) -> str:
    return f"{number:08x}"


def spoken(words, n_speakers: int = 40, takes: int = 1) -> dict[str, bytes]:
    """Files in Speech Commands' layout, with a minute of noise."""
    files = {
        f"{name}/{speaker(who)}_nohash_{take}.wav": wav(index, who, take)
        for index, name in enumerate(words)
        for who in range(n_speakers)
        for take in range(takes)
    }
    return files | {"_background_noise_/hum.wav": wav(99, seconds=60)}


def folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as file:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def bundle(tmp_path_factory, monkeypatch) -> Path:
    """Small bundled recordings in the place of the real ones, so that tests know their sounds."""
    path = archive(tmp_path_factory.mktemp("bundled") / "clips.tar", spoken(["yes", "no", "cat"]))
    monkeypatch.setattr(speech_commands, "BUNDLED", path)
    return path


def of(data, label: str) -> list[str]:
    """All files of a label, in all splits."""
    index = data.labels.index(label)
    return sorted(
        str(file)
        for split in SPLITS
        for file, y in zip(getattr(data, split).files, getattr(data, split).y, strict=True)
        if y == index
    )


def refused(**arguments) -> str:
    with pytest.raises(TinykitError) as error:
        keyword_spotting(**arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


# What comes out


def test_clips_labels_speakers_and_files_belong_together(tmp_path):
    files = spoken(["yes", "no", "cat", "dog"], takes=2)
    data = keyword_spotting(["no", "yes"], folder(tmp_path / "words", files))
    assert data.labels == ["no", "yes", "unknown", "silence"]
    for split in (data.train, data.validation, data.test):
        assert split.x.dtype == np.int16 and split.x.shape == (len(split), RATE)
        assert split.y.dtype == np.int64
        for x, y, who, file in zip(split.x, split.y, split.speakers, split.files, strict=True):
            if data.labels[y] == "silence":
                assert file.startswith("silence/hum@") and who == ""
                continue
            expected, _ = soundfile.read(io.BytesIO(files[file]), dtype="int16")
            assert np.array_equal(x, expected), f"{file} has the samples of another clip"
            name = file.partition("/")[0]
            assert data.labels[y] == (name if name in data.labels else "unknown")
            assert file.partition("/")[2].startswith(f"{who}_nohash_")


def test_no_voice_is_in_two_splits(tmp_path):
    data = keyword_spotting(data=folder(tmp_path, spoken(["yes", "no", "cat"], takes=2)))
    voices = [set(getattr(data, split).speakers) - {""} for split in SPLITS]
    assert all(voices)
    assert len(set.union(*voices)) == sum(map(len, voices))


def test_folder_tar_and_zip_give_the_same_data_and_so_does_a_wrapping_folder(tmp_path):
    files = spoken(["yes", "no", "cat"], n_speakers=30)
    with zipfile.ZipFile(tmp_path / "words.zip", "w") as file:
        for name in reversed(files):
            file.writestr(f"my words/{name}", files[name])
            file.writestr(f"__MACOSX/my words/{name}", b"not sound")
    places = [
        folder(tmp_path / "words", files),
        archive(tmp_path / "words.tar", {f"./{name}": files[name] for name in files}),
        tmp_path / "words.zip",
    ]
    first, *others = [keyword_spotting(data=place) for place in places]
    for other in others:
        for split in SPLITS:
            for part in ("x", "y", "speakers", "files"):
                a, b = (getattr(getattr(data, split), part) for data in (first, other))
                assert np.array_equal(a, b), f"{split}.{part} differs"


def test_the_seed_decides_and_repeats(tmp_path):
    path = folder(tmp_path, spoken(["yes", "no", "cat"]))
    a, b, c = (keyword_spotting(data=path, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(a.train.x, b.train.x)
    assert not np.array_equal(a.train.x, c.train.x)
    assert of(a, "yes") == of(c, "yes"), "the seed must not move clips between splits"


def test_clips_are_shuffled(tmp_path):
    """The first clips of a split are often taken for a quick look or for calibration."""
    data = keyword_spotting(data=folder(tmp_path, spoken(["yes", "no", "cat"])))
    assert set(data.train.y[:40]) == {0, 1, 2, 3}


def test_silence_is_as_common_as_a_word_and_no_second_is_in_two_splits(tmp_path):
    data = keyword_spotting(
        data=folder(
            tmp_path,
            spoken(["yes", "no"], n_speakers=100)
            | {
                "cat/1_nohash_0.wav": wav(1),
                "cat/2_nohash_0.wav": wav(2),
                "cat/3_nohash_0.wav": wav(3),
            },
        )
    )
    label = data.labels.index("silence")
    seconds = {}
    for name, split in zip(SPLITS, (data.train, data.validation, data.test), strict=True):
        silence = split.x[split.y == label]
        assert len(silence) == round(np.mean([np.sum(split.y == word) for word in (0, 1)]))
        assert any(not clip.any() for clip in silence), f"{name} has no digital silence"
        starts = [float(f.rpartition("@")[2][:-1]) for f in split.files[split.y == label]]
        seconds[name] = (min(starts), max(starts) + 1)
    assert seconds["train"][1] <= 48 and seconds["validation"][0] >= 48
    assert seconds["validation"][1] <= 54 and seconds["test"][0] >= 54
    assert [len(noise) for noise in data.noise] == [48 * RATE], "noise is the training part"


def test_other_words_are_thinned_to_balance_the_tests_and_come_from_all_speakers(tmp_path):
    words = ["yes", "no", *(f"other{n}" for n in range(12))]
    data = keyword_spotting(data=folder(tmp_path, spoken(words)))
    for split, at_most in ((data.train, 12), (data.validation, 8), (data.test, 8)):
        keywords = np.sum(split.y < 2) / 2
        assert np.sum(split.y == 2) == at_most * keywords  # all twelve other words in training
        assert set(split.speakers[split.y == 2]) == set(split.speakers[split.y < 2])
    assert any("clips are used for unknown" in note for note in data.notes)


def test_all_means_the_ten_words_where_they_are_and_else_every_word(tmp_path):
    ten = folder(tmp_path / "ten", spoken([*TEN_WORDS, "cat"], n_speakers=30))
    own = folder(tmp_path / "own", spoken(["hello", "stop", "unknown"], n_speakers=30))
    assert keyword_spotting("all", ten).labels[:10] == list(TEN_WORDS)
    assert keyword_spotting("all", own).labels == ["hello", "stop", "unknown", "silence"]


def test_data_can_be_looked_at(tmp_path, bundle):
    data = keyword_spotting()
    assert repr(data).startswith("AudioDataset(bundled): ")
    table = data.summary()
    assert [line.split()[0] for line in str(table).splitlines()] == [
        "label", "yes", "no", "unknown", "silence", "all"
    ]  # fmt: skip
    assert table._repr_html_().count("<tr>") == 6


def test_labels_are_escaped_in_the_html_table(tmp_path):
    path = archive(tmp_path / "w.tar", spoken(["a<b>&", "no", "cat"]))
    assert "<b>" not in keyword_spotting(["a<b>&"], path).summary()._repr_html_()


# Speech Commands


def test_official_lists_are_followed_whatever_the_file_ending(tmp_path):
    """The bundled clips are Opus, the lists name WAV files."""
    files = spoken(["yes", "no", "cat"], n_speakers=12)
    validation = [name for name in files if "0000001_" in name or "0000002_" in name]
    test = [name for name in files if "0000003_" in name]
    opus = {}
    for name, content in files.items():
        samples, rate = soundfile.read(io.BytesIO(content))
        file = io.BytesIO()
        soundfile.write(file, samples, rate, format="OGG", subtype="OPUS")
        opus[name.replace(".wav", ".opus")] = file.getvalue()
    opus["validation_list.txt"] = "\r\n".join(validation).encode()
    opus["testing_list.txt"] = ("\ufeff" + "\n".join([*test, "", "gone/x_nohash_0.wav"])).encode()
    data = keyword_spotting(data=archive(tmp_path / "clips.tar", opus))
    assert set(data.validation.speakers) == {"", speaker(1), speaker(2)}
    assert set(data.test.speakers) == {"", speaker(3)}
    assert data.notes == []


def test_lists_that_leave_a_split_empty_are_said_and_replaced(tmp_path):
    files = spoken(["yes", "no", "cat"]) | {
        "validation_list.txt": b"yes/none_nohash_0.wav\n",
        "testing_list.txt": b"",
    }
    data = keyword_spotting(data=folder(tmp_path, files))
    assert min(len(data.validation), len(data.test)) > 0
    assert "validation and test split empty, so the clips were split by speaker" in data.notes[0]


def test_the_published_test_set_is_read(tmp_path):
    """It has folders of its own for other words and silence, and names ending in .wav.wav."""
    words = spoken(["yes", "no"], n_speakers=30)
    del words["_background_noise_/hum.wav"]
    files = words | {f"_unknown_/bed_{speaker(n)}_nohash_0.wav.wav": wav(5, n) for n in range(30)}
    files |= {f"_silence_/{n}.wav.wav": wav(6, n) for n in range(30)}
    files |= {"README.md": b"# text", "LICENSE": b"CC BY"}
    path = archive(tmp_path / "test_set.tar", files)
    with pytest.MonkeyPatch.context() as patch:
        lender = archive(tmp_path / "clips.tar", spoken(["yes", "no", "cat"]))
        patch.setattr(speech_commands, "BUNDLED", lender)
        data = keyword_spotting(data=path)
    assert all(file.startswith("_unknown_/") for file in of(data, "unknown"))
    assert all(file.startswith("_silence_/") for file in of(data, "silence"))
    assert len(of(data, "unknown")) == len(of(data, "silence")) == 30
    # The word before the speaker in the file's name must not make two speakers of one.
    voices = [set(getattr(data, split).speakers[getattr(data, split).y < 3]) for split in SPLITS]
    assert sum(map(len, voices)) == 30


def test_published_clips_that_are_short_or_silent_are_kept_and_counted(tmp_path):
    files = spoken(["yes", "no", "cat"], n_speakers=30)
    name = f"yes/{speaker(7)}_nohash_0.wav"
    silent = io.BytesIO()
    soundfile.write(silent, np.zeros(RATE), RATE, format="WAV")
    files[name] = silent.getvalue()
    files[f"yes/{speaker(8)}_nohash_0.wav"] = wav(1, seconds=0.05)
    data = keyword_spotting(data=folder(tmp_path, files))
    assert name in of(data, "yes")
    assert any(note.startswith("1 clip was silent") for note in data.notes)
    assert any(note.startswith("1 clip was shorter than 1 s") for note in data.notes)


# A student's own recordings


def test_own_recordings_of_any_rate_and_length_are_converted_with_a_word_said(tmp_path, bundle):
    files = {f"hello/take {n}.wav": wav(n, rate=44_100) for n in range(12)}
    files |= {f"stop/{n}.WAV": wav(9, n, seconds=10) for n in range(12)}
    stereo = io.BytesIO()
    both = np.stack([word(1), word(2)], axis=1)
    soundfile.write(stereo, both, RATE, format="WAV", subtype="FLOAT")
    files["hello/stereo.wav"] = stereo.getvalue()
    data = keyword_spotting(["hello", "stop"], folder(tmp_path / "my words", files))
    notes = " ".join(data.notes)
    assert "12 clips were 44100 Hz: resampled to 16000 Hz." in data.notes
    assert "12 clips were longer than 1 s: cut to the loudest 1 s." in data.notes
    assert "1 clip was stereo: averaged to one channel." in data.notes
    assert "do not say who speaks" in notes
    assert len(of(data, "hello")) == 13 and len(of(data, "stop")) == 12


def test_what_own_recordings_lack_comes_from_the_bundled_ones(tmp_path, bundle):
    files = {f"{w}/{n}.wav": wav(i, n) for i, w in enumerate(["Yes", "hello"]) for n in range(20)}
    data = keyword_spotting(["Yes", "hello"], folder(tmp_path, files))
    assert "Taken from the bundled recordings: other words, background noise." in data.notes
    assert {file.partition("/")[0] for file in of(data, "unknown")} == {"no", "cat"}, (
        "the bundled 'yes' is the student's 'Yes', not another word"
    )
    assert {file.partition("@")[0] for file in of(data, "silence")} == {"silence/hum"}
    for split in (data.train, data.validation, data.test):
        assert set(split.y) == {0, 1, 2, 3}
    assert len(data.noise) == 1


def test_a_wake_word_needs_only_a_folder_of_other_words(tmp_path, bundle):
    files = {
        f"{w}/{n}.wav": wav(i, n) for i, w in enumerate(["hello", "Unknown"]) for n in range(9)
    }
    data = keyword_spotting(["hello"], folder(tmp_path, files))
    assert data.labels == ["hello", "unknown", "silence"]
    assert len(of(data, "unknown")) == 9


def test_short_background_recordings_serve_for_training_only(tmp_path, bundle):
    files = spoken(["yes", "no", "cat"]) | {"_background_noise_/hum.wav": wav(1, seconds=4)}
    data = keyword_spotting(data=folder(tmp_path, files))
    assert any("for training only: _background_noise_/hum.wav" in note for note in data.notes)
    assert [len(noise) for noise in data.noise] == [4 * RATE]
    assert (data.test.y == 3).any(), "silence of the test is taken from the bundled recordings"


STRANGE = [
    "two words", "it's", "int", "class", "\u00e9t\u00e9", "\U0001f600 smile", "a,b", "50%",
    *(['say "hi"', "back\\slash", "tab\there", "<b>", "line\nbreak"] if os.name != "nt" else []),
]  # fmt: skip


def test_labels_may_be_anything_a_folder_can_be_called(tmp_path):
    data = keyword_spotting(STRANGE, folder(tmp_path, spoken([*STRANGE, "cat"], n_speakers=30)))
    assert data.labels == [*STRANGE, "unknown", "silence"]
    for label in STRANGE:
        assert len(of(data, label)) == 30


def test_accents_match_however_the_system_stores_them(tmp_path):
    """macOS stores an accented letter as letter and accent, keyboards give one character."""
    path = archive(tmp_path / "w.tar", spoken(["e\u0301te\u0301", "no", "cat"]))
    assert len(of(keyword_spotting(["\u00e9t\u00e9"], path), "\u00e9t\u00e9")) == 40


def test_files_that_systems_leave_behind_are_ignored_and_others_named(tmp_path):
    files = spoken(["yes", "no", "cat"]) | {
        "yes/.DS_Store": b"x",
        "yes/._0.wav": b"x",
        "no/desktop.ini": b"x",
        "no/Thumbs.db": b"x",
        "_background_noise_/README.md": b"x",
    }
    path = folder(tmp_path / "words", files)
    (path / "empty").mkdir()
    assert keyword_spotting(data=path).notes == [
        "There are no split lists: the clips were split by speaker."
    ]
    folder(path, {"yes/list.csv": b"x", "lost.wav": wav(1)})
    assert keyword_spotting(data=path).notes[:2] == [
        "Left out, in no class's folder: lost.wav.",
        "Left out, not sound: yes/list.csv.",
    ]


def test_phones_recordings_are_read_beside_others(tmp_path, bundle):
    """A folder as a class fills it: from iPhones, Android, a browser and a recorder."""
    files = {}
    for label, name in enumerate(["hello", "stop"]):
        for number, suffix in enumerate([".m4a", ".webm", ".3gp", ".amr", ".aac", ".mp4"] * 2):
            writer, codec, rate = PHONES[suffix]
            content = encoded(word(label, number, rate=rate), writer, codec, rate)
            files[f"{name}/{number}{suffix}"] = content
    path = folder(tmp_path / "words", files)
    with zipfile.ZipFile(tmp_path / "words.zip", "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    for place in (path, tmp_path / "words.zip"):
        data = keyword_spotting(["hello", "stop"], place)
        assert len(of(data, "hello")) == len(of(data, "stop")) == 12
    assert any("8000 Hz: resampled" in note for note in data.notes)


def test_cut_files_are_used_and_named(tmp_path, bundle):
    files = {f"{w}/{n}.wav": wav(i, n) for i, w in enumerate(["hello", "stop"]) for n in range(12)}
    for name in ("hello/3.wav", "stop/4.wav"):
        files[name] = files[name][:16_044]
    data = keyword_spotting(["hello", "stop"], folder(tmp_path, files))
    [note] = [note for note in data.notes if "cut short" in note]
    assert note.startswith("2 clips were cut short: ")
    for name in ("hello/3.wav", "stop/4.wav"):
        assert f"{name} (0.5 of 1 seconds are there)" in note


def own(n: int = 12) -> dict[str, bytes]:
    return {f"{w}/{k}.wav": wav(i, k) for i, w in enumerate(["hello", "stop"]) for k in range(n)}


def test_copies_of_a_recording_are_left_out(tmp_path, bundle):
    """A copy in the test would be a question whose answer was learned by heart."""
    files = own()
    files["hello/3 (1).wav"] = files["hello/3.wav"]
    files["hello/take.wav"] = files["hello/3.wav"]
    flac = io.BytesIO()
    soundfile.write(flac, soundfile.read(io.BytesIO(files["stop/5.wav"]))[0], RATE, format="FLAC")
    files["stop/other format.flac"] = flac.getvalue()
    data = keyword_spotting(["hello", "stop"], folder(tmp_path, files))
    assert len(of(data, "hello")) == len(of(data, "stop")) == 12
    assert (
        sum(file.startswith("hello/3") or file == "hello/take.wav" for file in all_files(data)) == 1
    )
    [note] = [note for note in data.notes if "copies" in note]
    assert note.startswith("Left out, copies of other recordings: hello/")
    assert "stop/other format.flac" in note


def all_files(data) -> list[str]:
    return [str(file) for split in SPLITS for file in getattr(data, split).files]


def test_a_recording_under_two_words_is_left_out_of_both(tmp_path, bundle):
    files = own()
    files["stop/same.wav"] = files["hello/3.wav"]
    data = keyword_spotting(["hello", "stop"], folder(tmp_path, files))
    assert {"stop/same.wav", "hello/3.wav"} & set(all_files(data)) == set()
    assert len(of(data, "hello")) == 11 and len(of(data, "stop")) == 12
    assert (
        "Left out, the same recording under several labels: hello/3.wav = stop/same.wav."
        in data.notes
    )


def test_without_copies_every_split_still_has_every_word(tmp_path, bundle):
    """Three recordings, each there four times: whichever were drawn, the rest is divided anew."""
    files = {
        f"{w}/{k}_{copy}.wav": wav(i, k)
        for i, w in enumerate(["hello", "stop"])
        for k in range(3)
        for copy in range(4)
    }
    data = keyword_spotting(["hello", "stop"], folder(tmp_path, files))
    assert len(of(data, "hello")) == len(of(data, "stop")) == 3
    assert all({0, 1} <= set(getattr(data, split).y) for split in SPLITS)


def test_a_word_with_nothing_of_its_own_is_refused_with_both_names(tmp_path, bundle):
    files = own(4)
    files |= {f"stop/copy_{k}.wav": files[f"hello/{k}.wav"] for k in range(4)}
    text = refused(words=["hello", "stop"], data=folder(tmp_path, files))
    assert "has 0 recordings of 'hello'" in text
    assert "the same recording under several labels: hello/0.wav = stop/copy_0.wav" in text


def test_a_word_with_few_recordings_is_named_with_their_number(tmp_path, bundle):
    files = {f"hello/{k}.wav": wav(0, k) for k in range(60)}
    files |= {f"stop/{k}.wav": wav(1, k) for k in range(3)}
    data = keyword_spotting(["hello", "stop"], folder(tmp_path, files))
    [note] = [note for note in data.notes if "few" in note]
    assert note.startswith('Only 3 examples of "stop" (60 of "') and "at least 12" in note


def test_what_is_left_out_is_named(tmp_path, bundle):
    files = own() | {"hello/list.txt": b"x", "stop/song.mid": b"MThd", "plan.docx": b"x"}
    files |= {"README.md": b"x", "hello/Metadata.csv": b"x", "hello/9.wav.part": b"x"}
    data = keyword_spotting(["hello", "stop"], folder(tmp_path, files))
    assert "Left out, not sound: hello/list.txt, plan.docx, stop/song.mid." in map(
        in_order, data.notes
    )


def in_order(note: str) -> str:
    """A note whose names stand in alphabetical order."""
    start, _, names = note.removesuffix(".").partition(": ")
    return f"{start}: {', '.join(sorted(names.split(', ')))}."


# What is refused

SILENT = io.BytesIO()
soundfile.write(SILENT, np.zeros(RATE), RATE, format="WAV")
BAD = {
    "silent.wav": (SILENT.getvalue(), "is silent from start to end"),
    "empty.wav": (b"", "is empty"),
    "text.wav": (b"no sound at all", "is not a sound file"),
    "nan.wav": (nan_wav(), "samples that are not numbers (1 NaN or infinite)"),
    "tiny.wav": (wav(1, seconds=0.05), "lasts 0.05 s"),
    "phone.m4a": (b"x", "is not a sound file"),
}


@pytest.mark.parametrize("name", BAD)
def test_one_recording_that_cannot_be_used_is_refused_by_name(tmp_path, name):
    content, reason = BAD[name]
    files = spoken(["yes", "no", "cat"], n_speakers=5) | {f"no/{name}": content}
    text = refused(data=folder(tmp_path / "my words", files))
    assert f"my words/no/{name}" in text and reason in text


def test_all_recordings_that_cannot_be_used_are_named_at_once(tmp_path):
    files = spoken(["yes", "no", "cat"], n_speakers=5) | {f"no/{n}.wav": b"" for n in range(3)}
    text = refused(data=folder(tmp_path / "w", files))
    assert text.startswith("w/no/0.wav is empty")
    assert "same goes for w/no/1.wav, w/no/2.wav" in text


@pytest.mark.parametrize(
    ("files", "words", "reason"),
    [
        ({}, ["yes"], "has no recordings"),
        ({"yes.wav": wav(1)}, ["yes"], "has 1 recording (yes.wav), but not sorted by word"),
        ({f"yes/{n}.wav": wav(n) for n in range(9)}, ["yes"], "one class only (yes)"),
        (spoken(["yes"], 9), ["yes"], "one class only"),
        (spoken(["yes", "no"], 9), ["yes", "stop", "o'k"], "no recordings of 'stop', \"o'k\""),
        (spoken(["yes", "no"], 9), ["yes", "yes"], "none of them twice"),
        (spoken(["yes", "no"], 9), [], "at least one word"),
        (spoken(["yes", "no"], 9), None, "at least one word"),
        (spoken(["yes", "no"], 9), [1, 2], "cannot be spotted"),
        (spoken(["yes", "no"], 9), ["yes", "unknown"], "added by themselves"),
        (spoken(["yes", "no"], 2), ["yes", "no"], "has 2 recordings of 'yes'"),
    ],
)
def test_data_that_cannot_serve_are_refused_with_the_reason(tmp_path, bundle, files, words, reason):
    (tmp_path / "words" / "empty").mkdir(parents=True)
    assert reason in refused(words=words, data=folder(tmp_path / "words", files))


def test_a_missing_word_is_answered_with_what_is_there(tmp_path):
    text = refused(words=["maybe"], data=folder(tmp_path, spoken(["yes", "it's"], 5)))
    assert "It has \"it's\", 'yes': choose among them." in text


def test_missing_bundled_recordings_are_explained(tmp_path, monkeypatch):
    monkeypatch.setattr(speech_commands, "BUNDLED", tmp_path / "clips.tar")
    assert "bundled clips are missing" in refused()


# Real recordings


@pytest.mark.parametrize("words", [("yes", "no"), "all"])
def test_real_speech_commands_load_in_seconds(real_data, words):
    start = time.perf_counter()
    data = keyword_spotting(words, real_data / "speech_commands_sample.tar.gz")
    assert time.perf_counter() - start < 20, "2,818 clips take 2 s on two idle cores"
    assert not any("empty" in note for note in data.notes), "its lists serve all three splits"
    for split in (data.train, data.validation, data.test):
        assert set(split.y) == set(range(len(data.labels)))
    voices = [set(getattr(data, split).speakers) - {""} for split in SPLITS]
    assert sum(map(len, voices)) == len(set.union(*voices)) == 143


def test_bundled_recordings_load_without_a_warning():
    if not speech_commands.BUNDLED.exists():
        pytest.skip("the bundled recordings are not made yet")
    data = keyword_spotting("all")
    assert len(data.labels) == 12
    assert all(set(getattr(data, split).y) == set(range(12)) for split in SPLITS)
    assert not [note for note in data.notes if not re.search("are used for unknown", note)]


def test_loading_does_not_import_tensorflow():
    code = "import sys, tinykit.datasets; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
