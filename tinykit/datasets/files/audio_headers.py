"""What a sound file says of its own length, and what of it is there.

A recorder writes the header first and the length into it last. Where it was stopped in between, or
the file was cut on its way, header and content disagree.
"""

import struct
from dataclasses import dataclass

from tinykit.common.errors import TinykitError

# Lengths that recorders write while the true one is not known: 0, or nearly 2 or 4 GB.
_UNKNOWN_FROM = 0x7FFF_0000
# Chunks that programs put behind the samples.
_KNOWN_CHUNKS = (
    *(b"LIST", b"id3 ", b"ID3 ", b"bext", b"cue ", b"smpl", b"PEAK", b"fact", b"JUNK", b"junk"),
    *(b"iXML", b"_PMX", b"inst", b"plst", b"acid", b"afsp", b"PAD ", b"FLLR", b"axml", b"chna"),
)
_TRAILERS = (b"ID3", b"TAG", b"APETAGEX")  # of MP3, which some programs put into WAV, too
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_RIFFS = {b"RIFF": "<", b"RIFX": ">", b"RF64": "<", b"BW64": "<"}
STREAMED = "written before its length was known: read to the end of the file"


@dataclass(frozen=True)
class Wav:
    """A WAV file made readable.

    Attributes:
        content: the file, with a new header where the old one was wrong.
        streamed: its header was written before the recording had ended.
        promised: seconds that the header promises, when fewer are there; else None.
    """

    content: bytes
    streamed: bool = False
    promised: float | None = None


def is_wav(content: bytes) -> bool:
    """Whether a file begins as WAV does, in any of its kinds (RIFF, RIFX, RF64, BW64)."""
    return content[:4] in _RIFFS and content[8:12] == b"WAVE"


def mended_wav(content: bytes, name: str) -> Wav:
    """A WAV file whose header says what is there.

    Raises TinykitError beginning with `name` when the file ends before its samples begin.
    """
    order = _RIFFS[content[:4]]
    at, long_size, format_chunk, regular = 12, None, None, content[:4] in (b"RIFF", b"RIFX")
    while content[at : at + 4] != b"data" and at + 8 <= len(content):
        size = struct.unpack(order + "I", content[at + 4 : at + 8])[0]
        body = content[at + 8 : at + 8 + size]
        if content[at : at + 4] == b"ds64" and len(body) >= 16:
            long_size = struct.unpack("<Q", body[8:16])[0]
        elif content[at : at + 4] == b"fmt ":
            format_chunk = body
        end = at + 8 + size + size % 2
        at = _next_chunk(content, at + 8, size)
        regular = regular and at == end
    start = at + 8
    if start > len(content):
        raise TinykitError(
            f"{name} is cut short: it ends within its header, before any sound. "
            "Copy or record it again, or delete it."
        )
    claimed = struct.unpack(order + "I", content[at + 4 : start])[0]
    if content[:4] in (b"RF64", b"BW64") and claimed == 0xFFFF_FFFF:
        claimed = long_size or 0
    there = len(content) - start
    if format_chunk is None or len(format_chunk) < 14:
        return Wav(content)
    if claimed <= there and _ends(content, start, claimed):
        if claimed and regular and not _lacks_extension(order, format_chunk):
            return Wav(content)
        return _with_header(order, format_chunk, content, start, claimed)
    streamed = claimed <= there or claimed == 0 or claimed >= _UNKNOWN_FROM
    wav = _with_header(order, format_chunk, content, start, there)
    if streamed:
        return Wav(wav.content, streamed=True)
    rate = _bytes_a_second(order, format_chunk)
    # Some programs give the length of the whole file for that of the samples.
    if claimed - there <= max(start, 0.01 * rate):
        return wav
    return Wav(wav.content, promised=claimed / rate)


def _lacks_extension(order: str, format_chunk: bytes) -> bool:
    """Whether the format refers to more of it that is not there."""
    return struct.unpack(order + "H", format_chunk[:2])[0] == _EXTENSIBLE and len(format_chunk) < 40


