import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import pooling as definition
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers.average_pool2d import AveragePool2d

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


def layer_for(case):
    return AveragePool2d(case.kernel_size, **case.settings)


@settings(max_examples=40, deadline=None)
@given(case=POOLING)
def test_equals_the_definition(case):
    layer, inputs = layer_for(case), case.normal()
    outputs, cache = layer.forward(inputs)
    close(outputs, definition.average_pool2d(inputs, *case.pairs), 1e-12)
    d_outputs = case.normal(outputs.shape)
    d_inputs, gradients = layer.backward(d_outputs, cache)
    expected = definition.average_pool2d_backward(d_outputs, inputs, *case.pairs)
    close(d_inputs, expected, 1e-12)
    assert gradients == {}


@settings(deadline=None)
@given(case=POOLING)
def test_equals_autograd(case):
    def function(inputs, parameters):
        return torch.nn.functional.avg_pool2d(inputs, *case.pairs)

    assert_equals_autograd(layer_for(case), case.normal(), function)


@settings(max_examples=50, deadline=None)
@given(case=POOLING)
def test_float32_stays_within_rounding(case):
    """The bound of tests/layers/test_conv2d.py, for sums of `area` terms."""
    layer, inputs = layer_for(case), case.normal().astype(np.float32)
    outputs, cache = layer.forward(inputs)
    d_outputs = case.normal(outputs.shape).astype(np.float32)
    found = (outputs, layer.backward(d_outputs, cache)[0])
    finer = (inputs.astype(np.float64), d_outputs.astype(np.float64))
    bound = 4 * np.finfo(np.float32).eps * np.sqrt(np.prod(case.pairs[0]))
    for value, exact, size in zip(
        found, passes(layer, *finer), passes(layer, *map(abs, finer)), strict=True
    ):
        assert value.dtype == np.float32
        assert np.all(abs(value - exact) <= bound * size)


def passes(layer, inputs, d_outputs):
    outputs, cache = layer.forward(inputs)
    return outputs, layer.backward(d_outputs, cache)[0]


@settings(max_examples=20, deadline=None)
@given(case=POOLING)
def test_gradient_by_random_projection(case):
    assert_slope(layer_for(case), case.normal())


@settings(max_examples=15, deadline=None)
@given(case=POOLING)
@pytest.mark.parametrize("xp", OTHER_LIBRARIES)
def test_other_array_libraries_give_the_same(xp, case):
    assert_same_in(xp, layer_for(case), case.normal())


@settings(max_examples=20, deadline=None)
@given(case=POOLING)
def test_arguments_are_not_modified(case):
    assert_keeps_what_it_is_given(layer_for(case), case.normal())


@settings(max_examples=30, deadline=None)
@given(case=POOLING, value=st.floats(-3, 3))
def test_never_exceeds_the_largest_size(case, value):
    inputs = case.normal()
    outputs, _ = layer_for(case).forward(inputs)
    assert np.all(abs(outputs) <= abs(inputs).max(axis=(2, 3), keepdims=True) + 1e-12)


def test_non_overlapping_windows_preserve_the_mean():
    images = np.random.default_rng(0).normal(size=(2, 3, 6, 8))
    outputs, _ = AveragePool2d((3, 2)).forward(images)
    close(outputs.mean(axis=(2, 3)), images.mean(axis=(2, 3)), 1e-12)


def test_padded_zeros_count_in_the_mean():
    outputs, _ = AveragePool2d(2, padding=1).forward(np.ones((1, 1, 2, 2)))
    np.testing.assert_array_equal(outputs, np.full((1, 1, 2, 2), 0.25))


def test_the_default_stride_is_the_kernel_size():
    assert AveragePool2d((2, 3)).stride == (2, 3)
    assert AveragePool2d((2, 3)).output_shape((6, 9, 9)) == (6, 4, 3)


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
        AveragePool2d(3).output_shape(shape)
    assert str(error.value).startswith("AveragePool2d(3, stride=3, padding=0) ")


@pytest.mark.parametrize(
    ("kernel_size", "options", "message"),
    [
        ((2, 0), {}, "kernel_size as an integer of at least 1"),
        (2, {"stride": -1}, "stride as an integer of at least 1"),
        (3, {"padding": 2}, "padding of at most half .* 3, got 2"),
    ],
)
def test_invalid_settings_are_refused(kernel_size, options, message):
    with pytest.raises(ConfigError, match=f"AveragePool2d takes {message}"):
        AveragePool2d(kernel_size, **options)


@pytest.mark.parametrize("size", [(4, 5), (6, 7)])
@pytest.mark.parametrize("settings", [(2, 2, 0), (3, 2, 1), ((2, 3), (3, 1), (1, 0))])
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("include", [False, True])
def test_ceil_mode_and_count_include_pad_equal_autograd(
    settings, size, ceil_mode, include
):
    kernel, stride, padding = settings
    layer = AveragePool2d(
        kernel,
        stride=stride,
        padding=padding,
        ceil_mode=ceil_mode,
        count_include_pad=include,
    )
    inputs = np.random.default_rng(0).normal(size=(2, 2, *size))

    def function(inputs, _):
        pool = torch.nn.functional.avg_pool2d
        return pool(inputs, kernel, stride, padding, ceil_mode, include)

    assert_equals_autograd(layer, inputs, function)


def test_uneven_padding_counts_or_not():
    ones = np.ones((1, 1, 2, 2))
    for include, corner in [(True, 0.25), (False, 1)]:
        layer = AveragePool2d(
            2, stride=1, padding=((1, 0), (1, 0)), count_include_pad=include
        )
        assert layer.forward(ones)[0][0, 0, 0, 0] == corner
    assert repr(layer) == (
        "AveragePool2d(2, stride=1, padding=((1, 0), (1, 0)), count_include_pad=False)"
    )


def test_repr():
    layer = AveragePool2d((3, 2), padding=1)
    assert repr(layer) == "AveragePool2d((3, 2), stride=(3, 2), padding=1)"
