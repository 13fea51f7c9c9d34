import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.inspection import LayerValue, LossValue, NetworkValue
from handgrad.inspection.differentiable import in_float64
from handgrad.layers import Flatten, Linear, ReLU, Sequential
from handgrad.losses import L2, MeanSquaredError
from handgrad.randomness import Key, normal

KEY = Key(0).child("differentiable")
INPUTS = normal(KEY, (4, 3)).astype(np.float32)
TARGETS = np.array([0, 1, 1, 0])


def network():
    return Sequential([Flatten(), Linear(3, 2, key=KEY)])


def test_the_value_of_a_layer_is_the_weighted_sum_of_its_outputs():
    layer = Linear(3, 2, key=KEY)
    value = LayerValue(layer, INPUTS, key=KEY)
    outputs, _ = in_float64(layer).forward(INPUTS.astype(np.float64))
    expected = np.sum(outputs * value.d_outputs)
    assert value.evaluate(value.point)[0] == pytest.approx(expected, rel=1e-14)
    assert set(value.point) == set(value.gradients()) == {"inputs", "weight", "bias"}


def test_the_value_of_a_network_is_its_loss_and_its_l2_term():
    loss, l2 = MeanSquaredError(), L2(0.3, factor=1.0)
    value = NetworkValue(network(), loss, INPUTS, TARGETS, key=KEY, l2=l2)
    model = in_float64(network())
    logits, _ = model.forward(INPUTS.astype(np.float64))
    weight = model.parameters()["linear_1.weight"].value
    expected = loss.forward(logits, TARGETS)[0] + 0.3 * np.sum(weight**2)
    assert value.evaluate(value.point)[0] == pytest.approx(expected, rel=1e-14)


def test_the_l2_term_is_in_the_gradients():
    loss = MeanSquaredError()
    plain = NetworkValue(network(), loss, INPUTS, TARGETS, key=KEY)
    priced = NetworkValue(network(), loss, INPUTS, TARGETS, key=KEY, l2=L2(0.3))
    name = "linear_1.weight"
    np.testing.assert_allclose(
        priced.gradients()[name] - plain.gradients()[name],
        0.3 * plain.point[name],
        rtol=1e-12,
    )
    bias = "linear_1.bias"
    np.testing.assert_array_equal(priced.gradients()[bias], plain.gradients()[bias])


def test_the_value_of_a_loss_depends_on_the_logits_alone():
    value = LossValue(MeanSquaredError(), INPUTS[:, :2], TARGETS)
    assert value.point["logits"].dtype == np.float64
    assert value.gradients()["logits"].shape == (4, 2)


def test_the_given_layer_is_not_modified():
    layer = Linear(3, 2, key=KEY)
    before = layer.weight.value.copy()
    value = LayerValue(layer, INPUTS, key=KEY)
    value.evaluate({name: array + 1 for name, array in value.point.items()})
    assert layer.weight.value.dtype == np.float32
    np.testing.assert_array_equal(layer.weight.value, before)


def test_methods_that_return_no_pair_are_named():
    class Alone(ReLU):
        def forward(self, inputs, *, training=False, key=None):
            return super().forward(inputs) if training else inputs

        def backward(self, d_outputs, cache, /):
            return d_outputs

    with pytest.raises(ConfigError, match="forward of Alone returned one ndarray"):
        LayerValue(Alone(), INPUTS, key=KEY, training=False)
    with pytest.raises(ConfigError, match="backward of Alone returned one ndarray"):
        LayerValue(Alone(), INPUTS, key=KEY).gradients()
