import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.errors import ShapeError
from handgrad.layers.average_pool2d import AveragePool2d
from handgrad.layers.global_average_pool2d import GlobalAveragePool2d

from .images import (
    OTHER_LIBRARIES,
    assert_equals_autograd,
    assert_keeps_what_it_is_given,
    assert_same_in,
    assert_slope,
    close,
)

SHAPES = st.tuples(*[st.integers(1, 6)] * 4)


def images(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@given(shape=SHAPES)
def test_equals_the_definition(shape):
    inputs = images(shape)
    outputs, cache = GlobalAveragePool2d().forward(inputs)
    area = shape[2] * shape[3]
    d_outputs = images(shape[:2], seed=1)
    d_inputs, gradients = GlobalAveragePool2d().backward(d_outputs, cache)
    for b, c in np.ndindex(*shape[:2]):
        total = sum(inputs[b, c, y, x] for y, x in np.ndindex(*shape[2:]))
        assert outputs[b, c] == pytest.approx(total / area, abs=1e-12)
        close(d_inputs[b, c], d_outputs[b, c] / area, 1e-12)
    assert gradients == {}


@given(shape=SHAPES)
def test_equals_autograd(shape):
    def function(inputs, parameters):
        return torch.nn.functional.adaptive_avg_pool2d(inputs, 1)[:, :, 0, 0]

    assert_equals_autograd(GlobalAveragePool2d(), images(shape), function)


@given(shape=SHAPES)
def test_float32_stays_within_rounding(shape):
    inputs = images(shape).astype(np.float32)
    outputs, _ = GlobalAveragePool2d().forward(inputs)
    exact, _ = GlobalAveragePool2d().forward(inputs.astype(np.float64))
    size, _ = GlobalAveragePool2d().forward(abs(inputs.astype(np.float64)))
    bound = 4 * np.finfo(np.float32).eps * np.sqrt(shape[2] * shape[3]) * size
    assert outputs.dtype == np.float32
    assert np.all(abs(outputs - exact) <= bound)


def test_gradient_by_random_projection():
    assert_slope(GlobalAveragePool2d(), images((2, 3, 5, 4)))


@pytest.mark.parametrize("xp", OTHER_LIBRARIES)
def test_other_array_libraries_give_the_same(xp):
    assert_same_in(xp, GlobalAveragePool2d(), images((2, 3, 5, 4)))


@settings(max_examples=20)
@given(shape=SHAPES)
def test_arguments_are_not_modified(shape):
    assert_keeps_what_it_is_given(GlobalAveragePool2d(), images(shape))


@given(shape=SHAPES)
def test_is_average_pooling_with_one_window(shape):
    inputs = images(shape)
    expected, _ = AveragePool2d(shape[2:]).forward(inputs)
    close(GlobalAveragePool2d().forward(inputs)[0], expected[:, :, 0, 0], 1e-12)


def test_inputs_that_are_not_images_are_refused():
    with pytest.raises(ShapeError, match=r"^GlobalAveragePool2d\(\) takes images"):
        GlobalAveragePool2d().output_shape((10,))


def test_repr():
    assert repr(GlobalAveragePool2d()) == "GlobalAveragePool2d()"
