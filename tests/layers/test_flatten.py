import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from handgrad.layers.flatten import Flatten

from .images import (
    OTHER_LIBRARIES,
    assert_equals_autograd,
    assert_same_in,
    assert_slope,
)

SHAPES = st.lists(st.integers(1, 5), min_size=2, max_size=5).map(tuple)


def numbers(shape):
    return np.random.default_rng(0).normal(size=shape)


@given(shape=SHAPES)
def test_equals_the_definition(shape):
    inputs = numbers(shape)
    outputs, _ = Flatten().forward(inputs)
    for row, example in zip(outputs, inputs, strict=True):
        expected = [example[place] for place in np.ndindex(*shape[1:])]
        np.testing.assert_array_equal(row, expected)


@given(shape=SHAPES)
def test_equals_autograd(shape):
    def function(inputs, parameters):
        return torch.flatten(inputs, start_dim=1)

    assert_equals_autograd(Flatten(), numbers(shape), function, atol=0)


def test_gradient_by_random_projection():
    assert_slope(Flatten(), numbers((2, 3, 4)))


@pytest.mark.parametrize("xp", OTHER_LIBRARIES)
def test_other_array_libraries_give_the_same(xp):
    assert_same_in(xp, Flatten(), numbers((2, 3, 5, 4)))


@given(shape=SHAPES)
def test_keeps_shape_and_type(shape):
    inputs = numbers(shape).astype(np.float32)
    outputs, cache = Flatten().forward(inputs)
    back, gradients = Flatten().backward(outputs, cache)
    np.testing.assert_array_equal(back, inputs)
    assert back.dtype == outputs.dtype == np.float32
    assert gradients == {}


def test_the_memory_layout_does_not_matter():
    inputs = numbers((2, 3, 5, 4))
    turned = np.moveaxis(np.ascontiguousarray(np.moveaxis(inputs, 1, -1)), -1, 1)
    np.testing.assert_array_equal(
        Flatten().forward(turned)[0], Flatten().forward(inputs)[0]
    )


def test_an_empty_batch_gives_an_empty_batch():
    outputs, cache = Flatten().forward(np.zeros((0, 3, 2)))
    assert outputs.shape == (0, 6)
    assert Flatten().backward(outputs, cache)[0].shape == (0, 3, 2)


def test_repr():
    assert repr(Flatten()) == "Flatten()"
