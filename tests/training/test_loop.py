"""Training: it learns, it can be repeated to the last bit, and it says when it cannot start."""

import contextlib
import dataclasses

import numpy as np
import pytest
from conftest import swings

from tinykit.common.backend import load_keras
from tinykit.common.errors import TinykitError
from tinykit.datasets import tones
from tinykit.datasets.dataset import Split
from tinykit.datasets.motion import MotionDataset
from tinykit.features import LogMel, Motion
from tinykit.models.audio import band_cnn, ds_cnn
from tinykit.models.motion import gesture_cnn
from tinykit.quantization.convert import quantize
from tinykit.quantization.tiny_model import TinyModel
from tinykit.training import checkpoints
from tinykit.training import loop as training
from tinykit.training.augmentation.audio import Augmentation
from tinykit.training.augmentation.motion import MotionAugmentation
from tinykit.training.checkpoints import load_checkpoint, save_checkpoint
from tinykit.training.loop import History, balanced_sample, train, training_features

FRONTEND = LogMel()
GENTLE = Augmentation(speed=(0.95, 1.05), snr_db=(20, 45))
QUICK = {"epochs": 2, "clips_per_epoch": 100, "batch_size": 32, "augmentation": GENTLE}


@pytest.fixture(scope="module")
def data():
    return tones(100)


def small_model(data):
    return ds_cnn(FRONTEND.shape, data.labels, channels=8, blocks=1)


@pytest.fixture(scope="module")
def learned(data):
    """A small network and its history after a few epochs on tones."""
    model = band_cnn(FRONTEND.shape, data.labels)
    settings = {"epochs": 6, "clips_per_epoch": 600, "batch_size": 32, "learning_rate": 1e-2}
    return model, train(model, data, FRONTEND, augmentation=GENTLE, **settings)


def test_a_small_network_learns_low_from_high(learned, data):
    """Unseen clips: 95 % of 150 leaves 7 mistakes, where guessing makes 100."""
    model, history = learned
    scores = model.predict(FRONTEND(data.test.x)[..., None], verbose=0)
    accuracy = (scores.argmax(axis=1) == data.test.y).mean()
    assert accuracy > 0.95, f"{accuracy:.1%} of the test tones, after {history}"


def test_history_holds_what_the_model_measures_now(learned, data):
    """The last validation numbers are of the weights that training ends with."""
    model, history = learned
    lists = (history.loss, history.accuracy, history.val_loss, history.val_accuracy)
    assert [len(numbers) for numbers in lists] == [6] * 4
    assert history.seconds > 0
    scores = model.predict(FRONTEND(data.validation.x)[..., None], verbose=0)
    y = data.validation.y
    assert history.val_accuracy[-1] == pytest.approx((scores.argmax(axis=1) == y).mean())
    # Cross-entropy against targets of which 5 % are spread over all three labels.
    target = 0.95 * np.eye(3)[y] + 0.05 / 3
    expected = -(target * np.log(scores.astype(float))).sum(axis=1).mean()
    assert history.val_loss[-1] == pytest.approx(expected, rel=1e-4)


def test_history_reads_in_one_line():
    assert repr(History()) == "History(not trained)"
    history = History(loss=[2, 1], val_accuracy=[0.5, 0.947], seconds=61.4)
    assert repr(history) == "History(2 epochs in 61 s, validation accuracy 94.7%)"
    twice = history + history
    assert twice.loss == [2, 1, 2, 1] and twice.accuracy == [] and twice.seconds == 122.8


def test_the_same_seed_gives_the_same_weights_to_the_last_bit(data):
    def trained(seed: int) -> list[np.ndarray]:
        model = small_model(data)
        train(model, data, FRONTEND, seed=seed, **QUICK)
        return model.get_weights()

    once, again, other = trained(1), trained(1), trained(2)
    for a, b in zip(once, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(once, other, strict=True))


