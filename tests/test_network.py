import tomllib
from inspect import signature

import numpy as np
import pytest
import tomli_w

from handgrad import network
from handgrad.errors import ConfigError, ShapeError
from handgrad.models import from_layers
from handgrad.models.named_layers import LAYERS
from handgrad.network import (
    batch_norm2d,
    conv2d,
    dropout,
    flatten,
    gelu,
    leaky_relu,
    linear,
    max_pool2d,
    relu,
    residual,
    sequential,
    silu,
)

ROWS = [
    conv2d(8, 3, padding=1),
    batch_norm2d(),
    relu(),
    residual([conv2d(8, 3, padding=1), relu(), conv2d(8, 3, padding=1)]),
    residual([conv2d(4, 1, stride=2)], shortcut=[conv2d(4, 1, stride=(2, 2))]),
    sequential([max_pool2d(2), leaky_relu(0.1)]),
    flatten(),
    dropout(0.3),
    linear(16, initializer="normal:0.1"),
    gelu(),
    silu(),
    linear(),
]


def test_there_is_a_declaration_for_every_layer_and_nothing_else():
    assert set(network.__all__) == set(LAYERS)


@pytest.mark.parametrize("name", network.__all__)
def test_its_options_are_the_layer_s_that_do_not_follow_from_the_data(name):
    inferred = {"in_features", "in_channels", "features", "channels", "key"}
    ours = set(signature(getattr(network, name)).parameters)
    theirs = set(signature(LAYERS[name]).parameters) - inferred
    assert ours == theirs - ({"approximate"} if name.startswith("gelu") else set())


def test_a_row_holds_what_was_given_and_no_defaults():
    assert conv2d(16, 3) == {"name": "conv2d", "out_channels": 16, "kernel_size": 3}
    assert linear() == {"name": "linear"}
    assert dropout(0.0) == {"name": "dropout", "rate": 0.0}


def test_sizes_and_class_count_follow_from_the_data():
    made = from_layers(layers=ROWS, input_shape=(3, 8, 8), classes=5, seed=2)
    assert made.output_shape((3, 8, 8)) == (5,)
    assert made.layers["linear_1"].in_features == 4 * 2 * 2
    assert made.layers["linear_2"].out_features == 5


def test_rows_are_what_a_toml_file_holds():
    rows = tomllib.loads(tomli_w.dumps({"layers": ROWS}))["layers"]
    one, other = (
        from_layers(layers=layers, input_shape=(3, 8, 8), classes=5, seed=2)
        for layers in (ROWS, rows)
    )
    for name, parameter in one.parameters().items():
        assert np.array_equal(parameter.value, other.parameters()[name].value)


def test_a_linear_layer_without_a_size_is_the_last_one():
    with pytest.raises(ConfigError, match=r"linear_1: linear needs out_features"):
        from_layers(layers=[flatten(), linear(), relu(), linear()])
    softmax_last = [flatten(), linear(), network.softmax()]
    made = from_layers(layers=softmax_last, classes=4)
    assert made.output_shape((1, 28, 28)) == (4,)
    with pytest.raises(ShapeError, match=r"linear_1: .*Flatten"):
        from_layers(layers=[linear()])


@pytest.mark.parametrize("rows", [relu(), "relu", 3, None])
def test_a_body_is_a_list(rows):
    with pytest.raises(ConfigError, match="body takes a list of layers"):
        residual(rows)
