"""The commonest mistakes in a layer or a loss are one sentence each."""

import numpy as np
import pytest

from handgrad.errors import ConfigError, HandgradError, ShapeError
from handgrad.layers import Layer, Linear
from handgrad.losses import Loss, SoftmaxCrossEntropy
from handgrad.parameter import Buffer, Parameter
from handgrad.randomness import Key
from handgrad.testing import check_layer, check_loss
from handgrad.testing.passes import (
    backward_of,
    backward_of_loss,
    forward_of,
    forward_of_loss,
    output_shape_of,
)


class Square(Layer):
    def output_shape(self, input_shape):
        return input_shape

    def forward(self, inputs, *, training=False, key=None):
        return inputs * inputs, inputs

    def backward(self, d_outputs, inputs, /):
        return 2 * d_outputs * inputs, {}


class Mean(Loss):
    def forward(self, logits, targets):
        return float(np.mean(logits, dtype=np.float64)), logits

    def backward(self, cache, /):
        return np.full_like(cache, 1 / cache.size)


def returning(value):
    return lambda self, *given, **named: value


def test_what_is_right_passes_through():
    layer, inputs = Square(), np.ones((2, 3), np.float32)
    outputs, cache = forward_of(layer, inputs, training=True, key=Key(0))
    d_inputs, gradients = backward_of(layer, outputs, cache)
    assert d_inputs.shape == output_shape_of(layer, (2, 3))
    assert gradients == {}
    loss, cache = forward_of_loss(Mean(), inputs, np.zeros(2, np.int64))
    assert loss == 1.0
    assert backward_of_loss(Mean(), cache).shape == inputs.shape
    check_layer(Square, [3, 4])


ONE = np.ones(3, np.float32)
PAIR = r"of Wrong returned {}, expected a pair. End it with 'return {}'"
LAYERS = [
    ("backward", returning(ONE), PAIR.format("one ndarray", "d_inputs, gradients")),
    ("backward", returning(None), PAIR.format("None", "d_inputs, gradients")),
    ("forward", returning(ONE), PAIR.format("one ndarray", "outputs, cache")),
    ("forward", returning(None), PAIR.format("None", "outputs, cache")),
    ("forward", returning((None, 1)), "returned None as outputs, expected an array"),
    ("forward", returning(([1], 1)), "returned one list as outputs, expected an array"),
    ("backward", returning((ONE, None)), "returned None as gradients, expected a dict"),
    ("backward", returning((None, {})), "returned None as d_inputs, expected an array"),
    (
        *("backward", returning((ONE, {"weight": None}))),
        "returned None as the gradient of weight, expected an array",
    ),
    (
        *("forward", lambda self, inputs: (inputs, inputs)),
        r"forward of Wrong takes other arguments \(.*training.*\). Write it as 'def f",
    ),
    (
        *("backward", lambda self, d_outputs: (d_outputs, {})),
        r"backward of Wrong takes other arguments .* 'def backward\(self, d_outputs, c",
    ),
    ("output_shape", returning(None), "output_shape of Wrong returned None"),
    ("output_shape", returning([3]), r"returned \[3\] for \(3,\), expected a tuple"),
    ("parameters", returning([]), r"parameters of Wrong returned \[\], expected a dic"),
]


@pytest.mark.parametrize(("method", "wrong", "said"), LAYERS)
def test_a_layer_that_is_written_wrong(method, wrong, said):
    with pytest.raises((ConfigError, ShapeError), match=said):
        check_layer(type("Wrong", (Square,), {method: wrong}), (3,))


def holding(**held):
    """A layer with these attributes, and no methods that return them."""
    return lambda: vars(layer := Square()).update(held) or layer


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"weight": Parameter(ONE)}, "Square holds weight, but neither parameters"),
        ({"mean": Buffer(ONE)}, "Square holds mean, but neither .* Return it by name"),
        ({"inner": Linear(3, 3)}, "Square holds inner.weight, inner.bias, but"),
        ({"parts": [Linear(3, 3, bias=False)]}, r"holds parts\.0\.weight, but"),
        ({"parts": {"a": (Parameter(ONE),)}}, r"holds parts\.a\.0, but"),
    ],
)
def test_a_parameter_that_is_not_returned_is_named(held, said):
    with pytest.raises(ConfigError, match=said):
        check_layer(holding(**held), (3,))


