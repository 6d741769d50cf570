"""The auxiliary task: where persons are."""

import numpy as np
from squares import NOTHING, pictures_of_squares

from tinykit.features import Picture
from tinykit.models.image import mobilenet
from tinykit.training import places as auxiliary
from tinykit.training.loop import train

FRONTEND = Picture(64, 3)
DATA = pictures_of_squares(60)


def small_model():
    return mobilenet(FRONTEND.shape, DATA.labels, width=0.25, blocks=1)


def test_a_place_counts_when_a_quarter_of_it_is_covered():
    masks = np.zeros((1, 8, 8), np.uint8)
    masks[0, :2, :2] = 255  # a quarter of the first place
    masks[0, 4:6, 4] = 255  # an eighth of another
    masks[0, :4, 4:] = 255
    assert auxiliary.targets(masks, 2, 2)[0, ..., 0].tolist() == [[1, 1], [0, 0]]


def test_there_is_no_second_task_without_masks():
    assert auxiliary.with_auxiliary_output(small_model(), pictures_of_squares(masks=False)) is None


def test_the_second_output_shares_the_features():
    model = small_model()
    taught = auxiliary.with_auxiliary_output(model, DATA)
    assert taught.output_shape == [(None, 2), (None, 4, 4, 1)]
    assert len(taught.weights) == len(model.weights) + 2, "one convolution more"


def test_training_with_places_learns_the_labels_and_leaves_the_model_as_it_was():
    model = small_model()
    history = train(
        model, DATA, FRONTEND, epochs=8, clips_per_epoch=160, batch_size=16, augmentation=NOTHING
    )
    assert model.output_shape == (None, 2)
    scores = model.predict(FRONTEND(DATA.test.x), verbose=0)
    assert (scores.argmax(axis=1) == DATA.test.y).mean() > 0.9, history
