import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.models import perceptron

from .twins import assert_same_network

ACTIVATIONS = {
    "sigmoid": torch.nn.Sigmoid(),
    "relu": torch.nn.ReLU(),
    "tanh": torch.nn.Tanh(),
    "leaky_relu": torch.nn.LeakyReLU(),
    "gelu": torch.nn.GELU(),
    "gelu_tanh": torch.nn.GELU(approximate="tanh"),
    "silu": torch.nn.SiLU(),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_is_the_network_of_the_textbook(activation):
    twin = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(20, 7),
        ACTIVATIONS[activation],
        torch.nn.Linear(7, 3),
    )
    model = perceptron(
        hidden=7, activation=activation, input_shape=(1, 4, 5), classes=3
    )
    assert_same_network(model, twin, (1, 4, 5))


def test_starts_as_in_report_001():
    parameters = perceptron().parameters()
    assert [p.shape for p in parameters.values()] == [(64, 784), (64,), (10, 64), (10,)]
    assert np.std(parameters["linear_1.weight"].value) == pytest.approx(0.1, rel=0.02)
    assert not np.any(parameters["linear_1.bias"].value)


def test_refuses_an_unknown_activation_with_the_nearest_name():
    with pytest.raises(ConfigError, match=r"no activation named 'sigmiod'.*'sigmoid'"):
        perceptron(activation="sigmiod")


def test_an_empty_hidden_layer_is_refused():
    with pytest.raises(ConfigError, match="linear_1: linear takes out_features of at"):
        perceptron(hidden=0)
