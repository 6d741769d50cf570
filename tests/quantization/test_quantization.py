"""Full int8: the same numbers as float within a step, the same bytes every time."""

import dataclasses
import json
import pickle
import threading

import numpy as np
import pytest

from tinykit.common.errors import TinykitError
from tinykit.features.audio import LogMel
from tinykit.quantization.convert import quantize
from tinykit.quantization.tiny_model import TinyModel

LABELS = ["yes", "no", "unknown", "silence"]


def make_model(layers_of=None, shape=(49, 40, 1)):
    """A small Keras network with batch normalization, whose scores are spread out."""
    import keras
    from keras import layers

    def ds_cnn(x):
        x = layers.Conv2D(8, (10, 4), 2, "same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.GlobalAveragePooling2D()(x)
        spread = keras.initializers.RandomNormal(stddev=4, seed=0)
        return layers.Dense(4, activation="softmax", kernel_initializer=spread)(x)

    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape)
    return keras.Model(inputs, (layers_of or ds_cnn)(inputs))


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return np.random.default_rng(0).gamma(1.0, 1.0, (200, 49, 40)).astype(np.float32)


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture(scope="module")
def tiny(model, features) -> TinyModel:
    return quantize(model, features, LogMel(), LABELS)


def refusal(function, *arguments, **named) -> str:
    with pytest.raises(TinykitError) as caught:
        function(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_everything_is_int8_and_the_operators_are_few(tiny):
    assert tiny.ops == ["CONV_2D", "DEPTHWISE_CONV_2D", "MEAN", "FULLY_CONNECTED", "SOFTMAX"]
    assert tiny.file.input.dtype == tiny.file.output.dtype == "int8"
    assert tiny.file.input.shape == (1, 49, 40, 1), "a board computes one input at a time"
    assert (tiny.output_scale, tiny.output_zero_point) == (1 / 256, -128), "as softmax requires"
    assert tiny.macs == 25 * 20 * 8 * 40 + 25 * 20 * 8 * 9 + 8 * 4
    assert tiny.n_parameters == (8 * 40 + 8) + (8 * 9 + 8) + 8 * 4


def test_int8_scores_stay_near_the_float_scores(tiny, model, features):
    """Mean error below one output step (1/256): quantization noise, not a wrong layer."""
    error = np.abs(tiny.predict(features[:50]) - model.predict(features[:50, ..., None], verbose=0))
    assert error.mean() < 1 / 256, f"mean error {error.mean():.4f}, worst {error.max():.4f}"


def test_the_same_model_and_calibration_give_the_same_bytes(tiny, model, features):
    assert quantize(model, features, LogMel(), LABELS).tflite == tiny.tflite
    # Keras numbers its layers through a session: conv2d, conv2d_1, ... The file must not tell.
    twin = make_model()
    twin.set_weights(model.get_weights())
    assert quantize(twin, features, LogMel(), LABELS).tflite == tiny.tflite


def test_quantization_is_quiet(model, features, capfd):
    quantize(model, features[:10], LogMel(), LABELS)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_one_layer_against_integer_arithmetic_in_numpy():
    """CONV_2D by hand: sum of (q - zero point) * weight + bias, times scales, rounded as gemmlowp.

    The rounding is TensorFlow Lite's published one: a 31-bit fixed-point multiplication rounded
    once, then a shift rounded again, halves away from zero.
    """
    import keras

    def one_convolution(x):
        noise = keras.initializers.RandomNormal(stddev=0.5, seed=1)
        x = keras.layers.Conv2D(8, 3, bias_initializer=noise)(x)
        return keras.layers.Reshape((-1,))(x)

    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 6, 5, 1)).astype(np.float32)
    model = make_model(one_convolution, (6, 5, 1))
    tiny = quantize(model, x, None, [str(i) for i in range(4 * 3 * 8)])
    weights, bias = (tiny.file.tensors[i] for i in tiny.file.operators[0].inputs[1:])

    q = tiny.quantize(x)
    windows = np.lib.stride_tricks.sliding_window_view(q[..., 0].astype(np.int64), (3, 3), (1, 2))
    kernel = weights.array()[..., 0].astype(np.int64)
    sums = np.einsum("nhwij,oij->nhwo", windows - tiny.input_zero_point, kernel) + bias.array()
    scales = np.float64(tiny.input_scale) * np.float64(weights.quantization.scale)
    expected = _gemmlowp(sums, scales / np.float64(tiny.output_scale)) + tiny.output_zero_point

    outputs = tiny.predict(q) / np.float32(tiny.output_scale) + tiny.output_zero_point
    np.testing.assert_array_equal(outputs.reshape(expected.shape), np.clip(expected, -128, 127))


