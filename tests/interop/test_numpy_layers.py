"""Each function that a program contains equals the layer that it stands for."""

import numpy as np
import pytest

from handgrad import layers
from handgrad.datasets import Normalization
from handgrad.interop import numpy_layers
from handgrad.interop.python_layers import TABLE

VALUES = np.linspace(-60, 60, 2 * 3 * 5 * 7).reshape(2, 3, 5, 7).astype(np.float32)
PAIRS = {"stride": (2, 1), "padding": (1, 0)}
CASES = {
    "relu": (layers.ReLU(), ()),
    "leaky_relu": (layers.LeakyReLU(0.2), (0.2,)),
    "sigmoid": (layers.Sigmoid(), ()),
    "tanh": (layers.Tanh(), ()),
    "silu": (layers.SiLU(), ()),
    "gelu": (layers.GELU(), ()),
    "gelu_tanh": (layers.GELU("tanh"), ()),
    "softmax": (layers.Softmax(), ()),
    "flatten": (layers.Flatten(), ()),
    "global_average_pool2d": (layers.GlobalAveragePool2d(), ()),
    "max_pool2d": (layers.MaxPool2d((3, 2), **PAIRS), ((3, 2), *PAIRS.values())),
    "average_pool2d": (
        layers.AveragePool2d((3, 2), **PAIRS),
        ((3, 2), *PAIRS.values()),
    ),
    "average_of_pixels": (
        layers.AveragePool2d((3, 2), **PAIRS, count_include_pad=False),
        ((3, 2), *PAIRS.values()),
    ),
    "relu6": (layers.ReLU6(), ()),
    "elu": (layers.ELU(0.5), (0.5,)),
    "hardsigmoid": (layers.Hardsigmoid(0.2, 0.4), (0.2, 0.4)),
    "hardswish": (layers.Hardswish(), ()),
}


@pytest.mark.parametrize("name", CASES)
def test_it_equals_its_layer(name):
    layer, arguments = CASES[name]
    found = getattr(numpy_layers, name)(VALUES, *arguments)
    expected = layer.forward(VALUES)[0]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_the_other_layers_are_compared_as_networks():
    kinds = {type(layer) for layer, _ in CASES.values()}
    names = {kind.__name__ for kind in TABLE.keys() - kinds}
    norms = {"BatchNorm1d", "BatchNorm2d", "GroupNorm", "LayerNorm"}
    branches = {"Concatenate", "Multiply", "Residual"}
    assert names == norms | branches | {"Conv2d", "Linear", "Dropout", "Sequential"}


@pytest.mark.parametrize(
    ("dtype", "function"),
    [
        ("uint8", numpy_layers.normalize_bytes),
        ("float32", numpy_layers.normalize),
    ],
)
def test_normalization_is_that_of_training(dtype, function):
    chosen = Normalization((0.4, 0.5, 0.6), (0.3, 0.2, 0.25))
    inputs = abs(VALUES).astype(dtype)
    numbers = (part.reshape(-1, 1, 1) for part in chosen.numbers(dtype))
    assert (function(inputs, *numbers) == chosen.apply(inputs)).all()
