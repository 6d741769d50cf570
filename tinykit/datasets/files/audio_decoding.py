"""The bytes of a sound file -> its samples, by libsndfile or, where that cannot, by FFmpeg."""

import io
from dataclasses import dataclass, field

import numpy as np
import soundfile

from tinykit.common.errors import TinykitError
from tinykit.datasets.files.audio_headers import (
    STREAMED,
    boxes_are_cut,
    is_wav,
    mended_wav,
    mp3_is_cut,
    ogg_is_cut,
    promised_by_caf,
)

#: How the names of files with sound in them end; films are among them. What a file holds decides.
SOUND_SUFFIXES = (
    *(".wav", ".wave", ".bwf", ".rf64", ".w64", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2"),
    *(".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".voc"),
    *(".m4a", ".m4b", ".m4r", ".qta", ".aac", ".mp4", ".m4v", ".mov", ".3gp", ".3gpp", ".3g2"),
    *(".webm", ".weba", ".mkv", ".mka", ".ogv", ".amr", ".awb", ".wma", ".wmv", ".asf", ".avi"),
    *(".ac3", ".eac3", ".ape", ".wv", ".tta", ".flv", ".ra", ".rm", ".mpg", ".mpeg", ".mts"),
)

CUT = "cut short"

# How files begin that FFmpeg may read, and as what. No others: in some kinds a file names other
# files to be read, and what is no sound at all must not be taken for some.
_KINDS = (
    *((0, b"\x1aE\xdf\xa3", "matroska"), (0, b"#!AMR", "amr"), (0, b"OggS", "ogg")),
    *((0, b"fLaC", "flac"), (0, b"caff", "caf"), (8, b"AVI ", "avi"), (8, b"WAVE", "wav")),
    *((8, b"AIFF", "aiff"), (8, b"AIFC", "aiff"), (0, b".snd", "au"), (0, b"MAC ", "ape")),
    *((0, b"0&\xb2u\x8ef\xcf\x11", "asf"), (0, b"wvpk", "wv"), (0, b"TTA1", "tta")),
    *((0, b"\x0bw", "ac3"), (0, b"FLV\1", "flv"), (0, b".RMF", "rm"), (0, b".ra\xfd", "rm")),
    *((0, b"\0\0\1\xba", "mpeg"), (0, b"Creative Voice File", "voc"), (0, b"riff.", "w64")),
    *((4, box, "mov") for box in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")),
)
# Which of them say in their header how long they last.
_SAY_THEIR_LENGTH = {"matroska", "asf", "caf", "aiff", "au", "flac", "mp3"}
_ASKED = {"AIFF", "AU"}  # of these, libsndfile reads what is there and does not tell
_TOLERANCE = 0.1  # seconds; codecs begin and end a little beside what the header says


@dataclass(eq=False)
class Sound:
    """What a sound file holds.

    Attributes:
        samples: float32 (samples, channels), in -1 ... 1 unless the file itself goes beyond.
        rate: Hz.
        exact: the samples are numbers that a program wrote as fractions, not what a codec made.
        changes: what had to be mended to read it.
    """

    samples: np.ndarray
    rate: int
    exact: bool = False
    changes: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def cut(self, promised: float | None) -> "Sound":
        """Note that the file is cut short, and of how many seconds if that is known."""
        there = _number(self.seconds)
        of = f"{there} seconds" if promised is None else f"{there} of {_number(promised)} seconds"
        self.changes.append(f"{CUT}: {of} are there")
        return self


def _number(seconds: float) -> str:
    return f"{seconds:.2f}".rstrip("0").rstrip(".")


def decode(content: bytes, name: str) -> Sound:
    """All samples of a sound file, whatever its name says it is.

    Raises TinykitError beginning with `name` when this is not sound, or none of it can be read.
    """
    if not content:
        raise TinykitError(f"{name} is empty (0 bytes). Record it again, or delete it.")
    streamed, promised = False, None
    if is_wav(content):
        wav = mended_wav(content, name)
        content, streamed, promised = wav.content, wav.streamed, wav.promised
    if content[:4] == b"caff":
        promised = promised_by_caf(content)
    sound = _by_libsndfile(content) or _by_ffmpeg(content, name)
    if promised is not None and sound.seconds < promised - 0.01:
        sound.cut(promised)
    if streamed:
        sound.changes.append(STREAMED)
    if len(sound.samples) == 0:
        cut = [change for change in sound.changes if change.startswith(CUT)]
        what = f"is {cut[0]}" if cut else "holds no samples"
        raise TinykitError(f"{name} {what}. Record or copy it again, or delete it.")
    return sound


def _by_libsndfile(content: bytes) -> Sound | None:
    """What libsndfile reads, None when that is nothing."""
    if mp3_is_cut(content):  # its decoder would print a warning
        return None
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            samples = file.read(dtype="float32", always_2d=True)
            promised, kind = file.frames / file.samplerate, file.format
            sound = Sound(samples, file.samplerate, file.subtype in ("FLOAT", "DOUBLE"))
    except (soundfile.SoundFileError, MemoryError, TypeError, ValueError, ZeroDivisionError):
        return None
    if len(samples) == 0 and not is_wav(content):  # of which the header has been read
        return None
    if kind in _ASKED:
        promised = _promised(content) or promised
    if content[:4] == b"OggS" and ogg_is_cut(content):
        sound.cut(None)
    elif sound.seconds < promised - 0.01:
        sound.cut(promised)
    return sound


def _promised(content: bytes) -> float | None:
    """Seconds that a header promises, as FFmpeg reads it; None when it does not say."""
    import av  # here, because it takes a moment and few files need it

    try:
        with av.open(io.BytesIO(content), format=_kind(content)) as container:
            stream = container.streams.audio[0]
            return float(stream.duration * stream.time_base) if stream.duration else None
    except (av.FFmpegError, IndexError, ValueError):
        return None


def _kind(content: bytes) -> str | None:
    """The name of FFmpeg's reader for a file, by how it begins; None when it is no sound."""
    for at, mark, kind in _KINDS:
        if content[at : at + len(mark)] == mark:
            return kind
    at = 0
    if content[:3] == b"ID3" and len(content) > 10:  # a title before the sound
        size = 0
        for seven_bits in content[6:10]:
            size = size << 7 | seven_bits & 0x7F
        at = 10 + size
    start = content[at : at + 2]
    if len(start) < 2 or start[0] != 0xFF or start[1] & 0xE0 != 0xE0:
        return None
    return "mp3" if start[1] & 0x06 else "aac"


def _by_ffmpeg(content: bytes, name: str) -> Sound:
    import av

    kind = _kind(content)
    is_cut = {"mov": boxes_are_cut, "ogg": ogg_is_cut}.get(kind, lambda _: False)(content)
    try:
        if kind is None:
            raise ValueError("none of the kinds that are read")
        with av.open(io.BytesIO(content), format=kind) as container:
            if not container.streams.audio:
                raise TinykitError(
                    f"{name} has no sound in it: it may be a film without a sound track. "
                    "Save the sound as WAV, or delete it."
                )
            return _all_of(container, content, kind, is_cut)
    except (av.FFmpegError, ArithmeticError, IndexError, MemoryError, ValueError) as error:
        if is_cut:
            raise TinykitError(
                f"{name} is {CUT}: what is left of it cannot be read. "
                "Copy or record it again, or delete it."
            ) from error
        raise TinykitError(
            f"{name} is not a sound file that can be read (WAV, FLAC, OGG, Opus, MP3, M4A, AAC, "
            "WebM, AMR, CAF ...). Save it as WAV, or delete it."
        ) from error


def _all_of(container, content: bytes, kind: str, is_cut: bool) -> Sound:
    """The samples of the first sound track; ValueError when there are none."""
    import av

    stream = container.streams.audio[0]
    if stream.codec_context is None:  # PyAV would crash
        raise ValueError("no decoder for it")
    pieces, end, damaged, rate = [], 0.0, 0, 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            damaged += 1
            continue
        for frame in frames:
            rate = rate or frame.sample_rate
            if frame.sample_rate != rate:
                raise ValueError("the sample rate changes in the middle")
            pieces.append(_as_floats(frame))
            end = max(end, (frame.time or 0) + frame.samples / rate)
    if not pieces:
        raise ValueError("no samples")
    if len({piece.shape[1] for piece in pieces}) > 1:
        pieces = [piece.mean(axis=1, keepdims=True) for piece in pieces]
    sound = Sound(np.concatenate(pieces), rate, stream.codec_context.name.startswith("pcm_f"))
    promised = None
    if stream.duration:
        promised = float(stream.duration * stream.time_base)
    elif container.duration and len(container.streams) == 1:
        promised = container.duration / av.time_base
    shorter = promised is not None and max(end, sound.seconds) < promised - _TOLERANCE
    if (is_cut and (shorter or promised is None)) or (shorter and kind in _SAY_THEIR_LENGTH):
        sound.cut(promised)
    elif damaged and shorter:
        sound.changes.append(f"damaged in {damaged} places: what could be read is used")
    return sound


def _as_floats(frame) -> np.ndarray:
    """A frame of FFmpeg's as float32 (samples, channels)."""
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    if values.dtype == np.uint8:
        return (values.T.astype(np.float32) - 128) / 128
    if values.dtype.kind == "i":
        return values.T.astype(np.float32) / 2.0 ** (8 * values.dtype.itemsize - 1)
    return values.T.astype(np.float32)
