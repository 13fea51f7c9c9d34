import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.parameter import Buffer, Parameter, check_are_parameters


@pytest.mark.parametrize("kind", [Parameter, Buffer])
@pytest.mark.parametrize("xp", [np, torch])
def test_knows_its_shape_in_plain_numbers(kind, xp):
    array = kind(xp.zeros((2, 3), dtype=xp.float32))
    assert array.shape == (2, 3)
    assert type(array.shape) is tuple


def test_a_new_value_is_seen_at_once():
    parameter = Parameter(np.zeros(2))
    parameter.value = np.ones((4, 1))
    assert parameter.shape == (4, 1)


@pytest.mark.parametrize("value", [None, [1.0, 2.0], 1.5, "a", (1, 2)])
def test_a_new_value_is_an_array(value):
    parameter = Parameter(np.zeros(2))
    with pytest.raises(ConfigError, match=r"is an array, got .*numpy\.asarray"):
        parameter.value = value
    assert parameter.shape == (2,)


def test_says_what_it_is():
    value = np.zeros((2, 3), dtype=np.float32)
    assert repr(Parameter(value)) == "Parameter(shape=(2, 3), dtype=float32)"
    assert repr(Buffer(value)) == "Buffer(shape=(2, 3), dtype=float32)"


def test_a_buffer_can_be_told_from_what_is_trained():
    assert isinstance(Buffer(np.zeros(1)), Parameter)
    assert not isinstance(Parameter(np.zeros(1)), Buffer)


def test_what_is_no_parameter_is_named():
    right = {"weight": Parameter(np.zeros(2)), "mean": Buffer(np.zeros(2))}
    check_are_parameters(right)
    with pytest.raises(ConfigError, match=r"^bias is a Parameter .* got one list\. W"):
        check_are_parameters({**right, "bias": [0.0]})
