"""What a sketch that listens has of its own."""

import dataclasses

import numpy as np
import pytest

from tinykit.board import VirtualBoard, boards, check_fit
from tinykit.common.errors import TinykitError
from tinykit.export import audio, export_sketch
from tinykit.features.audio import LogMel
from tinykit.models.audio import stream_cnn
from tinykit.quantization.convert import quantize
from tinykit.quantization.streaming import streaming_form
from tinykit.streaming.stream import stream


def test_a_label_that_rests_is_never_reported(small_tiny):
    """Whatever it is called: what the model stores goes into config.h."""
    fit = check_fit(small_tiny)
    assert audio.facts(small_tiny, fit)["is_reported"] == [True, True, False, False]
    own = dataclasses.replace(small_tiny, labels=["a", "hum", "b", "c"], resting=("hum",))
    assert audio.facts(own, fit)["is_reported"] == [True, False, True, True]


@pytest.fixture(scope="module")
def streaming_tiny(small_features):
    """A small network that streams, untrained, with weights that answer to loudness."""
    frontend, labels = LogMel(), ["yes", "no", "unknown", "silence"]
    model = stream_cnn(frontend.shape, labels, channels=8, blocks=2, kernel=6)
    last = next(layer for layer in reversed(model.layers) if layer.weights)
    kernel, _ = last.get_weights()
    votes = votes_of(model, small_features)
    last.set_weights(
        [4 * kernel / votes.std(axis=0), -4 * (votes / votes.std(axis=0)).mean(axis=0)]
    )
    tiny = quantize(model, small_features, frontend, labels, name="always_on")
    return streaming_form(dataclasses.replace(tiny, decision={"threshold": 90}))


def votes_of(model, features: np.ndarray) -> np.ndarray:
    """What goes into the softmax, float32 (n, labels)."""
    import keras

    return keras.Model(model.inputs, model.layers[-2].output).predict(features, verbose=0)


@pytest.fixture(scope="module")
def recording() -> np.ndarray:
    """Five seconds of noise, quiet and loud in turn for 0.8 s each, int16."""
    random = np.random.default_rng(2)
    loudness = np.repeat([1, 8_000] * 3, 12_800)
    return (random.normal(size=loudness.size) * loudness).clip(-32_768, 32_767).astype(np.int16)


def test_a_sketch_that_streams_asks_at_every_frame_and_decides_as_python_does(
    streaming_tiny, recording, tmp_path
):
    """On the virtual board: the same words with the same scores as `tk.stream`, each a little
    later, for the board hears in blocks of 16 ms."""
    sketch = export_sketch(streaming_tiny, out=tmp_path / "always_on")
    assert sketch.decision["stride_frames"] == 1
    assert sketch.decision["window"] == 16, "the average spans 320 ms, as that of other models"
    run = VirtualBoard().run(sketch, audio=recording, seconds=4.84)
    assert run.fault is None and run.lost_samples == 0
    seconds = np.diff([inference.seconds for inference in run.inferences])
    assert seconds.mean() == pytest.approx(0.02, rel=0.01)
    assert seconds.max() < 0.04

    events = stream(streaming_tiny, recording, sketch.decision).events
    printed = [line.text.split() for line in run.serial]
    assert len(events) >= 2, "the test needs decisions"
    assert [word for _, _, word, _ in printed] == [label for _, label, _ in events]
    for (time, *_), (heard, _, _) in zip(printed, events, strict=True):
        assert -0.001 <= float(time) - heard <= 0.05


def test_the_fit_counts_what_is_kept(streaming_tiny):
    """The rows that wait for the next frame are in the arena: 4 of the input, 5 of each depthwise
    layer, and all but one of the 35 rows in the mean."""
    fit = check_fit(streaming_tiny)
    assert fit.ram["tensor arena"] > 4 * 40 + 2 * 5 * 8 + 34 * 8
    assert fit.pace.seconds == 0.02
    assert fit.ram["front end"] == 6 * 512 + 40, "one frame, and no window"


def test_what_a_sketch_cannot_do_with_a_network_that_streams_is_refused(streaming_tiny, tmp_path):
    with pytest.raises(TinykitError, match="engine='tflm' runs no network that streams"):
        export_sketch(streaming_tiny, out=tmp_path / "a", engine="tflm")
    slow = dataclasses.replace(boards["nano33ble"], clock=2_000_000)
    with pytest.raises(TinykitError, match="needs longer for a step"):
        export_sketch(streaming_tiny, slow, out=tmp_path / "b")
    with pytest.raises(TinykitError, match=r"once for 1 frames each\. Leave"):
        stream(streaming_tiny, np.zeros(16_000, np.int16), {"stride_frames": 4})
