"""The host check: says PASS when TFLM computes every byte alike, and FAIL when one differs."""

import dataclasses
import json
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import bars, swings

from tinykit.board import VirtualBoard
from tinykit.common.errors import TinykitError
from tinykit.features.audio import LogMel
from tinykit.quantization import engines, process
from tinykit.quantization.convert import quantize
from tinykit.quantization.tiny_model import TinyModel
from tinykit.verification import host, verify, verify_file

pytestmark = pytest.mark.tflm

LABELS = ["yes", "no", "unknown", "silence"]
REFERENCES = ("kws_ref_model", "vww_96_int8", "pretrainedResnet_quant", "ad01_int8")


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return np.random.default_rng(0).gamma(1.0, 1.0, (100, 49, 40)).astype(np.float32)


@pytest.fixture(scope="module")
def model():
    """Convolutions to the end: the last layer is a 1x1 convolution instead of Dense."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((49, 40, 1))
    x = layers.ReLU()(layers.Conv2D(8, (10, 4), 2, "same")(x))
    x = layers.ReLU()(layers.DepthwiseConv2D(3, padding="same")(x))
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    spread = keras.initializers.RandomNormal(stddev=6, seed=0)
    x = layers.Reshape((4,))(layers.Conv2D(4, 1, kernel_initializer=spread)(x))
    return keras.Model(inputs, layers.Softmax()(x))


@pytest.fixture(scope="module")
def tiny(model, features) -> TinyModel:
    return quantize(model, features, LogMel(), LABELS)


def random_inputs(tiny: TinyModel, count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.integers(-128, 128, (count, *tiny.input_shape), dtype=np.int8)


def refusal(function, *arguments, **named) -> str:
    with pytest.raises(TinykitError) as caught:
        function(*arguments, **named)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 400, message
    return message


@pytest.mark.parametrize("name", REFERENCES)
def test_tflm_and_tensorflow_lite_agree_on_the_reference_models(real_models, name):
    """Byte for byte, with one known exception that stays within a step.

    In FULLY_CONNECTED, TensorFlow Lite multiplies the scales in float32 and TFLM in float64, so a
    value on the edge of rounding goes the other way about once in 100,000; releases of TensorFlow
    since 2.20 also round once instead of twice (github.com/tensorflow/tensorflow/issues/119412).
    """
    tiny = TinyModel.from_tflite(real_models / f"{name}.tflite")
    report = verify(tiny, random_inputs(tiny, 100))
    rounds_like_tflm = report.engine_versions["litert"].startswith("tflite-runtime")
    if rounds_like_tflm and name != "ad01_int8":
        assert report.identical and report.passed, str(report)
        assert report.max_lsb == 0
    elif rounds_like_tflm:
        assert report.different <= 5 and report.max_lsb <= 1, str(report)


def test_a_network_of_convolutions_agrees_under_every_reference(tiny):
    """Also under TensorFlow's own kernels, which round FULLY_CONNECTED in another way."""
    import tensorflow as tf

    q = random_inputs(tiny, 300)
    results = process.run_engines({"tflm": tiny.tflite, "litert": tiny.tflite}, q)
    np.testing.assert_array_equal(results["tflm"].outputs, results["litert"].outputs)
    assert len(np.unique(results["tflm"].outputs)) > 30, "scores hardly vary: a weak comparison"
    assert tf  # imported, so that the engine in this process is TensorFlow's
    here = engines.ReferenceEngine(tiny.tflite)
    np.testing.assert_array_equal(here.run(q), results["tflm"].outputs)
    assert here.version.startswith(("tensorflow", "ai-edge-litert"))


def test_one_changed_weight_fails_the_check(tiny):
    """A check that cannot fail is worthless: TFLM gets one weight that differs."""
    weights = tiny.file.tensors[tiny.file.operators[0].inputs[1]].data
    at = tiny.tflite.index(weights) + 7
    changed = bytearray(tiny.tflite)
    changed[at] ^= 0x40
    q = random_inputs(tiny, 100)
    results = process.run_engines({"tflm": bytes(changed), "litert": tiny.tflite}, q)
    report = host.report_on(tiny, results, {}, None)
    assert report.different > 0 and report.max_lsb > 0
    assert not report.identical and not report.passed
    assert "FAIL" in str(report) and "FAIL" in report._repr_html_() and "FAIL" in repr(report)


