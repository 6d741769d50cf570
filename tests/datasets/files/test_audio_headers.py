"""WAV files whose header and content disagree: what is there is heard, and no more is promised."""

import struct

import numpy as np
import pytest

from tinykit.common.errors import TinykitError
from tinykit.datasets.files.audio_decoding import decode

RATE = 16_000
STREAMED = ["written before its length was known: read to the end of the file"]
PCM = np.random.default_rng(0).integers(-9_000, 9_000, RATE).astype("<i2")
GUID = bytes.fromhex("0000 0000 1000 8000 00aa 0038 9b71")


def chunk(name: bytes, body: bytes, size: int | None = None, pad: bool = True) -> bytes:
    """A chunk of a WAV file; `size` is what it says of its size instead of the truth."""
    padding = bytes(len(body) % 2 if pad else 0)
    return name + struct.pack("<I", len(body) if size is None else size) + body + padding


def form(kind: int = 1, channels: int = 1, bits: int = 16, more: bytes = b"") -> bytes:
    block = channels * bits // 8
    return chunk(
        b"fmt ", struct.pack("<HHIIHH", kind, channels, RATE, RATE * block, block, bits) + more
    )


def wav(*chunks: bytes, size: int | None = None, start: bytes = b"RIFF") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return start + struct.pack("<I", len(body) if size is None else size) + body


def heard(content: bytes, pcm: np.ndarray = PCM) -> list[str]:
    """What is said of a file, once its samples have been found to be `pcm`."""
    sound = decode(content, "take.wav")
    assert sound.rate == RATE
    samples = np.rint(sound.samples[:, 0] * 32_768).astype(int)
    assert np.array_equal(samples, pcm), f"{len(samples)} samples, or other ones"
    return sound.changes


DATA = PCM.tobytes()
EXTENSIBLE = struct.pack("<HHIH", 22, 16, 4, 1) + GUID


@pytest.mark.parametrize("size", [0, 2**32 - 1, 2**32 - 37, 2**31 - 1, 2**31, 0x7FFFF000])
@pytest.mark.parametrize("riff", [None, 0, 36, 2**32 - 1])
def test_a_header_written_before_the_recording_ended(size, riff):
    assert heard(wav(form(), chunk(b"data", DATA, size), size=riff)) == STREAMED


def test_a_header_written_at_the_first_second_of_three():
    three = np.concatenate([PCM, PCM[::-1], PCM])
    assert heard(wav(form(), chunk(b"data", three.tobytes(), 32_000)), three) == STREAMED


@pytest.mark.parametrize(
    "content",
    [
        wav(form(), chunk(b"data", DATA)),
        wav(form(), chunk(b"data", DATA), size=0),
        wav(form(), chunk(b"data", DATA), size=99),
        wav(chunk(b"LIST", b"INFOISFT" + bytes(30)), form(), chunk(b"data", DATA)),
        wav(chunk(b"JUNK", b"odd"), form(), chunk(b"LIST", b"x" * 7), chunk(b"data", DATA)),
        wav(form(), chunk(b"LIST", b"x" * 7, pad=False), chunk(b"data", DATA)),
        wav(form(), chunk(b"LIST", b"x" * 8, size=5_000_000), chunk(b"data", DATA)),
        wav(form(), chunk(b"data", DATA), chunk(b"LIST", b"INFO" + bytes(40))),
        wav(form(), chunk(b"data", DATA), chunk(b"cue ", bytes(28))),
        wav(form(), chunk(b"data", DATA) + bytes(500)),
        wav(form(), chunk(b"data", DATA) + b"TAG" + bytes(125)),
        wav(form(), chunk(b"data", DATA) + b"ID3\4" + bytes(300)),
        wav(form(), chunk(b"data", DATA, len(DATA) + 36)),  # the length of the whole file
        wav(form(), chunk(b"data", DATA, len(DATA) + 44)),
        wav(form(0xFFFE, more=EXTENSIBLE), chunk(b"data", DATA)),
        wav(form(0xFFFE), chunk(b"data", DATA)),  # what it extends is missing
        wav(form(more=b"\0\0"), chunk(b"fact", bytes(4)), chunk(b"data", DATA)),
        wav(
            chunk(b"ds64", struct.pack("<QQQI", 36 + len(DATA), len(DATA), RATE, 0)),
            form(),
            chunk(b"data", DATA, 2**32 - 1),
            size=2**32 - 1,
            start=b"RF64",
        ),
    ],
)
def test_a_whole_file_is_whole_whatever_else_is_in_it(content):
    assert heard(content) == []


@pytest.mark.parametrize("content", [chunk(b"data", DATA, 0), chunk(b"data", DATA, 2**32 - 1)])
def test_a_stream_may_have_chunks_before_its_samples(content):
    assert heard(wav(chunk(b"LIST", b"INFOISFT" + bytes(30)), form(), content)) == STREAMED
    assert heard(wav(form(0xFFFE, more=EXTENSIBLE), content)) == STREAMED


def test_a_large_file_that_was_never_ended():
    """RF64 keeps its length in a chunk of its own, which is still 0."""
    content = wav(
        chunk(b"ds64", bytes(28)),
        form(),
        chunk(b"data", DATA, 2**32 - 1),
        size=2**32 - 1,
        start=b"RF64",
    )
    assert heard(content) == STREAMED


@pytest.mark.parametrize("kept", [0.5, 0.25])
def test_a_file_that_was_cut_says_how_much_is_there(kept):
    n = round(kept * RATE)
    whole = wav(form(), chunk(b"data", DATA))
    for lost in (0, 1):  # a byte more: half a sample
        content = whole[: 44 + 2 * n + lost]
        assert heard(content, PCM[:n]) == [f"cut short: {kept:g} of 1 seconds are there"]


def test_a_file_of_fractions_that_was_cut():
    values = (PCM / 32_768).astype("<f4").tobytes()
    whole = wav(form(3, bits=32), chunk(b"fact", bytes(4)), chunk(b"data", values))
    assert heard(whole) == []
    assert heard(whole[: -2 * RATE], PCM[: RATE // 2]) == ["cut short: 0.5 of 1 seconds are there"]


@pytest.mark.parametrize("length", range(13, 44))
def test_a_file_cut_within_its_header_is_said_to_be_cut(length):
    with pytest.raises(TinykitError, match="is cut short"):
        decode(wav(form(), chunk(b"data", DATA))[:length], "take.wav")


def test_a_header_without_a_recording_holds_no_samples():
    for content in (
        wav(form(), chunk(b"data", b"")),
        wav(form(), chunk(b"data", b""), chunk(b"LIST", b"INFO" + bytes(40))),
    ):
        with pytest.raises(TinykitError, match="holds no samples"):
            decode(content, "take.wav")


@pytest.mark.parametrize("seed", range(8))
def test_whatever_a_header_says_there_is_sound_or_a_sentence(seed):
    random = np.random.default_rng(seed)
    whole = wav(chunk(b"LIST", bytes(10)), form(), chunk(b"data", DATA[:2_000]))
    for _ in range(60):
        damaged = bytearray(whole)
        for at in random.integers(0, 72, 4):
            damaged[at] = random.integers(0, 256)
        try:
            sound = decode(bytes(damaged[: random.integers(1, len(whole) + 1)]), "x")
        except TinykitError as error:
            assert str(error).startswith("x ")
        else:
            assert len(sound.samples) <= 2_100
