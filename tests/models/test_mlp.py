import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.models import mlp

from .twins import assert_same_network


def test_is_the_network_of_the_textbook():
    twin = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(20, 9),
        torch.nn.ReLU(),
        torch.nn.Linear(9, 8),
        torch.nn.Tanh(),
        torch.nn.Linear(8, 3),
    )
    model = mlp(
        hidden_sizes=[9, 8],
        activations=["relu", "tanh"],
        input_shape=(1, 4, 5),
        classes=3,
    )
    assert_same_network(model, twin, (1, 4, 5))


def test_the_default_is_784_256_10():
    parameters = mlp().parameters()
    assert sum(p.value.size for p in parameters.values()) == 203_530


def test_one_value_applies_to_all_hidden_layers():
    model = mlp(hidden_sizes=(16, 8), activations="gelu_tanh", dropout=0.2)
    assert list(model.layers) == [
        "flatten_1",
        "linear_1",
        "gelu_1",
        "dropout_1",
        "linear_2",
        "gelu_2",
        "dropout_2",
        "linear_3",
    ]


def test_no_dropout_layer_where_the_rate_is_zero():
    model = mlp(hidden_sizes=(16, 8), dropout=[0.0, 0.5])
    assert list(model.layers)[-2:] == ["dropout_1", "linear_3"]
    assert list(model.layers).count("dropout_1") == 1


def test_no_hidden_layer_is_softmax_regression():
    assert list(mlp(hidden_sizes=()).layers) == ["flatten_1", "linear_1"]


@pytest.mark.parametrize("option", ["activations", "dropout"])
def test_a_list_of_the_wrong_length_is_refused(option):
    value = {"activations": ["relu"] * 3, "dropout": [0.1] * 3}[option]
    words = rf"mlp takes {option} as one value or a list of 2, got 3: "
    with pytest.raises(ConfigError, match=words):
        mlp(hidden_sizes=(16, 8), **{option: value})


def test_the_initializer_is_used_for_every_linear_layer():
    model = mlp(hidden_sizes=(16,), initializer="zeros")
    assert all(not p.value.any() for p in model.parameters().values())