def test_clips_do_not_depend_on_which_epochs_came_before(data):
    """Epochs are prepared in another thread: each has a random generator of its own."""
    epochs = [training_features(data, FRONTEND, 20, GENTLE, (0, epoch)) for epoch in (0, 1, 1)]
    np.testing.assert_array_equal(epochs[1][0], epochs[2][0])
    np.testing.assert_array_equal(epochs[1][1], epochs[2][1])
    assert not np.array_equal(epochs[0][0], epochs[1][0])
    assert epochs[0][0].shape == (20, *FRONTEND.shape) and epochs[0][0].dtype == np.float32


def test_a_model_for_other_labels_is_refused_in_one_line(data):
    model = ds_cnn(FRONTEND.shape, ["one", "two"], channels=4, blocks=1)
    with pytest.raises(TinykitError, match=r"2 outputs but the data 3 labels\.") as caught:
        train(model, data, FRONTEND)
    assert "\n" not in str(caught.value)


def test_labels_are_drawn_equally_often_and_silence_half_as_often(data):
    """Five standard deviations: a right sampler fails once in a million."""
    rare = np.flatnonzero(data.train.y != 0)[:40]  # many clips of "low", few of the others
    chosen = np.concatenate([np.flatnonzero(data.train.y == 0), rare])
    fields = ("x", "y", "speakers", "files")
    split = dataclasses.replace(
        data.train, **{field: getattr(data.train, field)[chosen] for field in fields}
    )
    n = 10_000
    drawn = balanced_sample(split, data.labels, n, np.random.default_rng(0))
    counts = np.bincount(split.y[drawn], minlength=3)
    for label, count, share in zip(data.labels, counts, (0.4, 0.4, 0.2), strict=True):
        allowed = 5 * np.sqrt(n * share * (1 - share))
        assert abs(count - n * share) < allowed, (
            f"{label}: {count} of {n}, expected {n * share:.0f}"
        )
    missed = set(range(len(split))) - set(drawn.tolist())
    assert not missed, "every clip is drawn at some time"


def test_a_label_without_clips_is_not_drawn(data):
    """Then the others share its part; nothing is made up."""
    low = data.train.y == 0
    fields = ("x", "y", "speakers", "files")
    split = dataclasses.replace(
        data.train, **{field: getattr(data.train, field)[~low] for field in fields}
    )
    drawn = balanced_sample(split, data.labels, 600, np.random.default_rng(0))
    counts = np.bincount(split.y[drawn], minlength=3)
    assert counts[0] == 0 and abs(counts[1] - 400) < 5 * np.sqrt(600 * 2 / 9)


def gestures(n: int, seed: int) -> Split:
    """`swings`, and as many takes of trembling as "none"."""
    takes, y = swings(n, seed)
    random = np.random.default_rng(seed)
    takes += [take + random.normal(size=take.shape) * [1, 1, 1, 99, 99, 99] for take in takes]
    x = np.empty(2 * n, object)
    x[:] = [take.astype(np.float32) for take in takes]
    y = np.concatenate([y, np.full(n, 3)])
    return Split(x, y, np.full(2 * n, ""), np.full(2 * n, ""))


@pytest.fixture(scope="module")
def motion() -> MotionDataset:
    splits = (gestures(n, seed) for seed, n in enumerate((90, 30, 60)))
    everyday = {"train": list(gestures(12, 9).x[12:])}
    return MotionDataset(
        ["thrust", "sway", "turn", "none"], *splits, sample_rate=119.0, everyday=everyday
    )


def test_gestures_are_learned_as_words_are(motion):
    """Unseen takes: 90 % of 120 leaves 12 mistakes, where guessing makes 60 or more."""
    model = gesture_cnn(Motion().shape, motion.labels, channels=9)
    settings = {"epochs": 4, "clips_per_epoch": 1_000, "batch_size": 32, "learning_rate": 1e-2}
    history = train(model, motion, Motion(), **settings)
    scores = model.predict(Motion()(motion.test.x)[..., None], verbose=0)
    accuracy = (scores.argmax(axis=1) == motion.test.y).mean()
    assert accuracy > 0.9, f"{accuracy:.1%} of the test takes, after {history}"


