import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import LayerNorm
from handgrad.layers.group_norm import GroupNorm

from .images import (
    OTHER_LIBRARIES,
    assert_equals_autograd,
    assert_keeps_what_it_is_given,
    assert_same_in,
    assert_slope,
    close,
)


def drawn(groups, eps=1e-5):
    layer = GroupNorm(groups, 4, eps=eps)
    rng = np.random.default_rng(1)
    for parameter in layer.parameters().values():
        parameter.value = rng.normal(size=parameter.shape)
    return layer


def images():
    return np.random.default_rng(0).normal(size=(3, 4, 3, 2)) + 0.5


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_equals_autograd(groups, eps):
    def function(inputs, parameters):
        return torch.nn.functional.group_norm(inputs, groups, **parameters, eps=eps)

    assert_equals_autograd(drawn(groups, eps), images(), function)
    assert_slope(drawn(groups, eps), images())


@pytest.mark.parametrize("xp", OTHER_LIBRARIES)
def test_other_array_libraries_give_the_same(xp):
    assert_same_in(xp, drawn(2), images())


def test_arguments_are_not_modified():
    assert_keeps_what_it_is_given(drawn(2), images())


def test_one_group_is_layer_norm():
    expected, _ = LayerNorm((4, 3, 2)).forward(images())
    close(GroupNorm(1, 4).forward(images())[0], expected, 1e-12)


def test_invalid_settings_and_inputs_are_refused():
    with pytest.raises(ConfigError, match="divide its channels, got groups=3 for 4"):
        GroupNorm(3, 4)
    with pytest.raises(ConfigError, match="GroupNorm takes groups as an integer"):
        GroupNorm(0, 4)
    with pytest.raises(ShapeError, match=r"takes images of shape \(4, height, width\)"):
        GroupNorm(2, 4).output_shape((3, 2, 2))


def test_repr():
    assert repr(GroupNorm(2, 4)) == "GroupNorm(2, 4, eps=1e-05)"
