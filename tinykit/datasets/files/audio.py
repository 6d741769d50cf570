"""One sound file -> one clip of fixed rate and length, or a sentence why not."""

from pathlib import Path

import librosa
import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.datasets.archives import listed
from tinykit.datasets.files.audio_decoding import CUT, Sound, decode

SHORTEST = 0.1  # seconds; a word lasts longer
LOWEST_RATE = 4_000  # Hz; below it speech cannot be understood, so the header is wrong
SILENT = 4  # peak-to-peak in 16-bit steps: a muted microphone still gives a step or two

# Power of a channel beside the loudest below which it only halves the other (an empty socket's
# hiss), and of channels together, beside that of strangers, below which they cancel each other.
_UNHEARD = 1e-3
_CANCELLED = 0.25
# Peak from which on a codec's overshoot is more than rounding, and clipping would be heard.
_OVERSHOOT = 1.25


def load_clip(
    path: Path | str, sample_rate: int = 16_000, n_samples: int = 16_000
) -> tuple[np.ndarray, list[str]]:
    """Read one sound file and make it what the network hears.

    Reads WAV, FLAC, Ogg Vorbis and Opus, MP3, AIFF and what phones and browsers record (M4A, AAC,
    WebM, CAF, AMR, 3GP, and the sound of films). Other sample rates are resampled, channels
    averaged (the louder one is taken where they cancel each other), longer recordings cut to their
    loudest part, shorter ones padded with zeros on both sides. A file that is cut short is used as
    far as it goes.

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
    cut = "".join(f" It is {change}." for change in changes if change.startswith(CUT))
    if not as_published and len(samples) < SHORTEST * sample_rate:
        raise TinykitError(
            f"{name} lasts {len(samples) / sample_rate:.2g} s, less than {SHORTEST} s.{cut} "
            "Record it again, or delete it."
        )
    if np.ptp(samples.astype(np.int32)) <= SILENT:
        if not as_published:
            peak = int(np.abs(samples.astype(np.int32)).max())
            raise TinykitError(
                f"{name} is silent from start to end (peak {peak / 32_768:.2g}).{cut} "
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
    sound = decode(content, name)
    _check(sound, name)
    samples, changes = _one_channel(sound.samples)
    changes = sound.changes + changes
    beyond = float(np.abs(samples).max(initial=0)) > (1 if sound.exact else _OVERSHOOT)
    if sound.rate != sample_rate:
        changes.append(f"{sound.rate} Hz: resampled to {sample_rate} Hz")
        samples = librosa.resample(samples, orig_sr=sound.rate, target_sr=sample_rate)
    if beyond:
        changes.append("beyond full scale: scaled down by its peak")
        samples = samples / np.abs(samples).max()
    return np.rint(samples * 32_768).clip(-32_768, 32_767).astype(np.int16), changes


def _check(sound: Sound, name: str) -> None:
    """Raise TinykitError beginning with `name` for samples that cannot be speech."""
    wrong = np.count_nonzero(~np.isfinite(sound.samples))
    if wrong:
        raise TinykitError(
            f"{name} has samples that are not numbers ({wrong} NaN or infinite). "
            "Save it as 16-bit WAV, or delete it."
        )
    if sound.rate < LOWEST_RATE:
        raise TinykitError(
            f"{name} says it has {sound.rate} samples a second, too few for speech. "
            f"Save it with 16000 Hz, or delete it."
        )


def _one_channel(sound: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The samples (samples, channels) as one channel that keeps what was heard, and what was done.

    A microphone that is wired the wrong way round gives the same sound with the opposite sign: in
    the mean of both nothing would be left.
    """
    n = sound.shape[1]
    if n == 1:
        return sound[:, 0], []
    channels = "stereo" if n == 2 else f"of {n} channels"
    power = sound.var(axis=0, dtype=np.float64)
    heard = power >= _UNHEARD * power.max()
    samples = sound[:, heard].mean(axis=1)
    if np.var(samples, dtype=np.float64) < _CANCELLED * power[heard].sum() / heard.sum() ** 2:
        return sound[:, power.argmax()], [
            f"{channels} with channels that cancel each other: the loudest one is taken"
        ]
    if not heard.all():
        silent = "one is silent" if n == 2 else f"{n - heard.sum()} are silent"
        return samples, [f"{channels}, of which {silent}: left out"]
    return samples, [f"{channels}: averaged to one channel"]


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


def counted(changes: list[tuple[str, str]]) -> list[str]:
    """One sentence for each kind of change, with how many clips it happened to.

    Args:
        changes: pairs of a file's name and what was changed. Files that are cut short are named.
    """
    kinds: dict[str, list[str]] = {}
    for file, change in changes:
        kind, _, detail = change.partition(": ") if change.startswith(CUT) else (change, "", "")
        kinds.setdefault(kind, []).append(f"{file} ({detail})" if detail else "")
    return [
        f"{len(files):,} clip{'s were' if len(files) > 1 else ' was'} {kind}"
        f"{': ' + listed(files) if files[0] else ''}."
        for kind, files in sorted(kinds.items())
    ]
