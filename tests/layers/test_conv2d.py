import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import conv2d as definition
from handgrad.errors import ConfigError, ShapeError
from handgrad.initializers import glorot_uniform, zeros
from handgrad.layers.conv2d import Conv2d
from handgrad.layers.linear import Linear
from handgrad.randomness import Key

from .images import (
    OTHER_LIBRARIES,
    Case,
    assert_equals_autograd,
    assert_keeps_what_it_is_given,
    assert_same_in,
    assert_slope,
    cases,
    close,
    in_float64,
)

KEY = Key(0)
EPS = float(np.finfo(np.float32).eps)


def layer_for(case, out_channels=2):
    layer = Conv2d(
        case.shape[1], out_channels, case.kernel_size, **case.settings, key=KEY
    )
    return in_float64(layer)


LARGE = [  # kernels of four and more, three pixels apart
    Case(4, 3, 0, (2, 2, 10, 10), 1),
    Case(5, 3, 2, (2, 1, 9, 11), 2),
    Case((7, 4), (3, 2), (3, 1), (1, 2, 12, 9), 3),
    Case((4, 6), 3, (0, 3), (2, 2, 7, 8), 4),
]


@settings(max_examples=40, deadline=None)
@given(case=cases(most_kernel=3, most_extra=3))
def test_equals_the_definition(case):
    assert_equals_the_definition(case)


@pytest.mark.parametrize("case", LARGE)
def test_large_kernels_with_a_stride_of_three(case):
    assert_equals_the_definition(case)
    assert_equals_torch(case, 3)


def assert_equals_the_definition(case):
    layer, inputs = layer_for(case), case.normal()
    weight, bias, (_, *windows) = layer.weight.value, layer.bias.value, case.pairs
    outputs, cache = layer.forward(inputs)
    close(outputs, definition.conv2d(inputs, weight, bias, *windows), 1e-12)
    d_outputs = case.normal(outputs.shape)
    d_inputs, gradients = layer.backward(d_outputs, cache)
    expected = definition.conv2d_backward(d_outputs, inputs, weight, *windows)
    found = (d_inputs, gradients["weight"], gradients["bias"])
    for ours, theirs in zip(found, expected, strict=True):
        close(ours, theirs, 1e-12)


@settings(deadline=None)
@given(case=cases(), out_channels=st.integers(1, 4))
def test_equals_autograd(case, out_channels):
    assert_equals_torch(case, out_channels)


def assert_equals_torch(case, out_channels):
    def function(inputs, parameters):
        _, stride, padding = case.pairs
        return torch.nn.functional.conv2d(
            inputs, **parameters, stride=stride, padding=padding
        )

    layer = layer_for(case, out_channels)
    assert_equals_autograd(layer, case.normal(), function)


@settings(deadline=None)
@given(case=cases(), out_channels=st.integers(1, 4))
def test_float32_stays_within_rounding(case, out_channels):
    """The error of a sum of K products is about eps * sqrt(K) * (sum of magnitudes).

    Each product and each addition has an error of at most half an eps of that sum;
    errors of random sign add up like the root of their number; 4 is a safety factor.
    """
    fine = layer_for(case, out_channels)
    coarse, sizes = layer_for(case, out_channels), layer_for(case, out_channels)
    for name, parameter in coarse.parameters().items():
        parameter.value = parameter.value.astype(np.float32)
        fine.parameters()[name].value = parameter.value.astype(np.float64)
        sizes.parameters()[name].value = abs(fine.parameters()[name].value)
    inputs = case.normal().astype(np.float32)
    outputs, cache = coarse.forward(inputs)
    d_outputs = case.normal(outputs.shape).astype(np.float32)
    ours = coarse.backward(d_outputs, cache)
    exact = passes(fine, inputs.astype(np.float64), d_outputs.astype(np.float64))
    scale = passes(sizes, abs(inputs.astype(np.float64)), abs(d_outputs))
    found = {"outputs": outputs, "d_inputs": ours[0], **ours[1]}
    area = np.prod(case.pairs[0])
    lengths = {
        "outputs": case.shape[1] * area + 1,
        "d_inputs": out_channels * area,
        "weight": np.prod(outputs.shape) / out_channels,
        "bias": np.prod(outputs.shape) / out_channels,
    }
    for name, value in found.items():
        bound = 4 * EPS * np.sqrt(lengths[name]) * scale[name]
        assert value.dtype == np.float32
        assert np.all(abs(value - exact[name]) <= bound), name


def passes(layer, inputs, d_outputs):
    outputs, cache = layer.forward(inputs)
    d_inputs, gradients = layer.backward(d_outputs, cache)
    return {"outputs": outputs, "d_inputs": d_inputs, **gradients}


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_gradient_by_random_projection(case):
    assert_slope(layer_for(case), case.normal() + 0.5)


