"""The streaming form: the same bytes as the network that sees whole windows, or a refusal."""

import dataclasses
import json

import numpy as np
import pytest

from tinykit.board import VirtualBoard
from tinykit.common.errors import TinykitError
from tinykit.features.audio import LogMel
from tinykit.models.audio import ds_cnn, stream_cnn
from tinykit.quantization.convert import quantize
from tinykit.quantization.streaming import streaming_form
from tinykit.quantization.tiny_model import TinyModel
from tinykit.verification import verify, verify_file

LABELS = ["yes", "no", "unknown", "silence"]
FRONTEND = LogMel()


@pytest.fixture(scope="module")
def recording() -> np.ndarray:
    """Three seconds of noise that swells: features of 149 frames."""
    loudness = np.repeat(np.geomspace(1, 8_000, 30), 1_600)
    sound = np.random.default_rng(1).normal(size=48_000) * loudness
    return FRONTEND(sound.clip(-32_768, 32_767).astype(np.int16))


def windows_of(frames: np.ndarray, length: int) -> np.ndarray:
    """Every window of `length` frames, the oldest first."""
    moving = np.lib.stride_tricks.sliding_window_view(frames, length, axis=0)
    return moving.transpose(0, 2, 1)


def network(build, features: np.ndarray, seed: int = 0) -> TinyModel:
    """An untrained Keras model, with whatever `build` puts between input and softmax, as int8."""
    import keras

    keras.utils.set_random_seed(seed)
    inputs = keras.Input((*features.shape[1:], 1))
    outputs = keras.layers.Softmax()(keras.layers.Flatten()(build(keras.layers, inputs)))
    model = decided(keras.Model(inputs, outputs), features)
    return quantize(model, features, FRONTEND, LABELS, name="always_on")


def decided(model, features: np.ndarray):
    """Scale an untrained model's last weights until its scores differ from input to input."""
    import keras

    votes = keras.Model(model.inputs, model.layers[-2].output).predict(features, verbose=0)
    last = next(layer for layer in reversed(model.layers) if layer.weights)
    kernel, bias = last.get_weights()
    factor = 3 / votes.std(axis=0)
    last.set_weights([kernel * factor, bias - votes.mean(axis=0) * factor])
    return model


# What a step of each kind has to get right: kernels that keep rows, strides that skip some, rows
# that are joined in the end, branches that meet.
def _pooled(layers, x):
    x = layers.Conv2D(6, (3, 40), activation="relu")(x)
    x = layers.MaxPooling2D((4, 1), (1, 1))(x)
    x = layers.AveragePooling2D((3, 1), (1, 1))(x)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return layers.Conv2D(4, 1)(x)


def _last_kernel_sees_all(layers, x):
    x = layers.Conv2D(6, (10, 40), activation="relu")(x)
    x = layers.DepthwiseConv2D((x.shape[1], 1))(x)
    return layers.Conv2D(4, 1)(x)


def _dilated(layers, x):
    x = layers.Conv2D(6, (5, 40), activation="relu")(x)
    x = layers.Conv2D(5, (4, 1), dilation_rate=(3, 1), activation="relu")(x)
    return layers.Conv2D(4, 1)(layers.GlobalAveragePooling2D(keepdims=True)(x))


def _branches(layers, x):
    x = layers.Conv2D(6, (5, 40), activation="relu")(x)
    a, b = layers.Conv2D(6, (7, 1))(x), layers.DepthwiseConv2D((7, 1))(x)
    x = layers.Concatenate()([layers.Add()([a, b]), a])
    return layers.Conv2D(4, 1)(layers.GlobalAveragePooling2D(keepdims=True)(x))


def _bands_and_time(layers, x):
    x = layers.Conv2D(4, (5, 5), (1, 2), activation="relu")(x)
    x = layers.DepthwiseConv2D((3, 3))(x)
    return layers.Conv2D(4, 1)(layers.GlobalAveragePooling2D(keepdims=True)(x))


BUILDS = {
    "pooling": _pooled,
    "a kernel as long as what is left": _last_kernel_sees_all,
    "dilation": _dilated,
    "branches that meet": _branches,
    "bands that stay apart": _bands_and_time,
}


@pytest.fixture(scope="module")
def tiny(small_features) -> TinyModel:
    model = stream_cnn(FRONTEND.shape, LABELS, channels=12, blocks=2, kernel=6)
    return quantize(
        decided(model, small_features), small_features, FRONTEND, LABELS, name="always_on"
    )


@pytest.fixture(scope="module")
def streaming(tiny) -> TinyModel:
    return streaming_form(tiny)


@pytest.mark.tflm
def test_each_step_has_the_bytes_of_its_window(tiny, streaming, recording):
    """101 windows, under TensorFlow Lite Micro."""
    wanted = tiny.scores(windows_of(recording, 49), "tflm")
    made = streaming.scores(recording[:, None], "tflm")
    assert len(np.unique(wanted, axis=0)) > 20, "scores that never change prove nothing"
    np.testing.assert_array_equal(made[48:], wanted)


@pytest.mark.parametrize("kind", BUILDS)
def test_whatever_does_not_pad_along_time_streams(kind, small_features, recording):
    tiny = network(BUILDS[kind], small_features)
    streaming = streaming_form(tiny)
    wanted = tiny.scores(windows_of(recording, 49))
    assert len(np.unique(wanted, axis=0)) > 10, "scores that never change prove nothing"
    np.testing.assert_array_equal(streaming.scores(recording[:, None])[48:], wanted)
    assert streaming.macs < tiny.macs / 10


