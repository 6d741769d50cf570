"""The C++ front end (arduino/TinyKit/src/LogMel.h) against its Python twin (features/audio.py)."""

import io
import tarfile

import numpy as np
import pytest
import soundfile
from cpp_build import Twin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinykit.features.audio import LogMel

# A full-scale tone reaches about 7: one step is what a keyword model has.
SCALE, ZERO_POINT = 7 / 255, -128


@pytest.fixture(scope="module")
def twin(tmp_path_factory) -> Twin:
    return Twin(tmp_path_factory.mktemp("twin"), LogMel(), SCALE, ZERO_POINT)


def python_frames(frontend: LogMel, samples: np.ndarray) -> np.ndarray:
    """int8 features by the specification: float32, nearest step, ties to even."""
    steps = np.rint(frontend(samples) * np.float32(1 / np.float32(SCALE))) + ZERO_POINT
    return steps.clip(-128, 127).astype(np.int8)


def sounds(sample_rate: int = 16_000) -> dict[str, np.ndarray]:
    """Two seconds each of sounds that are hard on a front end."""
    random = np.random.default_rng(0)
    time = np.arange(2 * sample_rate) / sample_rate
    chirp = np.sin(2 * np.pi * (20 + (sample_rate / 2 - 20) * time / 4) * time)
    noise = random.normal(size=time.size)
    clicks = np.zeros(time.size)
    clicks[:: sample_rate // 7] = 1
    loudness = np.geomspace(1, 40_000, time.size)
    signals = {
        "silence": np.zeros(time.size),
        "one step of noise": random.integers(-1, 2, time.size),
        "chirp": 20_000 * chirp,
        "full-scale square wave": np.where(np.sin(2 * np.pi * 440 * time) > 0, 32_767, -32_768),
        "the lowest sample all the time": np.full(time.size, -32_768),
        "alternating extremes": np.where(np.arange(time.size) % 2, 32_767, -32_768),
        "clicks": 32_767 * clicks,
        "noise from a whisper to clipping": noise * loudness,
        "a quiet tone": 3 * np.sin(2 * np.pi * 1000 * time),
    }
    return {n: s.clip(-32_768, 32_767).astype(np.int16) for n, s in signals.items()}


def assert_twins(cpp: np.ndarray, python: np.ndarray, name: str) -> None:
    assert cpp.shape == python.shape, f"{name}: {len(cpp)} frames in C++, {len(python)} in Python"
    difference = np.abs(cpp.astype(int) - python)
    assert difference.max() <= 1, (
        f"{name}: {np.count_nonzero(difference > 1)} of {difference.size} values differ by more "
        f"than one step (worst {difference.max()}). First suspect: window, mel edges or log floor."
    )
    # Only values next to the middle between two steps may round the other way.
    assert np.mean(difference > 0) < 1e-3, f"{name}: too many values differ to be rounding"


@pytest.mark.parametrize("name", sounds())
def test_twins_agree_on_sounds_that_are_hard(twin, name):
    """float32 sums in another order may round differently, never by more than one int8 step."""
    clip = sounds()[name]
    assert_twins(twin.frames(clip), python_frames(LogMel(), clip), name)


def test_twins_agree_on_real_recordings(twin, real_data):
    """300 clips of real people from Speech Commands."""
    path = real_data / "speech_commands_sample.tar.gz"
    if not path.is_file():
        pytest.skip(f"needs {path.name}")
    seen = 0
    with tarfile.open(path) as archive:
        for member in archive:
            if seen == 300 or not member.name.endswith(".wav") or "_background" in member.name:
                continue
            clip, _ = soundfile.read(io.BytesIO(archive.extractfile(member).read()), dtype="int16")
            if len(clip) >= 512:
                assert_twins(twin.frames(clip), python_frames(LogMel(), clip), member.name)
                seen += 1
    assert seen == 300


@pytest.mark.parametrize(
    "frontend",
    [
        LogMel(frame_length=256, hop_length=256, n_mels=20, fmax=3_800, sample_rate=8_000),
        LogMel(frame_length=1024, hop_length=320, n_mels=64, fmin=0, fmax=8_000, floor=1e-5),
        LogMel(duration=0.5, frame_length=64, hop_length=1, n_mels=4),
    ],
    ids=["frames side by side", "1024 points, 64 bands", "64 points, a frame every sample"],
)
def test_twins_agree_for_other_front_ends(tmp_path, frontend):
    twin = Twin(tmp_path, frontend, SCALE, ZERO_POINT)
    for name, sound in sounds(frontend.sample_rate).items():
        clip = sound[:8_000]
        chunks = [25] * (len(clip) // 25)
        assert_twins(twin.frames(clip, chunks), python_frames(frontend, clip), name)


_LONG = sounds()["noise from a whisper to clipping"][:20_000]


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 5_000), max_size=60))
def test_streaming_equals_batch_in_any_chunking(twin, sizes):
    """However the samples arrive, the same frames come out: nothing is lost, nothing is double."""
    ends = np.minimum(np.cumsum([0, *sizes]), len(_LONG))
    chunks = [*np.diff(ends), len(_LONG) - ends[-1]]
    chunks = [min(c, 5_000) for c in chunks] + [5_000] * 4
    chunks = _cut_to(chunks, len(_LONG))
    np.testing.assert_array_equal(twin.frames(_LONG, chunks), twin.frames(_LONG))


def _cut_to(chunks: list[int], total: int) -> list[int]:
    """The first chunks that make up `total`, the last one shortened."""
    result = []
    for chunk in chunks:
        result.append(int(min(chunk, total - sum(result))))
    return result


def test_too_few_samples_make_no_frame(twin):
    assert len(twin.frames(_LONG[:511])) == 0
    assert len(twin.frames(_LONG[:512])) == 1


@pytest.mark.parametrize("size", [4, 8, 16, 32, 64, 128, 256, 512, 1024])
def test_power_spectrum_is_numpys(twin, size):
    """The error of a float32 FFT is at most about 3 eps log2(size) times the signal's norm
    (Higham, "Accuracy and Stability of Numerical Algorithms", chapter 24)."""
    random = np.random.default_rng(size)
    impulse = np.eye(1, size, 1)[0]
    signals = [random.normal(size=size), np.ones(size), impulse, (-1.0) ** np.arange(size)]
    for signal in signals:
        signal = signal.astype(np.float32)
        expected = np.abs(np.fft.rfft(signal.astype(float)))
        norm = np.sqrt(size) * np.linalg.norm(signal)
        tolerance = 3 * np.finfo(np.float32).eps * np.log2(size) * norm
        error = np.abs(np.sqrt(twin.power_spectrum(signal)) - expected)
        assert error.max() <= tolerance, f"bin {error.argmax()} is off by {error.max():.2g}"


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=40))
def test_ring_gives_back_what_it_kept_and_counts_the_rest(twin, steps):
    """Against a list: 16 places, samples that find none are dropped and counted."""
    queue, next_sample = [], 0
    twin.ring_pop(16)
    dropped = twin.functions.ring_dropped()
    for push, count in steps:
        if push:
            new = list(range(next_sample, next_sample + count))
            next_sample += count
            twin.ring_push(new)
            kept = new[: 16 - len(queue)]
            queue += kept
            dropped += count - len(kept)
            assert twin.functions.ring_dropped() == dropped
        else:
            expected, queue = queue[:count], queue[count:]
            assert twin.ring_pop(count) == expected


def test_ring_between_two_threads_keeps_order(twin):
    """As between the microphone's task and loop() on the two cores of an ESP32."""
    assert twin.functions.ring_with_two_threads(50_000) == 0
