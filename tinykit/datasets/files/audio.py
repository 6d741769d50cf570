"""One sound file -> one clip of fixed rate and length, or a sentence why not."""

import io
from pathlib import Path

import librosa
import numpy as np
import soundfile

from tinykit.common.errors import TinykitError

SHORTEST = 0.1  # seconds; a word lasts longer
LOWEST_RATE = 4_000  # Hz; below it speech cannot be understood, so the header is wrong
SILENT = 4  # peak-to-peak in 16-bit steps: a muted microphone still gives a step or two


def load_clip(
    path: Path | str, sample_rate: int = 16_000, n_samples: int = 16_000
) -> tuple[np.ndarray, list[str]]:
    """Read one sound file and make it what the network hears.

    Reads all that libsndfile does (WAV, FLAC, Ogg Vorbis and Opus, MP3, AIFF ...). Other sample
    rates are resampled, channels averaged, longer recordings cut to their loudest part, shorter
    ones padded with zeros on both sides.

    Args:
        path: the sound file.
        sample_rate: of the clip, Hz.
        n_samples: length of the clip.

    Returns:
        The clip, int16 (n_samples,), and one sentence for each thing that was converted.

    Raises:
        TinykitError: naming the file, when it is missing, empty or not sound, has NaN or
            infinite samples, lasts less than 0.1 s or is silent from start to end.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TinykitError(
            f"{path} cannot be read ({error.strerror}). Check the path and that it is a sound file."
        ) from error
    clip, changes = to_clip(content, str(path), sample_rate, n_samples)
    return clip, [f"{path.name} was {change}." for change in changes]


def to_clip(
    content: bytes, name: str, sample_rate: int, n_samples: int, *, as_published: bool = False
) -> tuple[np.ndarray, list[str]]:
    """The bytes of a sound file as a clip, int16 (n_samples,), with what was changed.

    `as_published` keeps silent and very short clips: public data sets have some, and their
    accuracy is only comparable with them. Raises TinykitError beginning with `name`.
    """
    samples, changes = to_samples(content, name, sample_rate)
    if not as_published and len(samples) < SHORTEST * sample_rate:
        raise TinykitError(
            f"{name} lasts {len(samples) / sample_rate:.2g} s, less than {SHORTEST} s. "
            "Record it again, or delete it."
        )
    if np.ptp(samples.astype(np.int32)) <= SILENT:
        if not as_published:
            peak = int(np.abs(samples.astype(np.int32)).max())
            raise TinykitError(
                f"{name} is silent from start to end (peak {peak / 32_768:.2g}). "
                "Record it again, or delete it."
            )
        changes.append("silent from start to end; kept, as published")
    duration = f"{n_samples / sample_rate:g} s"
    if len(samples) > n_samples:
        changes.append(f"longer than {duration}: cut to the loudest {duration}")
        start = loudest(samples, n_samples)
        samples = samples[start : start + n_samples]
    elif len(samples) < n_samples:
        changes.append(f"shorter than {duration}: padded with zeros on both sides")
        missing = n_samples - len(samples)
        samples = np.pad(samples, (missing // 2, missing - missing // 2))
    return samples, changes


def to_samples(content: bytes, name: str, sample_rate: int) -> tuple[np.ndarray, list[str]]:
    """The bytes of a sound file as int16 samples of one channel, with what was changed.

    Raises TinykitError beginning with `name` when this is not sound.
    """
    sound, rate = _decoded(content, name)
    changes = []
    if sound.shape[1] > 1:
        channels = "stereo" if sound.shape[1] == 2 else f"of {sound.shape[1]} channels"
        changes.append(f"{channels}: averaged to one channel")
    samples = sound.mean(axis=1) if sound.shape[1] > 1 else sound[:, 0]
    if rate != sample_rate:
        changes.append(f"{rate} Hz: resampled to {sample_rate} Hz")
        samples = librosa.resample(samples, orig_sr=rate, target_sr=sample_rate)
    peak = float(np.abs(samples).max(initial=0))
    if peak > 2:  # MP3 and Opus overshoot 1 a little; a float file in 16-bit steps does by far
        changes.append("beyond full scale: scaled down")
        samples = samples / peak
    return np.rint(samples * 32_768).clip(-32_768, 32_767).astype(np.int16), changes


def _decoded(content: bytes, name: str) -> tuple[np.ndarray, int]:
    """Samples in -1 ... 1, float32 (samples, channels), and their rate; all of them finite."""
    if not content:
        raise TinykitError(f"{name} is empty (0 bytes). Record it again, or delete it.")
    try:
        sound, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, MemoryError, TypeError, ValueError) as error:
        raise TinykitError(
            f"{name} is not a sound file that can be read (WAV, FLAC, OGG, Opus, MP3). "
            "Save it as WAV, or delete it."
        ) from error
    if len(sound) == 0:
        raise TinykitError(f"{name} holds no samples. Record it again, or delete it.")
    wrong = np.count_nonzero(~np.isfinite(sound))
    if wrong:
        raise TinykitError(
            f"{name} has samples that are not numbers ({wrong} NaN or infinite). "
            "Save it as 16-bit WAV, or delete it."
        )
    if rate < LOWEST_RATE:
        raise TinykitError(
            f"{name} says it has {rate} samples a second, too few for speech. "
            f"Save it with 16000 Hz, or delete it."
        )
    return sound, rate


def loudest(samples: np.ndarray, n_samples: int) -> int:
    """Start of the loudest `n_samples` in a longer recording, to a hundredth of that length.

    The energy is weighted with a Hann window, so that the sound comes to lie in the middle.
    """
    hop = max(1, n_samples // 100)
    n_blocks = len(samples) // hop
    blocks = samples[: n_blocks * hop].reshape(n_blocks, hop)
    energy = np.square(blocks, dtype=np.float64).sum(axis=1)
    score = np.convolve(energy, np.hanning(n_samples // hop + 2)[1:-1], mode="valid")
    return min(int(np.argmax(score)) * hop, len(samples) - n_samples)


def counted(changes: list[str]) -> list[str]:
    """One sentence for each kind of change, with how many clips it happened to."""
    kinds = sorted(set(changes))
    return [
        f"{n:,} clip{'s were' if n > 1 else ' was'} {kind}."
        for kind in kinds
        if (n := changes.count(kind))
    ]
