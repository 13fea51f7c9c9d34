import numpy as np
import pytest

from handgrad.errors import ShapeError
from handgrad.inspection.feature_maps import feature_maps
from handgrad.layers import ReLU, Sequential
from handgrad.models import lenet
from handgrad.randomness import Key, normal


def test_every_layer_is_there_and_the_last_gives_the_logits():
    model, image = lenet(activation="relu"), normal(Key(0), (1, 28, 28))
    maps = feature_maps(model, image)
    assert [found.layer for found in maps] == list(model.layers)
    assert maps[0].outputs.shape == (6, 28, 28)
    np.testing.assert_array_equal(maps[-1].outputs, model.forward(image[None])[0][0])


def test_zeros_and_silent_maps_are_counted():
    image = np.array([[[-1.0, -2.0]], [[3.0, -1.0]]])
    (found,) = feature_maps(Sequential([ReLU()]), image)
    assert (found.zero, found.silent) == (0.75, 1)


def test_a_batch_is_refused():
    with pytest.raises(ShapeError, match="without the batch axis"):
        feature_maps(lenet(), np.zeros((2, 1, 28, 28)))