@settings(max_examples=15, deadline=None)
@given(case=cases())
@pytest.mark.parametrize("xp", OTHER_LIBRARIES)
def test_other_array_libraries_give_the_same(xp, case):
    assert_same_in(xp, layer_for(case), case.normal())


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_arguments_are_not_modified(case):
    assert_keeps_what_it_is_given(layer_for(case), case.normal())


def test_a_known_value():
    layer = Conv2d(1, 1, 2, key=KEY, initializer=zeros)
    layer.weight.value = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    layer.bias.value = np.array([10.0])
    outputs, _ = layer.forward(np.arange(9.0).reshape(1, 1, 3, 3))
    # top left: 1 * 0 + 2 * 1 + 3 * 3 + 4 * 4 + 10, one more pixel adds 1 + 2 + 3 + 4
    np.testing.assert_array_equal(outputs, [[[[37.0, 47.0], [67.0, 77.0]]]])


@settings(max_examples=30, deadline=None)
@given(case=cases(), a=st.floats(-3, 3), b=st.floats(-3, 3))
def test_is_linear_without_its_bias(case, a, b):
    layer = layer_for(case)
    layer.bias.value = np.zeros(2)
    one, other = case.normal(), case._replace(seed=case.seed + 1).normal()
    together, _ = layer.forward(a * one + b * other)
    apart = a * layer.forward(one)[0] + b * layer.forward(other)[0]
    close(together, apart, 1e-12)


@settings(max_examples=30, deadline=None)
@given(case=cases(), axis=st.sampled_from([2, 3]))
def test_commutes_with_translation(case, axis):
    """Without padding: shifting images by one stride shifts outputs by one position."""
    kernel, stride, _ = case.pairs
    layer = layer_for(case._replace(padding=0))
    size = [k + 3 * s for k, s in zip(kernel, stride, strict=True)]
    images = case.normal((*case.shape[:2], *size))
    moved = np.delete(images, range(stride[axis - 2]), axis=axis)
    close(
        layer.forward(moved)[0],
        np.delete(layer.forward(images)[0], 0, axis=axis),
        1e-12,
    )


def test_a_1x1_kernel_is_a_linear_layer_at_every_pixel():
    rng = np.random.default_rng(0)
    layer, linear = in_float64(Conv2d(3, 4, 1, key=KEY)), Linear(3, 4, key=KEY)
    linear.weight.value = layer.weight.value[:, :, 0, 0]
    linear.bias.value = layer.bias.value
    images = rng.normal(size=(2, 3, 5, 4))
    pixels = np.moveaxis(images, 1, -1).reshape(-1, 3)
    expected, _ = linear.forward(pixels)
    close(np.moveaxis(layer.forward(images)[0], 1, -1).reshape(-1, 4), expected, 1e-12)


def test_an_empty_batch_gives_an_empty_batch():
    layer = Conv2d(3, 2, 3, padding=1, key=KEY)
    outputs, cache = layer.forward(np.zeros((0, 3, 5, 4), dtype=np.float32))
    d_inputs, gradients = layer.backward(outputs, cache)
    assert outputs.shape == (0, 2, 5, 4)
    assert d_inputs.shape == (0, 3, 5, 4)
    assert not np.any(gradients["weight"])


@pytest.mark.parametrize("channels", [1, 2])
def test_nan_propagates_to_the_windows_that_contain_it_only(channels):
    images = np.zeros((1, channels, 6, 6), dtype=np.float32)
    images[0, 0, 5, 5] = np.nan
    outputs, _ = Conv2d(channels, 1, 3, padding=1, key=KEY).forward(images)
    rows, columns = np.nonzero(np.isnan(outputs[0, 0]))
    assert set(zip(rows, columns, strict=True)) == {(4, 4), (4, 5), (5, 4), (5, 5)}


def test_parameters_are_a_function_of_the_key():
    one, same, other = (Conv2d(3, 4, (5, 3), key=Key(seed)) for seed in (0, 0, 1))
    assert {n: p.shape for n, p in one.parameters().items()} == {
        "weight": (4, 3, 5, 3),
        "bias": (4,),
    }
    np.testing.assert_array_equal(one.weight.value, same.weight.value)
    assert np.any(one.weight.value != other.weight.value)
    assert not np.any(one.bias.value)
    chosen = Conv2d(3, 4, (5, 3), key=KEY, initializer=glorot_uniform)
    expected = glorot_uniform((4, 3, 5, 3), KEY.child("weight"))
    np.testing.assert_array_equal(chosen.weight.value, expected)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((784,), r"takes images of shape \(channels, height, width\), got \(784,\)"),
        ((1, 28, 28), r"takes images of 3 channels, got 1 .* Set in_channels=1"),
        ((5, 28, 28), r"takes images of 3 channels, got 5 .* Set in_channels=5"),
        ((3, 2, 9), r"needs images of at least 3x1 pixels, got 2x9\. Use a smaller"),
    ],
)
def test_images_of_the_wrong_shape_are_refused(shape, message):
    layer = Conv2d(3, 8, (5, 3), padding=1, key=KEY)
    with pytest.raises(ShapeError, match=message) as error:
        layer.output_shape(shape)
    assert str(error.value).startswith("Conv2d(3, 8, (5, 3), stride=1, padding=1) ")


