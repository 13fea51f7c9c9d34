"""Each layer and its torch module give equal outputs and gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from engine.networks import networks
from handgrad import layers, models
from handgrad.catalog import MODELS as CATALOGUE
from handgrad.errors import ConfigError
from handgrad.layers import Layer, Sequential
from handgrad.models.named_layers import ACTIVATION_LAYERS
from handgrad.torch_modules import BY_LAYER, COMPOSITES, UnsupportedError, module_of
from interop.twins import assert_equal, images, in_float64

NETWORKS = {
    "softmax_regression": (models.softmax_regression, (1, 8, 8), {}),
    "perceptron": (models.perceptron, (1, 8, 8), {}),
    "mlp": (models.mlp, (3, 8, 8), {"hidden_sizes": [9, 8]}),
    "lenet": (models.lenet, (1, 14, 14), {}),
    "alexnet": (
        models.alexnet,
        (1, 28, 28),
        {"channels": (3, 4, 5, 4, 3), "hidden_sizes": (8, 8)},
    ),
    "vgg": (models.vgg, (3, 8, 8), {"channels": (3, 4)}),
    "resnet": (models.resnet, (3, 8, 8), {"channels": (3, 4)}),
    "airbench": (models.airbench, (3, 9, 9), {"channels": (3, 4)}),
}

EXACT = [make for make in ACTIVATION_LAYERS if make is not layers.Hardsigmoid]
LAYERS = {
    "linear": ([layers.Linear(4, 3)], (4,)),
    "convolution": (
        [layers.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0))],
        (2, 9, 7),
    ),
    "no bias": (
        [
            layers.Conv2d(2, 2, 1, bias=False),
            layers.Flatten(),
            layers.Linear(12, 3, bias=False),
        ],
        (2, 3, 2),
    ),
    "groups and dilation": (
        [layers.Conv2d(4, 6, (2, 3), groups=2, dilation=(3, 2), padding=1)],
        (4, 7, 6),
    ),
    "uneven padding": (
        [
            layers.Conv2d(2, 3, 3, padding=((2, 0), (0, 1))),
            layers.MaxPool2d(2, padding=((1, 0), (0, 1))),
            layers.AveragePool2d(2, stride=1, padding=((0, 1), (0, 0))),
        ],
        (2, 6, 5),
    ),
    "batch norm": ([layers.BatchNorm2d(2, eps=1e-3, momentum=0.3)], (2, 3, 2)),
    "batch norm of vectors": ([layers.BatchNorm1d(4, momentum=0.5)], (4,)),
    "max pooling": ([layers.MaxPool2d((3, 2), stride=(1, 2), padding=1)], (2, 6, 8)),
    "average pooling": ([layers.AveragePool2d(3, stride=2, padding=1)], (2, 7, 8)),
    "last windows that overhang": (
        [
            layers.MaxPool2d(3, stride=2, ceil_mode=True),
            layers.AveragePool2d(2, padding=1, ceil_mode=True, count_include_pad=False),
        ],
        (2, 8, 6),
    ),
    "global pooling": ([layers.GlobalAveragePool2d()], (2, 4, 3)),
    "activations": ([make() for make in EXACT], (1, 4, 4)),
    "hard sigmoid": ([layers.Hardsigmoid()], (1, 4, 4)),
    "settings": ([layers.GELU("tanh"), layers.LeakyReLU(0.2)], (1, 4, 4)),
    "softmax": ([layers.Softmax()], (2, 3, 4)),
    "flatten and dropout": ([layers.Flatten(), layers.Dropout(0.0)], (2, 3, 4)),
    "nested": ([Sequential([layers.Tanh(), layers.Flatten()])], (2, 3, 4)),
    "normalization": (
        [layers.GroupNorm(2, 4, eps=1e-3), layers.LayerNorm((3, 2), eps=1e-4)],
        (4, 3, 2),
    ),
    "products": (
        [
            layers.Multiply(
                Sequential([layers.GlobalAveragePool2d(), layers.Linear(2, 2)])
            ),
            layers.Multiply(layers.Tanh(), layers.Conv2d(2, 2, 1)),
            layers.Flatten(),
            layers.Multiply(layers.Linear(24, 24)),
        ],
        (2, 3, 4),
    ),
    "concatenation": (
        [
            layers.Concatenate(
                [Sequential([]), layers.Conv2d(2, 3, 1), layers.BatchNorm2d(2)]
            )
        ],
        (2, 3, 4),
    ),
    "shortcut": (
        [
            layers.Residual(
                Sequential([layers.Conv2d(2, 4, 3, padding=1), layers.BatchNorm2d(4)]),
                layers.Conv2d(2, 4, 1),
            ),
            layers.Residual(Sequential([layers.ReLU()])),
        ],
        (2, 5, 5),
    ),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("training", [False, True])
def test_each_layer(name, training):
    parts, shape = LAYERS[name]
    network = in_float64(Sequential(parts))
    # torch's hard sigmoid has 1 / 6 in float32
    eps = 1e-7 if name == "hard sigmoid" else 1e-12
    module = module_of(network)
    assert_equal(network, module, images(*shape), training=training, eps=eps)


def test_every_layer_has_a_module():
    kinds = {getattr(layers, name) for name in layers.__all__} - {Layer}
    assert kinds == {*BY_LAYER, *COMPOSITES}


def test_the_catalogue_is_complete():
    assert NETWORKS.keys() == CATALOGUE.keys() - {"from_layers"}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_of_the_catalogue(name):
    make, shape, options = NETWORKS[name]
    network = in_float64(make(**options, input_shape=shape, classes=4, seed=3))
    assert_equal(network, module_of(network), images(*shape, count=2))


@settings(max_examples=20)
@given(network=networks(), count=st.integers(1, 3))
def test_random_networks(network, count):
    model = in_float64(network.model())
    inputs = images(*network.shape, count=count)
    eps = 1e-7 if "Hardsigmoid" in repr(model) else 1e-12
    assert_equal(model, module_of(model), inputs, eps=eps)


def test_float32_is_kept():
    network = models.lenet(input_shape=(1, 12, 12), classes=3)
    inputs = images(1, 12, 12, dtype=np.float32)
    assert_equal(network, module_of(network), inputs, eps=1e-5)


def test_arrays_are_copies_and_no_random_number_is_drawn():
    layer = layers.Linear(3, 2)
    before = torch.get_rng_state()
    module = module_of(layer)
    assert torch.equal(before, torch.get_rng_state())
    with torch.no_grad():
        module.weight.zero_()
    assert abs(layer.weight.value).max() > 0


class Doubled(layers.ReLU):
    """A subclass, which may compute anything."""


def test_a_layer_without_a_module_is_named():
    network = Sequential([layers.Residual(Sequential([Doubled()]))])
    with pytest.raises(ConfigError, match=r"^residual_1.body.doubled_1 is a Doubled, "):
        module_of(network)


def test_a_setting_that_torch_lacks_is_named():
    with pytest.raises(ConfigError, match=r"is a Hardsigmoid with slope=0.2, for"):
        module_of(layers.Hardsigmoid(0.2))
    pool = layers.MaxPool2d(2, padding=((1, 0), (0, 0)), ceil_mode=True)
    with pytest.raises(ConfigError, match=r"padding=\(\(1, 0\), .*\) and its other"):
        module_of(pool)


def test_settings_that_a_layer_lacks_are_named():
    pair = BY_LAYER[layers.MaxPool2d]
    with pytest.raises(UnsupportedError, match=r"^dilation=2$"):
        pair.make_layer(nn.MaxPool2d(2, dilation=2))
    assert pair.make_layer(nn.MaxPool2d(2, dilation=(1, 1))).stride == (2, 2)
