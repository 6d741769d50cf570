"""Teach a network with ever new variations of the training clips. Taught in notebook 01."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tinykit.common.backend import load_keras
from tinykit.common.errors import TinykitError
from tinykit.common.kinds import AUDIO, IMAGE, MOTION, kind_of
from tinykit.common.progress import Progress
from tinykit.training import places as auxiliary
from tinykit.training.augmentation.audio import Augmentation
from tinykit.training.augmentation.image import ImageAugmentation
from tinykit.training.augmentation.motion import MotionAugmentation

if TYPE_CHECKING:
    import keras

    from tinykit.datasets.dataset import Dataset, Split
    from tinykit.features import LogMel, Motion, Picture

_AUGMENTATIONS = {AUDIO: Augmentation, MOTION: MotionAugmentation, IMAGE: ImageAugmentation}

# How often a label is drawn, against the others: silence is soon learned, everyday motion has many
# forms.
_SHARES = {"silence": 0.5, "none": 2.0}


@dataclass
class History:
    """What training measured after each epoch, one number an epoch in each list.

    `loss` and `accuracy` are of the augmented training clips, while the weights were changing;
    `val_loss` and `val_accuracy` of the validation clips as they are, with averaged weights.
    `seconds` is for all epochs.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def __add__(self, other: History) -> History:
        """This training and then another one."""
        return History(*(getattr(self, key) + getattr(other, key) for key in asdict(self)))

    def __repr__(self) -> str:
        if not self.loss:
            return "History(not trained)"
        return (
            f"History({len(self.loss)} epochs in {self.seconds:.0f} s, "
            f"validation accuracy {self.val_accuracy[-1]:.1%})"
        )


def train(
    model: keras.Model,
    data: Dataset,
    frontend: LogMel | Motion | Picture,
    *,
    epochs: int = 12,
    clips_per_epoch: int = 8_000,
    batch_size: int = 128,
    passes: int = 1,
    learning_rate: float = 2e-3,
    label_smoothing: float = 0.05,
    augmentation: Augmentation | MotionAugmentation | ImageAugmentation | None = None,
    seed: int = 0,
) -> History:
    """Train `model` in place on augmented examples of `data.train`.

    Every epoch draws `clips_per_epoch` clips, takes or pictures, each label equally often (silence
    half as often, everyday motion more often), bends each one anew and computes its features. The
    learning rate rises for half an epoch and then falls to 0 along a cosine, so the last epochs
    settle. What is measured and kept is a moving average of the weights.
    While the network learns one epoch, the next is prepared.

    Args:
        model: maps features to probabilities of `data.labels`.
        data: its `train` split is learned, its `validation` split only measured.
        frontend: computes the features.
        epochs, clips_per_epoch, batch_size: how long, and in what portions.
        passes: how often an epoch's examples are learned before others take their place. What
            it took to change them is then shared by more steps.
        learning_rate: the highest step size of AdamW.
        label_smoothing: share of certainty given to the other labels.
        augmentation: the changes to the examples; by default `Augmentation()` for sound,
            `MotionAugmentation()` for motion, `ImageAugmentation()` for pictures.
        seed: the same seed and machine give the same weights.

    Raises TinykitError when labels and model outputs differ in number.
    """
    n_labels = len(data.labels)
    if model.output_shape[-1] != n_labels:
        raise TinykitError(
            f"The model has {model.output_shape[-1]} outputs but the data {n_labels} labels. "
            "Make the model with these labels."
        )
    if augmentation is None:
        augmentation = _AUGMENTATIONS[kind_of(frontend)]()
    keras = load_keras()
    keras.utils.set_random_seed(seed)
    scoring = keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing)
    model.compile(loss=scoring, metrics=["accuracy"])
    steps = epochs, passes * math.ceil(clips_per_epoch / batch_size)
    optimizer = keras.optimizers.AdamW(_schedule(keras, learning_rate, *steps), weight_decay=1e-4)
    taught = _with_auxiliary_task(model, data, optimizer, scoring)
    one_hot = np.eye(n_labels, dtype=np.float32)
    shape = (-1, *model.input_shape[1:])
    validation = frontend(data.validation.x).reshape(shape), one_hot[data.validation.y]

    def prepare(epoch: int) -> tuple[np.ndarray, Any]:
        if taught is model:
            features, y = training_features(
                data, frontend, clips_per_epoch, augmentation, (seed, epoch)
            )
            return features.reshape(shape), one_hot[y]
        random = np.random.default_rng((seed, epoch))
        chosen = balanced_sample(data.train, data.labels, clips_per_epoch, random)
        pictures, masks = augmentation.copies(data, chosen, random, frontend.channels)
        where = auxiliary.targets(masks, *taught.output_shape[1][1:3])
        return frontend(pictures), [one_hot[data.train.y[chosen]], where]

    average = _Average(model)
    after_step = keras.callbacks.LambdaCallback(on_train_batch_end=average.update)
    history = History()
    started = time.monotonic()
    with Progress("epoch", epochs) as progress, _quick_normalization(taught):
        for x, y in _prepared_ahead(prepare, epochs):
            fitted = taught.fit(
                x, y, batch_size, passes, shuffle=passes > 1, verbose=0, callbacks=[after_step]
            ).history
            with average.in_use():
                val_loss, val_accuracy = model.evaluate(*validation, batch_size=512, verbose=0)
            history.loss.append(fitted["loss"][-1])
            history.accuracy.append(fitted.get("scores_accuracy", fitted.get("accuracy"))[-1])
            history.val_loss.append(val_loss)
            history.val_accuracy.append(val_accuracy)
            progress.step(f"accuracy {history.accuracy[-1]:.1%}, validation {val_accuracy:.1%}")
    model.set_weights(average.weights)
    history.seconds = time.monotonic() - started
    return history