@pytest.mark.parametrize(
    ("sizes", "options", "name"),
    [
        ((0, 1, 3), {}, "in_channels"),
        ((1, -1, 3), {}, "out_channels"),
        ((1, 1, 0), {}, "kernel_size"),
        ((1, 1, 3), {"stride": 0}, "stride"),
        ((1, 1, 3), {"padding": -1}, "padding"),
    ],
)
def test_invalid_settings_are_refused(sizes, options, name):
    with pytest.raises(
        ConfigError, match=f"Conv2d takes {name} as .*Give, for example"
    ):
        Conv2d(*sizes, **options, key=KEY)


@pytest.mark.parametrize("count", [1.5, "3", None, True])
def test_channels_are_whole_numbers(count):
    with pytest.raises(ConfigError, match="takes out_channels as an integer"):
        Conv2d(1, count, 3)


@pytest.mark.parametrize(
    ("channels", "groups"), [((4, 6), 2), ((3, 3), 3), ((2, 6), 2), ((3, 2), 1)]
)
@pytest.mark.parametrize("dilation", [(1, 1), (2, 1), (1, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_groups_dilation_and_no_bias_equal_autograd(channels, groups, dilation, bias):
    settings = {"dilation": dilation, "groups": groups}
    layer = Conv2d(*channels, (3, 2), padding=(2, 1), bias=bias, **settings, key=KEY)
    inputs = np.random.default_rng(0).normal(size=(2, channels[0], 6, 5))

    def function(inputs, parameters):
        return torch.nn.functional.conv2d(
            inputs, **parameters, padding=(2, 1), **settings
        )

    assert_equals_autograd(in_float64(layer), inputs, function)
    assert_slope(layer, inputs)


def test_padding_that_differs_on_opposite_sides_equals_autograd():
    layer = Conv2d(2, 3, 3, stride=2, padding=((0, 1), (2, 1)), key=KEY)
    inputs = np.random.default_rng(0).normal(size=(2, 2, 6, 5))

    def function(inputs, parameters):
        padded = torch.nn.functional.pad(inputs, (2, 1, 0, 1))
        return torch.nn.functional.conv2d(padded, **parameters, stride=2)

    assert_equals_autograd(in_float64(layer), inputs, function)


@pytest.mark.parametrize("xp", OTHER_LIBRARIES)
def test_groups_in_other_array_libraries(xp):
    layer = in_float64(Conv2d(4, 4, 3, groups=4, dilation=2, padding=2, key=KEY))
    assert_same_in(xp, layer, np.random.default_rng(0).normal(size=(2, 4, 5, 6)))


def test_a_depthwise_convolution_filters_each_channel_by_itself():
    layer = Conv2d(3, 3, 2, groups=3, bias=False, key=KEY)
    assert {n: p.shape for n, p in layer.parameters().items()} == {
        "weight": (3, 1, 2, 2)
    }
    inputs = np.zeros((1, 3, 4, 4), dtype=np.float32)
    inputs[:, 1] = 1
    outputs, _ = layer.forward(inputs)
    assert not outputs[:, [0, 2]].any()
    np.testing.assert_allclose(outputs[0, 1], layer.weight.value[1].sum(), rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": 2}, "groups that divide its channels, got groups=2 for 3 channels"),
        ({"groups": 0}, "takes groups as an integer of at least 1"),
        ({"dilation": 0}, "takes dilation as"),
        ({"bias": "yes"}, "takes bias as True or False, got 'yes'"),
        ({"padding": ((1, -1), 0)}, "takes padding as"),
    ],
)
def test_other_invalid_settings_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        Conv2d(3, 4, 3, **options)


def test_repr_of_other_settings():
    layer = Conv2d(4, 8, 3, padding=((0, 1), 2), dilation=2, groups=2, bias=False)
    assert repr(layer) == (
        "Conv2d(4, 8, 3, stride=1, padding=((0, 1), (2, 2)), dilation=2, groups=2, "
        "bias=False)"
    )


def test_repr():
    layer = Conv2d(3, 8, (5, 3), stride=2, padding=(2, 1), key=KEY)
    assert repr(layer) == "Conv2d(3, 8, (5, 3), stride=2, padding=(2, 1))"
