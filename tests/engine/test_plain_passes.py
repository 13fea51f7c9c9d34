import numpy as np
import pytest

from handgrad.engine.plain_passes import backward, forward
from handgrad.randomness import Key

from .networks import NETWORKS

KEY = Key(4).child("dropout").at(2, np.arange(30))


@pytest.mark.parametrize("name", NETWORKS)
def test_they_are_those_of_the_network(name):
    """To the bit: nothing but checks is added."""
    made = NETWORKS[name]
    model, inputs = made.model(), made.normalization.apply(made.images(30))
    logits, kept = forward(model, inputs, training=True, key=KEY)
    again, caches = made.model().forward(inputs, training=True, key=KEY)
    np.testing.assert_array_equal(logits, again)
    gradients = backward(np.ones_like(logits), kept)
    _, expected = model.backward(np.ones_like(logits), caches)
    assert gradients.keys() == expected.keys()
    for parameter, gradient in expected.items():
        np.testing.assert_array_equal(gradients[parameter], gradient)
    predicted, _ = forward(model, inputs)
    np.testing.assert_array_equal(predicted, model.forward(inputs)[0])