def test_accuracy_is_what_counting_by_hand_gives(tiny, model, features):
    y = np.random.default_rng(2).integers(0, 4, len(features))
    split = SimpleNamespace(x=features, y=y)
    report = verify(tiny, split, model=model, max_loss=1.0)
    guess = tiny.predict(features, engine="tflm").argmax(axis=1)
    assert report.accuracy["tflm"] == pytest.approx((guess == y).mean())
    counted = [[int(((y == t) & (guess == g)).sum()) for g in range(4)] for t in range(4)]
    assert report.confusion == counted
    recalls = [(guess[y == t] == t).mean() for t in range(4)]
    assert list(report.recall.values()) == pytest.approx(recalls)
    assert report.balanced_accuracy["tflm"] == pytest.approx(np.mean(recalls))
    float_guess = model.predict(features[..., None], verbose=0).argmax(axis=1)
    assert report.accuracy["float"] == pytest.approx((float_guess == y).mean())
    assert list(report.accuracy) == ["float", "int8", "tflm"]


def test_further_inputs_are_compared_but_not_marked(tiny, features):
    """`also` makes the comparison thorough; what it holds is right or wrong for nobody."""
    y = tiny.predict(features[:40]).argmax(axis=1)
    marked = SimpleNamespace(x=features[:40], y=y)
    wrong = SimpleNamespace(x=features[40:], y=np.zeros(60, int))
    report = verify(tiny, marked, also=wrong)
    assert report.samples == 100 and report.identical
    assert report.accuracy == {"int8": 1.0, "tflm": 1.0}
    assert np.sum(report.confusion) == 40
    for also in (features[40:], tiny.quantize(features[40:])):
        assert verify(tiny, marked, also=also).samples == 100
    assert "do not fit" in refusal(verify, tiny, marked, also=np.zeros((5, 3, 3), np.float32))


def test_a_byte_that_differs_in_a_further_input_is_seen(tiny, features, monkeypatch):
    """The engines answer as they do, but for one byte of TFLM's last output."""

    def one_byte_off(*arguments):
        results = run_engines(*arguments)
        results["tflm"].outputs.flat[-1] ^= 1
        return results

    run_engines = process.run_engines
    monkeypatch.setattr(process, "run_engines", one_byte_off)
    report = verify(tiny, features[:40], also=features[40:], y=np.zeros(40, int))
    assert (report.different, report.max_lsb, report.passed) == (1, 1, False)


@pytest.mark.parametrize(("lost", "passed"), [(0, True), (1, True), (2, False)])
def test_int8_may_lose_one_point_and_no_more(tiny, lost, passed):
    """Of 100 inputs float is right on all, int8 is wrong on `lost`."""
    report = verify(tiny, random_inputs(tiny, 100), y=np.zeros(100, int))
    accuracy = {"float": 1.0, "int8": 1 - lost / 100, "tflm": 1 - lost / 100}
    assert dataclasses.replace(report, accuracy=accuracy).passed is passed


def test_clips_features_and_int8_inputs_give_the_same_answers(tiny):
    clips = np.random.default_rng(3).integers(-9_000, 9_000, (6, 16_000)).astype(np.int16)
    features = tiny.frontend(clips)
    y = tiny.predict(features).argmax(axis=1)
    for x in (clips, features[..., None], tiny.quantize(features)):
        report = verify(tiny, x, y=y)
        assert report.accuracy["tflm"] == 1.0 and report.samples == 6
    two = SimpleNamespace(x=clips, y=y)
    report = verify(tiny, two, two, samples=10)
    assert report.samples == 10 and report.accuracy["tflm"] == 1.0
    assert "few" in report.notes[0]