def test_the_same_seed_gives_the_same_gesture_model_to_the_last_bit(motion):
    def trained(seed: int) -> list[np.ndarray]:
        model = gesture_cnn(Motion().shape, motion.labels, channels=6)
        settings = {"epochs": 2, "clips_per_epoch": 100, "batch_size": 32}
        train(model, motion, Motion(), seed=seed, **settings)
        return model.get_weights()

    once, again, other = trained(1), trained(1), trained(2)
    for a, b in zip(once, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(once, other, strict=True))


def test_examples_of_motion_keep_their_labels(motion):
    """With an augmentation that changes nothing, each picture is that of a take of its label."""
    settings = dataclasses.asdict(MotionAugmentation()).items()
    nothing = MotionAugmentation(**{name: 0.0 for name, x in settings if isinstance(x, float)})
    x, y = training_features(motion, Motion(), 40, nothing, seed=0)
    assert x.shape == (40, 48, 6) and x.dtype == np.float32
    pictures = Motion()(motion.train.x)
    nearest = np.abs(x[:, None] - pictures).max(axis=(2, 3)).argmin(axis=1)
    np.testing.assert_array_equal(motion.train.y[nearest], y)


def test_everyday_motion_is_drawn_more_often_than_a_gesture(motion):
    """By its weight; five standard deviations."""
    n, weight = 10_000, training._SHARES["none"]
    assert weight > 1
    drawn = balanced_sample(motion.train, motion.labels, n, np.random.default_rng(0))
    counts = np.bincount(motion.train.y[drawn], minlength=4)
    for label, count, part in zip(motion.labels, counts, (1, 1, 1, weight), strict=True):
        share = part / (3 + weight)
        allowed = 5 * np.sqrt(n * share * (1 - share))
        assert abs(count - n * share) < allowed, f"{label}: {count} of {n}"


@pytest.mark.parametrize(("epochs", "steps"), [(12, 63), (1, 1), (3, 1), (2, 10)])
def test_the_learning_rate_rises_for_half_an_epoch_and_falls_to_0(epochs, steps):
    peak, total = 2e-3, epochs * steps
    schedule = training._schedule(load_keras(), peak, epochs, steps)
    rates = np.array([float(schedule(step)) for step in range(total + 1)])
    top = steps // 2
    assert rates.argmax() == top and rates[top] == pytest.approx(peak)
    assert (np.diff(rates[: top + 1]) > 0).all() and (np.diff(rates[top:]) < 0).all()
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    half = top + (total - top) / 2  # the cosine is at half its height half-way
    assert np.interp(half, np.arange(total + 1), rates) == pytest.approx(peak / 2, rel=0.05)