def _gemmlowp(sums: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """round(sums * factor) as TensorFlow Lite rounds it; factors below 1/2."""
    fraction, exponent = np.frexp(factor)
    multiplier = np.rint(fraction * (1 << 31)).astype(np.int64)
    product = sums * multiplier
    nudge = np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    high = np.trunc((product + nudge) / (1 << 31)).astype(np.int64)
    shift = -exponent.astype(np.int64)
    assert (shift > 0).all()
    half_away = (np.abs(high) + (1 << (shift - 1))) >> shift
    return np.sign(high) * half_away


def test_quantize_rounds_half_to_even_and_saturates(tiny):
    """The C++ twin uses lrintf, which rounds a half to the even neighbour; so does np.rint."""
    inverse = np.float32(1) / np.float32(tiny.input_scale)
    values = np.linspace(-20, 20, 49 * 40, dtype=np.float32).reshape(1, 49, 40)
    expected = np.clip(np.rint(values * inverse) + tiny.input_zero_point, -128, 127)
    np.testing.assert_array_equal(tiny.quantize(values)[..., 0], expected)
    assert tiny.quantize(np.full((1, 49, 40), 1e30)).max() == 127, "no overflow before the clip"


def test_quantize_refuses_nan_and_wrong_shapes(tiny):
    assert "NaN" in refusal(tiny.quantize, np.full((1, 49, 40), np.nan))
    assert "(3, 40, 49)" in refusal(tiny.quantize, np.zeros((3, 40, 49)))
    assert "no engine 'gpu'" in refusal(tiny.predict, np.zeros((1, 49, 40)), engine="gpu")


def test_save_and_load_keep_everything(tiny, tmp_path):
    labels = ['say "no"', "C:\\new", "class", "🎉 oui"]
    odd = dataclasses.replace(
        tiny, labels=labels, frontend=LogMel(n_mels=40, fmin=80.0), decision={"threshold": 150}
    )
    odd.save(tmp_path / "a folder")
    loaded = TinyModel.load(tmp_path / "a folder")
    assert loaded == odd
    assert loaded.frontend == LogMel(fmin=80.0)
    description = json.loads((tmp_path / "a folder/tinymodel.json").read_text(encoding="utf-8"))
    assert description["labels"] == labels
    assert description["input"]["shape"] == [49, 40, 1]
    assert np.float32(description["input"]["scale"]) == np.float32(tiny.input_scale)


def test_load_refuses_what_does_not_belong_together(tiny, tmp_path):
    assert "no tinymodel.json" in refusal(TinyModel.load, tmp_path)
    tiny.save(tmp_path)
    text = (tmp_path / "tinymodel.json").read_text(encoding="utf-8")

    def with_text(changed: str) -> str:
        (tmp_path / "tinymodel.json").write_text(changed, encoding="utf-8")
        return refusal(TinyModel.load, tmp_path)

    assert "format 1" in with_text(text[: len(text) // 2])
    assert "format 1" in with_text("[]")
    assert "format 1" in with_text(text.replace('"format": 1', '"format": 2'))
    assert "'labels'" in with_text(text.replace('"labels"', '"label"'))
    assert "front end" in with_text(text.replace("LogMel", "Mfcc"))
    assert "front end" in with_text(text.replace("hop_length", "hop"))
    assert "outputs" in with_text(text.replace('"silence"', '"silence", "more"'))
    assert "is not the model" in with_text(
        text.replace('"tflite_sha256": "', '"tflite_sha256": "0')
    )
    (tmp_path / "model.tflite").write_bytes(tiny.tflite[:1_500])
    assert "model.tflite is cut short" in with_text(text)
    (tmp_path / "model.tflite").unlink()
    assert "cannot be read" in with_text(text)


def test_a_copied_or_pickled_model_is_the_same_model(tiny):
    tiny.predict(np.zeros((1, 49, 40)))
    copy = pickle.loads(pickle.dumps(tiny))
    assert copy == tiny
    assert copy.macs == tiny.macs


def test_several_threads_may_predict_at_once(tiny, features):
    expected = tiny.predict(features[:20])
    results = {}

    def work(i: int) -> None:
        results[i] = tiny.predict(features[:20])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(results[i], expected) for i in range(4))


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (["yes", "no"], "2 labels"),
        (["yes", "yes", "no", "silence"], "twice"),
        (["yes", "", "no", "silence"], "must be words"),
        ([0, 1, 2, 3], "must be words"),
    ],
)
def test_labels_that_do_not_fit_are_refused(model, features, labels, says):
    assert says in refusal(quantize, model, features, LogMel(), labels)


