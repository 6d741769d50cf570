"""`stream`: a recording is listened to as the sketch would, and each keyword reported once."""

import dataclasses

import numpy as np
import pytest

from tinykit.common.errors import TinykitError
from tinykit.datasets import tone
from tinykit.features.audio import LogMel
from tinykit.quantization.convert import quantize
from tinykit.streaming.stream import stream

FRONTEND = LogMel()
LABELS = ["low", "high", "silence"]
WINDOW = 48 * 320 + 512  # samples under the 49 frames of one window


@pytest.fixture(scope="module")
def tiny():
    """A detector of tones, made by hand instead of trained.

    Two filters add up the bands below and above 1 kHz, scaled to give 1 for a tone; their means
    over the window are the shares of it in which such a tone sounds. "low" and "high" get a vote
    that grows with their share and overtakes that of "silence" at 0.45.
    """
    import keras

    inputs = keras.Input((*FRONTEND.shape, 1))
    halves = keras.layers.Conv2D(2, (1, FRONTEND.n_mels), name="halves")(inputs)
    loud = keras.layers.GlobalAveragePooling2D(keepdims=True)(halves)
    votes = keras.layers.Conv2D(3, 1, name="votes")(loud)
    outputs = keras.layers.Softmax()(keras.layers.Flatten()(votes))
    model = keras.Model(inputs, outputs)
    centres = FRONTEND.filterbank.argmax(axis=1) * 16_000 / 512
    kernel = np.stack([centres < 1_000, centres >= 1_000], axis=-1).astype(np.float32)
    tones = FRONTEND(np.stack([tone(400), tone(2_000)])).mean(axis=1)  # (2, bands)
    kernel /= np.diag(tones @ kernel)
    model.get_layer("halves").set_weights([kernel[None, :, None, :], np.zeros(2)])
    gain = np.array([[40, -40, 0], [-40, 40, 0]], np.float32)
    model.get_layer("votes").set_weights([gain[None, None], np.array([-18, -18, 0], np.float32)])
    clips = [tone(hertz) for hertz in (300, 500, 1_500, 2_500)] + [np.zeros(16_000, np.int16)]
    features = FRONTEND(np.stack(clips))
    return quantize(model, features, FRONTEND, LABELS)


def quiet(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * 16_000), np.int16)


@pytest.fixture(scope="module")
def recording() -> np.ndarray:
    """low from 1 to 1.6 s, high from 3.6 to 4.2 s, silence around them."""
    low, high = tone(400, duration=0.6), tone(2_000, duration=0.6)
    return np.concatenate([quiet(1), low, quiet(2), high, quiet(2)])


def test_each_keyword_is_reported_once_in_order_while_it_sounds_or_just_after(tiny, recording):
    events = stream(tiny, recording).events
    assert [label for _, label, _ in events] == ["low", "high"]
    for (time, _, score), begin in zip(events, (1, 3.6), strict=True):
        assert begin < time < begin + 1.6, "no window that ends later holds any of the tone"
        assert 180 / 256 <= score <= 1, "the threshold on the average score is 180 of 256"


def test_times_are_the_ends_of_the_windows(tiny, recording):
    """The first window ends after 15,872 samples, and four hops of 320 lie between two."""
    result = stream(tiny, recording)
    expected = np.arange(WINDOW, len(recording) + 1, 4 * 320) / 16_000
    np.testing.assert_allclose(result.times, expected[: len(result.times)])
    assert len(result.times) == 1 + ((len(recording) - 512) // 320 - 48) // 4
    assert result.scores.shape == result.averages.shape == (len(result.times), 3)


def test_scores_are_the_networks_own_bytes(tiny, recording):
    """A window cut from the stream is what the network would hear as a clip, to the last bit."""
    from tinykit.quantization import process

    result = stream(tiny, recording)
    clips = [recording[round(t * 16_000) - WINDOW : round(t * 16_000)] for t in result.times]
    q = tiny.quantize(FRONTEND(np.stack(clips)))
    raw = process.run(tiny.tflite, q, "litert").outputs.astype(int)
    np.testing.assert_array_equal(result.scores, raw + 128)
    assert result.scores.dtype == np.uint8 and len(np.unique(result.scores)) > 5


def test_averages_are_of_the_last_four_inferences(tiny, recording):
    result = stream(tiny, recording)
    for i in range(len(result.times)):
        last = result.scores[max(0, i - 3) : i + 1].astype(float)
        np.testing.assert_allclose(result.averages[i], last.mean(axis=0) / 256)


def test_the_models_own_decision_constants_are_used(tiny, recording):
    deaf = dataclasses.replace(tiny, decision={"threshold": 256})
    assert stream(deaf, recording).events == []
    assert repr(stream(deaf, recording)) == "no keyword heard"
    every_frame = dataclasses.replace(tiny, decision={"stride_frames": 1})
    assert len(stream(every_frame, recording).times) > 3.9 * len(stream(tiny, recording).times)


def test_the_refractory_time_is_counted_in_whole_milliseconds(tiny):
    """Inferences come every 80 ms, so a rest of 1,040 ms is over at the 13th after a report.

    The time of a window's end in seconds, times 1,000, may come out as 15,111.999...: rounded
    down, a rest would seem a millisecond too short, and last one inference longer.
    """
    patient = dataclasses.replace(tiny, decision={"refractory_ms": 1_040})
    times = [time for time, _, _ in stream(patient, tone(400, duration=90)).events]
    assert len(times) > 70
    np.testing.assert_allclose(np.diff(times), 1.04)


def test_a_stream_reads_as_the_serial_monitor_does(tiny, recording):
    result = stream(tiny, recording)
    lines = repr(result).splitlines()
    assert len(lines) == 2 and lines[0].split()[2] == "low" and lines[1].split()[2] == "high"
    assert float(lines[0].split()[0]) == pytest.approx(result.events[0][0], abs=5e-4)


@pytest.mark.parametrize(
    "recording", [quiet(0), np.zeros(WINDOW - 1, np.int16), np.zeros((2, 20_000), np.int16)]
)
def test_a_recording_that_is_too_short_or_stereo_is_refused(tiny, recording):
    with pytest.raises(TinykitError, match=r"at least 15,872 samples \(0\.99 s\)") as caught:
        stream(tiny, recording)
    assert "\n" not in str(caught.value)


def test_one_window_is_long_enough(tiny):
    result = stream(tiny, np.zeros(WINDOW, np.int16))
    assert len(result.times) == 1 and result.events == []
