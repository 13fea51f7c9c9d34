import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import linear as definition
from handgrad.errors import ShapeError
from handgrad.initializers import he_normal, zeros
from handgrad.layers.linear import Linear
from handgrad.randomness import Key

from .images import (
    OTHER_LIBRARIES,
    assert_equals_autograd,
    assert_keeps_what_it_is_given,
    assert_same_in,
    assert_slope,
    close,
    in_float64,
)

KEY = Key(0)
EPS = float(np.finfo(np.float32).eps)


@st.composite
def cases(draw):
    """A layer in float64, and a batch of one example or more."""
    batch, ins, outs = (draw(st.integers(1, 7)) for _ in range(3))
    layer = in_float64(Linear(ins, outs, key=Key(draw(st.integers(0, 99)))))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    return layer, rng.normal(size=(batch, ins))


@given(case=cases())
def test_equals_the_definition(case):
    layer, inputs = case
    weight, bias = layer.weight.value, layer.bias.value
    outputs, cache = layer.forward(inputs)
    close(outputs, definition.linear(inputs, weight, bias), 1e-12)
    d_outputs = np.random.default_rng(0).normal(size=outputs.shape)
    d_inputs, gradients = layer.backward(d_outputs, cache)
    expected = definition.linear_backward(d_outputs, inputs, weight)
    found = (d_inputs, gradients["weight"], gradients["bias"])
    for ours, theirs in zip(found, expected, strict=True):
        close(ours, theirs, 1e-12)


@given(case=cases())
def test_equals_autograd(case):
    def function(inputs, parameters):
        return torch.nn.functional.linear(inputs, **parameters)

    assert_equals_autograd(*case, function)


@settings(max_examples=20)
@given(case=cases())
def test_gradient_by_random_projection(case):
    assert_slope(*case)


@given(case=cases())
def test_float32_stays_within_rounding(case):
    """The error of a sum of K products is at most K * eps times their magnitudes."""
    layer, inputs = case
    inputs = inputs.astype(np.float32)
    for parameter in layer.parameters().values():
        parameter.value = parameter.value.astype(np.float32)
    weight, bias = layer.weight.value, layer.bias.value
    outputs, cache = layer.forward(inputs)
    d_outputs = np.random.default_rng(0).normal(size=outputs.shape).astype(np.float32)
    d_inputs, gradients = layer.backward(d_outputs, cache)
    found = (outputs, d_inputs, gradients["weight"], gradients["bias"])
    exact = every_sum(inputs, weight, bias, d_outputs)
    sizes = every_sum(abs(inputs), abs(weight), abs(bias), abs(d_outputs))
    batch, ins, outs = len(inputs), layer.in_features, layer.out_features
    lengths = (ins + 1, outs, batch, batch)
    for ours, theirs, size, length in zip(found, exact, sizes, lengths, strict=True):
        assert ours.dtype == np.float32
        assert np.all(abs(ours - theirs) <= EPS * length * size)


def every_sum(inputs, weight, bias, d_outputs):
    outputs = definition.linear(inputs, weight, bias)
    return (outputs, *definition.linear_backward(d_outputs, inputs, weight))


@settings(max_examples=15)
@given(case=cases())
@pytest.mark.parametrize("xp", OTHER_LIBRARIES)
def test_other_array_libraries_give_the_same(xp, case):
    assert_same_in(xp, *case)


@settings(max_examples=20)
@given(case=cases())
def test_arguments_are_not_modified(case):
    assert_keeps_what_it_is_given(*case)


def test_a_known_value():
    layer = Linear(2, 2, key=KEY, initializer=zeros)
    layer.weight.value = np.array([[1.0, 2.0], [3.0, 4.0]])
    layer.bias.value = np.array([10.0, 20.0])
    outputs, inputs = layer.forward(np.array([[5.0, 6.0]]))
    np.testing.assert_array_equal(outputs, [[27.0, 59.0]])
    d_inputs, gradients = layer.backward(np.array([[1.0, 10.0]]), inputs)
    np.testing.assert_array_equal(d_inputs, [[31.0, 42.0]])
    np.testing.assert_array_equal(gradients["weight"], [[5.0, 6.0], [50.0, 60.0]])
    np.testing.assert_array_equal(gradients["bias"], [1.0, 10.0])


@given(case=cases(), a=st.floats(-3, 3), b=st.floats(-3, 3))
def test_is_linear_without_its_bias(case, a, b):
    layer, one = case
    layer.bias.value = np.zeros(layer.out_features)
    other = one[::-1] ** 2
    together, _ = layer.forward(a * one + b * other)
    close(together, a * layer.forward(one)[0] + b * layer.forward(other)[0], 1e-11)


def test_nan_stays_in_its_example():
    inputs = np.zeros((3, 4), dtype=np.float32)
    inputs[1, 2] = np.nan
    outputs, _ = Linear(4, 2, key=KEY).forward(inputs)
    np.testing.assert_array_equal(np.isnan(outputs).all(axis=1), [False, True, False])
    np.testing.assert_array_equal(np.isnan(outputs).any(axis=1), [False, True, False])


def test_an_empty_batch_gives_an_empty_batch():
    layer = Linear(4, 2, key=KEY)
    outputs, cache = layer.forward(np.zeros((0, 4), dtype=np.float32))
    d_inputs, gradients = layer.backward(outputs, cache)
    assert (outputs.shape, d_inputs.shape) == ((0, 2), (0, 4))
    assert not np.any(gradients["weight"])
    assert not np.any(gradients["bias"])


def test_parameters_are_a_function_of_the_key():
    one, same, other = (Linear(4, 3, key=Key(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.weight.value, same.weight.value)
    assert np.any(one.weight.value != other.weight.value)
    expected = he_normal((3, 4), KEY.child("weight"))
    np.testing.assert_array_equal(one.weight.value, expected)
    assert {n: p.shape for n, p in one.parameters().items()} == {
        "weight": (3, 4),
        "bias": (3,),
    }
    assert not np.any(one.bias.value)
    assert one.weight.value.dtype == one.bias.value.dtype == np.float32


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((28, 28), r"of shape \(784,\), got \(28, 28\)\. .* put a Flatten layer"),
        ((783,), r"of shape \(784,\), got \(783,\)\.$"),
        ((785,), r"of shape \(784,\), got \(785,\)\.$"),
        ((), r"of shape \(784,\), got \(\)\.$"),
    ],
)
def test_examples_of_the_wrong_shape_are_refused(shape, message):
    with pytest.raises(ShapeError, match=message) as error:
        Linear(784, 10, key=KEY).output_shape(shape)
    assert str(error.value).startswith("Linear(784, 10) takes examples")


def test_without_a_bias_it_is_a_matrix_product():
    layer = Linear(4, 3, bias=False, key=Key(0))
    inputs = np.random.default_rng(0).normal(size=(5, 4))
    outputs, cache = layer.forward(inputs)
    np.testing.assert_array_equal(outputs, inputs @ layer.weight.value.T)
    d_inputs, gradients = layer.backward(outputs, cache)
    np.testing.assert_array_equal(d_inputs, outputs @ layer.weight.value)
    assert list(gradients) == list(layer.parameters()) == ["weight"]
    assert repr(layer) == "Linear(4, 3, bias=False)"


def test_repr():
    assert repr(Linear(784, 10, key=KEY)) == "Linear(784, 10)"