def test_inputs_that_do_not_fit_are_refused(tiny, features):
    assert "no input" in refusal(verify, tiny)
    assert "no input" in refusal(verify, tiny, features[:0])
    assert "do not fit" in refusal(verify, tiny, np.zeros((5, 3, 3), np.float32))
    assert "do not fit" in refusal(verify, tiny, np.zeros((5, 7), np.int8))
    assert "front end gives" in refusal(verify, tiny, np.zeros((5, 32_000), np.int16))
    assert "True classes" in refusal(verify, tiny, features[:5], y=np.zeros(4, int))
    assert "True classes" in refusal(verify, tiny, features[:5], y=np.zeros(5))
    assert "4 classes" in refusal(verify, tiny, features[:5], y=np.full(5, 4))


@pytest.mark.parametrize("name", REFERENCES)
def test_the_measured_arena_works_and_a_smaller_one_does_not(real_models, name):
    """Tried in processes of their own, as a sketch would with `constexpr int kArenaSize`."""
    path = real_models / f"{name}.tflite"
    report = verify(TinyModel.from_tflite(path), random_inputs(TinyModel.from_tflite(path), 1))
    assert report.arena["head"] + report.arena["tail"] == report.arena["total"]
    assert report.arena["total"] <= report.arena_bytes <= report.arena["total"] + 4096
    script = (
        "import sys; from pathlib import Path; from tinykit.quantization.engines import TflmEngine;"
        "TflmEngine(Path(sys.argv[1]).read_bytes(), int(sys.argv[2]))"
    )

    def exit_code(size: int) -> int:
        command = [sys.executable, "-c", script, str(path), str(size)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert exit_code(report.arena_bytes) == 0
    assert exit_code(report.arena_bytes - 16) != 0


def test_an_operator_that_tflm_lacks_is_named(features):
    import keras

    inputs = keras.Input((49, 40, 1))
    x = keras.layers.Conv2D(4, 3, strides=8, activation="gelu")(inputs)
    outputs = keras.layers.Dense(4)(keras.layers.GlobalAveragePooling2D()(x))
    tiny = quantize(keras.Model(inputs, outputs), features, LogMel(), LABELS)
    assert "GELU" in tiny.ops
    assert "no operator GELU" in refusal(verify, tiny, features[:2])
    assert "no operator GELU" in refusal(tiny.predict, features[:2], engine="tflm")


def test_a_model_that_crashes_the_interpreter_leaves_this_process_alone(tiny):
    """A softmax without its options makes both interpreters abort, which ends their process."""
    from tensorflow.lite.tools import flatbuffer_utils

    editable = flatbuffer_utils.read_model_from_bytearray(bytearray(tiny.tflite))
    softmax = editable.subgraphs[0].operators[-1]
    softmax.builtinOptions, softmax.builtinOptionsType = None, 0
    broken = bytes(flatbuffer_utils.convert_object_to_bytearray(editable))
    for engine in ("tflm", "litert"):
        assert "crashed" in refusal(process.run, broken, random_inputs(tiny, 1), engine)


def test_a_worker_that_takes_too_long_is_stopped(tiny):
    started = time.perf_counter()
    message = refusal(process.run, tiny.tflite, random_inputs(tiny, 3_000), "tflm", timeout=0.2)
    assert "was stopped" in message
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("engine", ["tflm", VirtualBoard()])
def test_predict_gives_the_same_scores_under_every_engine(tiny, features, engine):
    here, there = (tiny.predict(features[:50], engine=e) for e in ("litert", engine))
    np.testing.assert_array_equal(here, there)
    assert here.shape == (50, 4) and here.dtype == np.float32
    counted = tiny.scores(features[:50], engine=engine)
    np.testing.assert_array_equal(counted, np.rint(here * 256).clip(0, 255))
    assert "'litert', 'tflm' or a tk.VirtualBoard()" in refusal(
        tiny.predict, features[:1], "xnnpack"
    )


def test_the_report_fits_into_json_with_the_agreed_keys(tiny, features):
    report = verify(tiny, features, y=np.zeros(len(features), int))
    copy = json.loads(json.dumps(report.to_dict()))
    agreed = {"samples", "identical", "max_lsb", "arena_bytes", "ops", "engine_versions"}
    assert agreed <= copy.keys()
    assert copy["identical"] is True and copy["passed"] is True
    assert copy["ops"] == ["CONV_2D", "DEPTHWISE_CONV_2D", "MEAN", "RESHAPE", "SOFTMAX"]
    assert set(copy["engine_versions"]) == {"tflm", "litert"}


def test_the_compiled_model_is_checked_byte_by_byte_on_the_virtual_board(tiny, features):
    report = verify(tiny, features, board="nano33ble", board_samples=10)
    assert report.passed and report.board.identical and report.board.samples == 10
    assert ("compiled C++ = TFLM", "every byte of 10 outputs on the virtual board", "PASS") in (
        report.rows()
    )
    board = report.to_dict()["board"]
    sizes = ("instructions", "ram_bytes", "stack_bytes", "flash_bytes")
    assert board["name"] == "nano33ble" and all(board[name] > 0 for name in sizes)
    assert "compiled C++" not in str(verify(tiny, features[:2])), "only when a board is named"


def test_a_compiled_model_of_another_network_fails_the_check(tiny, features):
    """One output byte that differs on the board is seen, and is enough to fail."""
    report = verify(tiny, features, board="nano33ble", board_samples=10)
    q = tiny.quantize(features)
    outputs = process.run(tiny.tflite, q, "tflm").outputs
    outputs[0, 0] ^= 1  # the first input is always among those that the board runs
    board, _ = host.board_check(tiny, [q], [outputs], "nano33ble", 10)
    assert board.different == 1 and not board.identical
    failed = dataclasses.replace(report, board=board)
    assert not failed.passed and failed.verdict == "FAIL"
    assert "1 of 10 outputs differ on the virtual board" in str(failed)


@pytest.fixture
def kws(tiny, tmp_path):
    """A .tflite file on disk."""
    return tiny.save(tmp_path) / "model.tflite"


def test_a_file_is_checked_with_random_inputs_when_none_are_given(kws):
    report = verify_file(kws, samples=20)
    assert report.samples == 20 and report.passed
    assert any("random" in note for note in report.notes)
    assert report.name == "model" and report.labels == []


def test_a_file_is_checked_with_the_inputs_given(kws, tiny, features, tmp_path):
    for inputs in (random_inputs(tiny, 7), features[:7], features[:7, ..., None].astype(float)):
        np.save(tmp_path / "x.npy", inputs)
        report = verify_file(kws, tmp_path / "x.npy")
        assert report.samples == 7 and report.passed
        assert not any("random" in note for note in report.notes)


def test_inputs_in_a_file_that_do_not_fit_are_refused(kws, tmp_path):
    def saying(x) -> str:
        np.save(tmp_path / "x.npy", x)
        return refusal(verify_file, kws, tmp_path / "x.npy")

    assert "(5, 7)" in saying(np.zeros((5, 7), np.int8))
    assert "NaN" in saying(np.full((5, 49, 40), np.nan, np.float32))
    assert "uint8" in saying(np.zeros((5, 49, 40, 1), np.uint8))
    assert "(0, 49, 40, 1)" in saying(np.zeros((0, 49, 40, 1), np.int8))
    assert "not a .npy" in saying(np.array([{}], dtype=object))
    np.savez(tmp_path / "x.npz", np.zeros(3))
    assert "not a .npy" in refusal(verify_file, kws, tmp_path / "x.npz")
    content = (tmp_path / "x.npy").read_bytes()
    for damaged in (b"", content[:20], content[:-8], b"random" * 50):
        (tmp_path / "x.npy").write_bytes(damaged)
        assert "not a .npy" in refusal(verify_file, kws, tmp_path / "x.npy")
    assert "cannot be read" in refusal(verify_file, kws, tmp_path / "none.npy")


def test_checking_a_file_needs_no_tensorflow(kws):
    """Importing TensorFlow takes seconds; a check from the command line should not."""
    script = (
        "import sys; from tinykit.verification import verify_file;"
        "verify_file(sys.argv[1], samples=2); print('tensorflow' in sys.modules)"
    )
    command = [sys.executable, "-c", script, str(kws)]
    assert subprocess.run(command, capture_output=True, text=True).stdout.strip() == "False"


@pytest.mark.slow
def test_damaged_models_end_in_a_report_or_in_one_line(real_models):
    """Models whose damage the reader cannot see go through both interpreters, crash or not."""
    sound = (real_models / "kws_ref_model.tflite").read_bytes()
    rng = np.random.default_rng(0)
    ran = 0
    for _ in range(30):
        damaged = bytearray(sound)
        for _ in range(3):
            damaged[-1 - int(rng.integers(8_000))] = rng.integers(256)
        damaged = TinyModel(tflite=bytes(damaged), labels=[])
        try:
            verify(damaged, random_inputs(damaged, 1))
            ran += 1
        except TinykitError as error:
            assert "\n" not in str(error)
    assert ran > 0, "every damaged model was refused: the test does not reach the interpreters"


# ---- Motion ----


def test_takes_of_motion_of_any_length_are_checked(gesture_tiny):
    """A split, as the data sets have it, and a plain list: the same through the front end."""
    takes, y = swings(30, seed=12)
    x = np.empty(len(takes), object)
    x[:] = takes
    split = SimpleNamespace(x=x, y=y)
    report = verify(gesture_tiny, split)
    assert report.identical and report.samples == 30
    assert report.accuracy["tflm"] > 0.9, "it knows swings"
    assert list(report.recall) == ["thrust", "sway", "turn"], "none was not among them"
    again = verify(gesture_tiny, takes, y=y, also=gesture_tiny.frontend(takes))
    assert again.confusion == report.confusion and again.samples == 60
    alike = [take[:100] for take in takes]
    assert verify(gesture_tiny, alike, y=y).samples == 30, "takes of one length, too"


def test_motion_of_other_axes_is_refused(gesture_tiny):
    with pytest.raises(TinykitError, match="6 axes"):
        verify(gesture_tiny, [np.zeros((50, 3), np.float32), np.zeros((60, 3), np.float32)])
    with pytest.raises(TinykitError, match="do not fit a model"):
        verify(gesture_tiny, np.zeros((4, 16_000), np.int16))


# ---- Pictures ----


def test_pictures_of_any_size_are_checked(picture_tiny):
    """A split, as the data sets have it, and a list of several sizes, in grey and in colour."""
    y = np.arange(20) % 2
    pictures = bars(y, seed=12)
    report = verify(picture_tiny, SimpleNamespace(x=pictures, y=y))
    assert report.identical and report.samples == 20
    assert report.accuracy["tflm"] > 0.9, "it knows bars"
    several = [picture[..., 0] if i % 3 else picture for i, picture in enumerate(pictures)]
    several[0] = several[0].repeat(2, axis=0)
    again = verify(picture_tiny, several, y=y, also=picture_tiny.frontend(pictures))
    assert again.samples == 40 and again.accuracy["tflm"] > 0.9


def test_pictures_of_the_networks_own_size_are_not_taken_for_features(colour_tiny):
    """32 x 32 in colour is the shape of the input, but pixels from 0 to 255 are none."""
    y = np.arange(20) % 2
    small = np.stack([colour_tiny.frontend.pixels(picture) for picture in bars(y, seed=13)])
    report = verify(colour_tiny, small, y=y)
    assert report.identical and report.accuracy["tflm"] > 0.9


def test_what_is_no_picture_is_refused(picture_tiny):
    for wrong in (np.zeros((2, 50, 50, 4), np.uint8), np.zeros((4, 16_000), np.int16)):
        with pytest.raises(TinykitError) as caught:
            verify(picture_tiny, wrong)
        assert "\n" not in str(caught.value)
