"""What phones, browsers and recorders write is read, and a file that lacks its end says so."""

import io
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from encoding import PHONES, encoded, index_first

from tinykit.common.errors import TinykitError
from tinykit.datasets.files.audio_decoding import SOUND_SUFFIXES, decode

RATE = 16_000


def tone(seconds: float, rate: int = RATE, frequency: float = 440.0) -> np.ndarray:
    """A sine of half the full scale, float64."""
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def by_soundfile(kind: str, subtype: str | None = None, seconds: float = 2.0) -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(0).normal(0, 0.01, round(seconds * RATE))
    soundfile.write(file, tone(seconds) + noise, RATE, format=kind, subtype=subtype)
    return file.getvalue()


def refused(content: bytes) -> str:
    with pytest.raises(TinykitError) as error:
        decode(content, "take.m4a")
    text = str(error.value)
    assert text.startswith("take.m4a ") and "\n" not in text
    return text


@pytest.mark.parametrize("suffix", PHONES)
def test_what_phones_and_browsers_record_is_read(suffix):
    """The tone comes back with its pitch, its loudness and about its length."""
    writer, codec, rate = PHONES[suffix]
    sound = decode(encoded(tone(2, rate), writer, codec, rate), f"x{suffix}")
    assert suffix in SOUND_SUFFIXES
    assert sound.rate == rate and sound.samples.shape[1] == 1 and sound.changes == []
    # A codec's first and last frame: up to 2,048 samples at each end.
    assert 1.99 <= sound.seconds <= 2 + 4_096 / rate
    middle = sound.samples[rate // 2 : rate // 2 + rate, 0]
    assert np.abs(np.fft.rfft(middle)).argmax() == pytest.approx(440, abs=1)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.15)


def test_both_channels_of_a_film_are_read():
    both = np.stack([tone(1, 48_000, 300), tone(1, 48_000, 2_000)], axis=1)
    sound = decode(encoded(both, "mp4", "aac", 48_000), "x.mp4")
    heard = [np.abs(np.fft.rfft(sound.samples[:48_000, channel])).argmax() for channel in (0, 1)]
    assert heard == [pytest.approx(300, abs=1), pytest.approx(2_000, abs=1)]


@pytest.mark.parametrize(
    ("writer", "codec", "options"),
    [
        ("webm", "libopus", {"live": "1"}),
        ("mp4", "aac", {"movflags": "frag_keyframe+empty_moov"}),
        ("adts", "aac", {}),
    ],
)
def test_what_a_browser_streams_has_no_length_and_is_whole_all_the_same(writer, codec, options):
    content = encoded(tone(2, 48_000), writer, codec, 48_000, pipe=True, **options)
    sound = decode(content, "x")
    assert sound.changes == [] and sound.seconds == pytest.approx(2, abs=0.1)


def test_a_flac_stream_without_its_length_is_read():
    content = bytearray(by_soundfile("FLAC"))
    content[21] &= 0xF0  # the number of samples: 36 bits
    content[22:26] = bytes(4)
    sound = decode(bytes(content), "x.flac")
    assert sound.seconds == 2 and sound.changes == []


CUT = {
    "wav": by_soundfile("WAV"),
    "flac": by_soundfile("FLAC"),
    "aiff": by_soundfile("AIFF"),
    "caf": by_soundfile("CAF"),
    "au": by_soundfile("AU"),
    "mp3": by_soundfile("MP3"),
    "webm": encoded(tone(2, 48_000), "webm", "libopus", 48_000),
    "m4a, index first": index_first(encoded(tone(2), "ipod", "aac", RATE)),
}


@pytest.mark.parametrize("kind", CUT)
def test_a_file_that_is_cut_says_how_much_of_it_is_there(kind):
    """Whole files say nothing, and what is left of a cut one is used."""
    assert decode(CUT[kind], "x").changes == []
    sound = decode(CUT[kind][: len(CUT[kind]) // 2], "x")
    assert 0.5 < sound.seconds < 1.5
    [change] = sound.changes
    there, promised = (
        change.removeprefix("cut short: ").removesuffix(" seconds are there").split(" of ")
    )
    assert float(there) == pytest.approx(sound.seconds, abs=0.006)
    assert float(promised) == pytest.approx(2, abs=0.1)


def test_a_film_cut_before_its_index_is_said_to_be_cut():
    whole = encoded(tone(2), "ipod", "aac", RATE)
    assert "is cut short: what is left of it cannot be read" in refused(whole[: len(whole) // 2])


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_file_cut_within_a_page_is_said_to_be_cut(subtype):
    """Its header has no length. A page lasts about a second, and half a page cannot be read."""
    whole = by_soundfile("OGG", subtype, seconds=20)
    assert decode(whole, "x.ogg").changes == []
    sound = decode(whole[: len(whole) // 2], "x.ogg")
    assert 5 < sound.seconds < 15
    assert sound.changes == [f"cut short: {sound.seconds:.2f} seconds are there".replace(".00", "")]
    assert "is cut short" in refused(by_soundfile("OGG", subtype, seconds=1)[:3_000])


def test_damage_in_the_middle_costs_only_what_is_damaged():
    content = bytearray(index_first(encoded(tone(5), "ipod", "aac", RATE)))
    content[len(content) // 2 : len(content) // 2 + 40] = bytes(40)
    assert decode(bytes(content), "x").seconds > 4


@pytest.mark.parametrize(
    "content",
    [
        b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom" + bytes(200),
        b"\x1aE\xdf\xa3" + bytes(500),
        b"#!AMR\nand no more",
        b"caff" + bytes(99),
        b"ID3\4\0\0\0\0\0\0 no sound",
        b"\xff\xf1 no sound at all" * 20,
        b"<html>Sign in to the network</html>",
        b"#EXTM3U\nhttp://example.org/a.aac\n",
        b"ffconcat version 1.0\nfile secret.wav\n",
    ],
)
def test_what_only_begins_like_sound_is_refused(content):
    assert "is not a sound file that can be read" in refused(content)


def test_a_film_without_sound_is_said_to_have_none():
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        for packet in [*stream.encode(picture), *stream.encode(None)]:
            container.mux(packet)
    assert "has no sound in it" in refused(file.getvalue())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("suffix", [".m4a", ".webm", ".amr", ".aac"])
def test_no_damage_leads_to_anything_but_sound_or_a_sentence(suffix, seed):
    writer, codec, rate = PHONES[suffix]
    whole = encoded(tone(0.5, rate), writer, codec, rate)
    random = np.random.default_rng(seed)
    for _ in range(15):
        damaged = bytearray(whole)
        for at in random.integers(0, len(whole), 6):
            damaged[at] = random.integers(0, 256)
        try:
            sound = decode(bytes(damaged[: random.integers(1, len(whole) + 1)]), "x")
        except TinykitError as error:
            assert str(error).startswith("x ")
        else:
            assert sound.samples.dtype == np.float32 and sound.samples.ndim == 2


def test_ffmpeg_is_loaded_only_for_files_that_need_it():
    """It takes a moment, and every lesson begins with the bundled recordings."""
    code = "import sys, tinykit.datasets; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
