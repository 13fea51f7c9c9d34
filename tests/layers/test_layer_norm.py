import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError, ShapeError
from handgrad.layers.layer_norm import LayerNorm

from .images import (
    OTHER_LIBRARIES,
    assert_equals_autograd,
    assert_keeps_what_it_is_given,
    assert_same_in,
    assert_slope,
)

SHAPES = [(4, 3, 2), (3, 2), (2,)]


def drawn(shape, eps=1e-5):
    layer = LayerNorm(shape, eps=eps)
    rng = np.random.default_rng(1)
    for parameter in layer.parameters().values():
        parameter.value = rng.normal(size=parameter.shape)
    return layer


def images(scale=1.0):
    return scale * np.random.default_rng(0).normal(size=(3, 4, 3, 2)) + 0.5


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_equals_autograd(shape, eps):
    def function(inputs, parameters):
        return torch.nn.functional.layer_norm(inputs, shape, **parameters, eps=eps)

    assert_equals_autograd(drawn(shape, eps), images(), function)
    assert_slope(drawn(shape, eps), images())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("xp", OTHER_LIBRARIES)
def test_other_array_libraries_give_the_same(xp, shape):
    assert_same_in(xp, drawn(shape), images())


def test_arguments_are_not_modified():
    assert_keeps_what_it_is_given(drawn(SHAPES[0]), images())


def test_each_example_is_normalized_by_itself():
    inputs = images(5.0)
    outputs, _ = LayerNorm((4, 3, 2)).forward(inputs)
    np.testing.assert_allclose(outputs.mean(axis=(1, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(outputs.var(axis=(1, 2, 3)), 1, rtol=1e-5)
    again, _ = LayerNorm((4, 3, 2)).forward(inputs[:1], training=True)
    np.testing.assert_array_equal(again, outputs[:1])


@pytest.mark.parametrize("shape", [0, (), (3, -1), "3", (2.5,), None, True])
def test_an_invalid_shape_is_refused(shape):
    with pytest.raises(ConfigError, match="LayerNorm takes shape as an integer"):
        LayerNorm(shape)


def test_other_examples_are_refused():
    with pytest.raises(ShapeError, match=r"last axes are \(4,\), got \(4, 3\)"):
        LayerNorm(4).output_shape((4, 3))
    with pytest.raises(ConfigError, match="LayerNorm takes eps above 0"):
        LayerNorm(4, eps=0)


def test_repr():
    assert repr(LayerNorm(4)) == "LayerNorm(4, eps=1e-05)"
    assert repr(LayerNorm([4, 3])) == "LayerNorm((4, 3), eps=1e-05)"
