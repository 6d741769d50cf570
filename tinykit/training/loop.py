"""Teach a network with ever new variations of the training clips. Taught in notebook 01."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tinykit.common.backend import load_keras
from tinykit.common.errors import TinykitError
from tinykit.common.kinds import NONE, SILENCE, kind_of
from tinykit.common.progress import Progress
from tinykit.training.augmentation import (
    BY_KIND,
    Augmentation,
    ImageAugmentation,
    MotionAugmentation,
)
from tinykit.training.places import with_places
from tinykit.training.recipe import Recipe
from tinykit.training.task import Task

if TYPE_CHECKING:
    import keras

    from tinykit.datasets.dataset import Dataset, Split
    from tinykit.features.frontend import FrontEnd

# How often a label is drawn, against the others: silence is soon learned, everyday motion has many
# forms.
_SHARES = {SILENCE: 0.5, NONE: 2.0}


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
    frontend: FrontEnd,
    recipe: Recipe | None = None,
    *,
    augmentation: Augmentation | MotionAugmentation | ImageAugmentation | None = None,
    loss: keras.losses.Loss | None = None,
    task: Callable[[keras.Model, Dataset, Any], Task] = with_places,
    **changes: float,
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
        recipe: how long, and in what portions; default `Recipe()`.
        augmentation: the changes to the examples; by default `Augmentation()` for sound,
            `MotionAugmentation()` for motion, `ImageAugmentation()` for pictures.
        loss: of the scores; default cross-entropy with the recipe's label smoothing.
        task: (model, data, loss) -> what is fitted, see `tinykit.training.task`; by default the
            scores, and of pictures with masks where persons are, too.
        changes: numbers of the recipe that are to be others, such as `epochs=5`.

    Raises TinykitError when labels and model outputs differ in number.
    """
    n_labels = len(data.labels)
    if model.output_shape[-1] != n_labels:
        raise TinykitError(
            f"The model has {model.output_shape[-1]} outputs but the data {n_labels} labels. "
            "Make the model with these labels."
        )
    recipe = replace(recipe or Recipe(), **changes)
    augmentation = augmentation or BY_KIND[kind_of(frontend)]()
    keras = load_keras()
    keras.utils.set_random_seed(recipe.seed)
    loss = loss or keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    model.compile(loss=loss, metrics=["accuracy"])
    taught = task(model, data, loss)
    taught.compile(_optimizer(keras, recipe))
    one_hot = np.eye(n_labels, dtype=np.float32)
    shape = (-1, *model.input_shape[1:])
    validation = frontend(data.validation.x).reshape(shape), one_hot[data.validation.y]

    def prepare(epoch: int) -> tuple[np.ndarray, Any]:
        drawn = training_batch(
            data, frontend, recipe.clips_per_epoch, augmentation, (recipe.seed, epoch)
        )
        x = drawn.features.reshape(shape)
        return x, taught.targets(x, one_hot[drawn.y], drawn.masks)

    history = History()
    started = time.monotonic()
    model.set_weights(_fitted(model, taught.model, prepare, validation, recipe, history))
    history.seconds = time.monotonic() - started
    return history


def _fitted(
    model: keras.Model,
    taught: keras.Model,
    prepare: Callable[[int], tuple],
    validation: tuple[np.ndarray, np.ndarray],
    recipe: Recipe,
    history: History,
) -> list[np.ndarray]:
    """The epochs; gives the averaged weights and fills in `history`."""
    average = _Average(model)
    after_step = load_keras().callbacks.LambdaCallback(on_train_batch_end=average.update)
    with Progress("epoch", recipe.epochs) as progress, _quick_normalization(taught):
        for x, y in _prepared_ahead(prepare, recipe.epochs):
            fitted = taught.fit(
                x,
                y,
                recipe.batch_size,
                recipe.passes,
                shuffle=recipe.passes > 1,
                verbose=0,
                callbacks=[after_step],
            ).history
            with average.in_use():
                val_loss, val_accuracy = model.evaluate(*validation, batch_size=512, verbose=0)
            history.loss.append(fitted["loss"][-1])
            history.accuracy.append(fitted.get("scores_accuracy", fitted.get("accuracy"))[-1])
            history.val_loss.append(val_loss)
            history.val_accuracy.append(val_accuracy)
            progress.step(f"accuracy {history.accuracy[-1]:.1%}, validation {val_accuracy:.1%}")
    return average.weights


@dataclass(frozen=True)
class Drawn:
    """Training examples, changed: features float32 (n, *frontend.shape), labels int64 (n,), and of
    pictures whose places are known masks uint8 (n, height, width), else None."""

    features: np.ndarray
    y: np.ndarray
    masks: np.ndarray | None


def training_batch(
    data: Dataset,
    frontend: FrontEnd,
    n: int,
    augmentation: Augmentation | MotionAugmentation | ImageAugmentation,
    seed: int | tuple[int, ...] = 0,
) -> Drawn:
    """Draw `n` training examples and compute features of changed copies of them."""
    random = np.random.default_rng(seed)
    chosen = balanced_sample(data.train, data.labels, n, random)
    features, masks = augmentation.batch(data, chosen, frontend, random)
    return Drawn(features, data.train.y[chosen], masks)


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


def _optimizer(keras, recipe: Recipe):
    """AdamW; the step size goes half an epoch up, then down to 0 along a cosine."""
    steps = recipe.passes * math.ceil(recipe.clips_per_epoch / recipe.batch_size)
    schedule = _schedule(keras, recipe.learning_rate, recipe.epochs, steps)
    return keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay)


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
