"""A class activation map is exact: the mean over all places is what the network says."""

import numpy as np
import pytest

from tinykit.common.backend import load_keras
from tinykit.common.errors import TinykitError
from tinykit.features import Picture
from tinykit.models.activation_maps import class_activation_map
from tinykit.models.audio import ds_cnn
from tinykit.models.image import mobilenet

FRONTEND = Picture(size=64)


def features(n: int, seed: int = 0, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (n, 64, 64, channels)).astype(np.float32)


def varied(model):
    """The same model with biases and statistics that are not 0 and 1, as after training."""
    random = np.random.default_rng(0)
    model.set_weights(
        [
            w + random.uniform(0.1, 0.3, w.shape) * (w.ndim == 1)  # kernels are random already
            for w in model.get_weights()
        ]
    )
    return model


def dense_model():
    keras = load_keras()
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((64, 64, 1)),
            layers.Conv2D(5, 3, 8, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.5),
            layers.Dense(2, activation="softmax"),
        ]
    )


@pytest.mark.parametrize(
    "make", [lambda: mobilenet(FRONTEND.shape, ["no", "yes"]), dense_model], ids=["conv", "dense"]
)
def test_of_two_labels_the_mean_over_all_places_is_the_log_odds_of_the_score(make):
    model, x = varied(make()), features(6)
    scores = model.predict(x, verbose=0)
    for label in (0, 1):
        maps = class_activation_map(model, x, label)
        assert maps.dtype == np.float32 and maps.ndim == 3 and len(maps) == 6
        means = maps.mean(axis=(1, 2), dtype=float)
        # float32 is good for seven digits; a score changes by at most a quarter of its log odds.
        np.testing.assert_allclose(1 / (1 + np.exp(-means)), scores[:, label], atol=1e-4)


def test_of_more_labels_it_is_the_sum_less_the_mean_of_the_others():
    model, x = varied(mobilenet(FRONTEND.shape, list("abc"))), features(2)
    log_scores = np.log(model.predict(x, verbose=0))
    means = np.stack([class_activation_map(model, x, i).mean(axis=(1, 2)) for i in range(3)], 1)
    for label in range(3):
        others = np.delete(log_scores, label, axis=1).mean(axis=1)
        np.testing.assert_allclose(means[:, label], log_scores[:, label] - others, atol=1e-3)
    # Every label is once for and twice against, by half.
    np.testing.assert_allclose(means.sum(axis=1), 0, atol=1e-3)


def test_what_speaks_for_a_label_is_where_it_is():
    """A network that looks for one bright pixel says in which part of the picture it is."""
    keras = load_keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((64, 64, 1)),
            layers.MaxPooling2D(8),
            layers.GlobalAveragePooling2D(keepdims=True),
            layers.Conv2D(2, 1),
            layers.Flatten(),
            layers.Softmax(),
        ]
    )
    model.set_weights([np.array([-1.0, 3.0]).reshape(1, 1, 1, 2), np.array([0.0, 0.5])])
    x = np.zeros((1, 64, 64, 1), np.float32)
    x[0, 42, 9] = 1
    expected = np.full((8, 8), 0.5)
    expected[5, 1] += 4
    np.testing.assert_allclose(class_activation_map(model, x, 1)[0], expected, atol=1e-6)
    np.testing.assert_allclose(class_activation_map(model, x, 0)[0], -expected, atol=1e-6)


def test_a_map_is_as_coarse_as_the_last_layer():
    """MobileNet halves the picture four times."""
    model = mobilenet((64, 64, 3), ["a", "b"])
    assert class_activation_map(model, features(3, channels=3), 0).shape == (3, 4, 4)


def test_the_keyword_network_can_be_asked_as_well():
    model = ds_cnn((49, 40), ["yes", "no"])
    assert class_activation_map(model, np.zeros((1, 49, 40, 1)), 0).shape == (1, 13, 10)


def test_a_label_that_is_not_there_is_refused():
    model = mobilenet(FRONTEND.shape, ["a", "b"])
    for label in (-1, 2):
        with pytest.raises(TinykitError, match=rf"no label {label}\. Choose 0 to 1\."):
            class_activation_map(model, features(1), label)


@pytest.mark.parametrize(
    "ending",
    [
        lambda layers: [layers.GlobalMaxPooling2D(), layers.Dense(2)],
        lambda layers: [layers.GlobalAveragePooling2D(), layers.Dense(4), layers.Dense(2)],
        lambda layers: [layers.GlobalAveragePooling2D(), layers.Dense(2, use_bias=False)],
        lambda layers: [
            layers.GlobalAveragePooling2D(),
            layers.Activation("tanh"),
            layers.Dense(2),
            layers.Softmax(),
        ],
        lambda layers: [layers.Flatten(), layers.Dense(2)],
    ],
    ids=["maximum", "hidden layer", "no bias", "bent", "no pooling"],
)
def test_models_that_end_otherwise_are_refused_in_one_line(ending):
    keras = load_keras()
    model = keras.Sequential([keras.Input((64, 64, 1)), *ending(keras.layers)], name="mine")
    with pytest.raises(TinykitError, match=r"^mine ends in .*cannot be told") as error:
        class_activation_map(model, features(1), 0)
    assert "\n" not in str(error.value)
