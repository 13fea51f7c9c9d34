import tomllib

import numpy as np
import pytest
from torch import nn

from handgrad.errors import ConfigError, ShapeError
from handgrad.initializers import glorot_uniform, he_normal
from handgrad.models import from_layers
from handgrad.randomness import Key

from .twins import assert_same_network

NETWORK = """
layers = [
    { name = "conv2d", out_channels = 4, kernel_size = [3, 5], padding = [1, 2] },
    { name = "batch_norm2d", momentum = 0.2 },
    { name = "gelu", approximate = "tanh" },
    { name = "max_pool2d", kernel_size = 2 },
    { name = "flatten" },
    { name = "linear", out_features = 3, initializer = "glorot_uniform" },
]
"""


def build(**changes):
    options = tomllib.loads(NETWORK) | {"input_shape": (2, 6, 8), "classes": 3}
    return from_layers(**(options | changes))


def test_toml_becomes_the_same_network_as_torch():
    twin = nn.Sequential(
        nn.Conv2d(2, 4, (3, 5), padding=(1, 2)),
        nn.BatchNorm2d(4),
        nn.GELU(approximate="tanh"),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 3 * 4, 3),
    )
    assert_same_network(build(), twin, (2, 6, 8), training=True)


def test_each_layer_draws_from_the_key_of_its_name():
    parameters = build(seed=5).parameters()
    key = Key(5).child("initialization")
    weight = he_normal((4, 2, 3, 5), key.child("conv2d_1").child("weight"))
    np.testing.assert_array_equal(parameters["conv2d_1.weight"].value, weight)
    weight = glorot_uniform((3, 48), key.child("linear_1").child("weight"))
    np.testing.assert_array_equal(parameters["linear_1.weight"].value, weight)


def test_names_agree_with_those_of_the_network():
    assert list(build().layers) == [
        "conv2d_1",
        "batch_norm2d_1",
        "gelu_1",
        "max_pool2d_1",
        "flatten_1",
        "linear_1",
    ]


def test_explicit_sizes_are_used():
    rows = [
        {"name": "flatten"},
        {"name": "linear", "in_features": 96, "out_features": 3},
    ]
    assert build(layers=rows).layers["linear_1"].in_features == 96


class Block(nn.Module):
    """A residual block written with torch."""

    def __init__(self, shortcut):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1)
        )
        self.shortcut = shortcut

    def forward(self, inputs):
        return self.body(inputs) + self.shortcut(inputs)


def test_residual_and_sequential_layers_contain_nested_lists():
    body = [
        {"name": "conv2d", "out_channels": 4, "kernel_size": 3, "padding": 1},
        {"name": "relu"},
        {"name": "conv2d", "out_channels": 4, "kernel_size": 3, "padding": 1},
    ]
    shortcut = [{"name": "conv2d", "out_channels": 4, "kernel_size": 1}]
    end = [{"name": "flatten"}, {"name": "linear", "out_features": 3}]
    rows = [
        {"name": "residual", "body": body, "shortcut": shortcut},
        {"name": "sequential", "layers": end},
    ]
    twin = nn.Sequential(
        Block(nn.Conv2d(2, 4, 1)), nn.Flatten(), nn.Linear(4 * 6 * 8, 3)
    )
    assert_same_network(build(layers=rows), twin, (2, 6, 8))


def test_a_residual_layer_without_a_shortcut_adds_its_inputs():
    body = [{"name": "linear", "out_features": 96, "initializer": "zeros"}]
    rows = [{"name": "flatten"}, {"name": "residual", "body": body}]
    model = build(layers=rows, classes=96)
    images = np.random.default_rng(0).normal(size=(2, 2, 6, 8))
    np.testing.assert_array_equal(model.forward(images)[0], images.reshape(2, -1))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"name": "conv3d"}, "no layer named 'conv3d'. Did you mean 'conv2d'"),
        ({"name": "relu", "slope": 1}, "relu_1: relu has no options, got 'slope"),
        (
            {"name": "conv2d", "out_chanels": 3, "kernel_size": 3},
            "conv2d_1: .*'out_chanels'. Did you mean 'out_channels'",
        ),
        ({"name": "conv2d", "out_channels": 3}, "conv2d_1: conv2d needs kernel_size"),
        (
            {"name": "dropout", "rate": "much"},
            "dropout_1: dropout takes rate as a number, got 'much'",
        ),
        (
            {"name": "linear", "out_features": 0},
            "linear_1: linear takes out_features of at least 1, got 0",
        ),
        ({"name": "gelu", "approximate": "so"}, "gelu_1: "),
        ({"kind": "relu"}, "Layer 1 must be a table with a name"),
        ("relu", "Layer 1 must be a table with a name, got 'relu'"),
        ({"name": 3}, "A layer is selected by name, got 3"),
    ],
)
def test_an_invalid_layer_is_refused(row, words):
    with pytest.raises(ConfigError, match=words):
        build(layers=[row])


def test_names_the_layer_that_does_not_fit():
    rows = [{"name": "relu"}, {"name": "linear", "out_features": 3}]
    with pytest.raises(ShapeError, match=r"^linear_1: Linear.*put a Flatten layer"):
        build(layers=rows)


def test_names_the_layer_inside_a_residual_layer():
    body = [{"name": "max_pool2d", "kernel_size": 9}]
    with pytest.raises(ShapeError, match=r"^residual_1: max_pool2d_1: MaxPool2d"):
        build(layers=[{"name": "residual", "body": body}])


def test_the_network_must_output_one_logit_per_class():
    with pytest.raises(ShapeError, match=r"each of 4 classes, \(4,\), got \(3,\)"):
        build(classes=4)


@pytest.mark.parametrize("shape", [(0, 28, 28), (1, -1, 28)])
def test_refuses_an_image_without_pixels(shape):
    with pytest.raises(ConfigError, match="A model takes sizes of at least 1"):
        build(input_shape=shape)


RELUS = [{"name": "relu"}] * 10_001
TOO_MANY = {
    "in a row": RELUS,
    "nested": [{"name": "sequential", "layers": RELUS}],
    "in the body": [{"name": "residual", "body": RELUS}],
    "in both": [{"name": "residual", "body": RELUS[:5001], "shortcut": RELUS[:5001]}],
}


@pytest.mark.parametrize("case", TOO_MANY)
def test_too_many_layers_are_refused_at_once(case):
    with pytest.raises(ConfigError, match=r"at most 10,000 layers, got more"):
        from_layers(layers=TOO_MANY[case])


def test_a_thousand_layers_are_built():
    layers = [{"name": "flatten"}, *RELUS[:1000], {"name": "linear"}]
    assert len(from_layers(layers=layers).layers) == 1002
