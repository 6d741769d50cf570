"""Small sound files of the kinds that phones and browsers record, made by FFmpeg."""

import io

import av
import numpy as np

#: File ending -> FFmpeg's writer, codec and sample rate.
PHONES = {
    ".m4a": ("ipod", "aac", 44_100),
    ".aac": ("adts", "aac", 16_000),
    ".mp4": ("mp4", "aac", 48_000),
    ".webm": ("webm", "libopus", 48_000),
    ".mka": ("matroska", "flac", 44_100),
    ".3gp": ("3gp", "libopencore_amrnb", 8_000),
    ".amr": ("amr", "libopencore_amrnb", 8_000),
    ".mov": ("mov", "alac", 44_100),
    ".wma": ("asf", "wmav2", 44_100),
    ".aiff": ("aiff", "pcm_s16be", 22_050),
    ".avi": ("avi", "pcm_s16le", 16_000),
    ".wv": ("wv", "wavpack", 16_000),
}


class _Pipe(io.RawIOBase):
    """What a browser writes into: it never goes back to put the length into the header."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:
        self.content += bytes(data)
        return len(data)


def encoded(
    samples: np.ndarray, writer: str, codec: str, rate: int, *, pipe: bool = False, **options: str
) -> bytes:
    """A sound file with samples, float (n,) or (n, channels), at `rate` Hz.

    With `pipe` it is written as a stream, without its length; `options` are FFmpeg's.
    """
    samples = samples[:, None] if samples.ndim == 1 else samples
    layout = {1: "mono", 2: "stereo"}[samples.shape[1]]
    file = _Pipe() if pipe else io.BytesIO()
    with av.open(file, "w", format=writer, options=options) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        if codec.startswith("wma"):
            stream.bit_rate = 128_000
        pcm = np.rint(samples * 32_767).clip(-32_768, 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return file.content if pipe else file.getvalue()


def index_first(content: bytes) -> bytes:
    """An MP4 file (ftyp, ..., mdat, moov) with its index in front, as web servers want it."""
    at = content.rindex(b"moov") - 4
    moov, rest = bytearray(content[at:]), content[:at]
    table = moov.index(b"stco") + 8
    n = int.from_bytes(moov[table : table + 4], "big")
    for entry in range(table + 4, table + 4 + 4 * n, 4):
        moved = int.from_bytes(moov[entry : entry + 4], "big") + len(moov)
        moov[entry : entry + 4] = moved.to_bytes(4, "big")
    first = int.from_bytes(rest[:4], "big")
    return rest[:first] + bytes(moov) + rest[first:]