@pytest.mark.parametrize("clips_per_epoch", [20, 40, 100])
def test_every_step_of_training_has_a_learning_rate(data, clips_per_epoch, monkeypatch):
    """An epoch's last batch may be smaller than the others, and is a step like them."""
    seen = {}
    make = training._schedule

    def remember(*arguments):
        seen["schedule"] = make(*arguments)
        return seen["schedule"]

    monkeypatch.setattr(training, "_schedule", remember)
    model = small_model(data)
    settings = QUICK | {"clips_per_epoch": clips_per_epoch}
    train(model, data, FRONTEND, **settings)
    steps = int(model.optimizer.iterations)
    assert steps == 2 * -(-clips_per_epoch // 32)
    rates = [float(seen["schedule"](step)) for step in range(steps + 1)]
    assert min(rates[:-1]) > 0, f"of {steps} steps some were made with a learning rate of 0"
    assert rates[-1] == pytest.approx(0, abs=1e-9), "training ended before the rate was down"


def test_what_was_prepared_is_learned_in_every_pass(data):
    model = small_model(data)
    history = train(model, data, FRONTEND, **QUICK, passes=3)
    assert int(model.optimizer.iterations) == 2 * 3 * 4  # epochs, passes, batches of 100 clips
    assert len(history.loss) == len(history.val_loss) == 2


def test_normalization_in_one_operation_is_the_one_that_keras_makes_step_by_step():
    """Outputs, gradients and moving statistics, within what the order of sums can do.

    The variance is the batch's with n - 1 in one of them, n in the other: 1 / 127 apart.
    """
    import tensorflow as tf

    keras = load_keras()
    random = np.random.default_rng(0)
    x = tf.constant(random.normal(2, 3, (8, 4, 4, 5)).astype(np.float32))
    weigh = tf.constant(random.normal(size=(8, 4, 4, 5)).astype(np.float32))
    answers = []
    for quick in (False, True):
        layer = keras.layers.BatchNormalization(momentum=0.5)
        inputs = keras.Input((4, 4, 5))
        model = keras.Model(inputs, layer(inputs))
        layer.set_weights([np.full(5, value, np.float32) for value in (1.5, -0.5, 0, 1)])
        use = training._quick_normalization(model) if quick else contextlib.nullcontext()
        with use, tf.GradientTape() as tape:
            tape.watch(x)
            assert (type(layer) is not keras.layers.BatchNormalization) == quick
            outputs = model(x, training=True)
            loss = tf.reduce_sum(weigh * outputs)
        answers.append([outputs, tape.gradient(loss, x), layer.moving_mean, layer.moving_variance])
        assert type(layer) is keras.layers.BatchNormalization
    for plain, quick, allowed in zip(*answers, [1e-5, 1e-5, 1e-5, 1 / 127], strict=True):
        np.testing.assert_allclose(plain, quick, rtol=allowed, atol=1e-5)


def test_the_average_of_weights_follows_them(data):
    """0.995 of what it was and 0.005 of what is new, and more in the first steps."""
    model = small_model(data)
    average = training._Average(model)
    expected = model.get_weights()
    random = np.random.default_rng(0)
    for step in (1, 2, 3, 5_000):
        average.steps = step - 1
        now = [random.normal(size=w.shape).astype(np.float32) for w in model.get_weights()]
        model.set_weights(now)
        average.update()
        kept = min(0.995, step / (step + 10))
        expected = [kept * old + (1 - kept) * new for old, new in zip(expected, now, strict=True)]
    for a, b in zip(expected, average.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    with average.in_use():
        np.testing.assert_array_equal(model.get_weights()[0], average.weights[0])
    np.testing.assert_array_equal(model.get_weights()[0], now[0])


def test_a_checkpoint_that_does_not_exist_is_refused_with_the_known_ones(tmp_path, monkeypatch):
    with pytest.raises(TinykitError, match=r"no checkpoint 'whistles'\. Choose from: ") as caught:
        load_checkpoint("whistles", ["yes", "no"])
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", tmp_path)
    with pytest.raises(TinykitError, match="Choose from: none"):
        load_checkpoint("keyword_spotting", ["yes", "no"])


@pytest.fixture(scope="module")
def tiny(learned, data):
    return quantize(learned[0], FRONTEND(data.train.x[:50]), FRONTEND, data.labels)


def test_a_checkpoint_is_the_model_that_was_saved(learned, tiny, data, tmp_path, monkeypatch):
    model, history = learned
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", tmp_path / "checkpoints")
    save_checkpoint("tones", model, history, tiny)
    loaded, curves = load_checkpoint("tones", data.labels)
    x = FRONTEND(data.test.x[:8])[..., None]
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert curves == history
    assert TinyModel.load(tmp_path / "checkpoints" / "tones").tflite == tiny.tflite


def test_a_checkpoint_for_other_labels_is_refused(learned, tiny, tmp_path, monkeypatch):
    """In another order too: the scores would be read as the wrong words."""
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", tmp_path)
    save_checkpoint("tones", *learned, tiny)
    for labels in (["low", "high"], ["high", "low", "silence"]):
        with pytest.raises(TinykitError, match="knows low, high, silence, not ") as caught:
            load_checkpoint("tones", labels)
        assert "\n" not in str(caught.value)
