import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import pooling as definition
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers.average_pool2d import AveragePool2d
from handgrad.layers.max_pool2d import MaxPool2d

from .images import (
    OTHER_LIBRARIES,
    assert_equals_autograd,
    assert_keeps_what_it_is_given,
    assert_same_in,
    assert_slope,
    cases,
    close,
)

POOLING = cases(pooling=True)
ODD_VALUES = [
    (-2.0, -1.0, 0.0, 1.0),  # many ties
    (-np.inf, -1.0),  # windows that contain only -infinity
    (np.nan, 0.0, 1.0, np.inf),
    (np.nan, -np.inf),
]


def layer_for(case):
    return MaxPool2d(case.kernel_size, **case.settings)


@pytest.mark.parametrize("values", ODD_VALUES)
@settings(max_examples=25, deadline=None)
@given(case=POOLING)
def test_equals_the_definition(values, case):
    layer, inputs = layer_for(case), case.few_values(values)
    outputs, cache = layer.forward(inputs)
    expected, winners = definition.max_pool2d(inputs, *case.pairs)
    np.testing.assert_array_equal(outputs, expected)
    d_outputs = case.normal(outputs.shape)
    d_inputs, gradients = layer.backward(d_outputs, cache)
    close(
        d_inputs,
        definition.max_pool2d_backward(d_outputs, winners, inputs.shape),
        1e-12,
    )
    assert gradients == {}


@pytest.mark.parametrize("values", ODD_VALUES)
@settings(max_examples=50, deadline=None)
@given(case=POOLING)
def test_equals_autograd(values, case):
    def function(inputs, parameters):
        return torch.nn.functional.max_pool2d(inputs, *case.pairs)

    assert_equals_autograd(layer_for(case), case.few_values(values), function)


@settings(max_examples=50, deadline=None)
@given(case=POOLING)
def test_float32_is_exact(case):
    """A maximum is exact; only gradients of overlapping windows are summed."""
    layer, inputs = layer_for(case), case.normal().astype(np.float32)
    outputs, cache = layer.forward(inputs)
    finer, _ = layer.forward(inputs.astype(np.float64))
    assert outputs.dtype == np.float32
    np.testing.assert_array_equal(outputs, finer)
    d_outputs = case.normal(outputs.shape).astype(np.float32)
    exact, _ = layer.backward(d_outputs.astype(np.float64), cache)
    sizes, _ = layer.backward(abs(d_outputs.astype(np.float64)), cache)
    d_inputs, _ = layer.backward(d_outputs, cache)
    length = np.prod(case.pairs[0])
    bound = 4 * np.finfo(np.float32).eps * np.sqrt(length) * sizes
    assert np.all(abs(d_inputs - exact) <= bound)


@settings(max_examples=20, deadline=None)
@given(case=POOLING)
def test_gradient_by_random_projection(case):
    # values at least 1 apart, so that no argmax changes within the projection
    order = np.random.default_rng(case.seed).permutation(np.prod(case.shape))
    assert_slope(layer_for(case), order.reshape(case.shape).astype(float))


@settings(max_examples=15, deadline=None)
@given(case=POOLING)
@pytest.mark.parametrize("xp", OTHER_LIBRARIES)
def test_other_array_libraries_give_the_same(xp, case):
    assert_same_in(xp, layer_for(case), case.few_values())


@settings(max_examples=20, deadline=None)
@given(case=POOLING)
def test_arguments_are_not_modified(case):
    assert_keeps_what_it_is_given(layer_for(case), case.normal())


@settings(max_examples=30, deadline=None)
@given(case=POOLING)
def test_never_exceeds_the_maximum(case):
    inputs = case.normal()
    outputs, _ = layer_for(case).forward(inputs)
    assert np.all(outputs <= inputs.max(axis=(2, 3), keepdims=True))


@settings(max_examples=30, deadline=None)
@given(case=POOLING)
def test_never_falls_below_the_mean(case):
    case = case._replace(padding=0)
    images = case.normal((2, 3, *(side + 3 for side in case.pairs[0])))
    mean, _ = AveragePool2d(case.kernel_size, **case.settings).forward(images)
    assert np.all(layer_for(case).forward(images)[0] >= mean - 1e-12)


@settings(max_examples=30, deadline=None)
@given(case=POOLING, shift=st.floats(-3, 3), scale=st.floats(0.1, 3))
def test_commutes_with_increasing_functions(case, shift, scale):
    layer, inputs = layer_for(case), case.normal()
    outputs, _ = layer.forward(scale * inputs + shift)
    np.testing.assert_array_equal(outputs, scale * layer.forward(inputs)[0] + shift)