def _bytes_a_second(order: str, format_chunk: bytes) -> int:
    kind, channels, rate, average = struct.unpack(order + "HHII", format_chunk[:12])
    if kind in (_PCM, _FLOAT, _EXTENSIBLE) and len(format_chunk) >= 16:
        average = rate * channels * -(-struct.unpack(order + "H", format_chunk[14:16])[0] // 8)
    return max(average, 1)


def _next_chunk(content: bytes, body: int, size: int) -> int:
    """Where the next chunk begins: at an even place, or where a careless program put it."""
    for at in (body + size + size % 2, body + size):
        if _is_name(content[at : at + 4]):
            return at
    found = content.find(b"data", body)  # the length of a chunk before the samples is wrong
    return found if found >= 0 else len(content)


def _ends(content: bytes, start: int, size: int) -> bool:
    """Whether the samples really end after `size` bytes: at the end, or before other chunks."""
    for end in {start + size, start + size + size % 2}:
        rest = content[end:]
        if len(rest) < 8 or rest.startswith((*_KNOWN_CHUNKS, *_TRAILERS)):
            return True
        fits = min(struct.unpack("<I", rest[4:8]) + struct.unpack(">I", rest[4:8])) <= len(rest) - 8
        if _is_name(rest[:4]) and fits:
            return True
        if size and not rest.strip(b"\0"):
            return True
    return False


def _with_header(order: str, format_chunk: bytes, content: bytes, start: int, size: int) -> Wav:
    """The samples behind the plainest header."""
    kind, channels, _, _, block = struct.unpack(order + "HHIIH", format_chunk[:14])
    if _lacks_extension(order, format_chunk):
        format_chunk = struct.pack(order + "H", _PCM) + format_chunk[2:16]
    if kind in (_PCM, _FLOAT) and len(format_chunk) >= 16:
        format_chunk = format_chunk[:16]
        bits = struct.unpack(order + "H", format_chunk[14:16])[0]
        block = min(channels * -(-bits // 8), 0xFFFF)
        # Lengths of a sample and of a second that are wrong are no trouble, for they are known.
        format_chunk = format_chunk[:12] + struct.pack(order + "H", block) + format_chunk[14:]
    samples = content[start : start + size]
    samples = samples[: len(samples) // max(block, 1) * max(block, 1)]
    body = b"fmt " + struct.pack(order + "I", len(format_chunk)) + format_chunk
    body += bytes(len(format_chunk) % 2)
    body += b"data" + struct.pack(order + "I", len(samples)) + samples
    riff = b"RIFX" if order == ">" else b"RIFF"
    return Wav(riff + struct.pack(order + "I", len(body) + 4) + b"WAVE" + body)


def promised_by_caf(content: bytes) -> float | None:
    """Seconds that a CAF file without a codec promises; None of others, or where it has no end."""
    try:
        rate, _, _, packet, frames = struct.unpack(">d4sIII", content[20:44])
        at = 8
        while content[at : at + 4] != b"data":
            at += 12 + max(struct.unpack(">q", content[at + 4 : at + 12])[0], 0)
        size = struct.unpack(">q", content[at + 4 : at + 12])[0]
        return (size - 4) / packet * frames / rate if size > 0 and packet and rate > 0 else None
    except (struct.error, OverflowError):
        return None


def mp3_is_cut(content: bytes) -> bool:
    """Whether an MP3 file has fewer bytes than its first frame says."""
    for mark in (b"Xing", b"Info"):
        at = content.find(mark, 0, 200_000)  # behind pictures of the album
        if at < 0 or len(content) < at + 16:
            continue
        flags = int.from_bytes(content[at + 4 : at + 8], "big")
        if flags & 2:
            size_at = at + (12 if flags & 1 else 8)
            size = int.from_bytes(content[size_at : size_at + 4], "big")
            return size - (len(content) - at) > 256  # a frame's start lies before the mark
    return False


def ogg_is_cut(content: bytes) -> bool:
    """Whether the last page of an Ogg file (Vorbis, Opus) goes beyond its end."""
    at = 0
    while content[at : at + 4] == b"OggS":
        n_segments = content[at + 26] if at + 26 < len(content) else 255
        header = at + 27 + n_segments
        at = header + sum(content[at + 27 : header])
        if header > len(content) or at > len(content):
            return True
    return False


def boxes_are_cut(content: bytes) -> bool:
    """Whether the last box of a file in boxes (M4A, MOV, 3GP, HEIC) goes beyond its end."""
    at = 0
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(content[at + 8 : at + 16], "big")
        if size < 8 or not _is_name(kind):  # to the end of the file, or no box at all
            return False
        at += size
    return at > len(content)


def _is_name(four: bytes) -> bool:
    """Whether four bytes may be the name of a chunk."""
    return len(four) == 4 and four.isascii() and four.decode().isprintable()
