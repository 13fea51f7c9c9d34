from copy import deepcopy
from pickle import dumps, loads

import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.initializers import normal
from handgrad.parameter import Buffer, Parameter, check_are_parameters
from handgrad.randomness import Key


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


def drawn(key=None):
    return Parameter.drawn((2, 3), normal(0.5), key)


def test_a_value_that_was_only_read_may_be_drawn_anew():
    parameter = drawn()
    before = parameter.value.copy()
    parameter.forget_draw()
    assert not parameter.is_drawn
    parameter.key = Key(7)
    assert not np.array_equal(parameter.value, before)
    copied = deepcopy(parameter)
    copied.forget_draw()
    assert not copied.is_drawn


def test_a_value_with_a_key_of_its_own_or_changed_since_is_kept():
    own, changed, assigned = drawn(Key(1)), drawn(), drawn()
    changed.value[0, 0] = 5.0
    assigned.value = assigned.value + 0
    loaded = loads(dumps(drawn()))
    for parameter in (own, changed, assigned, loaded, Parameter(np.zeros(2))):
        before = parameter.value.copy()
        parameter.forget_draw()
        assert parameter.is_drawn
        np.testing.assert_array_equal(parameter.value, before)