def _with_auxiliary_task(model: keras.Model, data: Dataset, optimizer: Any, scoring: Any):
    """The network to train: `model`, or one of the same weights with a second output for places."""
    taught = auxiliary.with_auxiliary_output(model, data)
    if taught is None:
        model.compile(optimizer, scoring, metrics=["accuracy"])
        return model
    taught.compile(
        optimizer,
        [scoring, "binary_crossentropy"],
        loss_weights=[1.0, auxiliary.WEIGHT],
        metrics=[["accuracy"], []],
    )
    return taught


def training_features(
    data: Dataset,
    frontend: LogMel | Motion | Picture,
    n: int,
    augmentation: Augmentation | MotionAugmentation | ImageAugmentation,
    seed: int | tuple[int, ...] = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw `n` training examples and compute features of changed copies of them.

    Returns features, float32 (n, *frontend.shape), and labels, int64 (n,).
    """
    random = np.random.default_rng(seed)
    chosen = balanced_sample(data.train, data.labels, n, random)
    return augmentation.features(data, chosen, frontend, random), data.train.y[chosen]


def balanced_sample(
    split: Split, labels: list[str], n: int, random: np.random.Generator
) -> np.ndarray:
    """Indices of `n` examples: each label equally often, but silence less and none more often."""
    share = np.array([_SHARES.get(label, 1.0) for label in labels])
    share *= np.bincount(split.y, minlength=len(labels)) > 0
    drawn = random.choice(len(labels), size=n, p=share / share.sum())
    chosen = np.empty(n, int)
    for label in np.unique(drawn):
        of_label = np.flatnonzero(split.y == label)
        wanted = drawn == label
        chosen[wanted] = of_label[random.integers(len(of_label), size=wanted.sum())]
    return chosen


class _Average:
    """A moving average of a model's weights over about the last 200 steps.

    Weights jump about while the learning rate is high; their average does better on new data
    (Polyak and Juditsky 1992) and does not depend on where exactly training stopped.
    """

    def __init__(self, model: keras.Model, decay: float = 0.995) -> None:
        import tensorflow as tf

        self.model, self.decay = model, decay
        self.steps = 0
        means = self._means = [tf.Variable(weight.value) for weight in model.weights]
        weights = [weight.value for weight in model.weights]

        @tf.function  # all weights at once, without a way through Python
        def blend(share: tf.Tensor) -> None:
            for mean, now in zip(means, weights, strict=True):
                mean.assign_add(share * (now - mean))

        self._blend = blend

    @property
    def weights(self) -> list[np.ndarray]:
        """The average now."""
        return [mean.numpy() for mean in self._means]

    def update(self, batch: int = 0, logs: dict | None = None) -> None:
        """Take in the model's weights as they are now; in the beginning old ones fade faster."""
        import tensorflow as tf

        self.steps += 1
        self._blend(tf.constant(1 - min(self.decay, self.steps / (self.steps + 10))))

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Give the model the average for a while."""
        own = self.model.get_weights()
        self.model.set_weights(self.weights)
        yield
        self.model.set_weights(own)


@contextlib.contextmanager
def _quick_normalization(model: keras.Model) -> Iterator[None]:
    """Batch normalization as one operation of TensorFlow for a while, not as ten: far quicker.

    Keras 3 computes it step by step on every backend. The sums are the same.
    """
    import tensorflow as tf

    plain = load_keras().layers.BatchNormalization

    class Quick(plain):
        def call(self, inputs, training=None, mask=None):
            if not training:
                return super().call(inputs, training, mask)
            outputs, *moments = tf.compat.v1.nn.fused_batch_norm(
                inputs, self.gamma, self.beta, epsilon=self.epsilon
            )
            for moving, now in zip((self.moving_mean, self.moving_variance), moments, strict=True):
                moving.assign(self.momentum * moving + (1 - self.momentum) * now)
            return outputs

    layers = [layer for layer in model.layers if type(layer) is plain]
    for layer in layers:
        layer.__class__ = Quick
    try:
        yield
    finally:
        for layer in layers:
            layer.__class__ = plain


def _schedule(keras, peak: float, epochs: int, steps: int):
    """Half an epoch up, then down to 0 along a cosine."""
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / 10,
        warmup_target=peak,
        warmup_steps=steps // 2,
        decay_steps=max(1, epochs * steps - steps // 2),
    )


def _prepared_ahead(prepare: Callable[[int], tuple], epochs: int):
    """prepare(0), prepare(1), ...: the next one is computed while the last is in use."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        following: Future = pool.submit(prepare, 0)
        for epoch in range(epochs):
            ready = following.result()
            if epoch + 1 < epochs:
                following = pool.submit(prepare, epoch + 1)
            yield ready
