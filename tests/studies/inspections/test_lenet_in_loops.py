"""The loops, tested against the definitions of the tests and finite differences."""

from math import log

import numpy as np
import pytest

from definitions import conv2d as definition_of_convolution
from definitions import linear as definition_of_linear
from definitions import pooling as definition_of_pooling
from handgrad.models import lenet
from handgrad.randomness import Key, normal
from handgrad.studies.inspections.lenet_in_loops import (
    LoopedLeNet,
    added,
    as_maps,
    average_pool,
    average_pool_backward,
    bordered,
    convolve,
    convolve_backward,
    cross_entropy,
    linear,
    linear_backward,
    moved,
    sigmoid,
)

KEY = Key(0)


def draw(name, *shape):
    return normal(KEY.child(name), shape)


def test_convolution_is_the_definition():
    image, weight, bias = draw("i", 2, 6, 6), draw("w", 3, 2, 3, 3), draw("b", 3)
    found = convolve(bordered(image.tolist(), 1), weight.tolist(), bias.tolist())
    right = definition_of_convolution.conv2d(image[None], weight, bias, (1, 1), (1, 1))
    np.testing.assert_allclose(found, right[0], rtol=1e-12, atol=1e-12)


def test_gradients_of_convolution_are_those_of_the_definition():
    image, weight, d = draw("i", 2, 5, 5), draw("w", 3, 2, 3, 3), draw("d", 3, 3, 3)
    found = convolve_backward(d.tolist(), image.tolist(), weight.tolist())
    right = definition_of_convolution.conv2d_backward(
        d[None], image[None], weight, (1, 1), (0, 0)
    )
    np.testing.assert_allclose(found[0], right[0][0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found[1], right[1], rtol=1e-12, atol=1e-12)


def test_pooling_is_the_definition():
    image, d = draw("i", 2, 4, 6), draw("d", 2, 2, 3)
    sizes = ((2, 2), (2, 2), (0, 0))
    right = definition_of_pooling.average_pool2d(image[None], *sizes)
    np.testing.assert_allclose(average_pool(image.tolist()), right[0], rtol=1e-12)
    blame = definition_of_pooling.average_pool2d_backward(d[None], image[None], *sizes)
    np.testing.assert_allclose(average_pool_backward(d.tolist()), blame[0], rtol=1e-12)


def test_linear_is_the_definition():
    inputs, weight, bias, d = draw("i", 4), draw("w", 3, 4), draw("b", 3), draw("d", 3)
    found = linear(inputs.tolist(), weight.tolist(), bias.tolist())
    right = definition_of_linear.linear(inputs[None], weight, bias)
    np.testing.assert_allclose(found, right[0], rtol=1e-12)
    d_inputs, d_weight = linear_backward(d.tolist(), inputs.tolist(), weight.tolist())
    blame = definition_of_linear.linear_backward(d[None], inputs[None], weight)
    np.testing.assert_allclose(d_inputs, blame[0][0], rtol=1e-12)
    np.testing.assert_allclose(d_weight, blame[1], rtol=1e-12)


def test_known_numbers():
    loss, d_logits = cross_entropy([0.0, 0.0, 0.0, 0.0], 1)
    assert loss == pytest.approx(log(4))
    assert d_logits == [0.25, -0.75, 0.25, 0.25]
    assert cross_entropy([1e4, 0.0], 1)[0] == 1e4
    assert (sigmoid(0.0), sigmoid(-1e4), sigmoid(1e4)) == (0.5, 0.0, 1.0)
    assert as_maps([1, 2, 3, 4], 2, 1, 2) == [[[1, 2]], [[3, 4]]]
    assert added({"a": [1, [2]]}, {"a": [3, [4]]}) == {"a": [4, [6]]}
    assert moved({"a": [1.0]}, {"a": [2.0]}, -0.5) == {"a": [0.0]}


def test_one_gradient_of_each_parameter_by_finite_difference():
    model = lenet()
    values = {n: p.value.astype(float).tolist() for n, p in model.parameters().items()}
    image = draw("image", 1, 28, 28).tolist()
    network = LoopedLeNet(values)
    _, gradients = network.backward(image, 3)
    eps = 1e-5
    for name in ("conv2d_1.bias", "conv2d_2.bias", "linear_1.bias", "linear_3.bias"):
        losses = []
        for step in (eps, -eps):
            nudged = [values[name][0] + step, *values[name][1:]]
            moved_there = LoopedLeNet({**values, name: nudged})
            losses.append(cross_entropy(moved_there.forward(image)["logits"], 3)[0])
        numeric = (losses[0] - losses[1]) / (2 * eps)
        assert gradients[name][0] == pytest.approx(numeric, rel=1e-6)