def test_calibration_that_cannot_be_right_is_refused(model, features):
    assert "no calibration" in refusal(quantize, model, features[:0], LogMel(), LABELS)
    assert "do not fit" in refusal(quantize, model, features[:, :10], LogMel(), LABELS)
    damaged = features[:5].copy()
    damaged[2, 3, 4] = np.inf
    assert "NaN or infinity" in refusal(quantize, model, damaged, LogMel(), LABELS)


def test_a_diverged_model_is_refused(features):
    diverged = make_model()
    diverged.set_weights([np.full_like(weight, np.nan) for weight in diverged.get_weights()])
    assert "diverged" in refusal(quantize, diverged, features, LogMel(), LABELS)


def test_a_layer_without_an_int8_form_is_refused(features):
    import keras

    def with_erf(x):
        x = keras.layers.GlobalAveragePooling2D()(x)
        return keras.layers.Dense(4)(keras.ops.erf(x))

    message = refusal(quantize, make_model(with_erf), features, LogMel(), LABELS)
    assert "int8" in message and len(message) < 400, message


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN", "Bidirectional"])
def test_a_recurrent_layer_that_is_a_loop_is_refused(features, kind):
    """TensorFlow's converter would crash on it, and a notebook's Python with it."""
    import keras

    def with_loop(x):
        layer = getattr(keras.layers, kind)(4 if kind != "Bidirectional" else loop)
        return keras.layers.Dense(4, "softmax")(layer(keras.layers.Reshape((49, 40))(x)))

    loop = keras.layers.LSTM(4)
    message = refusal(quantize, make_model(with_loop), features, LogMel(), LABELS)
    assert "unroll=True" in message


def test_tables_say_what_is_in_the_model(tiny):
    assert repr(tiny).startswith("TinyModel(keyword_spotting: ")
    assert "yes, no, unknown, silence" in tiny._repr_html_()
    lines = str(tiny.layers).splitlines()
    assert len(lines) == 1 + 5 + 1
    assert lines[-1].startswith("total") and f"{tiny.macs:,}" in lines[-1]
    assert tiny.layers._repr_html_().count("<tr>") == 7
    escaped = dataclasses.replace(tiny, labels=["<b>", "a", "b", "c"])
    assert "&lt;b&gt;" in escaped._repr_html_()


def test_a_gesture_model_comes_back_with_its_front_end(gesture_tiny, tmp_path):
    tiny = dataclasses.replace(gesture_tiny, decision={"threshold": 150})
    loaded = TinyModel.load(tiny.save(tmp_path / "out"))
    assert loaded.frontend == gesture_tiny.frontend and loaded.decision == tiny.decision
    assert loaded.name == "gesture_recognition", "by its front end"
    path = tmp_path / "out" / "tinymodel.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"axes": 6', '"axes": 5'), encoding="utf-8")
    with pytest.raises(TinykitError, match="axes=5"):
        TinyModel.load(tmp_path / "out")


def test_what_is_never_reported_is_stored_with_the_model(tiny, tmp_path):
    """`background` of a student's own rests as "unknown" does, by name or by her word."""
    assert tiny.resting == ("unknown", "silence")
    own = dataclasses.replace(tiny, labels=["on", "off", "hum", "background"], resting=None)
    assert own.resting == ("background",)
    said = dataclasses.replace(own, resting=("hum", "background"))
    said.save(tmp_path)
    assert TinyModel.load(tmp_path).resting == ("hum", "background")


def test_a_model_of_an_earlier_kit_has_the_usual_resting_labels(tiny, tmp_path):
    tiny.save(tmp_path)
    path = tmp_path / "tinymodel.json"
    described = json.loads(path.read_text())
    del described["resting"]
    path.write_text(json.dumps(described))
    assert TinyModel.load(tmp_path).resting == ("unknown", "silence")