def test_ties_go_to_the_first_in_row_major_order():
    layer = MaxPool2d(2)
    outputs, cache = layer.forward(np.array([[[[0.0, 5.0], [5.0, 5.0]]]]))
    d_inputs, _ = layer.backward(np.ones_like(outputs), cache)
    np.testing.assert_array_equal(d_inputs, [[[[0.0, 1.0], [0.0, 0.0]]]])


def test_nan_is_the_maximum_and_receives_the_gradient():
    layer = MaxPool2d(2)
    outputs, cache = layer.forward(np.array([[[[9.0, np.nan], [5.0, np.inf]]]]))
    assert np.isnan(outputs).all()
    d_inputs, _ = layer.backward(np.ones_like(outputs), cache)
    np.testing.assert_array_equal(d_inputs, [[[[0.0, 1.0], [0.0, 0.0]]]])


@pytest.mark.parametrize(
    ("kernel_size", "stride", "padding"),
    [(3, 2, 1), (4, (1, 3), 2), (4, (3, 1), 2), ((4, 2), 1, (2, 1)), (5, 1, (2, 1))],
)
def test_padding_is_never_the_maximum(kernel_size, stride, padding):
    layer = MaxPool2d(kernel_size, stride=stride, padding=padding)
    outputs, cache = layer.forward(np.full((1, 1, 6, 5), -np.inf))
    assert np.all(outputs == -np.inf)
    d_inputs, _ = layer.backward(np.ones_like(outputs), cache)
    assert d_inputs.sum() == outputs.size


def test_the_cache_holds_the_argmax():
    _, cache = MaxPool2d(2).forward(np.arange(16.0).reshape(1, 1, 4, 4))
    assert cache._fields == ("winners", "input_size")
    np.testing.assert_array_equal(cache.winners, np.full((1, 1, 2, 2), 3))
    assert cache.input_size == (4, 4)


def test_the_default_stride_is_the_kernel_size():
    assert MaxPool2d((2, 3)).stride == (2, 3)
    assert MaxPool2d((2, 3)).output_shape((6, 9, 9)) == (6, 4, 3)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((), r"takes images of shape \(channels, height, width\), got \(\)"),
        ((16,), r"takes images of shape \(channels, height, width\), got \(16,\)"),
        ((6, 2, 9), r"needs images of at least 3x3 pixels, got 2x9\. Use a smaller"),
    ],
)
def test_images_of_the_wrong_shape_are_refused(shape, message):
    with pytest.raises(ShapeError, match=message) as error:
        MaxPool2d(3).output_shape(shape)
    assert str(error.value).startswith("MaxPool2d(3, stride=3, padding=0) ")


@pytest.mark.parametrize(
    ("kernel_size", "options", "message"),
    [
        (0, {}, "kernel_size as an integer of at least 1"),
        (2, {"stride": 0}, "stride as an integer of at least 1"),
        (2, {"padding": -1}, "padding as an integer of at least 0"),
        (3, {"padding": 2}, "padding of at most half .* 3, got 2.* give 1 or less"),
        ((4, 2), {"padding": 2}, "padding of at most half .* 2, got 2"),
    ],
)
def test_invalid_settings_are_refused(kernel_size, options, message):
    with pytest.raises(ConfigError, match=f"MaxPool2d takes {message}"):
        MaxPool2d(kernel_size, **options)


@pytest.mark.parametrize("size", [(4, 5), (6, 7)])
@pytest.mark.parametrize("settings", [(2, 2, 0), (3, 2, 1), ((2, 3), (3, 1), (1, 0))])
def test_ceil_mode_equals_autograd(settings, size):
    kernel_size, stride, padding = settings
    layer = MaxPool2d(kernel_size, stride=stride, padding=padding, ceil_mode=True)
    inputs = np.random.default_rng(0).normal(size=(2, 2, *size))

    def function(inputs, _):
        pool = torch.nn.functional.max_pool2d
        return pool(inputs, kernel_size, stride, padding, ceil_mode=True)

    assert_equals_autograd(layer, inputs, function)


def test_uneven_padding_is_never_the_maximum():
    layer = MaxPool2d(2, padding=((1, 0), (0, 1)))
    outputs, cache = layer.forward(-np.arange(1.0, 10).reshape(1, 1, 3, 3))
    np.testing.assert_array_equal(outputs, [[[[-1, -3], [-4, -6]]]])
    d_inputs, _ = layer.backward(np.ones_like(outputs), cache)
    np.testing.assert_array_equal(d_inputs, [[[[1, 0, 1], [1, 0, 1], [0, 0, 0]]]])


def test_repr():
    assert repr(MaxPool2d(3, stride=(2, 1))) == (
        "MaxPool2d(3, stride=(2, 1), padding=0)"
    )