def test_a_layer_that_returns_what_its_own_layer_holds():
    class Wrapped(Layer):
        def __init__(self):
            self.inner, self.sizes = Linear(3, 3, key=Key(0)), (3, 3)

        def output_shape(self, input_shape):
            return self.inner.output_shape(input_shape)

        def forward(self, inputs, *, training=False, key=None):
            return self.inner.forward(inputs)

        def backward(self, d_outputs, cache, /):
            return self.inner.backward(d_outputs, cache)

        def parameters(self):
            return self.inner.parameters()

    check_layer(Wrapped, (3,))


@pytest.mark.parametrize("method", ["parameters", "buffers"])
def test_an_array_in_place_of_a_parameter(method):
    wrong = type("Wrong", (Square,), {method: returning({"weight": ONE})})
    with pytest.raises(ConfigError, match=r"got one ndarray. Wrap .*Parameter\(array"):
        check_layer(wrong, (3,))


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        (Square(), r"got the layer Square\(...\). Give .*lambda: Square\(...\)"),
        (None, "takes layer_factory as a function .*, got None"),
        (lambda: 3, "got 3 from it. Return an instance of a subclass of Layer"),
        (Linear, r"but Linear takes others \(missing .*'in_features'\)"),
        (
            type("Half", (Layer,), {"forward": Square.forward}),
            "Half does not define backward and output_shape",
        ),
    ],
)
def test_what_is_no_function_that_returns_a_layer(factory, said):
    with pytest.raises(ConfigError, match=said):
        check_layer(factory, (3,))


@pytest.mark.parametrize("shape", [4, None, "ab", (0,), (3, -1), (3.0,), (True,)])
def test_what_is_no_shape(shape):
    with pytest.raises(ConfigError, match=r"input_shape .*such as \(4,\) or \(3, 8, "):
        check_layer(Square, shape)


def test_a_shape_that_the_layer_does_not_take():
    with pytest.raises(ShapeError, match=r"Linear\(4, 3\) takes examples of shape"):
        check_layer(lambda: Linear(4, 3, key=Key(0)), (5,))


@pytest.mark.parametrize("wrong", [{"batch": 0}, {"batch": "3"}, {"seed": -1}])
def test_counts_and_seeds(wrong):
    with pytest.raises(ConfigError, match=f"check_layer takes {next(iter(wrong))}"):
        check_layer(Square, (3,), **wrong)
    with pytest.raises(ConfigError, match=f"check_loss takes {next(iter(wrong))}"):
        check_loss(Mean(), **wrong)
    with pytest.raises(ConfigError, match="check_loss takes classes"):
        check_loss(Mean(), classes=0)


@pytest.mark.parametrize(
    ("method", "wrong", "said"),
    [
        ("forward", returning(1.0), PAIR.format("one float", "loss, cache")),
        ("backward", returning(None), "returned None as d_logits, expected an array"),
        ("backward", returning((ONE, {})), "returned one tuple as d_logits"),
        ("forward", lambda self, logits: (1.0, logits), r"'def forward\(self, logits,"),
    ],
)
def test_a_loss_that_is_written_wrong(method, wrong, said):
    with pytest.raises(HandgradError, match=said):
        check_loss(type("Wrong", (Mean,), {method: wrong})())


def test_what_is_no_loss():
    with pytest.raises(ConfigError, match=r"class SoftmaxCrossEntropy. Create one: So"):
        check_loss(SoftmaxCrossEntropy)
    with pytest.raises(ConfigError, match=r"takes a loss, got 3. Give an instance"):
        check_loss(3)