def test_frames_may_come_several_at_a_time_and_strides_divide_them(small_features, recording):
    """48 frames, six at a time, through strides of 3 and 2: as ESPHome's models take three."""

    def build(layers, x):
        x = layers.Conv2D(6, (3, 40), (3, 1), activation="relu")(x)  # 16 rows
        x = layers.DepthwiseConv2D((4, 1))(x)  # 13
        x = layers.Conv2D(6, (5, 1), (2, 1), activation="relu")(x)  # 5
        return layers.Conv2D(4, 1)(layers.GlobalAveragePooling2D(keepdims=True)(x))

    tiny = network(build, small_features[:, :48])
    streaming = streaming_form(tiny, frames=6)
    steps = recording[:144].reshape(24, 6, 40)
    wanted = tiny.scores(windows_of(recording[:144], 48)[::6])
    np.testing.assert_array_equal(streaming.scores(steps)[7:], wanted)
    with pytest.raises(TinykitError, match=r"conv_2d_1 .* moves on by 3 rows, and 1 new ones come"):
        streaming_form(tiny)


def test_windows_give_what_they_give_without_streaming(tiny, streaming, small_features):
    """All frames of a window, then its answer: so a clip has one answer here, too."""
    np.testing.assert_array_equal(streaming.scores(small_features), tiny.scores(small_features))
    np.testing.assert_array_equal(streaming.predict(small_features), tiny.predict(small_features))


def test_each_call_begins_anew(streaming, recording):
    first = streaming.scores(recording[:60, None])
    np.testing.assert_array_equal(streaming.scores(recording[:60, None]), first)


def test_the_virtual_board_computes_the_same(streaming, recording):
    steps = recording[:80, None]
    board = VirtualBoard()
    np.testing.assert_array_equal(streaming.scores(steps, board), streaming.scores(steps))


def test_it_is_saved_and_loaded(streaming, recording, tmp_path):
    loaded = TinyModel.load(streaming.save(tmp_path))
    assert loaded == streaming
    assert loaded.steps_to_fill == 49
    with pytest.raises(TinykitError, match="no usable 'steps_to_fill'"):
        description = json.loads((tmp_path / "tinymodel.json").read_text("utf-8"))
        description["steps_to_fill"] = "many"
        (tmp_path / "tinymodel.json").write_text(json.dumps(description), "utf-8")
        TinyModel.load(tmp_path)


def test_it_does_in_a_step_a_small_part_of_the_work(tiny, streaming):
    """Of 45, 40 and 35 rows, one of each."""
    step = 5 * 40 * 12 + 2 * (6 * 12 + 12 * 12) + 12 * 4
    assert streaming.macs == step
    assert tiny.macs > 35 * (step - 12 * 4)
    assert repr(streaming).endswith("MACs a step)")


def test_what_counts_inferences_is_not_taken_over(tiny):
    decided = dataclasses.replace(tiny, decision={"window": 5, "stride_frames": 6, "threshold": 99})
    assert streaming_form(decided).decision == {"threshold": 99}


@pytest.mark.tflm
def test_verify_compares_every_step_and_marks_the_last_of_each_clip(tiny, streaming, tmp_path):
    random = np.random.default_rng(5)
    clips = (random.normal(size=(9, 16_000)) * 10.0 ** random.uniform(0, 4, (9, 1))).clip(-3e4, 3e4)
    clips, y = clips.astype(np.int16), np.arange(9) % 4
    report = verify(streaming, clips, y=y, board="nano33ble", board_samples=64)
    assert report.identical and report.board.different == 0
    assert report.samples == report.steps == 9 * 49
    assert "one sequence" in str(report)
    assert report.confusion == verify(tiny, clips, y=y).confusion
    (tmp_path / "streaming.tflite").write_bytes(streaming.tflite)
    assert verify_file(tmp_path / "streaming.tflite", samples=64).identical


def test_padding_along_time_is_refused_by_name(small_tiny):
    with pytest.raises(TinykitError, match=r"conv_2d_1 \(CONV_2D\): it pads along time"):
        streaming_form(small_tiny)


def _gate(layers, x):
    x = layers.Conv2D(6, (5, 40), activation="relu")(x)
    gate = layers.Conv2D(6, 1, activation="sigmoid")(
        layers.GlobalAveragePooling2D(keepdims=True)(x)
    )
    x = layers.Multiply()([x, gate])
    return layers.Conv2D(4, 1)(layers.GlobalAveragePooling2D(keepdims=True)(x))


def _odd_stride(layers, x):
    x = layers.Conv2D(6, (4, 40), (2, 1), activation="relu")(x)
    return layers.Conv2D(4, 1)(layers.GlobalAveragePooling2D(keepdims=True)(x))


@pytest.mark.parametrize(
    ("build", "reason"),
    [(_gate, "mul_1 .* joins what is known of all"), (_odd_stride, "conv_2d_1 .* last row")],
)
def test_what_needs_the_whole_window_at_once_is_refused_by_name(build, reason, small_features):
    with pytest.raises(TinykitError, match=reason):
        streaming_form(network(build, small_features))


def test_frames_that_do_not_fill_the_window_are_refused(tiny, streaming):
    with pytest.raises(TinykitError, match=r"cannot come 2 at a time\. Choose one of: 1, 7"):
        streaming_form(tiny, frames=2)
    with pytest.raises(TinykitError, match="streams already"):
        streaming_form(streaming)


def test_ds_cnn_is_what_it_says(small_features):
    """The network of lesson 01 pads: whoever wants to stream takes another one."""
    model = ds_cnn(FRONTEND.shape, LABELS, channels=4, blocks=1)
    with pytest.raises(TinykitError, match='Use padding="valid"'):
        streaming_form(quantize(model, small_features[:4], FRONTEND, LABELS))


def test_a_network_of_too_few_frames_is_refused():
    with pytest.raises(TinykitError, match="sees 37 frames at once, the front end gives 30"):
        stream_cnn((30, 40), LABELS)
